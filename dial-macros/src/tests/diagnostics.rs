//! Every message, and the tokens it points to.

mod attribute;
mod breaker;
mod concurrency;
mod eject;
mod function;
mod grammar;
mod health;
mod limits;
mod rate_limit;
mod retry;
mod sticky;
mod upstreams;

use proc_macro2::{TokenStream, TokenTree};

/// A fault: what is said, and under which piece of the source.
type Fault = (String, String);

/// The faults of one annotated item, `#[proxy(..)] fn ..`.
fn faults(source: &str) -> Vec<Fault> {
    let mut tokens = source.parse::<TokenStream>().unwrap().into_iter();
    let _pound = tokens.next();
    let attribute = group(tokens.next());
    let arguments = group(attribute.into_iter().nth(1));
    reported(source, crate::expand(arguments, tokens.collect()))
}

/// The faults that an expansion of `source` reports.
fn reported(source: &str, output: TokenStream) -> Vec<Fault> {
    let output: Vec<TokenTree> = output.into_iter().collect();
    // `::core::compile_error!{ "message" }`: the first token lies where the fault begins, the last one
    // where it ends.
    let mut faults = Vec::new();
    for window in output.windows(8) {
        if let [
            first,
            _,
            _,
            _,
            _,
            TokenTree::Ident(macro_name),
            _,
            TokenTree::Group(message),
        ] = window
            && macro_name == "compile_error"
        {
            let text: syn::LitStr = syn::parse2(message.stream()).unwrap();
            let place =
                &source[first.span().byte_range().start..message.span_close().byte_range().end];
            faults.push((text.value(), place.to_owned()));
        }
    }
    faults
}

fn group(token: Option<TokenTree>) -> TokenStream {
    match token {
        Some(TokenTree::Group(group)) => group.stream(),
        other => panic!("expected a group, found {other:?}"),
    }
}

/// Checks that `source` has exactly these faults.
#[track_caller]
fn check(source: &str, expected: &[(&str, &str)]) {
    compare(source, &faults(source), expected);
}

/// The same of `upstream! { source }`.
#[track_caller]
fn statics(source: &str, expected: &[(&str, &str)]) {
    let output = crate::upstreams::expand(source.parse().unwrap());
    compare(source, &reported(source, output), expected);
}

#[track_caller]
fn compare(source: &str, found: &[Fault], expected: &[(&str, &str)]) {
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(message, place)| (message.as_str(), place.as_str()))
        .collect();
    assert_eq!(found, expected, "in {source}");
}

/// The same for an attribute on a sound function.
#[track_caller]
fn attribute(arguments: &str, expected: &[(&str, &str)]) {
    let source = format!("#[proxy({arguments})] fn api(request: ModifiableRequest) -> R {{}}");
    check(&source, expected);
}

/// The same for a function under a sound attribute.
#[track_caller]
fn function(item: &str, expected: &[(&str, &str)]) {
    check(&format!(r#"#[proxy(hosts = ["b"])] {item}"#), expected);
}

/// Checks that `value`, in the place of `$` in `arguments`, has these faults and points to itself.
#[track_caller]
fn value(arguments: &str, value: &str, messages: &[&str]) {
    let expected: Vec<_> = messages.iter().map(|message| (*message, value)).collect();
    attribute(&arguments.replace('$', value), &expected);
}

/// The same for a string.
#[track_caller]
fn string(arguments: &str, text: &str, messages: &[&str]) {
    value(arguments, &format!("{text:?}"), messages);
}
