dial::upstream! {
    const API = ["a"];
}

fn main() {}
