dial::upstream! {
    static API = ["a"], timeout(connect = 5s);
}

fn main() {
    let _ = &API;
}
