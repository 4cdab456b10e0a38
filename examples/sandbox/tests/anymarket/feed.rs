//! The feed and the callbacks.

use std::time::Duration;

use serde_json::{Value, json};

use super::{anymarket, call, get, shirt};
use crate::sandbox::anymarket::*;

fn feed(a: &mut Anymarket) -> Vec<Value> {
    get(a, "/v2/orders/feeds?limit=100").value().as_array().expect("a bare list").clone()
}

fn acknowledge(a: &mut Anymarket, entry: &Value, query: &str) -> u16 {
    call(a, "PUT", &format!("/v2/orders/feeds/{}{query}", entry["id"]), &json!({"token": entry["token"]})).status
}

fn batch(a: &mut Anymarket, entries: &[Value]) -> u16 {
    let rows = entries.iter().map(|entry| json!({"id": entry["id"], "token": entry["token"], "type": "ORDER"}));
    call(a, "PUT", "/v2/orders/feeds/batch", &Value::Array(rows.collect())).status
}

#[test]
fn the_feed_comes_again_until_it_is_acknowledged() {
    let mut a = anymarket();
    let id = a.place(shirt());
    let first = feed(&mut a);
    assert_eq!((first.len(), &first[0]["id"], first[0].get("status")), (1, &json!(id), None));
    assert_eq!(first[0]["token"].as_str().map(str::len), Some(36));
    assert_eq!(feed(&mut a), first);
    assert_eq!((acknowledge(&mut a, &first[0], ""), a.feed.depth()), (204, 0));
    assert!(feed(&mut a).is_empty());
    assert_eq!(acknowledge(&mut a, &first[0], ""), 404, "already read");
    a.settings.stale_token_is_404 = false;
    assert_eq!(acknowledge(&mut a, &first[0], ""), 204);
    assert_eq!(acknowledge(&mut a, &json!({"id": 1, "token": "x"}), ""), 404, "no such order");
    assert_eq!(acknowledge(&mut a, &json!({"id": id}), ""), 400, "no token");
}

#[test]
fn only_ticked_statuses_are_fed() {
    let mut a = anymarket();
    a.ticked = vec!["PAID_WAITING_SHIP".into()];
    let id = a.place(shirt().pending());
    assert_eq!(a.feed.depth(), 0);
    a.pay(id);
    a.cancel(id, AnyCancelledBy::Buyer);
    assert_eq!((feed(&mut a).len(), a.feed.of(id)), (1, vec!["PAID_WAITING_SHIP"]));
}

#[test]
fn an_acknowledgement_takes_a_status_or_all_of_the_order() {
    let mut a = anymarket();
    a.settings.feed_tells_status = true;
    let id = a.place(shirt().pending());
    a.pay(id);
    let entries = feed(&mut a);
    let pending = entries.iter().find(|entry| entry["status"] == "PENDING").expect("both");
    assert_ne!(entries[0]["token"], entries[1]["token"]);
    assert_eq!(acknowledge(&mut a, pending, "?status=PENDING"), 204);
    assert_eq!(a.feed.of(id), ["PAID_WAITING_SHIP"]);
    let paid = feed(&mut a).remove(0);
    a.cancel(id, AnyCancelledBy::Marketplace);
    assert_eq!((acknowledge(&mut a, &paid, ""), a.feed.depth()), (204, 0), "what came since is swallowed");
    a.settings.feed_token_per_order = true;
    a.touch(id);
    a.touch(id);
    let entries = feed(&mut a);
    assert_eq!((entries.len(), &entries[0]["token"]), (2, &entries[1]["token"]));
}

#[test]
fn acknowledgements_go_in_batches() {
    let mut a = anymarket();
    for _ in 0..3 {
        a.place(shirt());
    }
    let entries = feed(&mut a);
    assert_eq!((batch(&mut a, &entries[..1]), a.feed.depth()), (204, 2));
    assert_eq!((batch(&mut a, &entries), a.feed.depth()), (404, 2), "one of them is gone: none is taken");
    a.settings.ack_all_or_nothing = false;
    assert_eq!((batch(&mut a, &entries), a.feed.depth()), (404, 0));
    let untyped = json!([{"id": entries[0]["id"], "token": entries[0]["token"]}]);
    assert_eq!(call(&mut a, "PUT", "/v2/orders/feeds/batch", &untyped).status, 400);
    let many: Vec<Value> = (0..101).map(|id| json!({"id": id, "token": "x"})).collect();
    assert_eq!(batch(&mut a, &many), 400);
}

#[test]
fn the_feed_is_short_unsorted_and_forgetful() {
    let mut a = anymarket();
    a.feed.duplicates = true;
    for _ in 0..60 {
        a.place(shirt());
    }
    assert_eq!(get(&mut a, "/v2/orders/feeds").value().as_array().map(Vec::len), Some(5));
    let entries = feed(&mut a);
    let ids: Vec<i64> = entries.iter().filter_map(|entry| entry["id"].as_i64()).collect();
    assert_eq!((ids.len(), ids.is_sorted(), a.feed.depth()), (100, false, 120));
    a.advance(Duration::from_secs(29 * 86_400));
    let read = feed(&mut a).len();
    a.advance(Duration::from_secs(2 * 86_400));
    assert_eq!((read, feed(&mut a).len()), (100, 100), "30 days from the last reading on");
    a.advance(Duration::from_secs(31 * 86_400));
    assert!(feed(&mut a).is_empty());
}

#[test]
fn a_working_callback_takes_what_the_feed_would_give() {
    let mut a = anymarket();
    a.add_callback("https://outro.example", false);
    a.place(shirt());
    assert_eq!(a.feed.depth(), 1, "called in vain");
    a.add_callback("https://nativo.example", true);
    a.place(shirt());
    assert_eq!(a.feed.depth(), 1);
    a.settings.callback_empties_feed = false;
    a.place(shirt());
    assert_eq!(a.feed.depth(), 2);
    let list = get(&mut a, "/v2/callbacks?limit=100").value()["content"].clone();
    assert_eq!((&list[1]["url"], &list[1]["orderActive"]), (&json!("https://nativo.example"), &json!(true)));
    assert_eq!(call(&mut a, "DELETE", "/v2/callbacks/2", &Value::Null).status, 204);
    assert_eq!(get(&mut a, "/v2/callbacks/2").status, 404);
    let created = call(&mut a, "POST", "/v2/callbacks", &json!({"url": "https://x.example", "orderActive": true}));
    assert_eq!((created.status, a.callbacks.len()), (201, 2));
}
