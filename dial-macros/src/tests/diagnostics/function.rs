//! The function under the attribute.

use super::{check, function};

#[test]
fn items() {
    function(
        "struct S;",
        &[("`#[proxy]` goes on a function, not on `struct`", "struct")],
    );
    function(
        "pub mod m {}",
        &[("`#[proxy]` goes on a function, not on `mod`", "mod")],
    );
    function(
        "const C: u8 = 1;",
        &[("`#[proxy]` goes on a function, not on `const`", "const")],
    );
    function(
        "impl S { fn a() {} }",
        &[("`#[proxy]` goes on a function, not on `impl`", "impl")],
    );
    function(
        "fn api(request: ModifiableRequest) -> R;",
        &[(
            "`#[proxy]` needs a function with a body",
            "fn api(request: ModifiableRequest) -> R",
        )],
    );
    function(
        "#[dial::proxy(hosts = [\"c\"])] fn api(request: ModifiableRequest) -> R {}",
        &[(
            "a function is one route; call it from a second function",
            "#[dial::proxy(hosts = [\"c\"])]",
        )],
    );
}

#[test]
fn qualifiers() {
    function(
        "const fn api(request: ModifiableRequest) -> R {}",
        &[(
            "a handler runs once a request; it cannot be `const`",
            "const",
        )],
    );
    function(
        "unsafe fn api(request: ModifiableRequest) -> R {}",
        &[(
            "a handler cannot be `unsafe`: dial calls it and could not promise anything",
            "unsafe",
        )],
    );
    function(
        "extern \"C\" fn api(request: ModifiableRequest) -> R {}",
        &[(
            "a handler is a Rust function; it cannot be `extern`",
            "extern \"C\"",
        )],
    );
    function(
        "fn api(request: ModifiableRequest, ...) -> R {}",
        &[("a handler has a fixed number of arguments", "...")],
    );
    function(
        "fn api<'a, T: Copy, const N: usize>(request: ModifiableRequest) -> R where T: Copy {}",
        &[
            ("a handler has no lifetime parameters; remove `'a`", "'a"),
            (
                "a handler has no type parameters; write the type instead of `T`",
                "T: Copy",
            ),
            (
                "a handler has no const parameters; write the value instead of `N`",
                "const N: usize",
            ),
            (
                "a handler is not generic, so it has no `where` clause",
                "where T: Copy",
            ),
        ],
    );
}

#[test]
fn requests() {
    let first =
        "the first argument is the request: `ModifiableRequest` or `&mut ModifiableRequest`";
    function(
        "fn api() -> R {}",
        &[(
            "a handler takes the request: `mut request: ModifiableRequest`",
            "()",
        )],
    );
    function(
        "fn api(&self) -> R {}",
        &[(
            "`#[proxy]` goes on a free function: there is no `self` to call it on",
            "&self",
        )],
    );
    function(
        "fn api(request: &ModifiableRequest) -> R {}",
        &[(
            "a request behind `&` cannot be edited; take `&mut ModifiableRequest` or `ModifiableRequest`",
            "&ModifiableRequest",
        )],
    );
    function(
        "fn api(request: &'static mut ModifiableRequest) {}",
        &[(
            "the request is lent for the call only; write `&mut ModifiableRequest`",
            "&'static mut ModifiableRequest",
        )],
    );
    for ty in [
        "u64",
        "&str",
        "&mut String",
        "(A, B)",
        "[u8; 4]",
        "impl Into<A>",
        "fn()",
        "State<Db>",
        "_",
        "!",
    ] {
        function(&format!("fn api(request: {ty}) -> R {{}}"), &[(first, ty)]);
    }
    for ty in [
        "Alias",
        "dial::ModifiableRequest",
        "my::Alias",
        "&mut Alias",
        "(ModifiableRequest)",
        "alias!()",
    ] {
        function(&format!("fn api(request: {ty}) -> R {{}}"), &[]);
    }
    function(
        "fn api(a: ModifiableRequest, b: &mut ModifiableRequest) -> R {}",
        &[(
            "the request is taken once, as the first argument",
            "b: &mut ModifiableRequest",
        )],
    );
    let dropped = "this handler drops the request: return `dial::Result` and end in `request.build()`, \
                   or take `&mut ModifiableRequest`";
    function("fn api(request: ModifiableRequest) {}", &[(dropped, "api")]);
    function(
        "async fn api(request: ModifiableRequest) -> () {}",
        &[(dropped, "()")],
    );
    function("fn api(request: &mut ModifiableRequest) -> () {}", &[]);
}

