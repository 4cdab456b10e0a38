//! Sending tracking and deliveries to VTEX. Both belong to an invoice, by the very number it was sent with.

use serde_json::{Value, json};

use super::Vtex;
use super::invoice::sent;
use crate::channel::outgoing::{Sent, Tracking, Way};
use crate::http::{Call, CallError, Effect, segment};
use crate::model::{OrderId, calendar};

impl Vtex {
    /// See [`crate::channel::Channel::send_tracking`]. It overwrites, and a change mails the customer, so it is not repeated
    /// blindly either.
    pub async fn send_tracking(&self, id: &OrderId, invoice: &str, tracking: &Tracking) -> Result<Sent, CallError> {
        let path = format!("/api/oms/pvt/orders/{}/invoice/{}", segment(id.as_str()), segment(invoice));
        let call = Call::write("PATCH", "send tracking", path, Effect::Once).about(id.as_str()).json(patch(tracking));
        sent(self.door.call(call).await)
    }

    /// See [`crate::channel::Channel::send_tracking_events`]. Whether VTEX adds to what it has or replaces it is not
    /// documented.
    pub async fn send_tracking_events(&self, id: &OrderId, invoice: &str, way: &Way) -> Result<Sent, CallError> {
        let path = format!("/api/oms/pvt/orders/{}/invoice/{}/tracking", segment(id.as_str()), segment(invoice));
        let call = Call::write("PUT", "send tracking events", path, Effect::Once).about(id.as_str()).json(events(way));
        sent(self.door.call(call).await)
    }
}

/// All four keys are required; all but the number may be null.
fn patch(tracking: &Tracking) -> Value {
    json!({
        "trackingNumber": tracking.code,
        "trackingUrl": tracking.url,
        "dispatchedDate": tracking.dispatched_at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, false)),
        "courier": tracking.carrier,
    })
}

/// Events have a date alone, the delivery a date and time; both local, as in the description's examples.
fn events(way: &Way) -> Value {
    let steps = way.steps.iter().map(|step| {
        let (city, state) = step.place.as_ref().map_or(("", ""), |(city, state)| (city.as_str(), state.as_str()));
        json!({ "city": city, "state": state, "description": step.description, "date": step.day.to_string() })
    });
    json!({
        "isDelivered": way.delivered_at.is_some(),
        "deliveredDate": way.delivered_at.map(calendar::local_text),
        "events": steps.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::outgoing::Step;

    #[test]
    fn tracking_has_all_four_keys() {
        let bare = Tracking { code: "BR1".into(), url: None, carrier: None, dispatched_at: None, promised_at: None };
        assert_eq!(
            patch(&bare),
            json!({"trackingNumber": "BR1", "trackingUrl": null, "dispatchedDate": null, "courier": null})
        );
        let full = Tracking {
            url: Some("https://r/BR1".into()),
            carrier: Some("Correios".into()),
            dispatched_at: Some("2026-11-24T13:00:00Z".parse().unwrap()),
            ..bare
        };
        assert_eq!(patch(&full)["dispatchedDate"], "2026-11-24T13:00:00+00:00");
    }

    #[test]
    fn a_delivery_has_the_local_date_and_time() {
        let way = Way {
            steps: vec![Step { day: "2026-11-24".parse().unwrap(), description: "Entregue", place: None }],
            delivered_at: Some("2026-11-25T01:30:00Z".parse().unwrap()),
            tracking: None,
        };
        assert_eq!(
            events(&way),
            json!({
                "isDelivered": true,
                "deliveredDate": "2026-11-24 22:30",
                "events": [{"city": "", "state": "", "description": "Entregue", "date": "2026-11-24"}],
            })
        );
    }
}
