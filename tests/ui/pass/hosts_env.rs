//! Hosts from the environment are read when they are needed.
use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts_env = "DIAL_UI_TEST_NO_SUCH_VARIABLE")]
fn missing(_request: &mut ModifiableRequest) {}

// Cargo sets this one, and it happens to be a host name.
#[proxy("/b", hosts_env = "CARGO_PKG_NAME")]
fn present(_request: &mut ModifiableRequest) {}

fn main() {
    let error = missing::upstream().unwrap_err();
    assert!(error.to_string().contains("DIAL_UI_TEST_NO_SUCH_VARIABLE"), "{error}");
    if std::env::var_os("CARGO_PKG_NAME").is_some() {
        assert!(present::upstream().is_ok());
    }
}
