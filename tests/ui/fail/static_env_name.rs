dial::upstream! {
    static API = env("A B");
}

fn main() {
    let _ = &API;
}
