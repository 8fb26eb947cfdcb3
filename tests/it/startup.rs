//! What is wrong is said before any traffic, with the place it is wrong at; what is right is printed.

mod addresses;
mod hosts;
mod routes;

use dial::{Error, ErrorKind, Router, Server};

/// What keeps `router` from being served, with everything behind it.
fn refusal(router: Router) -> (ErrorKind, String) {
    match Server::builder().bind("127.0.0.1:0", router) {
        Ok(server) => panic!("{server:?} was bound"),
        Err(error) => (error.kind(), chain(&error)),
    }
}

/// An error and its sources, as a log shows them.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

/// Panics unless `text` has all of `words`.
#[track_caller]
fn assert_says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
}
