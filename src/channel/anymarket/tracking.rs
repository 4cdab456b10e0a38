//! Sending tracking and deliveries to ANYMARKET, which has one parcel for each order and hears of its end, not of its steps.

use serde_json::{Map, Value, json};

use super::{Anymarket, is_refusal, refused};
use crate::channel::outgoing::{Sent, Tracking, Way};
use crate::http::CallError;
use crate::model::{Instant, OrderId, calendar};

impl Anymarket {
    /// See [`crate::channel::Channel::send_tracking`]. It says that the order was sent; now stands in for a date of dispatch that
    /// nobody told, since the hub demands one.
    pub async fn send_tracking(&self, id: &OrderId, tracking: &Tracking) -> Result<Sent, CallError> {
        self.tell("send tracking", id, shipped(tracking, self.clock.now())).await
    }

    /// See [`crate::channel::Channel::send_tracking_events`]: only the delivery, with the tracking it belongs to. The hub may put
    /// what it gets in place of what it had.
    pub async fn send_delivery(&self, id: &OrderId, way: &Way) -> Result<Sent, CallError> {
        match way.delivered_at {
            Some(at) => self.tell("send delivery", id, delivered(way.tracking.as_ref(), at)).await,
            None => Ok(Sent::Accepted),
        }
    }

    async fn tell(&self, what: &'static str, id: &OrderId, body: Value) -> Result<Sent, CallError> {
        match self.put_order(what, id, body).await {
            Err(error) if is_refusal(&error) => Ok(refused(&error)),
            answer => answer.map(|()| Sent::Accepted),
        }
    }
}

fn shipped(tracking: &Tracking, now: Instant) -> Value {
    let dispatched_at = tracking.dispatched_at.or(Some(now));
    let told = parcel(&Tracking { dispatched_at, ..tracking.clone() });
    json!({ "status": "PAID_WAITING_DELIVERY", "tracking": told })
}

fn delivered(tracking: Option<&Tracking>, at: Instant) -> Value {
    let mut told = tracking.map(parcel).unwrap_or_default();
    told.insert("deliveredDate".into(), calendar::local_stamp(at).into());
    json!({ "status": "CONCLUDED", "tracking": told })
}

/// What is known of a parcel.
fn parcel(tracking: &Tracking) -> Map<String, Value> {
    let known = [
        ("number", Some(tracking.code.clone())),
        ("carrier", tracking.carrier.clone()),
        ("url", tracking.url.clone()),
        ("shippedDate", tracking.dispatched_at.map(calendar::local_stamp)),
        (
            "estimateDate",
            tracking.promised_at.filter(|at| tracking.dispatched_at <= Some(*at)).map(calendar::local_stamp),
        ),
    ];
    known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out_but_the_date_of_dispatch() {
        let now = "2026-11-25T12:00:00Z".parse().unwrap();
        let bare = Tracking { code: "BR1".into(), url: None, carrier: None, dispatched_at: None, promised_at: None };
        assert_eq!(
            shipped(&bare, now),
            json!({ "status": "PAID_WAITING_DELIVERY",
                    "tracking": { "number": "BR1", "shippedDate": "2026-11-25T09:00:00-03:00" } })
        );
        let full = Tracking {
            url: Some("https://r/BR1".into()),
            carrier: Some("Correios".into()),
            dispatched_at: Some("2026-11-24T13:00:00Z".parse().unwrap()),
            promised_at: Some("2026-11-30T02:59:59Z".parse().unwrap()),
            ..bare
        };
        let told = &shipped(&full, now)["tracking"];
        assert_eq!((&told["carrier"], &told["url"]), (&"Correios".into(), &"https://r/BR1".into()));
        assert_eq!(told["shippedDate"], "2026-11-24T10:00:00-03:00");
        assert_eq!(told["estimateDate"], "2026-11-29T23:59:59-03:00");
        // Promised for a day that was over when it was sent, as far as anybody told.
        let late = Tracking { dispatched_at: None, promised_at: Some("2026-11-25T11:59:59Z".parse().unwrap()), ..full };
        let told = &shipped(&late, now)["tracking"];
        assert_eq!((&told["shippedDate"], &told["estimateDate"]), (&"2026-11-25T09:00:00-03:00".into(), &Value::Null));
    }

    #[test]
    fn a_delivery_has_its_own_date_and_hour_and_its_parcel() {
        let at = "2026-11-25T18:30:00Z".parse().unwrap();
        let told = delivered(None, at);
        assert_eq!(
            told,
            json!({ "status": "CONCLUDED", "tracking": { "deliveredDate": "2026-11-25T15:30:00-03:00" } })
        );
        let tracking = Tracking {
            code: "BR1".into(),
            url: None,
            carrier: Some("Correios".into()),
            dispatched_at: None,
            promised_at: None,
        };
        assert_eq!(
            delivered(Some(&tracking), at)["tracking"],
            json!({ "number": "BR1", "carrier": "Correios", "deliveredDate": "2026-11-25T15:30:00-03:00" })
        );
    }
}
