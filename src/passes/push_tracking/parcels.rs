//! Which parcels carry an invoice, and what of them goes out: codes and addresses as people type them have broken whole batches.

use crate::erp::outgoing::{Invoice, Outgoing, Parcel};
use crate::reason::Reason;

/// The parcels of an invoice. Those that name no invoice carry the whole order; several of them cannot be told apart when there
/// are several invoices. What an invoice carried that was cancelled goes with the one in its place, which it is where it is the only one.
pub fn parcels_of<'a>(invoice: &Invoice, outgoing: &'a Outgoing, invoices: usize) -> Result<Vec<&'a Parcel>, Reason> {
    let those = |is_one: &dyn Fn(Option<&String>) -> bool| -> Vec<&'a Parcel> {
        outgoing.parcels.iter().filter(|parcel| is_one(parcel.invoice_key.as_ref())).collect()
    };
    let named = those(&|key| key == Some(&invoice.key));
    if !named.is_empty() {
        return Ok(named);
    }
    let of_all = those(&|key| key.is_none());
    let is_live = |key: &String| outgoing.live_invoices().any(|invoice| invoice.key == *key);
    let of_cancelled = those(&|key| key.is_some_and(|key| !is_live(key)));
    let untold = |parcel: &Parcel| {
        let code = parcel.tracking_code.as_deref().unwrap_or("without a code");
        Err(Reason::MissingField { of: format!("parcel {code}"), fields: vec!["invoice".into()] })
    };
    match (of_all.as_slice(), of_cancelled.as_slice()) {
        ([first, _, ..], _) if invoices > 1 => untold(first),
        ([], [first, ..]) if invoices > 1 => untold(first),
        ([], _) => Ok(of_cancelled),
        _ => Ok(of_all),
    }
}

/// Of an invoice's parcels, the one that stands for all: the first with a tracking code, if any has one.
pub fn main_of<'a>(parcels: &[&'a Parcel]) -> Option<&'a Parcel> {
    parcels.iter().find(|parcel| parcel.tracking_code.is_some()).or(parcels.first()).copied()
}

/// A parcel's tracking code as it is sent.
pub fn code_of(parcel: &Parcel) -> Option<String> {
    parcel.tracking_code.as_deref().and_then(clean_code)
}

/// Where its customer can follow it.
pub fn url_of(parcel: &Parcel) -> Option<String> {
    parcel.tracking_url.as_deref().and_then(clean_url)
}

/// Who carries it.
pub fn carrier_of(parcel: &Parcel) -> Option<String> {
    parcel.carrier.as_ref().map(|carrier| carrier.as_str().trim().to_owned()).filter(|carrier| !carrier.is_empty())
}

/// A tracking code without blanks and line breaks, which have broken whole batches elsewhere.
fn clean_code(text: &str) -> Option<String> {
    let code: String = text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    (!code.is_empty()).then_some(code)
}

/// An address a customer can open; anything else is left out.
fn clean_url(text: &str) -> Option<String> {
    let url = text.trim();
    let opens = url.starts_with("https://") || url.starts_with("http://");
    (opens && !url.contains(char::is_whitespace)).then(|| url.to_owned())
}
