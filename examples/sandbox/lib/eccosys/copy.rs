//! A second ERP in the same state, so that one that took long to prepare can be tried in many ways.

use super::Eccosys;

impl Eccosys {
    /// The same ERP at another address: everything but the hook and the call log, which belong to whoever watches the first.
    pub fn copy_at(&self, base_url: &str) -> Self {
        /// Every field by its name, so that one that is added later cannot be forgotten.
        macro_rules! copy {
            ($($field:ident),+ $(,)?) => {
                Self { base_url: base_url.into(), wire: self.wire.copy(), $($field: self.$field.clone()),+ }
            };
        }
        copy!(
            orders,
            contacts,
            products,
            invoices,
            collections,
            carriers,
            effects,
            settings,
            last_order,
            last_number,
            last_line,
            last_invoice,
            last_collection,
        )
    }
}
