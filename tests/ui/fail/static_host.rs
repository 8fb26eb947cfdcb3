dial::upstream! {
    static API = ["a", ("ftp://b", weight = 2)];
}

fn main() {
    let _ = &API;
}
