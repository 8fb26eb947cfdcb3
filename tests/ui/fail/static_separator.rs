dial::upstream! {
    static API = ["a"] balance = random;
}

fn main() {
    let _ = &API;
}
