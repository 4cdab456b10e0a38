//! The channel's order list, window by window. A list that counts more orders than it shows is an error and never "no orders".

use std::collections::{BTreeSet, VecDeque};

use futures_util::future::join_all;
use futures_util::{Stream, stream};

use crate::channel::{Channel, Heard, Window};
use crate::lang::say;
use crate::model::calendar;
use crate::passes::Trouble;

/// A window with more orders is divided: so many at most are listed again by the run after one that was cut short.
const LISTED_AT_ONCE: usize = 500;

/// How many orders a part of a window that is divided has if they come evenly: some fewer, since they do not.
const IN_A_PART: usize = 400;

/// Into how many parts at most, whatever the list counts.
const MOST_PARTS: usize = 64;

/// How many pages of a window are asked for at a time, as far as there are so many by the list's own count.
const PAGES_AT_ONCE: usize = 5;

/// How many windows more are asked for at a time for each that was shown whole.
const GROWTH: usize = 3;

/// Why not all of the list was read.
#[derive(Debug, thiserror::Error)]
pub(in crate::passes) enum Gap {
    /// A call failed, or what it told could not be stored.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    #[error(
        "{}", say!(
            "of the {total} orders that the list counts from {} to {}, its pages show {shown}"
                | "dos {total} pedidos que a lista conta de {} a {}, as páginas mostram {shown}",
            calendar::local_text(window.from), calendar::local_text(window.to)
        ))]
    Short { window: Window, total: usize, shown: usize },
    #[error(
        "{}", say!(
            "the list from {} to {} shows the same {shown} orders page after page"
                | "a lista de {} a {} mostra os mesmos {shown} pedidos página após página",
            calendar::local_text(window.from), calendar::local_text(window.to)
        ))]
    Repeated { window: Window, shown: usize },
    #[error(
        "{}", say!(
            "the list counts {total} orders in the one millisecond {}, shows {limit} at most, and a window cannot be \
             smaller"
                | "a lista conta {total} pedidos no mesmo milissegundo {}, mostra no máximo {limit}, e uma janela \
                   não pode ser menor",
            window.from.to_rfc3339()
        ))]
    TooMany { window: Window, total: usize, limit: usize },
}

impl From<rusqlite::Error> for Gap {
    fn from(error: rusqlite::Error) -> Self {
        Self::Trouble(error.into())
    }
}

/// What became of a window.
pub(in crate::passes) enum Listed {
    /// All of it was told.
    Whole,
    /// Told, but not all there should be.
    Partly(Gap),
    /// Nothing is told: it has too many orders.
    Divided(Vec<Window>),
}

/// A window, and what became of it once that is known.
type Part = (Window, Option<Result<Listed, Trouble>>);

/// Lists a range in windows small enough to be listed to their end, and tells `hear` what they show. Gives what became of each window,
/// the oldest first; none that is divided. One window at first, and [more and more](GROWTH) at a time, up to `at_once`, as long as they
/// are shown whole. Ends before its time where `is_over` says so, after one window at least.
pub(in crate::passes) fn walk<'a>(
    channel: &'a Channel,
    range: Window,
    at_once: usize,
    is_over: &'a impl Fn() -> bool,
    hear: &'a impl Fn(&[Heard]) -> Result<(), Trouble>,
) -> impl Stream<Item = (Window, Result<Listed, Trouble>)> + 'a {
    let parts: VecDeque<Part> = [range].into_iter().filter(|range| range.from <= range.to).map(|w| (w, None)).collect();
    stream::unfold((parts, 0), move |(mut parts, mut whole)| async move {
        loop {
            match parts.pop_front()? {
                (window, Some(listed)) => return Some(((window, listed), (parts, whole))),
                unlisted => parts.push_front(unlisted),
            }
            if whole > 0 && is_over() {
                return None;
            }
            parts = list_some(channel, parts, whole.clamp(1, at_once.max(1)), is_over, hear).await;
            let listed = || parts.iter().filter_map(|(_, listed)| listed.as_ref());
            whole = match listed().all(|listed| matches!(listed, Ok(Listed::Whole))) {
                true => whole + GROWTH * listed().count(),
                false => 1,
            };
        }
    })
}

/// Lists the first of those windows that are not listed yet.
async fn list_some(
    channel: &Channel,
    parts: VecDeque<Part>,
    at_once: usize,
    is_over: &impl Fn() -> bool,
    hear: &impl Fn(&[Heard]) -> Result<(), Trouble>,
) -> VecDeque<Part> {
    let unlisted: Vec<Window> = parts.iter().filter(|(_, listed)| listed.is_none()).map(|(w, _)| *w).collect();
    let listing = unlisted.into_iter().take(at_once.max(1)).map(|window| list(channel, window, is_over, hear));
    let mut new = join_all(listing).await.into_iter();
    let with_new = |(window, listed): Part| match listed.or_else(|| new.next()) {
        Some(Ok(Listed::Divided(parts))) => parts.into_iter().map(|part| (part, None)).collect(),
        listed => vec![(window, listed)],
    };
    parts.into_iter().flat_map(with_new).collect()
}

/// How often a window is listed before it counts as not shown whole: orders come and go between its pages.
const TIMES: u32 = 3;

/// Lists a window and tells `hear` what it shows, page by page.
async fn list(
    channel: &Channel,
    window: Window,
    is_over: &impl Fn() -> bool,
    hear: &impl Fn(&[Heard]) -> Result<(), Trouble>,
) -> Result<Listed, Trouble> {
    if window.span() > channel.list_span() {
        return Ok(Listed::Divided(window.parts(2, channel.list_grain())));
    }
    for _ in 1..TIMES {
        match list_once(channel, window, hear).await? {
            Listed::Partly(Gap::Short { .. } | Gap::Repeated { .. }) if !is_over() => {}
            other => return Ok(other),
        }
    }
    list_once(channel, window, hear).await
}

async fn list_once(
    channel: &Channel,
    window: Window,
    hear: &impl Fn(&[Heard]) -> Result<(), Trouble>,
) -> Result<Listed, Trouble> {
    let limit = channel.list_limit();
    let mut shown = BTreeSet::new();
    let (mut next, mut at_once, mut total, mut page_length) = (1, 1, 0, 1);
    'pages: loop {
        let pages = join_all((next..).take(at_once).map(|number| channel.list(window, number))).await;
        for (number, page) in (next..).zip(pages) {
            let page = page?;
            if number == 1 && page.total > LISTED_AT_ONCE.min(limit) {
                let count = page.total.div_ceil(IN_A_PART).clamp(2, MOST_PARTS);
                let parts = window.parts(count, channel.list_grain());
                if parts.len() > 1 {
                    return Ok(Listed::Divided(parts));
                }
            }
            hear(&page.orders)?;
            // The index moves while it is read; an order that slipped to an earlier page leaves the largest count short.
            total = total.max(page.total);
            page_length = page_length.max(page.orders.len());
            let before = shown.len();
            shown.extend(page.orders.into_iter().map(|order| order.id));
            if !page.more {
                break 'pages;
            }
            // A list that goes by no page number has no end, and shows nothing of what is further on in it.
            if shown.len() == before {
                return Ok(Listed::Partly(Gap::Repeated { window, shown: before }));
            }
            next += 1;
        }
        at_once = total.saturating_sub(shown.len()).div_ceil(page_length).clamp(1, PAGES_AT_ONCE);
    }
    let shown = shown.len();
    Ok(match shown < total {
        false => Listed::Whole,
        true if total > limit => Listed::Partly(Gap::TooMany { window, total, limit }),
        true => Listed::Partly(Gap::Short { window, total, shown }),
    })
}
