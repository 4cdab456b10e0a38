//! A call to be made: what it is for, where it goes, and what repeating it would do.

use std::fmt;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::Value;

use crate::lang::Both;

/// What repeating a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing changes on the other side.
    Read,
    /// A change that must not be made twice: it is never sent again once the other side may have carried it out.
    Once,
    /// A change that is the same however often it is made.
    Repeatable,
}

/// A call to be made.
#[derive(Clone)]
pub struct Call {
    pub(super) what: &'static str,
    pub(super) about: Option<String>,
    pub(super) method: Result<Method, String>,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) body: Option<(String, Vec<u8>)>,
    pub(super) effect: Effect,
    pub(super) by: Option<Deadline>,
}

/// When a call must have left at the latest, by the clock of the door that gave it ([`super::Door::within`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// By the monotonic clock.
    pub(super) at: Duration,
    /// How long that was when it was given.
    pub(super) within: Duration,
}

impl Call {
    /// A GET. `what` names it for people in the imperative: `read order`. The path begins with a slash; parts of it
    /// that come from elsewhere go through [`segment`].
    pub fn read(what: &'static str, path: impl Into<String>) -> Self {
        Self {
            what,
            about: None,
            method: Ok(Method::GET),
            path: path.into(),
            query: String::new(),
            body: None,
            effect: Effect::Read,
            by: None,
        }
    }

    /// A change by POST, PUT, PATCH or DELETE. `what` and `path` are as for [`Call::read`].
    pub fn write(method: impl AsRef<str>, what: &'static str, path: impl Into<String>, effect: Effect) -> Self {
        let method = method.as_ref();
        Self {
            method: Method::from_bytes(method.as_bytes()).map_err(|_| method.to_owned()),
            effect,
            ..Self::read(what, path)
        }
    }

    /// Not to be sent any later: what it rests on may have changed by then. Waits for the host, for its turn and between
    /// tries end before it, and the call counts as not carried out.
    #[must_use]
    pub fn by(mut self, deadline: Deadline) -> Self {
        self.by = Some(deadline);
        self
    }

    /// Names the order or SKU in logs and errors.
    #[must_use]
    pub fn about(mut self, id: impl Into<String>) -> Self {
        self.about = Some(id.into());
        self
    }

    /// Adds a query parameter, encoded so that every server reads the same (a space is `%20`, not `+`).
    #[must_use]
    pub fn query(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let separator = if self.query.is_empty() { '?' } else { '&' };
        self.query.push(separator);
        self.query.extend(utf8_percent_encode(name, RESERVED));
        self.query.push('=');
        self.query.extend(utf8_percent_encode(value.as_ref(), RESERVED));
        self
    }

    /// Sends JSON.
    #[must_use]
    // Callers build it with `json!` on the spot.
    #[allow(clippy::needless_pass_by_value)]
    pub fn json(self, value: Value) -> Self {
        self.text("application/json", value.to_string())
    }

    /// Sends a body as it is.
    #[must_use]
    pub fn text(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some((content_type.to_owned(), body.into()));
        self
    }
}

/// Bodies and queries hold customers' data, so they are not shown.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("what", &self.what).field("about", &self.about).finish_non_exhaustive()
    }
}

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An id as one segment of a path.
pub fn segment(id: &str) -> String {
    utf8_percent_encode(id, RESERVED).to_string()
}

