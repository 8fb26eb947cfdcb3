//! Arguments that are no path parameters come from the request or the application.
use dial::{
    ClientAddr, FromInbound, HeaderMap, Inbound, IntoReject, Method, ModifiableRequest, Reject,
    Router, State, StatusCode, proxy, routes,
};

#[derive(Clone)]
struct Db {
    name: &'static str,
}

struct Token(String);

impl FromInbound for Token {
    fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject> {
        let token = inbound.header("x-token").and_then(|value| value.to_str().ok());
        token.map(|token| Token(token.to_owned())).ok_or_else(|| StatusCode::FORBIDDEN.into_reject())
    }
}

#[proxy("/{table}", hosts = ["b"])]
async fn query(
    mut request: ModifiableRequest,
    State(db): State<Db>,
    table: String,
    Token(token): Token,
    _: Method,
    client: Option<ClientAddr>,
    _headers: HeaderMap,
) -> dial::Result {
    assert!(client.is_none());
    request.set_header("x-db", db.name).set_header("x-token", token);
    request.set_path(format!("/{table}")).build()
}

#[tokio::main]
async fn main() {
    let request = ModifiableRequest::get("/");
    let (db, token) = (State(Db { name: "main" }), Token("t".into()));
    let sent = query(request, db, "users".into(), token, Method::GET, None, HeaderMap::new()).await;
    let sent = sent.unwrap();
    assert_eq!(sent.uri(), "/users");
    assert_eq!(sent.header("x-db"), Some("main"));
    let router = Router::new().mount(routes![query]).state(Db { name: "main" });
    assert_eq!(router.len(), 1);
}
