//! Who must act on a reason.

use super::Reason;

/// Who must do something before an order or a product goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The next run does it by itself.
    NextRun,
    /// The customer, or their bank.
    Customer,
    /// The channel, or the marketplace behind it.
    Channel,
    /// Whoever works in the ERP: products, invoices, parcels.
    BackOffice,
    /// Whoever works in the channel's panel.
    Sales,
    /// Whoever keeps the configuration.
    Integrator,
    /// Somebody must decide what is to become of it.
    Decision,
    /// The person who said so.
    WhoSaidSo,
}

impl Actor {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NextRun => "next_run",
            Self::Customer => "customer",
            Self::Channel => "channel",
            Self::BackOffice => "back_office",
            Self::Sales => "sales",
            Self::Integrator => "integrator",
            Self::Decision => "decision",
            Self::WhoSaidSo => "who_said_so",
        }
    }
}

impl Reason {
    /// Who must act; `None` where nothing is left to do.
    pub fn actor(&self) -> Option<Actor> {
        Some(match self {
            Self::AwaitingPayment { .. } => Actor::Customer,
            Self::BeingBuilt { .. }
            | Self::UnderReview
            | Self::GracePeriod { .. }
            | Self::MarketplaceDecides
            | Self::NotReadyForInvoice { .. }
            | Self::HandOverPending { .. }
            | Self::BeingVerified { .. }
            | Self::TrackingPending { .. }
            | Self::TransmissionPending => Actor::Channel,
            Self::SkusUnmapped { .. }
            | Self::ErpRefused { .. }
            | Self::ErpDiffers { .. }
            | Self::ChangedSince { .. }
            | Self::StockNotInErp { .. }
            | Self::MissingField { .. }
            | Self::InvoiceUnfit { .. }
            | Self::InvoiceValue { .. }
            | Self::InvoiceUnits { .. }
            | Self::DeliveryDate { .. } => Actor::BackOffice,
            Self::TotalsDiffer { .. }
            | Self::TaxIdInvalid { .. }
            | Self::AddressIncomplete { .. }
            | Self::CancelAnnounced { .. }
            | Self::NotOnChannel
            | Self::Unreadable { .. }
            | Self::MarketplaceMustCancel { .. }
            | Self::CancelRefused { .. }
            | Self::TakeOverRefused { .. }
            | Self::TakeOverNotShown { .. }
            | Self::SkuNotOnChannel
            | Self::StockRefused { .. }
            | Self::TransmissionFailed { .. }
            | Self::OneInvoiceOnly { .. }
            | Self::InvoiceNotOurs { .. }
            | Self::InvoicedWithoutOurs { .. }
            | Self::InvoiceCancelledAfterSending { .. }
            | Self::NotVerified { .. }
            | Self::RefusedByChannel { .. }
            | Self::TrackingNotTaken { .. } => Actor::Sales,
            Self::StatusUnknown { .. }
            | Self::ErpStatusUnknown { .. }
            | Self::CarrierUnmapped { .. }
            | Self::FulfillmentUndecided
            | Self::AutoCancelOff { .. }
            | Self::SkuAmbiguous { .. }
            | Self::InvoiceNumberTaken { .. } => Actor::Integrator,
            Self::CancelledAfterInvoice
            | Self::PaidAfterCancellation { .. }
            | Self::CancelledInErpOnly { .. }
            | Self::CancellationAgainstInvoice { .. }
            | Self::CancellationRequestedOnChannel
            | Self::DeliveryRefused { .. }
            | Self::DeliveryReturned { .. }
            | Self::Oversold { .. } => Actor::Decision,
            Self::HeldByHand { .. } | Self::SkippedByHand { .. } => Actor::WhoSaidSo,
            Self::OutcomeUnknown { .. }
            | Self::CallFailed { .. }
            | Self::DeadlineAhead { .. }
            | Self::CancelPlanned { .. }
            | Self::InvoiceNotOnChannel { .. }
            | Self::DeliveryAhead { .. }
            | Self::PlanStale { .. }
            | Self::PlanOver
            | Self::NotImported => Actor::NextRun,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_has_a_hint_has_somebody_to_follow_it() {
        let reasons = [
            Reason::NotOnChannel,
            Reason::CarrierUnmapped { carrier: "x".into() },
            Reason::HeldByHand { note: "x".into(), by: None },
            Reason::CallFailed { message: "x".into() },
            Reason::Oversold {
                warehouse: crate::model::WarehouseId::new("default"),
                units: 1,
                physical: 0,
                reserved: 1,
                in_flight: 0,
                orders: Vec::new(),
            },
        ];
        for reason in reasons {
            assert!(crate::words::hint(&reason).is_some() && reason.actor().is_some(), "{reason:?}");
        }
        assert_eq!(Reason::PaidOnChannel.actor(), None);
    }
}
