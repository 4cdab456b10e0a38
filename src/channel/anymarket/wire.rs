//! ANYMARKET's JSON as it comes: every field optional, numbers loose, enums open. Seen nowhere outside this folder.
//!
//! Shapes: the V2 back-office description, and what ANYMARKET's own SDK reads beyond it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::http::lenient;
use crate::model::Cents;

/// Reads amounts of money, in reais.
fn reais<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Cents>, D::Error> {
    lenient::reais(deserializer).map(|cents| cents.map(Cents::new))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Order {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub account_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub market_place: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub market_place_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub market_place_number: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub created_at: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub payment_date: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub cancel_date: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub last_update: Option<String>,
    /// The same under another name. Never an alias: a document with both would be refused.
    #[serde(deserialize_with = "lenient::text")]
    pub updated_at: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub transmission_status: Option<String>,
    /// An object with `message`, or the text itself.
    pub order_message: Option<Value>,
    #[serde(deserialize_with = "lenient::boolean")]
    pub fulfillment: Option<bool>,
    #[serde(deserialize_with = "reais")]
    pub discount: Option<Cents>,
    #[serde(deserialize_with = "reais")]
    pub freight: Option<Cents>,
    #[serde(deserialize_with = "reais")]
    pub interest_value: Option<Cents>,
    #[serde(deserialize_with = "reais")]
    pub total: Option<Cents>,
    #[serde(deserialize_with = "lenient::text")]
    pub document_intermediator: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub intermediate_registration_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub document_payment_institution: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub observation: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub cancel_details: Option<String>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub discount_metadata: Vec<DiscountShare>,
    pub pickup: Option<Value>,
    /// Of an order that goes out in several. Documented in a call of its own only.
    pub packages: Option<Value>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub metadata: BTreeMap<String, Value>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub shipping: Address,
    pub anymarket_address: Option<Address>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub buyer: Buyer,
    #[serde(deserialize_with = "lenient::or_default")]
    pub payments: Vec<Payment>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub items: Vec<Item>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub invoice: Invoice,
    #[serde(deserialize_with = "lenient::or_default")]
    pub tracking: Tracking,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiscountShare {
    #[serde(deserialize_with = "lenient::or_default")]
    pub discount_details: Vec<DiscountDetail>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiscountDetail {
    #[serde(deserialize_with = "reais")]
    pub discount_order_seller: Option<Cents>,
    #[serde(deserialize_with = "reais")]
    pub discount_product_seller: Option<Cents>,
    #[serde(deserialize_with = "reais")]
    pub discount_order_marketplace: Option<Cents>,
    #[serde(deserialize_with = "reais")]
    pub discount_product_marketplace: Option<Cents>,
}

/// The address as the marketplace wrote it, or as ANYMARKET normalised it: both have some of these.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Address {
    /// The whole line.
    #[serde(deserialize_with = "lenient::text")]
    pub address: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub street: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub number: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub neighborhood: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub comment: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub reference: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub city: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub state: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub state_acronym_normalized: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub zip_code: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub receiver_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub promised_shipping_time: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Buyer {
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub email: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub document: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub document_number_normalized: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub phone: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub cell_phone: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub company_state_tax_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Payment {
    #[serde(deserialize_with = "lenient::text")]
    pub method: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub payment_method_normalized: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub payment_detail_normalized: Option<String>,
    #[serde(deserialize_with = "reais")]
    pub value: Option<Cents>,
    #[serde(deserialize_with = "lenient::integer")]
    pub installments: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub marketplace_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub due_date: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub document_payment_institution: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub card_operator: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub order_authorization_card_code: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Item {
    #[serde(deserialize_with = "lenient::or_default")]
    pub sku: Sku,
    /// The kit that the line is a part of.
    #[serde(deserialize_with = "lenient::or_default")]
    pub sku_kit: Sku,
    #[serde(deserialize_with = "lenient::or_default")]
    pub product: Product,
    #[serde(deserialize_with = "lenient::integer")]
    pub amount: Option<i64>,
    #[serde(deserialize_with = "reais")]
    pub unit: Option<Cents>,
    #[serde(deserialize_with = "reais")]
    pub gross: Option<Cents>,
    #[serde(deserialize_with = "reais")]
    pub discount: Option<Cents>,
    #[serde(deserialize_with = "reais")]
    pub total: Option<Cents>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub shippings: Vec<Shipping>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub stocks: Vec<StockShare>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub discount_item_metadata: Vec<DiscountDetail>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Sku {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub partner_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub title: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Product {
    #[serde(deserialize_with = "lenient::text")]
    pub title: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Shipping {
    #[serde(deserialize_with = "lenient::text")]
    pub shipping_type: Option<String>,
    /// All in lower case in the description.
    #[serde(rename = "shippingtype", deserialize_with = "lenient::text")]
    pub shipping_type_in_lower_case: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub shipping_carrier_normalized: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StockShare {
    #[serde(deserialize_with = "lenient::text")]
    pub stock_local_id: Option<String>,
    /// In whole units; a part of one is none that can be told.
    #[serde(deserialize_with = "units")]
    pub amount: Option<i64>,
}

fn units<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(lenient::integer(serde_json::Value::deserialize(deserializer)?).unwrap_or_default())
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Invoice {
    #[serde(deserialize_with = "lenient::text")]
    pub access_key: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub number: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub date: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tracking {
    #[serde(deserialize_with = "lenient::text")]
    pub url: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub number: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub carrier: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub delivered_date: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FeedEntry {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub token: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
}

/// `content` may be left out when there is nothing; the count may not, or an answer of any other form would pass for an empty one.
#[derive(Debug, Deserialize)]
pub struct ListPage {
    pub content: Option<Vec<ListedOrder>>,
    pub page: Paging,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paging {
    pub total_elements: usize,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedOrder {
    #[serde(deserialize_with = "required_text")]
    pub id: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub last_update: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub updated_at: Option<String>,
}

fn required_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    lenient::text(deserializer)?.ok_or_else(|| serde::de::Error::custom("there is none"))
}
