//! A second account in the same state, so that one that took long to prepare can be tried in many ways.

use super::Anymarket;

impl Anymarket {
    /// The same account at another address: everything but the hook and the call log, which belong to whoever watches the first.
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
            ticked,
            callbacks,
            effects,
            settings,
            list_lag,
            transmission_delay,
            skus,
            locations,
            stocks,
            by_creation,
            by_change,
            transmissions,
            last_order,
            random,
        )
    }
}
