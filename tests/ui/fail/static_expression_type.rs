dial::upstream! {
    static API = 5 + 5;
}

fn main() {
    let _ = &API;
}
