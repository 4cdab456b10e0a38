//! `report --html FILE`: how the shop is, as one page for a folder that a web server shows. Reads the state file only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate, TimeDelta};
use serde_json::json;

use super::causes::{Cause, Causes};
use super::status::is_alive;
use super::{Failure, print_bytes, unreadable_state};
use crate::cli::ReportArgs;
use crate::exit::Exit;
use crate::http::excerpt;
use crate::model::{ChannelName, Instant, calendar};
use crate::page::{self, CauseSum, ChannelPart, FATES, FateSum, Lag, MOST_CAUSES, Page, PassPart, Trouble, Work};
use crate::passes::Verb;
use crate::reason::{Actor, Reason};
use crate::report::Reporter;
use crate::store::Store;
use crate::store::holds::Hold;
use crate::store::orders::Fate;
use crate::store::report::OrderPoint;
use crate::store::runs::RunRow;
use crate::words::{self, report};

/// How many troubles the page names.
const TROUBLES: usize = 10;

/// Stretches of a chart of lag that a phone can still show.
const STRETCHES: i64 = 120;

/// Makes the page and writes it.
pub fn run(
    args: &ReportArgs,
    store: &Store,
    channels: &BTreeSet<ChannelName>,
    reporter: &Reporter,
    now: Instant,
) -> Result<Exit, Failure> {
    let gather = |store: &Store| Gathering::new(store, channels, args.days, now)?.page(channels, args);
    let page = store.at_one_moment(gather).map_err(|error| unreadable_state(&error))?;
    let text = page.render();
    if args.html == Path::new("-") {
        return print_bytes(text.as_bytes(), reporter);
    }
    publish(&args.html, &text)?;
    if reporter.is_human() {
        reporter.news(&report::written(&args.html, &page.headline()));
    } else {
        let file = args.html.display().to_string();
        let record =
            json!({ "file": file, "bytes": text.len(), "needs_person": page.needs_person(), "text": page.headline() });
        reporter.counted(record);
    }
    Ok(Exit::Done)
}

/// Replaces the page as a whole: whoever reads it sees the old one or the new one. A web server of another user may read it.
fn publish(file: &Path, text: &str) -> Result<(), Failure> {
    let refused = |error: std::io::Error| Failure::new(Exit::Failed, report::not_written(file, &error));
    if !is_ours_to_replace(file).map_err(refused)? {
        return Err(Failure::new(Exit::Usage, report::not_ours(file)));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!(".{name}.part.{}", std::process::id()));
    let written = write_for_all(&draft, text).and_then(|()| fs::rename(&draft, file));
    written.map_err(|error| {
        // What is not whole is not left behind. It may not even have been made.
        let _ = fs::remove_file(&draft);
        refused(error)
    })
}

/// Whether there is nothing yet, or an earlier page: a slip of the pen must not cost the state file.
fn is_ours_to_replace(file: &Path) -> std::io::Result<bool> {
    let mut beginning = Vec::new();
    match fs::File::open(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
        Ok(there) if !there.metadata()?.is_file() => return Ok(false),
        Ok(there) => {
            let most = u64::try_from(page::BEGINNING.len()).unwrap_or(u64::MAX);
            there.take(most).read_to_end(&mut beginning)?;
        }
    }
    Ok(beginning.is_empty() || beginning == page::BEGINNING.as_bytes())
}

fn write_for_all(file: &PathBuf, text: &str) -> std::io::Result<()> {
    // One that a killed run of this number left there is nobody's.
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut draft = fs::File::options().write(true).create_new(true).open(file)?;
    draft.write_all(text.as_bytes())?;
    #[cfg(unix)]
    draft.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    draft.sync_all()
}

/// What is counted of a channel's orders.
#[derive(Clone, Default)]
struct Orders {
    fates: [FateSum; 6],
    placed: Vec<[i64; 6]>,
    ages: [[i64; 4]; 8],
}

/// What is held.
#[derive(Default)]
struct Held {
    /// The causes of each channel.
    causes: BTreeMap<ChannelName, Causes>,
    /// The oldest holds, as many as the page names.
    oldest: Vec<Hold>,
    /// How many holds need a person.
    needs_person: i64,
    /// How many the next run tries without anybody.
    alone: i64,
}

impl Held {
    fn on(channels: &BTreeSet<ChannelName>, store: &Store) -> rusqlite::Result<Self> {
        let none = |name: &ChannelName| Ok((name.clone(), Causes::new(fit_for_others)?));
        let causes = channels.iter().map(none).collect::<rusqlite::Result<_>>()?;
        let mut held = Self { causes, ..Self::default() };
        store.each_hold(|hold| held.add(hold))?;
        Ok(held)
    }

    fn add(&mut self, hold: Hold) -> rusqlite::Result<()> {
        let Some(causes) = self.causes.get_mut(&hold.channel) else { return Ok(()) };
        causes.add(&hold)?;
        let is_alone = hold.reason.actor() == Some(Actor::NextRun);
        *(if is_alone { &mut self.alone } else { &mut self.needs_person }) += 1;
        if self.oldest.len() < TROUBLES {
            self.oldest.push(hold);
        }
        Ok(())
    }
}

