//! Our own guards, taken away one at a time: a campaign that stays green without one does not see what it is for.
//!
//! Each is a place in the source and what it becomes. It is done to a copy of the project, never to the project itself; a place that is
//! not found exactly once is an error, so that the list cannot grow old unseen.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::{Length, tried};

/// A guard, where it stands, what stands there without it, and the tests that must each turn red then.
struct Guard {
    name: &'static str,
    what: &'static str,
    file: &'static str,
    text: &'static str,
    without: &'static str,
    tests: &'static [Sight],
}

/// A test, and how long it must be to see that the guard is gone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Sight {
    test: &'static str,
    length: Length,
}

const fn short(test: &'static str) -> Sight {
    Sight { test, length: Length::Short(None) }
}

const fn long(test: &'static str, cases: u32) -> Sight {
    Sight { test, length: Length::Short(Some(cases)) }
}

/// A test that judges more strictly in its long form, which so many cases of are enough.
const fn strict(test: &'static str, cases: u32) -> Sight {
    Sight { test, length: Length::Strict(cases) }
}

const GUARDS: &[Guard] = &[
    Guard {
        name: "in_flight",
        what: "units sold and not yet in the ERP's balance are not promised again",
        file: "src/passes/push_stock/claims.rs",
        text: "weighed.in_flight = weighed.in_flight.saturating_add(units);",
        without: "",
        tests: &[short("two_channels::nobody")],
    },
    Guard {
        name: "edited",
        what: "units that an edit put into an order that the ERP has are not promised again",
        file: "src/store/claims.rs",
        text: "self.in_erp.map_or(0, |in_erp| self.quantity.saturating_sub(in_erp).max(0))",
        without: "0",
        tests: &[short("push_stock::what_an_edit")],
    },
    Guard {
        name: "added",
        what: "units that an edit put into an order are not added back, as if the channel had reserved them",
        file: "src/store/claimed.rs",
        text: "if by == By::Channel { of.quantity.saturating_sub(of.added) } else { of.quantity };",
        without: "of.quantity;",
        tests: &[short("push_stock::what_an_edit")],
    },
    Guard {
        name: "settled",
        what: "a product is sent anew once an order is surely in handling, even the same number",
        file: "src/passes/push_stock/work_out.rs",
        text: "resend |= row.and_then(|row| row.recheck_at).is_some_and(is_over);",
        without: "let _ = row.and_then(|row| row.recheck_at).is_some_and(is_over);",
        tests: &[short("two_channels::no_day_goes_wrong_again")],
    },
    Guard {
        name: "meanwhile",
        what: "what changes while a push is under way is weighed like the push itself",
        file: "src/passes/push_stock/send.rs",
        text: "            self.pass.end(Exit::Guard, refusal);\n            return Ok(Vec::new());\n",
        without: "            drop((Exit::Guard, refusal));\n",
        tests: &[short("push_stock_on_ledger::the_guard_sees")],
    },
    Guard {
        name: "put-off",
        what: "orders that fail on every run come last, and are no host that is down",
        file: "src/passes/mod.rs",
        text: "[] => self.store.orders_whose_calls_fail(self.channel.name(), self.holds_as()),",
        without: "[] => Ok(Vec::new()),",
        tests: &[short("sync::orders_that_fail")],
    },
    Guard {
        name: "moved",
        what: "of whose part in the stock may be another, the numbers are worked out anew",
        file: "src/store/standing.rs",
        text: "    if after != known {\n",
        without: "    if after != known && false {\n",
        tests: &[short("push_stock::a_sale_costs")],
    },
    Guard {
        name: "oversold",
        what: "what was sold twice is held, with all who wait for it",
        file: "src/passes/push_stock/work_out.rs",
        text: "        if short.is_empty() {\n",
        without: "        if short.is_empty() || !short.is_empty() {\n",
        tests: &[short("two_channels::the_last_unit_sold_twice")],
    },
    Guard {
        name: "unread",
        what: "what was bought on any channel is read before one is told its stock",
        file: "src/app.rs",
        text: "filter(is_on).filter(|_| of_verb.len() > 1)",
        without: "filter(is_on).filter(|_| of_verb.len() > 9)",
        tests: &[short("push_stock::no_channel")],
    },
    Guard {
        name: "full",
        what: "committed means on the disk",
        file: "src/store/sqlite.rs",
        text: r#""synchronous", "FULL""#,
        without: r#""synchronous", "NORMAL""#,
        tests: &[short("torture::power::a_power_cut")],
    },
    Guard {
        name: "intent",
        what: "a write is on record before it is sent",
        file: "src/store/journal.rs",
        text: "        self.note_intention(effect, now)?;\n        self.committed().await\n",
        without: "        let _ = (effect, now);\n        self.committed().await\n",
        tests: &[short("torture::power::a_power_cut")],
    },
    Guard {
        name: "inbox",
        what: "an event is acknowledged once it is on the disk",
        file: "src/passes/intake/feed.rs",
        text: "        let new = pass.store.hear(",
        without: "        pass.channel.acknowledge(&lot.handles).await?;\n        let new = pass.store.hear(",
        tests: &[short("torture::power::a_power_cut")],
    },
    Guard {
        name: "document",
        what: "a document is moved away once what it says is on the disk",
        file: "src/inbox.rs",
        text: "            let result = match take(erp, path, content, rules, now) {",
        without: "        let gone = folder.join(\"done\");\n        let _ = fs::create_dir_all(&gone).and_then(|()| fs::rename(\
                  &*path, gone.join(path.file_name().unwrap_or_default())));\n        \
                  let result = match take(erp, path, content, rules, now) {",
        tests: &[short("torture::power::a_power_cut")],
    },
    Guard {
        name: "half-made",
        what: "a file whose making was cut off is made anew",
        file: "src/store/sqlite.rs",
        text: "head.starts_with(&MAGIC) && head[16..] == [0; 4]",
        without: "head.starts_with(&MAGIC) && head[16..] == [1; 4]",
        tests: &[short("torture::power::a_power_cut")],
    },
    Guard {
        name: "told",
        what: "a run that could not write says so by its exit code",
        file: "src/passes/mod.rs",
        text: "Self::Erp(ErpError::File(_)) | Self::Lock(_) | Self::State(_) => return Some(Exit::Failed),",
        without: "Self::Erp(ErpError::File(_)) | Self::Lock(_) | Self::State(_) => return Some(Exit::Done),",
        tests: &[long("torture::io_errors::", 80), short("torture::disk_full")],
    },
    Guard {
        name: "lookup",
        what: "the ERP is asked for an order before it is created",
        file: "src/passes/import_orders.rs",
        text: "    if comes_in || differed || is_create_open(pass, row)? {\n        facts.erp = pass.erp.find_order(&row.channel, &row.id).await?;",
        without: "    if comes_in || differed || is_create_open(pass, row)? {\n        facts.erp = None;",
        tests: &[short("crash::"), long("torture::kills::", 200), long("torture::answers::", 240)],
    },
    Guard {
        name: "bucket",
        what: "each call waits for its turn in the rate",
        file: "src/http/door.rs",
        text: "                    self.wait(origin, wait).await?;\n                    // Somebody",
        without: "                    // Somebody",
        tests: &[strict("torture::storms", 15)],
    },
    Guard {
        name: "stale",
        what: "a cancellation leaves soon after its order was read, or not at all",
        file: "src/http/door.rs",
        text: "self.clock.elapsed().saturating_add(time) > at =>",
        without: "self.clock.elapsed().saturating_add(time) > at && time == Duration::MAX =>",
        tests: &[short("auto_cancel::a_cancellation_that_would_wait")],
    },
    Guard {
        name: "pause",
        what: "a pause that a platform asked for is noted for every process",
        file: "src/store/budget.rs",
        text: "row.paused_until = present.max(millis(until).saturating_add(1));",
        without: "row.paused_until = present.min(millis(until));",
        tests: &[short("torture::storms")],
    },
    Guard {
        name: "sat-out",
        what: "a short pause that a platform asked for is sat out, and the run goes on",
        file: "src/http/retry.rs",
        text: "self.may_spend(pause).then(|| pause.saturating_add(spread(pause)))",
        without: "None::<Duration>.filter(|_| self.may_spend(pause))",
        tests: &[short("torture::storms")],
    },
    Guard {
        name: "certificate",
        what: "a host proves who it is, the ERP's like a channel's",
        file: "src/http/door.rs",
        text: "        let client = client.build().map_err",
        without: "        let client = client.tls_danger_accept_invalid_certs(true).build().map_err",
        tests: &[short("torture::network")],
    },
    Guard {
        name: "unanswered",
        what: "a write without an answer may have happened, and is not sent again",
        file: "src/http/error.rs",
        text: "Failure::Timeout { .. } | Failure::Broken { .. } => Setback::Unsure,",
        without: "Failure::Timeout { .. } | Failure::Broken { .. } => Setback::NotDone,",
        tests: &[short("torture::half_done"), short("torture::network")],
    },
    Guard {
        name: "broken-down",
        what: "a write answered with 5xx may have happened, and is not sent again",
        file: "src/http/error.rs",
        text: "200..300 | 408 | 500.. => Setback::Unsure,",
        without: "200..300 | 408 | 500.. => Setback::NotDone,",
        tests: &[short("torture::half_done"), short("torture::soak")],
    },
    Guard {
        name: "looked-for",
        what: "a file that may have arrived is looked for before it is sent again",
        file: "src/passes/push_invoices.rs",
        text: "again: true, .. } if visit",
        without: "again: true, .. } if key.is_empty() && visit",
        tests: &[short("anymarket::an_xml_that_arrived")],
    },
    Guard {
        name: "short-field",
        what: "a field of a carrier's file may be shorter than it should be, and cut anywhere",
        file: "src/documents/ocoren/read.rs",
        text: "(text.get(..2)?, text.get(2..4)?, text.get(4..8)?)",
        without: "(&text[..2], &text[2..4], &text[4..8])",
        tests: &[short("hostile::tests::nothing")],
    },
    Guard {
        name: "mask",
        what: "what a platform says of its troubles is told without what is personal in it",
        file: "src/http/excerpt.rs",
        text: "masked.push_str(&mask_word(&rest[..end]));",
        without: "masked.push_str(&rest[..end]);",
        tests: &[short("torture::secrets")],
    },
    Guard {
        name: "login-page",
        what: "a web page is no answer, whatever its status",
        file: "src/http/door.rs",
        text: "200..300 if !is_web_page => {",
        without: "200..300 => {",
        tests: &[short("runs::a_login_page")],
    },
    Guard {
        name: "same-page",
        what: "a list whose pages are all the same is not read for ever",
        file: "src/erp/eccosys/answer.rs",
        text: "if answer.bytes == self.last {",
        without: "if false {",
        tests: &[short("eccosys::a_list_without_end")],
    },
    Guard {
        name: "reread",
        what: "an order is read once more right before it is cancelled, and what that says goes",
        file: "src/passes/auto_cancel/carry_out.rs",
        text: "other => return Ok(leave(pass, row, (&notes, policy), &other)?),",
        without: "_ => Reason::CancelledInErp,",
        tests: &[short("auto_cancel::paid_between")],
    },
    Guard {
        name: "gateway",
        what: "the payment itself is asked after right before an unpaid order is cancelled",
        file: "src/passes/auto_cancel/carry_out.rs",
        text: "let payment = pass.channel.read_payment(&row.id).await?;",
        without: "let payment = crate::channel::PaymentWord::Waiting;",
        tests: &[short("auto_cancel::a_gateway_that_has_the_money")],
    },
    Guard {
        name: "desk",
        what: "a person's word cancels only what both sides, read right before, say is to be decided",
        file: "src/passes/cancel_desk.rs",
        text: "        Err(refusal) => return Ok(Done::Refused(refusal)),\n    };\n    keep(",
        without: "        Err(_) => vec![Action::InErp, Action::OnChannel],\n    };\n    keep(",
        tests: &[short("cancel_desk::")],
    },
    Guard {
        name: "clock",
        what: "nothing is cancelled while the clocks differ",
        file: "src/passes/auto_cancel.rs",
        text: "Some(skew) if skew.abs() <= CLOCK_TOLERANCE => return true,",
        without: "Some(skew) if skew.abs() <= TimeDelta::MAX => return true,",
        tests: &[short("torture::clock")],
    },
    Guard {
        name: "sweep",
        what: "the order list is swept by the channel's clock where ours is ahead",
        file: "src/passes/intake/sweep.rs",
        text: "if ahead > TOLERANCE { ours - ahead } else { ours }",
        without: "ours",
        tests: &[short("torture::clock")],
    },
    Guard {
        name: "ahead",
        what: "a reading that is dated ahead keeps out no later one",
        file: "src/store/mirror.rs",
        text: " && *at <= millis(now)",
        without: "",
        tests: &[short("torture::clock")],
    },
    Guard {
        name: "lock",
        what: "one run of a verb at a time for a channel",
        file: "src/lock.rs",
        text: "    match file.try_lock() {\n        Ok(()) => {}\n        Err(TryLockError::WouldBlock) => {\n            let mut holder",
        without: "    match Ok::<(), TryLockError>(()) {\n        Ok(()) => {}\n        Err(TryLockError::WouldBlock) => {\n            let mut holder",
        tests: &[short("torture::overlap::of_two_runs"), long("torture::life::", 12)],
    },
    Guard {
        name: "unique",
        what: "the ledger's key of an order: its number on the channel",
        file: "src/erp/ledger/schema.rs",
        text: "    cancel_reason TEXT,\n    UNIQUE (channel, store_number)",
        without: "    cancel_reason TEXT",
        tests: &[short("torture::overlap::the_files_themselves")],
    },
    Guard {
        name: "seal",
        what: "the checksum in each row of the state file and the ledger",
        file: "src/store/seal.rs",
        text: "if seal == ValueRef::Integer(checksum(row, 1)) {",
        without: "if seal == ValueRef::Integer(checksum(row, 1)) || row.len() > 0 {",
        tests: &[short("torture::state_file::what_sqlite")],
    },
    Guard {
        name: "resealing",
        what: "no row that is damaged is changed, which would seal it anew",
        file: "src/store/seal.rs",
        text: "AFTER UPDATE ON {table} BEGIN SELECT old.sound; END",
        without: "AFTER UPDATE ON {table} BEGIN SELECT 1; END",
        tests: &[short("torture::state_file::a_damaged_row_is_never_sealed_anew")],
    },
    Guard {
        name: "foreign",
        what: "files of other programs are refused",
        file: "src/store/sqlite.rs",
        text: "if found != self.kind.application_id => {",
        without: "if found != self.kind.application_id && self.kind.application_id == 0 => {",
        tests: &[short("torture::state_file::a_file_that_is_not_ours")],
    },
    Guard {
        name: "newer",
        what: "files of a newer version are refused",
        file: "src/store/sqlite.rs",
        text: "        if found > known {",
        without: "        if found > known && known == 0 {",
        tests: &[short("torture::state_file::a_file_that_is_not_ours")],
    },
];

