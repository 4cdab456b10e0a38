//! An order that is in the ERP, and not taken over as far as is known: it is taken over once both sides say that it is paid.
//!
//! All else about such an order is for [sync-payments](crate::passes::sync_payments) to conclude: its fate, whether anything is
//! still expected of it, what was heard of it, and the holds that other passes opened.

use std::collections::BTreeSet;

use super::{Facts, Policy, TAKE_OVER, apply, plan};
use crate::model::ErpOrderId;
use crate::passes::permit::Permit;
use crate::passes::{Pass, Trouble};
use crate::reason::Reason;
use crate::report::Outcome;
use crate::store::orders::OrderRow;

/// Reads the order on both sides, takes it over if its time has come, and holds it if that fails.
pub(super) async fn visit(
    pass: &Pass<'_>,
    policy: &Policy,
    row: &OrderRow,
    erp_id: &ErpOrderId,
) -> Result<(), Trouble> {
    let came_to = match look_at(pass, policy, row, erp_id).await {
        Err(trouble) if trouble.ends_run(pass.stop).is_none() => Err(trouble.reason()),
        other => other?,
    };
    let came_to = match came_to {
        Ok(Some(came_to)) => Ok(came_to),
        Ok(None) => return Ok(()),
        Err(reason) => Err(reason),
    };
    pass.store.hold_as_guest(row.row, came_to.as_ref().err(), is_ours, pass.clock.now())?;
    match came_to {
        Err(reason) => pass.tell(row, Outcome::Held, true, &reason, &[]),
        Ok((reason, actions)) if actions.is_empty() => pass.tell(row, Outcome::Unchanged, false, &reason, &[]),
        Ok((reason, actions)) => pass.tell(row, Outcome::Updated, true, &reason, &actions),
    }
    Ok(())
}

/// What was done and why, or the reason to hold the order; `None` when the plan that is carried out does not allow it.
async fn look_at(
    pass: &Pass<'_>,
    policy: &Policy,
    row: &OrderRow,
    erp_id: &ErpOrderId,
) -> Result<Result<Option<(Reason, Vec<&'static str>)>, Reason>, Trouble> {
    let order = match pass.read_channel(row).await? {
        Ok(order) => order,
        Err(reason) => return Ok(Err(reason)),
    };
    let erp = match pass.read_erp(row, erp_id).await? {
        Ok(erp) => erp,
        Err(reason) => return Ok(Err(reason)),
    };
    let cancel_heard = row.cancel_heard;
    let facts = Facts { order, cancel_heard, erp: Some(erp), linked: true, known_skus: BTreeSet::new(), let_in: true };
    let decision = plan(&facts, policy);
    let done = match pass.permit(&row.id, || decision.planned(&facts, pass.store)) {
        Permit::OnlyTold => Ok(decision.names()),
        Permit::Given => apply(pass, row, &facts, &decision).await?,
        Permit::Refused(reason) => {
            pass.refuse(row, reason)?;
            return Ok(Ok(None));
        }
    };
    Ok(match decision.hold {
        Some(reason) => Err(reason),
        None => done.map(|actions| Some((decision.reason, actions))),
    })
}

/// Whether a hold of an order in the ERP is of the kinds this pass opens, and so may release.
fn is_ours(hold: &Reason) -> bool {
    match hold {
        Reason::TakeOverRefused { .. }
        | Reason::NotOnChannel
        | Reason::Unreadable { .. }
        | Reason::CallFailed { .. } => true,
        Reason::OutcomeUnknown { action } => action == TAKE_OVER,
        _ => false,
    }
}
