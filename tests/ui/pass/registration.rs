//! Routes register themselves from wherever they stand, unless told not to.
use dial::{ModifiableRequest, Router, proxy};

mod private {
    pub(crate) mod deeper {
        use dial::{ModifiableRequest, proxy};

        #[proxy("/deep", hosts = ["b"])]
        fn deep(_request: &mut ModifiableRequest) {}
    }
}

#[proxy("/top", hosts = ["b"])]
fn top(_request: &mut ModifiableRequest) {}

#[proxy("/not", hosts = ["b"], register = false)]
fn not(_request: &mut ModifiableRequest) {}

fn main() {
    #[proxy("/body", hosts = ["b"])]
    fn body(_request: &mut ModifiableRequest) {}

    assert_eq!(Router::registered().len(), 3);
    assert_eq!(Router::registered().only("some-other-crate").len(), 0);
    assert_eq!(Router::new().route::<not>().route::<body>().len(), 2);
}