/// Prints what there is.
pub fn list() {
    for guard in GUARDS {
        println!("  {:<12} {}", guard.name, guard.what);
    }
}

/// Takes away the guards, all or those that are named, and prints what became of the campaign without each.
pub fn take_away(project: &Path, names: &[String]) -> ExitCode {
    if let Some(unknown) = names.iter().find(|name| GUARDS.iter().all(|guard| guard.name != **name)) {
        eprintln!("there is no guard called {unknown}");
        return ExitCode::from(2);
    }
    let copy = project.join("target/guards");
    let chosen: Vec<&Guard> =
        GUARDS.iter().filter(|guard| names.is_empty() || names.iter().any(|name| name == guard.name)).collect();
    if let Err(problem) = are_green(project, &copy, &chosen) {
        eprintln!("{problem}");
        return ExitCode::FAILURE;
    }
    println!("| guard | what | test that must turn red | it did |\n|---|---|---|---|");
    let mut all_seen = true;
    for guard in chosen {
        let made = copy_of(project, &copy).and_then(|()| take_from(project, &copy, guard));
        if let Err(error) = &made {
            eprintln!("{}: {error}", guard.name);
        }
        for Sight { test, length } in guard.tests {
            // What does not compile, or runs no test, has not turned red.
            let is_seen = made.is_ok() && tried(&copy, test, *length).output.contains("test result: FAILED");
            all_seen &= is_seen;
            println!("| {} | {} | `{test}` | {} |", guard.name, guard.what, if is_seen { "yes" } else { "**no**" });
        }
    }
    if all_seen { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// With all guards in place no test is red, or its redness would prove nothing.
fn are_green(project: &Path, copy: &Path, guards: &[&Guard]) -> Result<(), String> {
    copy_of(project, copy)?;
    let tests: BTreeSet<Sight> = guards.iter().flat_map(|guard| guard.tests).copied().collect();
    for Sight { test, length } in tests {
        let output = tried(copy, test, length).output;
        if !output.contains("test result: ok. ") || output.contains("test result: ok. 0 passed") {
            return Err(format!("{test} does not pass with all guards in place\n{output}"));
        }
    }
    Ok(())
}

/// Makes the copy like the project. What did not change keeps its time, so that it is not built again.
fn copy_of(project: &Path, copy: &Path) -> Result<(), String> {
    for file in files(project)? {
        let content = std::fs::read(project.join(&file)).map_err(|error| format!("{}: {error}", file.display()))?;
        write_if_changed(&copy.join(&file), &content)?;
    }
    Ok(())
}

/// Takes the guard out of the copy.
fn take_from(project: &Path, copy: &Path, guard: &Guard) -> Result<(), String> {
    write_if_changed(&copy.join(guard.file), source_without(project, guard)?.as_bytes())
}

fn source_without(project: &Path, guard: &Guard) -> Result<String, String> {
    let source =
        std::fs::read_to_string(project.join(guard.file)).map_err(|error| format!("{}: {error}", guard.file))?;
    match source.matches(guard.text).count() {
        1 => Ok(source.replace(guard.text, guard.without)),
        found => Err(format!("`{}` stands {found} times in {}", guard.text, guard.file)),
    }
}

/// The files that git knows of.
fn files(project: &Path) -> Result<Vec<PathBuf>, String> {
    let listed = Command::new("git").current_dir(project).args(["ls-files", "-z"]).output();
    let listed = listed.map_err(|error| format!("git does not start: {error}"))?;
    let names = String::from_utf8(listed.stdout).map_err(|error| format!("a file's name: {error}"))?;
    Ok(names.split('\0').filter(|name| !name.is_empty() && project.join(name).is_file()).map(PathBuf::from).collect())
}

fn write_if_changed(path: &Path, content: &[u8]) -> Result<(), String> {
    if std::fs::read(path).is_ok_and(|now| now == content) {
        return Ok(());
    }
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder.and_then(|()| std::fs::write(path, content)).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guard_stands_where_the_list_says() {
        for guard in GUARDS {
            let without = source_without(Path::new(env!("CARGO_MANIFEST_DIR")), guard);
            assert!(without.is_ok(), "{}: {without:?}", guard.name);
        }
    }
}
