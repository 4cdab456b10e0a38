//! Every order example of VTEX's published description is read, or refused with a precise reason. Runs where the description is.

use std::path::PathBuf;

use serde_json::Value;
use vaivem::channel::vtex::convert;
use vaivem::model::ChannelName;

/// Everything in the description that looks like a whole order, with its path.
fn orders<'a>(value: &'a Value, path: &str, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(object) => {
            if path.contains("/example")
                && object.contains_key("orderId")
                && object.contains_key("items")
                && object.contains_key("value")
            {
                found.push((path.to_owned(), value));
            }
            for (key, inner) in object {
                orders(inner, &format!("{path}/{key}"), found);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                orders(inner, &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn published_order_examples() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/vtex-openapi/VTEX - Orders API.json");
    let Ok(text) = std::fs::read(&file) else {
        println!("{} is not here, nothing to read", file.display());
        return;
    };
    let description: Value = serde_json::from_slice(&text).unwrap();
    let mut examples = Vec::new();
    orders(&description["paths"], "", &mut examples);
    let read: Vec<String> = examples
        .iter()
        .map(|(path, example)| match convert::order(&ChannelName::new("loja"), example.to_string().as_bytes()) {
            Ok(order) => format!("{} {} {} {}", order.id, order.raw_status, order.total.get(), order.lines.len()),
            Err(refusal) => format!("{path}: refused: {refusal}"),
        })
        .collect();
    // Number, status, total in cents, lines. A description that says something else is to be looked at.
    let expected = [
        "v71425090str-01 null 5458 1",
        "v71425090str-02 null 6208 1",
        "1172452900788-01 handling 1160 1",
        "1172452900788-01 handling 1160 1",
    ];
    assert_eq!(read, expected);
}
