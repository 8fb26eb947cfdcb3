//! The dial crate under another path.
mod vendored {
    pub use dial as proxying;
}

mod handlers {
    use crate::vendored::proxying::{ModifiableRequest, proxy};

    #[proxy("/", hosts = ["b"], crate = crate::vendored::proxying)]
    pub fn api(mut request: ModifiableRequest) -> crate::vendored::proxying::Result {
        request.build()
    }

    #[proxy("/{id}", upstream = super::shared(), crate = super::vendored::proxying)]
    pub async fn user(_request: &mut ModifiableRequest, id: u64) {
        let _ = id;
    }
}

fn shared() -> vendored::proxying::Upstream {
    vendored::proxying::Upstream::new(["b"]).unwrap()
}

fn main() {
    assert_eq!(handlers::api::PATH, "/");
    assert_eq!(handlers::user::PATH, "/{id}");
}
