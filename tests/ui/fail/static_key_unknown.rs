dial::upstream! {
    static API = ["a"], balanc = random;
}

fn main() {
    let _ = &API;
}
