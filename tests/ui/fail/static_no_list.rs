dial::upstream! {
    static API = "a";
}

fn main() {
    let _ = &API;
}
