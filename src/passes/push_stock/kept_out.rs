//! Products whose stock a channel is never told: those that the configuration names, and the channel's kits, of which it works out
//! the stock from their parts.

use super::Push;
use crate::http::Triage;
use crate::model::{ChannelSku, Sku};
use crate::passes::Trouble;
use crate::reason::Reason;
use crate::report::Outcome;

impl Push<'_> {
    /// Finds out which products these are, and forgets what the channel was told of them. It is said of those that it was told of
    /// until now, and of those that a person named.
    pub(super) async fn keep_out(&mut self) -> Result<(), Trouble> {
        let (store, named) = (self.pass.store, self.request.skus);
        for kit in store.kits(self.channel())? {
            let sku = self.code_of(&kit);
            // A person who names it may know better by now, and so may the channel.
            if named.contains(&sku) && self.is_kit(&kit).await? == Some(false) {
                store.forget_kit(self.channel(), &kit)?;
            } else {
                self.kept_out.insert(sku, Reason::SkuIsKit);
            }
        }
        self.kept_out.extend(self.policy.exclude.iter().map(|sku| (sku.clone(), Reason::StockExcluded)));
        if self.kept_out.is_empty() {
            return Ok(());
        }
        let told = store.leave_products(self.channel(), self.kept_out.keys(), self.now())?;
        for (sku, reason) in self.kept_out.iter().filter(|(sku, _)| told.contains(*sku) || named.contains(sku)) {
            self.pass.tell_product(sku, Outcome::Skipped, reason.clone());
        }
        Ok(())
    }

    /// A product turned out to be a kit.
    pub(super) fn leave_kit(&self, kit: &ChannelSku, sku: &Sku) -> Result<(), Trouble> {
        self.pass.store.note_kit(self.channel(), kit)?;
        self.pass.store.leave_products(self.channel(), std::iter::once(sku), self.now())?;
        self.pass.tell_product(sku, Outcome::Skipped, Reason::SkuIsKit);
        Ok(())
    }

    /// Whether the channel says of a product that it is a kit; `None` when it does not say.
    pub(super) async fn is_kit(&self, id: &ChannelSku) -> Result<Option<bool>, Trouble> {
        let Some(place) = self.places.first() else { return Ok(None) };
        match self.pass.channel.read_stock(id, &place.channel).await {
            Ok(shown) => Ok(shown.is_kit),
            Err(error) if matches!(error.triage(), Triage::StopRun(_)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    fn code_of(&self, id: &ChannelSku) -> Sku {
        self.pass.config.skus.get(id.as_str()).cloned().unwrap_or_else(|| Sku::new(id.as_str()))
    }
}
