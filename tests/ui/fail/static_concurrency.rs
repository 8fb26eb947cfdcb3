dial::upstream! {
    static API = ["a"], concurrency = 5;
}

fn main() {
    let _ = &API;
}
