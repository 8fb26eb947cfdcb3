//! Reads the attribute's arguments. What a value means is not decided here: it keeps its tokens.

use crate::faults::{Checked, Faults, Reported};
use crate::keys::{Keys, Row, Shape, meant, row, unknown};
use proc_macro2::{Group, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Ident, Lit, LitInt, LitStr, Token, token};

/// The arguments that could be read, in order, each key at most once.
pub(crate) struct Args<K> {
    items: Vec<Item<K>>,
    /// Keys that were evidently meant, in arguments that could not be read.
    broken: Vec<(K, Reported)>,
    /// That some could not be read, whatever they were meant to be.
    faulty: Option<Reported>,
}

/// One argument.
pub(crate) struct Item<K> {
    pub(crate) key: K,
    /// The key as written; for a bare string it lies on the string.
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// What stands behind a key.
pub(crate) enum Value {
    /// `= EXPR`
    Expr(Expr),
    /// `(..)`, unread
    List(TokenStream),
    /// Nothing
    Alone,
}

impl<K: Keys> Args<K> {
    /// Reads all of `tokens`: after a fault, reading goes on at the next argument.
    pub(crate) fn parse(tokens: TokenStream, faults: &mut Faults) -> Self {
        let mut args = Args {
            items: Vec::new(),
            broken: Vec::new(),
            faulty: None,
        };
        let reader = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(reported) = args.item(input, faults) {
                    args.faulty = Some(reported);
                    skip(input);
                }
                separator(input, faults);
            }
            Ok(())
        };
        if let Err(error) = reader.parse2(tokens) {
            faults.at_span(error.span(), error);
        }
        args
    }

    /// Whether `key` is absent only because its argument was faulty.
    pub(crate) fn broken(&self, key: K) -> Option<Reported> {
        let (_, reported) = self.broken.iter().find(|(broken, _)| *broken == key)?;
        Some(*reported)
    }

    /// Whether an absent key may have been meant by an argument that could not be read.
    pub(crate) fn faulty(&self) -> Option<Reported> {
        self.faulty
    }

    pub(crate) fn get(&self, key: K) -> Option<&Item<K>> {
        self.items.iter().find(|item| item.key == key)
    }

    /// Those of `keys` that were given, in the order in which they were written.
    pub(crate) fn any_of(&self, keys: &[K]) -> Vec<&Item<K>> {
        self.items
            .iter()
            .filter(|item| keys.contains(&item.key))
            .collect()
    }

    /// The expression behind `key`.
    pub(crate) fn expr(&self, key: K) -> Option<&Expr> {
        match &self.get(key)?.value {
            Value::Expr(expr) => Some(expr),
            Value::List(_) | Value::Alone => None,
        }
    }

    /// The argument of `key`, unless that was faulty.
    pub(crate) fn given(&self, key: K) -> Checked<Option<&Item<K>>> {
        match self.broken(key) {
            Some(reported) => Err(reported),
            None => Ok(self.get(key)),
        }
    }

    /// The tokens between the parentheses of `key`, unless that was faulty.
    pub(crate) fn list(&self, key: K) -> Checked<Option<(&Ident, &TokenStream)>> {
        let item = self.given(key)?;
        Ok(item.and_then(|item| match &item.value {
            Value::Expr(_) | Value::Alone => None,
            Value::List(tokens) => Some((&item.name, tokens)),
        }))
    }

    fn item(&mut self, input: ParseStream<'_>, faults: &mut Faults) -> Checked<()> {
        if input.peek(LitStr) {
            return self.bare(input, faults);
        }
        if !input.peek(Ident::peek_any) {
            let example = K::TABLE[0].example;
            return Err(faults.at_span(
                input.span(),
                format!("expected a key{}, as in `{example}`", K::OWNER),
            ));
        }
        let name = input
            .call(Ident::parse_any)
            .map_err(|error| faults.at_span(error.span(), error))?;
        let text = name.unraw().to_string();
        let Some(row) = row::<K>(&text) else {
            // Its value goes unread, so that one slip is one error.
            let meant = meant::<K>(&text);
            let reported = faults.at(&name, unknown(&text, meant));
            self.broken.extend(meant.map(|row| (row.key, reported)));
            return Err(reported);
        };
        let value = value_of(&name, row, input, faults)
            .inspect_err(|reported| self.broken.push((row.key, *reported)))?;
        self.push(
            Item {
                key: row.key,
                name,
                value,
            },
            faults,
        )
    }

    /// A bare string: the path, when it comes first.
    fn bare(&mut self, input: ParseStream<'_>, faults: &mut Faults) -> Checked<()> {
        let value: Expr = input
            .parse()
            .map_err(|error| faults.at_span(error.span(), error))?;
        match K::BARE {
            Some(key) if self.items.is_empty() => {
                let name = Ident::new("path", value.span());
                self.push(
                    Item {
                        key,
                        name,
                        value: Value::Expr(value),
                    },
                    faults,
                )
            }
            Some(_) => Err(faults.at(
                value,
                "only a first string is the path; name this one's key",
            )),
            None => Err(faults.at(value, format!("expected a key{} before this", K::OWNER))),
        }
    }

    fn push(&mut self, item: Item<K>, faults: &mut Faults) -> Checked<()> {
        if self.get(item.key).is_some() {
            let message = format!("`{}` is given twice", item.name.unraw());
            return Err(faults.at(&item.name, message));
        }
        self.items.push(item);
        Ok(())
    }
}

