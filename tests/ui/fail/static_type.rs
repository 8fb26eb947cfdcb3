dial::upstream! {
    static API: dial::Upstream = ["a"];
}

fn main() {
    let _ = &API;
}
