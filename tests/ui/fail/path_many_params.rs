use dial::{ModifiableRequest, proxy};

#[proxy(
    "/{_a}/{_b}/{_c}/{_d}/{_e}/{_f}/{_g}/{_h}/{_i}/{_j}/{_k}/{_l}/{_m}/{_n}/{_o}/{_p}/{_q}",
    hosts = ["backend"]
)]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
