//! `[channels.NAME.auto_cancel]`: which orders are cancelled, when, and how many at most.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::Error as _;

use super::Span;
use crate::lang::{say, word};
use crate::model::PaymentMethod;

/// What a channel's table says about cancelling, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoCancel {
    /// Unpaid orders past their deadline are cancelled, and not only told of.
    pub enabled: bool,
    /// Orders that a person cancelled in the ERP are cancelled on the channel, and not only told of.
    pub from_erp: bool,
    /// Orders that wait for payment and were never imported are cancelled on the channel, too.
    pub not_imported: bool,
    /// The payment methods this is for.
    pub methods: BTreeSet<PaymentMethod>,
    /// Business days a boleto may take to clear after its due date.
    pub boleto_business_days: u32,
    /// How long after a Pix charge's last day.
    pub pix_margin: Duration,
    /// Days from the order's creation that stand in for a due date nobody told.
    pub days_without_due_date: u32,
    /// How long an order must have been announced; the run that announces it never cancels it.
    pub announce: Duration,
    /// How old the last complete sync-payments may be.
    pub synced_within: Duration,
    /// Further days on which banks settle nothing.
    pub extra_holidays: Vec<NaiveDate>,
    /// Most orders cancelled in one run.
    pub brake_orders: usize,
    /// Largest share of the open orders cancelled in one run, in percent.
    pub brake_percent: usize,
    /// What the channel is told, and may tell the customer.
    pub reason: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAutoCancel {
    enabled: Option<bool>,
    from_erp: Option<bool>,
    not_imported: Option<bool>,
    methods: Option<Vec<Method>>,
    boleto_business_days: Option<u8>,
    pix_margin: Option<Span>,
    days_without_due_date: Option<u8>,
    announce: Option<Span>,
    synced_within: Option<Span>,
    #[serde(default)]
    extra_holidays: Vec<NaiveDate>,
    brake_orders: Option<u32>,
    brake_percent: Option<u8>,
    reason: Option<Text>,
}

/// A method for which "not paid by then" means something.
struct Method(PaymentMethod);

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        // What a marketplace has been paid, and what nobody knows, has no deadline of ours.
        let known = PaymentMethod::ALL
            .into_iter()
            .filter(|(method, _)| !matches!(method, PaymentMethod::Marketplace | PaymentMethod::Other));
        known.clone().find(|(_, known)| *known == code).map(|(method, _)| Self(method)).ok_or_else(|| {
            let known: Vec<&str> = known.map(|(_, code)| code).collect();
            D::Error::custom(say!(
                "`{code}` is no method with a deadline; use some of {}"
                    | "`{code}` não é uma forma de pagamento com prazo; use algumas destas: {}",
                known.join(", ")
            ))
        })
    }
}

/// A text that says something.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?.trim().to_owned();
        if text.is_empty() {
            Err(D::Error::custom(word!(
                "the channel must be told why; write a sentence" | "o canal precisa saber o motivo; escreva uma frase"
            )))
        } else {
            Ok(Self(text))
        }
    }
}

/// Everything off.
impl Default for AutoCancel {
    fn default() -> Self {
        RawAutoCancel::default().into()
    }
}

impl From<RawAutoCancel> for AutoCancel {
    fn from(raw: RawAutoCancel) -> Self {
        const HOUR: Duration = Duration::from_secs(3_600);
        let span = |span: Option<Span>, default| span.map_or(default, |span| span.0);
        let enabled = raw.enabled.unwrap_or(false);
        Self {
            enabled,
            from_erp: raw.from_erp.unwrap_or(enabled),
            not_imported: raw.not_imported.unwrap_or(false),
            methods: match raw.methods {
                Some(methods) => methods.into_iter().map(|method| method.0).collect(),
                None => [PaymentMethod::Boleto, PaymentMethod::Pix].into(),
            },
            boleto_business_days: raw.boleto_business_days.unwrap_or(3).into(),
            pix_margin: span(raw.pix_margin, 2 * HOUR),
            days_without_due_date: raw.days_without_due_date.unwrap_or(5).into(),
            announce: span(raw.announce, Duration::ZERO),
            synced_within: span(raw.synced_within, 2 * HOUR),
            extra_holidays: raw.extra_holidays,
            brake_orders: raw.brake_orders.map_or(20, |orders| usize::try_from(orders).unwrap_or(usize::MAX)),
            brake_percent: raw.brake_percent.unwrap_or(30).into(),
            reason: raw.reason.map_or_else(|| "Pagamento não identificado até o prazo".into(), |text| text.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AutoCancel, String> {
        toml::from_str::<RawAutoCancel>(text).map(AutoCancel::from).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_cancelled_by_default() {
        let default = read("").unwrap();
        assert_eq!((default.enabled, default.from_erp, default.not_imported), (false, false, false));
        assert_eq!(default.methods, [PaymentMethod::Boleto, PaymentMethod::Pix].into());
        assert_eq!((default.brake_orders, default.brake_percent), (20, 30));
        assert_eq!((default.boleto_business_days, default.synced_within), (3, Duration::from_secs(7_200)));
    }

    #[test]
    fn switched_on_it_follows_the_erp_too_unless_told_otherwise() {
        let both = |text: &str| read(text).map(|read| (read.enabled, read.from_erp)).unwrap();
        assert_eq!(both("enabled = true"), (true, true));
        assert_eq!(both("enabled = true\nfrom_erp = false"), (true, false));
        assert_eq!(both("from_erp = true"), (false, true));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (text, says) in [
            ("methods = [\"marketplace\"]", "no method with a deadline"),
            ("methods = [\"boletto\"]", "use some of boleto, pix"),
            ("extra_holidays = [\"25/01/2027\"]", "invalid"),
            ("reason = \" \"", "must be told why"),
            ("brake_percents = 3", "unknown field"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
        assert_eq!(read("extra_holidays = [\"2027-01-25\"]").unwrap().extra_holidays[0].to_string(), "2027-01-25");
    }
}