fn value_of<K>(
    name: &Ident,
    row: &Row<K>,
    input: ParseStream<'_>,
    faults: &mut Faults,
) -> Checked<Value> {
    let example = row.example;
    let list = input.peek(token::Paren);
    match row.shape {
        Shape::Alone if input.is_empty() || input.peek(Token![,]) => return Ok(Value::Alone),
        Shape::Alone => {
            let message = format!("`{}` takes no value; write it alone", row.name);
            return Err(faults.at(name, message));
        }
        Shape::List if !list => {
            let message = format!("`{}` takes a list, as in `{example}`", row.name);
            return Err(faults.at(name, message));
        }
        Shape::List | Shape::Either if list => {
            let group: Group = input
                .parse()
                .map_err(|error| faults.at_span(error.span(), error))?;
            return Ok(Value::List(group.stream()));
        }
        Shape::List | Shape::Either | Shape::Value => {}
    }
    let equals = input.parse::<Option<Token![=]>>().ok().flatten();
    if equals.is_none() || input.is_empty() || input.peek(Token![,]) {
        let message = format!("`{}` takes a value, as in `{example}`", row.name);
        return Err(faults.at(name, message));
    }
    if let Some(percentage) = percentage(input) {
        return Ok(Value::Expr(percentage));
    }
    input.parse().map(Value::Expr).map_err(|error| {
        let message = format!("cannot read the value of `{}`: {error}", row.name);
        // The end of the input has no place but the whole attribute.
        if error.to_string().starts_with("unexpected end of input") {
            faults.at(name, message)
        } else {
            faults.at_span(error.span(), message)
        }
    })
}

/// `20%` is no expression: it is taken for the string.
fn percentage(input: ParseStream<'_>) -> Option<Expr> {
    let ahead = input.fork();
    let number: LitInt = ahead.parse().ok()?;
    ahead.parse::<Token![%]>().ok()?;
    if !ahead.is_empty() && !ahead.peek(Token![,]) {
        return None;
    }
    input.advance_to(&ahead);
    let text = LitStr::new(&format!("{number}%"), number.span());
    Some(Expr::Lit(ExprLit {
        attrs: Vec::new(),
        lit: Lit::Str(text),
    }))
}

/// Takes the comma between arguments.
fn separator(input: ParseStream<'_>, faults: &mut Faults) {
    if !input.is_empty() && input.parse::<Token![,]>().is_err() {
        faults.at_span(input.span(), "expected `,` between two arguments");
        // Whatever stands here is either the next argument, or read as one and reported as such.
        if !input.peek(Ident::peek_any) {
            skip_to_comma(input);
            let _: Result<Token![,], _> = input.parse();
        }
    }
}

/// Skips what is left of a faulty argument. A comma alone does not end it, for commas may stand inside a
/// value too (`f::<A, B>()`).
fn skip(input: ParseStream<'_>) {
    while !input.is_empty() && !next_begins(input) {
        let _: Result<TokenTree, _> = input.parse();
    }
}

/// Whether a comma is next, and behind it an argument or the end.
fn next_begins(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    if ahead.parse::<Token![,]>().is_err() {
        return false;
    }
    let value = |ahead: ParseStream<'_>| ahead.peek(Token![=]) && !ahead.peek(Token![==]);
    ahead.is_empty()
        || ahead.call(Ident::parse_any).is_ok() && (value(&ahead) || ahead.peek(token::Paren))
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _: Result<TokenTree, _> = input.parse();
    }
}
