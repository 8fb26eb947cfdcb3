dial::upstream! {
    /// Whatever is wrong, one compilation says it all, and `API` stays a name.
    pub static API = ["a", ("b", weight = 0)], balance = least, slow_start = 30;

    static OTHER: dial::Upstream = ["a"];

    static SOUND = ["a"];
}

fn main() {
    let _ = &API;
}
