use dial::proxy;

#[proxy("/a", hosts = ["backend"])]
struct Api;

fn main() {}
