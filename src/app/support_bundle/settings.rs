//! The configuration as it stands in its file. It holds no secret, but where they come from, and a command may have one in it.

use std::path::Path;

use serde_json::{Map, Value};

use crate::mask;
use crate::model::TaxId;

/// The settings, with commands masked and addresses without who calls.
pub fn read(file: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let mut settings: Value = toml::from_str(&text).map_err(|error| error.message().to_owned())?;
    mask(&mut settings);
    Ok(settings)
}

fn mask(value: &mut Value) {
    match value {
        Value::String(text) if text.contains("://") => *text = mask::address(text, true),
        Value::Array(list) => list.iter_mut().for_each(mask),
        Value::Object(table) => {
            for (key, value) in table {
                match value {
                    Value::String(command) if key == "command" => *command = mask::shape_of_text(command),
                    other => mask(other),
                }
            }
        }
        _ => {}
    }
}

/// The companies' numbers in the settings: issuers and carriers, which are public business data.
pub fn companies(settings: &Value) -> Vec<TaxId> {
    let mut found = Vec::new();
    collect(settings, &mut found);
    found.retain(TaxId::is_company);
    found
}

fn collect(value: &Value, found: &mut Vec<TaxId>) {
    match value {
        Value::String(text) => found.extend(TaxId::parse(text).ok()),
        Value::Array(list) => list.iter().for_each(|one| collect(one, found)),
        Value::Object(table) => collect_table(table, found),
        _ => {}
    }
}

fn collect_table(table: &Map<String, Value>, found: &mut Vec<TaxId>) {
    for (key, value) in table {
        found.extend(TaxId::parse(key).ok());
        collect(value, found);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn where_secrets_come_from_is_told_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vaivem.toml");
        let text = "erp = { kind = \"eccosys\", base_url = \"https://u:p@a.example/api?key=1\", issuers = [\"12.345.678/0001-95\"] }\n\
                    [channels.loja]\napp_key = { env = \"K\" }\napp_token = { command = \"echo s3cret\" }\ntoken = { file = \"t\" }\n\
                    [carriers]\ncodes_by_carrier = { \"98765432000198\" = { 203 = \"delivered\" } }\n";
        std::fs::write(&file, text).unwrap();
        let settings = read(&file).unwrap();
        assert_eq!(
            settings,
            json!({
                "erp": { "kind": "eccosys", "base_url": "https://a.example/api?•••", "issuers": ["12.345.678/0001-95"] },
                "channels": { "loja": {
                    "app_key": { "env": "K" }, "app_token": { "command": "••• text, 11 characters" }, "token": { "file": "t" } } },
                "carriers": { "codes_by_carrier": { "98765432000198": { "203": "delivered" } } },
            })
        );
        let companies: Vec<String> = companies(&settings).iter().map(|id| id.as_str().to_owned()).collect();
        assert_eq!(companies, ["98765432000198", "12345678000195"]);
    }
}
