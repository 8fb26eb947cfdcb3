dial::upstream! {
    static mut API = ["a"];
}

fn main() {}
