dial::upstream! {
    static API = [];
}

fn main() {
    let _ = &API;
}
