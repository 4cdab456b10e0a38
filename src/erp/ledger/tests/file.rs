//! The file: who may open it, and two who use it at once.

use std::sync::Barrier;

use super::*;
use crate::store::Store;

struct Place {
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    Place { _folder: folder, path }
}

#[test]
fn what_was_written_is_there_after_reopening() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    stocked(&ledger);
    let id = created(&ledger, "A-1", &[("A", 2)]);
    let before = ledger.order_detail(&id).unwrap();
    drop(ledger);
    assert_eq!(Ledger::open(&place.path).unwrap().order_detail(&id).unwrap(), before);
    assert_eq!(Ledger::open_read_only(&place.path).unwrap().order_detail(&id).unwrap(), before);
}

#[test]
fn the_parcels_of_an_older_file_stay() {
    let place = place();
    let old = sqlite::FileKind { migrations: &schema::LEDGER.migrations[..5], ..schema::LEDGER };
    let ledger = Ledger::on(sqlite::open(&place.path, &old).unwrap());
    stocked(&ledger);
    let id = created(&ledger, "A-1", &[("A", 2)]);
    let told = Shipment { tracking_code: Some("BR1".into()), shipped_at: Some(at(4)), ..Shipment::default() };
    ledger.set_shipment(&id, &told, at(5)).unwrap();
    drop(ledger);
    let ledger = Ledger::open(&place.path).unwrap();
    assert_eq!(ledger.order_detail(&id).unwrap().unwrap().shipments, std::slice::from_ref(&told));
    assert_eq!(ledger.set_shipment(&id, &told, at(6)).unwrap(), Posted::Again);
}

#[test]
fn looking_creates_nothing_and_writes_nothing() {
    let place = place();
    assert!(matches!(Ledger::open_read_only(&place.path), Err(OpenError::Missing { .. })));
    assert!(!place.path.exists());
    let writer = Ledger::open(&place.path).unwrap();
    stocked(&writer);
    let reader = Ledger::open_read_only(&place.path).unwrap();
    assert!(matches!(reader.create_order(&order("A-1", &[("A", 1)]), at(1)), Err(ErpError::File(_))));
    assert_eq!(stock_of(&writer, "A"), (10, 0));
    assert_eq!(stock_of(&reader, "A"), (10, 0));
}

#[test]
fn a_dry_run_leaves_the_file_as_it_is() {
    let place = place();
    drop(Ledger::open_scratch(&place.path).unwrap());
    assert!(!place.path.exists());
    let ledger = Ledger::open(&place.path).unwrap();
    stocked(&ledger);
    let scratch = Ledger::open_scratch(&place.path).unwrap();
    let id = created(&scratch, "A-1", &[("A", 2)]);
    assert_eq!(stock_of(&scratch, "A"), (10, 2));
    assert_eq!(ledger.read_order(&id).unwrap(), None);
    assert_eq!(stock_of(&ledger, "A"), (10, 0));
}

#[test]
fn a_dry_run_leaves_nothing_beside_the_file() {
    let place = place();
    stocked(&Ledger::open(&place.path).unwrap());
    let before = std::fs::read(&place.path).unwrap();
    let scratch = Ledger::open_scratch(&place.path).unwrap();
    drop(scratch);
    let files = std::fs::read_dir(place.path.parent().unwrap()).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["ledger.db"]);
    assert_eq!(std::fs::read(&place.path).unwrap(), before);
}

/// What a killed run left in the log is for the next real run.
#[test]
fn a_dry_run_reads_a_log_and_leaves_it() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    stocked(&ledger);
    let (file, log) = (place.path.clone(), place.path.with_extension("db-wal"));
    let (copy, copied_log) = (place.path.with_file_name("killed.db"), place.path.with_file_name("killed.db-wal"));
    std::fs::copy(&file, &copy).unwrap();
    std::fs::copy(&log, &copied_log).unwrap();
    let before = (std::fs::read(&copy).unwrap(), std::fs::read(&copied_log).unwrap());
    assert_eq!(stock_of(&Ledger::open_scratch(&copy).unwrap(), "A"), (10, 0));
    assert_eq!((std::fs::read(&copy).unwrap(), std::fs::read(&copied_log).unwrap()), before);
}

#[test]
fn files_of_others_and_newer_ones_are_refused_and_left_alone() {
    let state = place();
    drop(Store::open(&state.path).unwrap());
    let newer = place();
    drop(Ledger::open(&newer.path).unwrap());
    rusqlite::Connection::open(&newer.path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for path in [&state.path, &newer.path] {
        let before = std::fs::read(path).unwrap();
        let refusals = [Ledger::open(path), Ledger::open_read_only(path), Ledger::open_scratch(path)];
        for refusal in refusals {
            assert!(matches!(refusal, Err(OpenError::Foreign { .. } | OpenError::Newer { found: 99, .. })));
        }
        assert_eq!(std::fs::read(path).unwrap(), before);
    }
    // And the other way round.
    let ledger = place();
    drop(Ledger::open(&ledger.path).unwrap());
    assert!(matches!(Store::open(&ledger.path), Err(OpenError::Foreign { .. })));
}

#[test]
fn the_same_order_created_by_many_at_once_is_one() {
    let place = place();
    stocked(&Ledger::open(&place.path).unwrap());
    let numbers = ["A-1", "A-2", "A-3", "A-4", "A-5"];
    let threads = 4;
    let gate = Barrier::new(threads);
    let create_all = || {
        let ledger = Ledger::open(&place.path).unwrap();
        numbers.map(|number| {
            gate.wait();
            ledger.create_order(&order(number, &[("A", 2), ("B", 1)]), at(1)).map(|order| order.id)
        })
    };
    let ids: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(create_all)).collect();
        // Unwrapped here: a thread that panics would leave the others at the gate.
        running.into_iter().map(|thread| thread.join().unwrap().map(Result::unwrap)).collect()
    });
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    let ledger = Ledger::open(&place.path).unwrap();
    assert_eq!(ledger.orders(&OrderFilter::default()).unwrap().len(), numbers.len());
    assert_eq!((stock_of(&ledger, "A"), stock_of(&ledger, "B")), ((10, 10), (10, 5)));
}

#[test]
fn invoices_and_cancellations_at_once_take_the_units_once() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    stocked(&ledger);
    for round in 0..10 {
        let id = created(&ledger, &format!("A-{round}"), &[("A", 1)]);
        let gate = Barrier::new(2);
        let (cancelled, posted) = std::thread::scope(|scope| {
            let other = || {
                let ledger = Ledger::open(&place.path).unwrap();
                gate.wait();
                ledger.cancel_order(&id, "by a person", at(2)).is_ok()
            };
            let cancelled = scope.spawn(other);
            gate.wait();
            let posted = ledger.post_invoice(&id, &invoice(round, None), at(2)).is_ok();
            (cancelled.join().unwrap(), posted)
        });
        assert_ne!(cancelled, posted);
        assert_eq!(stock_of(&ledger, "A").1, 0);
    }
    let movements = ledger.stock_movements(&Sku::new("A"), 100).unwrap();
    let invoiced = movements.iter().filter(|movement| movement.kind == MovementKind::Invoice).count();
    assert_eq!(stock_of(&ledger, "A").0, 10 - i64::try_from(invoiced).unwrap());
}
