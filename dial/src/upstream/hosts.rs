//! What may stand where a list of hosts is expected.

/// A list of hosts: an array, slice or `Vec` of anything string-like.
///
/// Entries are `http://backend`, `https://backend:8443`, `backend:8080`, `127.0.0.1:8080`, `[::1]:8080`; without a
/// scheme an entry means `http://`, without a port 80 or 443.
///
/// ```
/// use dial::Upstream;
///
/// let fixed = Upstream::new(["http://backend1:8080", "backend2"])?;
///
/// let listed = "backend1:8080, backend2:8080";
/// let hosts: Vec<&str> = listed.split(", ").collect();
/// let computed = Upstream::new(&hosts)?;
/// # Ok::<(), dial::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of hosts",
    label = "expected an array, slice or `Vec` of strings",
    note = "a single host is a list of one: `[\"http://backend:8080\"]`",
    note = "collect an iterator first: `.collect::<Vec<String>>()`"
)]
pub trait IntoHosts {
    /// The entries, in the order in which round robin goes through them.
    fn into_hosts(self) -> Vec<String>;
}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str>, const N: usize> IntoHosts for [T; N] {
    fn into_hosts(self) -> Vec<String> {
        self.as_slice().into_hosts()
    }
}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str>, const N: usize> IntoHosts for &[T; N] {
    fn into_hosts(self) -> Vec<String> {
        self.as_slice().into_hosts()
    }
}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str>> IntoHosts for &[T] {
    fn into_hosts(self) -> Vec<String> {
        self.iter().map(|host| host.as_ref().to_owned()).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str>> IntoHosts for Vec<T> {
    fn into_hosts(self) -> Vec<String> {
        self.as_slice().into_hosts()
    }
}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str>> IntoHosts for &Vec<T> {
    fn into_hosts(self) -> Vec<String> {
        self.as_slice().into_hosts()
    }
}
