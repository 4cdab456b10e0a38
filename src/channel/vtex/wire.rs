//! VTEX's JSON as it comes: every field optional, numbers loose, enums open. Seen nowhere outside this folder.
//!
//! Shapes: VTEX's published "Orders API" description; where its schema and its examples differ, both are accepted.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::http::lenient;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Order {
    #[serde(deserialize_with = "lenient::text")]
    pub order_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub sequence: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub marketplace_order_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub origin: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub affiliate_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub value: Option<i64>,
    #[serde(deserialize_with = "lenient::integer")]
    pub rounding_error: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub creation_date: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub last_change: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub authorized_date: Option<String>,
    #[serde(deserialize_with = "lenient::boolean")]
    pub is_completed: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub cancel_reason: Option<String>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub totals: Vec<Total>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub items: Vec<Item>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub item_metadata: ItemMetadata,
    #[serde(deserialize_with = "lenient::or_default")]
    pub client_profile_data: ClientProfile,
    #[serde(deserialize_with = "lenient::or_default")]
    pub shipping_data: ShippingData,
    #[serde(deserialize_with = "lenient::or_default")]
    pub payment_data: PaymentData,
    #[serde(deserialize_with = "lenient::or_default")]
    pub marketplace: Marketplace,
    /// An object with `value`, or the text itself.
    pub open_text_field: Option<Value>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub custom_data: CustomData,
    #[serde(deserialize_with = "lenient::or_default")]
    pub changes_attachment: Changes,
    #[serde(deserialize_with = "lenient::text")]
    pub invoiced_date: Option<String>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub package_attachment: Packages,
    /// PascalCase in the description, camelCase in the cancellation guide.
    pub cancellation_data: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Total {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub value: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Item {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub ref_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub seller: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub quantity: Option<i64>,
    #[serde(deserialize_with = "lenient::integer")]
    pub price: Option<i64>,
    #[serde(deserialize_with = "lenient::integer")]
    pub selling_price: Option<i64>,
    #[serde(deserialize_with = "lenient::ten_thousandths")]
    pub unit_multiplier: Option<i64>,
    #[serde(deserialize_with = "lenient::if_possible")]
    pub price_definition: Option<PriceDefinition>,
    /// So the description's schema calls it; its examples and live orders have the other name. Never an alias: a document with both
    /// would be refused.
    #[serde(deserialize_with = "lenient::if_possible")]
    pub price_definitions: Option<PriceDefinition>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PriceDefinition {
    #[serde(deserialize_with = "lenient::integer")]
    pub total: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ItemMetadata {
    #[serde(rename = "Items", deserialize_with = "lenient::or_default")]
    pub items: Vec<MetadataItem>,
    #[serde(rename = "items", deserialize_with = "lenient::or_default")]
    pub items_in_lower_case: Vec<MetadataItem>,
}

impl ItemMetadata {
    pub fn all(&self) -> impl Iterator<Item = &MetadataItem> {
        self.items.iter().chain(&self.items_in_lower_case)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MetadataItem {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub ref_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientProfile {
    #[serde(deserialize_with = "lenient::text")]
    pub email: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub first_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub last_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub document: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub phone: Option<String>,
    #[serde(deserialize_with = "lenient::boolean")]
    pub is_corporate: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub corporate_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub trade_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub corporate_document: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub state_inscription: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub corporate_phone: Option<String>,
}

impl std::fmt::Debug for ClientProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientProfile(personal data)")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ShippingData {
    #[serde(deserialize_with = "lenient::if_possible")]
    pub address: Option<Address>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub logistics_info: Vec<LogisticsInfo>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Address {
    #[serde(deserialize_with = "lenient::text")]
    pub address_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub receiver_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub postal_code: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub city: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub state: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub street: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub number: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub neighborhood: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub complement: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub reference: Option<String>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address(personal data)")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogisticsInfo {
    #[serde(deserialize_with = "lenient::integer")]
    pub item_index: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub selected_sla: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub selling_price: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub delivery_company: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub shipping_estimate_date: Option<String>,
    /// The schema's name; examples have `deliveryChannel`.
    #[serde(deserialize_with = "lenient::text")]
    pub selected_delivery_channel: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub delivery_channel: Option<String>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub delivery_ids: Vec<DeliveryId>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeliveryId {
    #[serde(deserialize_with = "lenient::text")]
    pub courier_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub warehouse_id: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub quantity: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PaymentData {
    #[serde(deserialize_with = "lenient::or_default")]
    pub transactions: Vec<Transaction>,
}

/// Also the answer of the payment-transaction call, which alone fills `status`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Transaction {
    #[serde(deserialize_with = "lenient::boolean")]
    pub is_active: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub transaction_id: Option<String>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub payments: Vec<Payment>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Payment {
    #[serde(deserialize_with = "lenient::text")]
    pub payment_system_name: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub value: Option<i64>,
    /// Without the interest that a card's instalments cost.
    #[serde(deserialize_with = "lenient::integer")]
    pub reference_value: Option<i64>,
    #[serde(deserialize_with = "lenient::integer")]
    pub installments: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub group: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub tid: Option<String>,
    /// A date for boletos, but `12/29` (a card's expiry) has been seen.
    #[serde(deserialize_with = "lenient::text")]
    pub due_date: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Marketplace {
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomData {
    #[serde(deserialize_with = "lenient::or_default")]
    pub custom_apps: Vec<CustomApp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CustomApp {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub fields: serde_json::Map<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Changes {
    #[serde(deserialize_with = "lenient::or_default")]
    pub changes_data: Vec<Change>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Change {
    #[serde(deserialize_with = "lenient::integer")]
    pub discount_value: Option<i64>,
    #[serde(deserialize_with = "lenient::integer")]
    pub increment_value: Option<i64>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub items_added: Vec<ChangedItem>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub items_removed: Vec<ChangedItem>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChangedItem {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub quantity: Option<i64>,
    #[serde(deserialize_with = "lenient::integer")]
    pub price: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Packages {
    #[serde(deserialize_with = "lenient::or_default")]
    pub packages: Vec<Package>,
}

/// An invoice with its parcel.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Package {
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub invoice_number: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub invoice_key: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub invoice_value: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub tracking_number: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub tracking_url: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub courier: Option<String>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub courier_status: CourierStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CourierStatus {
    #[serde(deserialize_with = "lenient::boolean")]
    pub finished: Option<bool>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub data: Vec<CourierEvent>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CourierEvent {
    #[serde(deserialize_with = "lenient::text")]
    pub description: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub last_change: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub create_date: Option<String>,
}

/// One page of the order list. Here alone nothing is optional: what is taken for an empty list hides orders.
#[derive(Debug, Deserialize)]
pub struct ListPage {
    pub list: Vec<ListedOrder>,
    pub paging: Paging,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedOrder {
    #[serde(deserialize_with = "order_number")]
    pub order_id: String,
    #[serde(deserialize_with = "lenient::text", default)]
    pub status: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Paging {
    #[serde(deserialize_with = "count")]
    pub total: usize,
}

fn order_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    lenient::text(deserializer)?.ok_or_else(|| D::Error::custom("an order number is missing"))
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let count = lenient::integer(deserializer)?.and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| D::Error::custom("a count is missing"))
}

/// One event of the feed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FeedItem {
    #[serde(deserialize_with = "lenient::text")]
    pub handle: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub order_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub state: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub current_change: Option<String>,
}

/// The feed's configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FeedConfig {
    #[serde(deserialize_with = "lenient::or_default")]
    pub filter: FeedFilter,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FeedFilter {
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub status: Vec<String>,
}
