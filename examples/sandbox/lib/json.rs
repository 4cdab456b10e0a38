//! Changes to a document.

use serde_json::{Map, Value};

/// Objects are merged, anything else is replaced.
pub fn lay_over(document: &mut Value, patch: &Value) {
    match (document, patch) {
        (Value::Object(object), Value::Object(changes)) => lay_over_object(object, changes),
        (document, patch) => *document = patch.clone(),
    }
}

fn lay_over_object(object: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (key, change) in changes {
        lay_over(object.entry(key).or_insert(Value::Null), change);
    }
}
