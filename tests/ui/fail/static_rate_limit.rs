dial::upstream! {
    static API = ["a"], rate_limit(per_second = 50);
}

fn main() {
    let _ = &API;
}
