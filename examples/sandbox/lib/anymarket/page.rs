//! Pages of a list (ANYMARKET 1.2).

use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::refusal::refuse;

const SMALLEST: usize = 5;
const LARGEST: usize = 100;

/// What a list says it has: unfiltered, a large number is only about right.
pub fn total(found: usize, is_unfiltered: bool, exact_up_to: usize) -> usize {
    match is_unfiltered && found > exact_up_to {
        true => found - found / 10,
        false => found,
    }
}

/// The part of a list a caller asks for.
pub struct Page {
    offset: usize,
    limit: usize,
}

impl Page {
    pub fn read(request: &Request) -> Result<Self, Answer> {
        let number = |name: &str, usual: usize| match request.query(name) {
            None => Ok(usual),
            Some(text) => text.parse().map_err(|_| refuse(400, &format!("Parâmetro {name} inválido."))),
        };
        let (offset, limit) = (number("offset", 0)?, number("limit", SMALLEST)?);
        if limit < SMALLEST {
            return Err(refuse(400, "A quantidade mínima por página é de 5 recursos."));
        }
        // What happens beyond the maximum is not stated: a refusal shows a mistake soonest.
        if limit > LARGEST {
            return Err(refuse(400, "A quantidade máxima por página é de 100 recursos."));
        }
        Ok(Self { offset, limit })
    }

    /// The part of `all`.
    pub fn of<T>(&self, all: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        all.skip(self.offset).take(self.limit)
    }

    /// The answer: `shown` out of `found` elements, of which it tells `total`.
    pub fn answer(&self, request: &Request, base: &str, shown: &[Value], found: usize, total: usize) -> Answer {
        let mut links = Vec::new();
        if self.offset + shown.len() < found {
            links.push(json!({"rel": "next", "href": self.href(request, base, self.offset + self.limit)}));
        }
        if self.offset > 0 {
            links
                .push(json!({"rel": "prev", "href": self.href(request, base, self.offset.saturating_sub(self.limit))}));
        }
        Answer::json(&json!({
            "links": links,
            "content": shown,
            "page": {
                "size": self.limit,
                "totalElements": total,
                "totalPages": total.div_ceil(self.limit),
                // What it counts from is unclear.
                "number": self.offset / self.limit,
            },
        }))
    }

    fn href(&self, request: &Request, base: &str, offset: usize) -> String {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let others = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("offset=") && !pair.starts_with("limit="));
        let mut pairs: Vec<String> = others.map(str::to_owned).collect();
        pairs.extend([format!("offset={offset}"), format!("limit={}", self.limit)]);
        format!("{base}{path}?{}", pairs.join("&"))
    }
}
