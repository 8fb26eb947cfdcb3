//! Every policy and every key.
use dial::{Balance, Candidates, ModifiableRequest, Policy, proxy};

struct First;

impl Balance for First {
    fn choose(&self, candidates: &Candidates<'_>) -> Option<usize> {
        (0..candidates.len()).find(|at| !candidates.was_tried(*at))
    }
}

fn any() -> Policy {
    Policy::random()
}

macro_rules! routes {
    ($($name:ident, $path:literal, $policy:expr;)*) => {
        $(
            #[proxy($path, hosts = ["a", ("b", weight = 2)], balance = $policy)]
            fn $name(_request: &mut ModifiableRequest) {}
        )*

        fn main() {
            $(assert_eq!($name::upstream().unwrap().len(), 2);)*
            assert!(slow::upstream().is_ok() && env::upstream().is_err());
        }
    };
}

routes! {
    in_turn, "/a", round_robin;
    least, "/b", least_request;
    ewma, "/c", peak_ewma;
    random, "/d", random;
    header, "/e", consistent_hash(header = "X-Tenant");
    cookie, "/f", consistent_hash(cookie = "user");
    client, "/g", consistent_hash(client_ip);
    param, "/h/{_id}/{*_rest}", consistent_hash(param = "_rest");
    own, "/i", custom(First);
    own_keyed, "/j/{_id}", custom(First, param = "_id");
    made, "/k", custom(any());
}

#[proxy("/l", hosts = ["a", "b"], balance = peak_ewma, slow_start = 1m)]
fn slow(_request: &mut ModifiableRequest) {}

#[proxy("/m", hosts_env = "DIAL_TEST_NO_SUCH_LIST", balance = least_request)]
fn env(_request: &mut ModifiableRequest) {}