/// The state file's answers, brought into the page's form.
struct Gathering<'a> {
    store: &'a Store,
    now: Instant,
    days: Vec<NaiveDate>,
    orders: BTreeMap<String, Orders>,
    held: Held,
}

impl<'a> Gathering<'a> {
    fn new(store: &'a Store, channels: &BTreeSet<ChannelName>, days: u16, now: Instant) -> rusqlite::Result<Self> {
        let today = calendar::local_date(now);
        let back = (0..u64::from(days)).rev();
        let days: Vec<NaiveDate> = back.filter_map(|ago| today.checked_sub_days(Days::new(ago))).collect();
        let mut orders: BTreeMap<String, Orders> = BTreeMap::new();
        store.each_order(|channel, point| {
            if !orders.contains_key(channel) {
                orders.insert(channel.to_owned(), Orders { placed: vec![[0; 6]; days.len()], ..Orders::default() });
            }
            if let Some(orders) = orders.get_mut(channel) {
                orders.count(&point, &days, now);
            }
        })?;
        Ok(Self { store, now, days, orders, held: Held::on(channels, store)? })
    }

    fn page(self, channels: &BTreeSet<ChannelName>, args: &ReportArgs) -> rusqlite::Result<Page> {
        let hours = (i64::from(args.days) * 24).div_euclid(STRETCHES) + 1;
        // Whole stretches in a day, so that every day begins with one.
        let hours = (hours..=24).find(|hours| 24 % hours == 0).unwrap_or(24);
        let stretch = TimeDelta::hours(hours);
        let erp = Some(self.store.mirror_age()?).filter(|age| age.orders_at.is_some() || age.stock_at.is_some());
        let parts = channels.iter().map(|name| self.channel(name, stretch)).collect::<rusqlite::Result<_>>()?;
        let troubles = self.held.oldest.iter().map(|hold| self.trouble(hold)).collect::<rusqlite::Result<_>>()?;
        Ok(Page {
            made_at: self.now,
            every: args.every.and_then(|span| TimeDelta::from_std(span.0).ok()),
            stretch,
            channels: parts,
            troubles,
            holds: (self.held.needs_person, self.held.alone),
            erp,
            days: self.days,
        })
    }

    fn channel(&self, name: &ChannelName, stretch: TimeDelta) -> rusqlite::Result<ChannelPart> {
        let none = || Orders { placed: vec![[0; 6]; self.days.len()], ..Orders::default() };
        let orders = self.orders.get(name.as_str()).cloned().unwrap_or_else(none);
        let mut work = vec![Work::default(); self.days.len()];
        let passes = Verb::NAMES.iter().map(|pass| self.pass(pass, name, stretch, &mut work));
        let passes = passes.collect::<rusqlite::Result<_>>()?;
        let (causes, more_causes) = self.causes(name)?;
        Ok(ChannelPart {
            name: name.clone(),
            standing: self.store.standing(name)?,
            fates: orders.fates,
            placed: orders.placed,
            ages: orders.ages,
            causes,
            more_causes,
            passes,
            work,
            stock_waiting: self.store.stock_unconfirmed(name)?,
        })
    }

    fn pass(
        &self,
        name: &'static str,
        channel: &ChannelName,
        stretch: TimeDelta,
        of_days: &mut [Work],
    ) -> rusqlite::Result<PassPart> {
        let from = self.days.first().map_or(self.now, |day| calendar::start_of_day(*day));
        let runs = self.store.runs_since(name, channel, from)?;
        let last = self.store.last_run(name, channel, self.now)?;
        let is_last = |run: &RunRow| last.as_ref().is_some_and(|last| last.started_at == run.started_at);
        let mut work = Work::default();
        let mut failure = None;
        for run in &runs {
            let under_way = is_under_way(run) && (run.narrowed || is_last(run));
            if under_way {
                continue;
            }
            let done = work_of(run);
            if done.not_complete > 0 && !run.narrowed {
                failure = Some((run.started_at, run.exit.clone()));
            }
            work.add(&done);
            if let Some(day) =
                self.days.binary_search(&calendar::local_date(run.started_at)).ok().and_then(|at| of_days.get_mut(at))
            {
                day.add(&done);
            }
        }
        let of_pass = runs.iter().filter(|run| is_complete(run) && !run.narrowed);
        let complete: Vec<Instant> = of_pass.map(|run| run.started_at).collect();
        let before = self.store.complete_before(name, channel, from)?;
        let ended = self.store.last_ended_run(name, channel, self.now)?;
        Ok(PassPart {
            name,
            stuck: ended.and_then(|run| needs_person(&run)),
            lag: Lag::over(before, &complete, from, self.now, stretch),
            last: last.map(|run| (run.started_at, run.exit.clone(), is_under_way(&run))),
            work,
            failure,
        })
    }

