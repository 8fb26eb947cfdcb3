dial::upstream! {
    static API = ["a", "b"], balance = consistent_hash(param = "a b");
}

fn main() {
    let _ = &API;
}
