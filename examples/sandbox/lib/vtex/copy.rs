//! A second platform in the same state, so that one that took long to prepare can be tried in many ways.

use super::Vtex;

impl Vtex {
    /// The same shop at another address: everything but the hook and the call log, which belong to whoever watches the first.
    pub fn copy_at(&self, base_url: &str) -> Self {
        /// Every field by its name, so that one that is added later cannot be forgotten.
        macro_rules! copy {
            ($($field:ident),+ $(,)?) => {
                Self { base_url: base_url.into(), wire: self.wire.copy(), $($field: self.$field.clone()),+ }
            };
        }
        copy!(
            orders,
            feed,
            feed_faults,
            effects,
            list_lag,
            two_year_window,
            window_to_cancel,
            handling_delay,
            start_handling_conflict,
            invoice_delay,
            invoiced_takes_invoices,
            cancel_delay,
            tracking_events_append,
            warehouses,
            inventory,
            stock_lock,
            stock_visibility,
            balance_date_counts,
            catalog,
            more_codes,
            unknown_code,
            batches_enabled,
            batches,
            by_creation,
            scheduled,
            last_sequence,
            random,
        )
    }
}
