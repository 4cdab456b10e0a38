//! The channel's ids of the ERP's products: from the configuration, else as the channel was asked, which is remembered.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};

use super::Push;
use crate::config::UnknownSkus;
use crate::http::CallError;
use crate::lang::keep;
use crate::model::{ChannelSku, Sku};
use crate::passes::Trouble;
use crate::reason::Reason;
use crate::report::{Outcome, Warning};
use crate::store::stock::LookedUp;

/// How many products one look-up asks for.
const LOOK_UP: usize = 50;

/// How long the channel's id of a product is not asked for again. Only of those whose number is worked out: fifty cost one call.
const KNOWN_FOR: TimeDelta = TimeDelta::days(1);

/// What was found out about some products.
#[derive(Debug, Default)]
pub struct Resolved {
    /// Ids by code.
    pub ids: BTreeMap<Sku, ChannelSku>,
    /// Why the others have none; only those asked after now.
    pub problems: BTreeMap<Sku, Reason>,
    /// Of which the channel was asked, and answered.
    heard: BTreeSet<Sku>,
}

impl Resolved {
    /// Whether the channel was to be asked for a product's id and did not answer.
    pub fn is_unheard(&self, sku: &Sku) -> bool {
        matches!(self.problems.get(sku), Some(Reason::CallFailed { .. }))
    }
}