/// Path (none when empty), arguments behind the request, message, place.
#[rustfmt::skip] // one case a line
const ARGUMENTS: &[(&str, &str, &str, &str)] = &[
    ("/{id}", "", "path parameter `id` is not taken by any argument; add `id: String`, or name it `{_id}` if only `rewrite_path` uses it", r#""/{id}""#),
    ("/{*type}", "", "path parameter `type` is not taken by any argument; add `r#type: String`, or name it `{*_type}` if only `rewrite_path` uses it", r#""/{*type}""#),
    ("/{user_id}", "userid: u64", "no path parameter is named `userid`; did you mean `user_id`?", "userid: u64"),
    ("/{_a}/{_b}", "id: Uuid", "no path parameter is named `id`; the path has `_a` and `_b`", "id: Uuid"),
    ("/a", "id: &str", "no path parameter is named `id`: the path has no parameters; add `{id}` to it", "id: &str"),
    ("", "id: bool", "no path parameter is named `id`: the route has no path; give it one, as in `path = \"/{id}\"`", "id: bool"),
    ("/a", "_: u64", "a `u64` comes from the path, so this argument needs a path parameter's name", "_: u64"),
    ("/{id}", "id: &str", "path parameter `id` is decoded, so it is owned: write `String`", "&str"),
    ("/a", "x: impl Into<u8>", "`impl Trait` makes a handler generic; name the type", "impl Into<u8>"),
    ("/a", "x: Vec<impl Into<u8>>", "`impl Trait` makes a handler generic; name the type", "Vec<impl Into<u8>>"),
    ("/a", "x: &Db", "an argument behind the request is taken by value, not by reference", "&Db"),
    ("/a", "#[cfg(unix)] x: Db", "an argument cannot be conditional; put the `cfg` on the function", "#[cfg(unix)]"),
];

#[test]
fn arguments() {
    let with = |path: &str, arguments: &str, expected: &[(&str, &str)]| {
        let path = if path.is_empty() {
            String::new()
        } else {
            format!("{path:?}, ")
        };
        let source = format!(
            "#[proxy({path}hosts = [\"b\"])] fn api(request: ModifiableRequest, {arguments}) -> R {{}}"
        );
        check(&source, expected);
    };
    for (path, arguments, message, place) in ARGUMENTS {
        with(path, arguments, &[(message, place)]);
    }
    with("/{id}", "id: u64", &[]);
    with("/{type}", "r#type: String", &[]);
    with("/{gr\u{f6}\u{df}e}", "gr\u{f6}\u{df}e: u64", &[]);
    with("/{_id}/{*_rest}", "", &[]);
    with("/{_id}", "_id: u64", &[]);
    with(
        "/{a}",
        "mut a: Id, State(db): State<Db>, r: &'static Config, (x, y): (A, B)",
        &[],
    );
    with("/a", "#[allow(unused)] x: Db", &[]);
}

/// One slip is one fault, though it unsettles more than one argument.
#[test]
fn displaced_request() {
    check(
        "#[proxy(\"/{id}\", hosts = [\"b\"])] fn api(id: u64, request: ModifiableRequest) -> R {}",
        &[(
            "the request is the first argument; move it there",
            "request: ModifiableRequest",
        )],
    );
    function(
        "fn api(&self, request: &mut ModifiableRequest) {}",
        &[(
            "`#[proxy]` goes on a free function: there is no `self` to call it on",
            "&self",
        )],
    );
}
