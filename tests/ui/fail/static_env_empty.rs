dial::upstream! {
    static API = env();
}

fn main() {
    let _ = &API;
}