impl Push<'_> {
    /// How long a product that the channel does not have is not asked after again.
    pub(super) fn unknown_for(&self) -> TimeDelta {
        match self.policy.unknown_skus {
            UnknownSkus::Hold => TimeDelta::hours(1),
            UnknownSkus::Ignore => TimeDelta::days(1),
        }
    }

    /// Finds the channel's ids.
    pub(super) async fn resolve(&self, skus: &[Sku]) -> Result<Resolved, Trouble> {
        let config = self.pass.config;
        let mut mapped: HashMap<&Sku, Vec<&str>> = HashMap::new();
        for (id, sku) in &config.skus {
            mapped.entry(sku).or_default().push(id);
        }
        let cached = self.pass.store.channel_skus(self.channel(), skus)?;
        let now = self.now();
        let asked_again = now - self.unknown_for();
        let mut resolved = Resolved::default();
        let mut unknown = Vec::new();
        for sku in skus {
            match (mapped.get(sku).map(Vec::as_slice), cached.get(sku)) {
                (Some([id]), _) => {
                    resolved.ids.insert(sku.clone(), ChannelSku::new(*id));
                }
                // Told to two products of the channel, the units would be promised twice.
                (Some(several), _) => {
                    let channel_skus = several.iter().map(|id| (*id).to_owned()).collect();
                    resolved.problems.insert(sku.clone(), Reason::SkuAmbiguous { channel_skus });
                }
                (None, Some(known)) if !self.request.skus.contains(sku) => match &known.channel_sku {
                    Some(id) if known.at > now - KNOWN_FOR && known.at <= now && !self.request.full => {
                        self.accept(&mut resolved, sku, id);
                    }
                    None if known.at > asked_again && known.at <= now => {}
                    _ => unknown.push(sku.clone()),
                },
                (None, _) => unknown.push(sku.clone()),
            }
        }
        // Several at a time. Then they are taken in one by one, as what one tells may make others be asked for again.
        let answers: Vec<_> = stream::iter(unknown.chunks(LOOK_UP))
            .map(|skus| async move { (skus, self.pass.channel.find_skus(skus).await) })
            .buffered(config.limits.at_once())
            .collect()
            .await;
        for (skus, answer) in answers {
            self.look_up(skus, answer, &cached, &mut resolved).await?;
        }
        Ok(resolved)
    }

    /// Takes in what the channel answered for these. Where it did not, or knows none of several that it knew, what was known stands and
    /// the next run asks again.
    async fn look_up(
        &self,
        skus: &[Sku],
        answer: Result<BTreeMap<Sku, ChannelSku>, CallError>,
        known: &BTreeMap<Sku, LookedUp>,
        resolved: &mut Resolved,
    ) -> Result<(), Trouble> {
        // With another lot some of these were asked for again, and what was known before is known no more.
        let is_open = |sku: &Sku| !resolved.heard.contains(sku);
        let skus: Vec<Sku> = skus.iter().filter(|sku| is_open(sku)).cloned().collect();
        let answer = answer.map(|found| found.into_iter().filter(|(sku, _)| is_open(sku)).collect());
        let (asked, mut found) = match self.with_others(&skus, answer).await {
            Ok(answer) => answer,
            Err(trouble) if trouble.ends_run(self.pass.stop).is_some() => return Err(trouble),
            Err(trouble) => return self.keep_known(&skus, known, &trouble.to_string(), resolved),
        };
        let had_ids = || asked.iter().filter(|sku| known.get(sku).is_some_and(|known| known.channel_sku.is_some()));
        if had_ids().count() > 1 && had_ids().all(|sku| !found.contains_key(sku)) {
            // VTEX has been seen to answer so when it was at fault, and products do not go all at once.
            let problem = keep!(
                "the channel says that it has none of the products asked for, which it had before"
                    | "o canal diz que não tem nenhum dos produtos consultados, que tinha antes"
            );
            return self.keep_known(&skus, known, &problem, resolved);
        }
        let mut codes: BTreeMap<ChannelSku, usize> = BTreeMap::new();
        found.values().for_each(|id| *codes.entry(id.clone()).or_default() += 1);
        // Told the stock of several, it would have the last one's.
        let shared: Vec<(Sku, ChannelSku)> =
            found.extract_if(.., |_, id| codes.get(id).is_some_and(|codes| *codes > 1)).collect();
        let left = self.pass.store.note_channel_skus(self.channel(), &asked, &found, self.now())?;
        // Those that share an id are held for it.
        let is_shared = |sku: &Sku| shared.iter().any(|(one, _)| one == sku);
        left.into_iter().filter(|(sku, ..)| !is_shared(sku)).for_each(|(sku, id, units)| self.leave_id(sku, id, units));
        for sku in &asked {
            resolved.ids.remove(sku);
            match found.get(sku) {
                Some(id) => self.accept(resolved, sku, id),
                None => drop(resolved.problems.insert(sku.clone(), Reason::SkuNotOnChannel)),
            }
        }
        for (sku, id) in shared {
            resolved.problems.insert(sku, Reason::SkuAmbiguous { channel_skus: vec![id.to_string()] });
        }
        resolved.heard.extend(asked);
        Ok(())
    }

    /// What was known of these stands; the others are held until the next run asks again.
    fn keep_known(
        &self,
        skus: &[Sku],
        known: &BTreeMap<Sku, LookedUp>,
        problem: &str,
        resolved: &mut Resolved,
    ) -> Result<(), Trouble> {
        self.pass.store.ask_for_channel_skus(self.channel(), skus)?;
        for sku in skus {
            match known.get(sku).and_then(|known| known.channel_sku.as_ref()) {
                Some(id) => self.accept(resolved, sku, id),
                None => drop(resolved.problems.insert(sku.clone(), Reason::CallFailed { message: problem.to_owned() })),
            }
        }
        Ok(())
    }

    /// The ids the channel gives now for these products, and for whichever had one of these ids before: a code that moved to another
    /// product left the one it had.
    async fn with_others(
        &self,
        skus: &[Sku],
        mut answer: Result<BTreeMap<Sku, ChannelSku>, CallError>,
    ) -> Result<(Vec<Sku>, BTreeMap<Sku, ChannelSku>), Trouble> {
        let mut asked = skus.to_vec();
        loop {
            let mut found = answer.map_err(Trouble::Channel)?;
            found.retain(|_, id| !self.is_given_away(id));
            let mut others = self.pass.store.others_with_ids(self.channel(), found.values(), &asked)?;
            others.retain(|sku| !self.pass.config.skus.values().any(|mapped| mapped == sku));
            if others.is_empty() {
                return Ok((asked, found));
            }
            asked.append(&mut others);
            answer = self.pass.channel.find_skus(&asked).await;
        }
    }

    /// Notes that an id is not a product's any more, which was told so many units of it.
    pub(super) fn leave_id(&self, sku: Sku, id: ChannelSku, units: i64) {
        let mut left = self.left_ids.borrow_mut();
        let (_, told) = left.entry(id).or_insert((sku, 0));
        *told = told.saturating_add(units);
    }

    /// Tells of the ids that went from a product to none: what each was told stands there, and nobody tells it anything else.
    pub(super) fn tell_left_ids(&self) -> Result<(), Trouble> {
        for (channel_sku, (sku, units)) in self.left_ids.take() {
            let others = self.pass.store.others_with_ids(
                self.channel(),
                [&channel_sku].into_iter(),
                std::slice::from_ref(&sku),
            )?;
            if others.is_empty() && !self.is_given_away(&channel_sku) {
                let channel = self.channel().clone();
                self.pass.warn(&Warning::OldProductLeftBehind { channel, sku, channel_sku, units });
            }
        }
        Ok(())
    }

    /// Takes an id the channel gave, unless the configuration says that it is another product's.
    fn accept(&self, resolved: &mut Resolved, sku: &Sku, id: &ChannelSku) {
        if self.is_given_away(id) {
            resolved.problems.insert(sku.clone(), Reason::SkuNotOnChannel);
        } else {
            resolved.ids.insert(sku.clone(), id.clone());
        }
    }

    /// Whether the configuration says whose id it is: of a product that is not asked for, then.
    fn is_given_away(&self, id: &ChannelSku) -> bool {
        self.pass.config.skus.contains_key(id.as_str())
    }

    /// Holds the products there are no ids for. Where the configuration says to ignore those that the channel does not have, nothing
    /// holds them any more: no number will ever be worked out that could end it.
    pub(super) fn hold_unresolved(&self, resolved: &Resolved) -> Result<(), Trouble> {
        let mut ignored = Vec::new();
        for (sku, reason) in &resolved.problems {
            match (reason, self.policy.unknown_skus) {
                (Reason::SkuNotOnChannel, UnknownSkus::Ignore) => {
                    ignored.push(sku);
                    // Whoever names it wants to know.
                    if self.request.skus.contains(sku) {
                        self.pass.tell_product(sku, Outcome::Failed, reason.clone());
                    }
                }
                _ => self.hold(sku, None, reason.clone())?,
            }
        }
        if !ignored.is_empty() {
            self.pass.store.release_untold(self.channel(), &ignored, self.now())?;
        }
        Ok(())
    }
}