    /// As many of a channel's causes as the page names, and how many more there are.
    fn causes(&self, name: &ChannelName) -> rusqlite::Result<(Vec<CauseSum>, usize)> {
        let Some(causes) = self.held.causes.get(name) else { return Ok(Default::default()) };
        let mut named = Vec::new();
        causes.first(MOST_CAUSES, |cause| {
            named.push(self.cause(&cause)?);
            Ok(())
        })?;
        let more = causes.number()?.saturating_sub(MOST_CAUSES);
        Ok((named, more))
    }

    fn cause(&self, cause: &Cause<'_>) -> rusqlite::Result<CauseSum> {
        let first = cause.first(self.store)?;
        Ok(CauseSum {
            text: first.as_ref().map(|first| fit_for_others(&first.reason)).unwrap_or_default(),
            is_shared: cause.held.is_said_by_all,
            holds: (as_long(cause.held.holds - cause.held.products), as_long(cause.held.products)),
            worth: cause.held.worth,
            promised_at: cause.held.promised_at,
            hint: first.and_then(|first| cause.hint(&first)),
            code: cause.held.code.clone(),
        })
    }

    fn trouble(&self, hold: &Hold) -> rusqlite::Result<Trouble> {
        let command = match (&hold.order, &hold.sku) {
            (Some(order), _) => {
                let row = self.store.order(&hold.channel, order)?;
                let blocks = row.map_or(Ok(Vec::new()), |row| self.store.blocks(row.row, row.erp_id.is_some()))?;
                let block = blocks.into_iter().find(|block| block.since == hold.since && block.reason == hold.reason);
                report::order_command(block.and_then(|block| block.pass).as_deref(), &hold.channel, order)
            }
            (None, sku) => report::sku_command(&hold.channel, sku.as_deref().unwrap_or_default()),
        };
        Ok(Trouble {
            channel: hold.channel.clone(),
            order: hold.order.clone(),
            sku: hold.sku.clone(),
            code: hold.reason.code(),
            text: fit_for_others(&hold.reason),
            hint: words::hint_on(&hold.channel, &hold.reason),
            actor: hold.reason.actor(),
            command,
            worth: hold.amount,
            since: hold.since,
            tries: hold.tries,
            promised_at: hold.promised_at,
        })
    }
}

impl Orders {
    fn count(&mut self, point: &OrderPoint, days: &[NaiveDate], now: Instant) {
        let at = FATES.iter().position(|fate| *fate == point.fate).unwrap_or(0);
        let sum = &mut self.fates[at];
        sum.ever += 1;
        sum.worth = [sum.worth, point.worth].into_iter().sum();
        // Most orders are older than that; their local date is nobody's business.
        if now - point.placed_at < TimeDelta::days(as_long(days.len()) + 1)
            && let Ok(day) = days.binary_search(&calendar::local_date(point.placed_at))
        {
            sum.today += i64::from(day + 1 == days.len());
            self.placed[day][at] += 1;
        }
        if let Some(kind) = open_kind(point) {
            self.ages[age_class(now - point.placed_at)][kind] += 1;
        }
    }
}

/// The place among [`report::OPEN_KINDS`]; `None` for an order that nobody waits for.
fn open_kind(point: &OrderPoint) -> Option<usize> {
    match (point.in_erp, point.held, point.fate) {
        (true, true, _) => Some(3),
        (true, false, _) => None,
        (false, _, None) => Some(0),
        (false, true, _) | (false, _, Some(Fate::Held)) => Some(2),
        (false, _, Some(Fate::Waiting)) => Some(1),
        (false, ..) => None,
    }
}

/// The place among [`report::AGE_CLASSES`].
fn age_class(age: TimeDelta) -> usize {
    let up_to = [1, 6, 24, 48, 96, 168, 336];
    up_to.iter().position(|hours| age < TimeDelta::hours(*hours)).unwrap_or(up_to.len())
}

/// Why, without what the other side or a person wrote, and without what looks like a document or an address.
fn fit_for_others(reason: &Reason) -> String {
    excerpt::mask(&report::cause(reason))
}

fn is_complete(run: &RunRow) -> bool {
    run.exit.as_deref().is_some_and(|exit| exit == Exit::Done.name() || exit == Exit::Held.name())
}

/// How it ended, if whatever runs next ends no better without a person.
fn needs_person(run: &RunRow) -> Option<Exit> {
    let exit = run.exit.as_deref().and_then(Exit::named);
    exit.filter(|exit| matches!(exit, Exit::Config | Exit::Guard | Exit::Failed))
}

fn is_under_way(run: &RunRow) -> bool {
    run.exit.is_none() && is_alive(run.pid)
}

/// What one run did.
fn work_of(run: &RunRow) -> Work {
    let number = |key: &str| run.counts.get(key).and_then(serde_json::Value::as_i64).unwrap_or_default();
    let exit = run.exit.as_deref();
    Work {
        complete: i64::from(exit == Some(Exit::Done.name())),
        with_holds: i64::from(exit == Some(Exit::Held.name())),
        not_complete: i64::from(!is_complete(run)),
        imported: number("imported"),
        updated: number("updated"),
        cancelled: number("cancelled"),
        failed: number("failed"),
        calls: number("calls"),
        erp_calls: number("erp_calls"),
        limited: number("limited"),
    }
}

fn as_long(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
