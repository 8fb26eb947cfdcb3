dial::upstream! {
    static API = ["a"], health("healthz", rise = 0), eject(consecutive = 0);
    static OTHER = ["a"], eject = true, panic = 5;
}

fn main() {
    let _ = (&API, &OTHER);
}
