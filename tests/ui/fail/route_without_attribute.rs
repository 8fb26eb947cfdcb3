#[allow(non_camel_case_types)]
struct api {}

fn main() {
    let _ = dial::routes![api];
}