/// What calls are for, for people: the names that [`Call::read`] and [`Call::write`] are given.
const NAMES: [Both; 38] = [
    Both("acknowledge changed stock", "confirmar o estoque alterado"),
    Both("acknowledge event", "confirmar o evento"),
    Both("acknowledge events", "confirmar os eventos"),
    Both("cancel order", "cancelar o pedido"),
    Both("change situation", "mudar a situação"),
    Both("create feed", "criar o feed"),
    Both("create order", "criar o pedido"),
    Both("deny cancellation", "recusar o cancelamento"),
    Both("find order", "achar o pedido"),
    Both("find product", "achar o produto"),
    Both("list orders", "listar os pedidos"),
    Both("list stock", "listar o estoque"),
    Both("list stock locations", "listar os locais de estoque"),
    Both("list warehouses", "listar os depósitos"),
    Both("look up SKUs", "consultar os SKUs"),
    Both("read XML", "ler o XML"),
    Both("read a product", "ler um produto"),
    Both("read changed stock", "ler o estoque alterado"),
    Both("read collection order", "ler a ordem de coleta"),
    Both("read collection orders", "ler as ordens de coleta"),
    Both("read feed", "ler o feed"),
    Both("read feed configuration", "ler a configuração do feed"),
    Both("read invoice", "ler a nota"),
    Both("read invoice XML", "ler o XML da nota"),
    Both("read items", "ler os itens"),
    Both("read order", "ler o pedido"),
    Both("read payment", "ler o pagamento"),
    Both("read stock", "ler o estoque"),
    Both("read tracking", "ler o rastreio"),
    Both("send delivery", "enviar a entrega"),
    Both("send invoice", "enviar a nota"),
    Both("send invoice XML", "enviar o XML da nota"),
    Both("send tracking", "enviar o rastreio"),
    Both("send tracking events", "enviar os eventos de rastreio"),
    Both("set stock", "gravar o estoque"),
    Both("start handling", "iniciar o manuseio"),
    Both("write delivery", "gravar a entrega"),
    Both("write payment date", "gravar a data do pagamento"),
];

/// What a call is for, in the language of the moment.
pub(super) fn told(what: &'static str) -> &'static str {
    NAMES.iter().find(|name| name.0 == what).map_or(what, |name| name.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    #[test]
    fn ids_and_parameters_are_encoded() {
        assert_eq!(segment("v502556llux-01"), "v502556llux-01");
        assert_eq!(segment("a/b?c#d ção=1"), "a%2Fb%3Fc%23d%20%C3%A7%C3%A3o%3D1");
        let call = Call::read("list orders", "/orders")
            .query("$offset", "0")
            .query("f_creationDate", "creationDate:[a TO b+c]");
        assert_eq!(call.query, "?%24offset=0&f_creationDate=creationDate%3A%5Ba%20TO%20b%2Bc%5D");
    }

    #[test]
    fn a_call_shows_no_body_and_no_query() {
        let call = Call::write("POST", "create order", "/orders", Effect::Once)
            .query("cpf", "52998224725")
            .json(serde_json::json!({ "name": "Ana" }));
        let shown = format!("{call:?}");
        assert!(!shown.contains("Ana") && !shown.contains("52998224725"), "{shown}");
    }

    /// A call without a name in Portuguese would be told in English.
    #[test]
    fn every_call_of_the_platforms_has_a_name_in_both_languages() {
        let mut named = std::collections::BTreeSet::new();
        for (_, source) in sources::below(&["src/channel", "src/erp/eccosys"]) {
            for opening in ["Call::read(\"", "Call::write(\"", "put_order(\"", " change(\"", ".tell(\""] {
                for (at, _) in source.match_indices(opening) {
                    let mut literals = source[at..].split('"').skip(1).step_by(2);
                    let first = literals.next().unwrap().to_owned();
                    let is_method = opening == "Call::write(\"";
                    named.insert(if is_method { literals.next().unwrap().to_owned() } else { first });
                }
            }
        }
        let known: std::collections::BTreeSet<String> = NAMES.iter().map(|name| name.0.to_owned()).collect();
        let variable = named.iter().filter(|name| name.starts_with('/')).count();
        assert!(named.len() > 30, "{named:?}");
        let missing: Vec<_> = named.iter().filter(|name| !name.starts_with('/') && !known.contains(*name)).collect();
        assert!(missing.is_empty() && variable <= 2, "{missing:?}");
        let left: Vec<_> = known.iter().filter(|name| !named.contains(*name)).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
