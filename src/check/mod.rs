//! Judging a set-up: what is found, how bad it is, and how a check ends by it. All of it is pure; [`app`](crate::app) looks around
//! and asks, [`words`](crate::words) says it.

pub mod assumptions;
pub mod files;
pub mod mappings;
pub mod runs;
pub mod twins;
pub mod warehouses;

use std::path::PathBuf;

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::channel::Feed;
use crate::exit::Exit;
use crate::http::{CallError, StopCause, Triage};
use crate::lang::Both;
use crate::model::{ChannelName, OrderId, Sku, WarehouseId};
use crate::passes::auto_cancel::CLOCK_TOLERANCE;

/// How it is with one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Cannot be seen from here: for a person to find out once.
    Verify,
    /// Goes on, but a person should do something.
    Warning,
    /// Does not work.
    Problem,
}

impl Level {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Verify => "verify",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// Which reading a side did not give, and what opens it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// The order list.
    Orders,
    /// The feed's configuration.
    Feed,
    /// Making the feed.
    FeedCreation,
    /// Warehouses, or stock locations.
    Warehouses,
    /// Products.
    Products,
    /// Collection orders.
    CollectionOrders,
}

/// Who is asked, for what there is to do about refused keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A channel of kind `vtex`.
    Vtex,
    /// A channel of kind `anymarket`.
    Anymarket,
    /// Eccosys with a token sent as Bearer.
    EccosysBearer,
    /// Eccosys with a token sent as it is.
    EccosysRaw,
    /// Eccosys with a key and a signature.
    EccosysKey,
    /// Eccosys with a named user's token.
    EccosysUser,
    /// The embedded ERP, which asks nobody.
    Ledger,
}

/// One thing found. Where a variant has a `channel` that may be `None`, it is about the ERP then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are what the words in `words::check` say of them")]
pub enum Finding {
    // As it should be.
    Config {
        file: PathBuf,
        erp: &'static str,
        channels: Vec<ChannelName>,
    },
    FilesPrivate {
        files: usize,
    },
    StateReady {
        file: PathBuf,
        version: i32,
        orders: i64,
    },
    StateMissing {
        file: PathBuf,
    },
    StateOlder {
        text: String,
    },
    LedgerReady {
        file: PathBuf,
        products: usize,
    },
    LedgerMissing {
        file: PathBuf,
    },
    FoldersReady {
        folders: Vec<PathBuf>,
    },
    MetricsReady {
        file: PathBuf,
    },
    HeartbeatsReady {
        commands: Vec<&'static str>,
    },
    DiskFree {
        folder: PathBuf,
        free_mb: u64,
        percent: u64,
    },
    LocalTime {
        local: String,
    },
    Reached {
        channel: Option<ChannelName>,
        access: Access,
    },
    ClockRight {
        channel: Option<ChannelName>,
        seconds: i64,
    },
    FeedReady {
        channel: ChannelName,
        always: bool,
    },
    FeedOff {
        channel: ChannelName,
    },
    FeedCreated {
        channel: ChannelName,
    },
    WarehousesThere {
        channel: ChannelName,
        warehouses: Vec<String>,
    },
    MappingsKnown {
        channel: ChannelName,
        products: usize,
        of: usize,
    },
    RunsFine {
        channel: ChannelName,
        runs: usize,
    },
    NoRunsYet {
        channel: ChannelName,
    },
    LookupProven {
        channel: ChannelName,
        order: OrderId,
    },
    LookupEmptyProven,
    NobodyElse {
        orders: usize,
        days: i64,
        all: bool,
    },

    // Configuration and files.
    ConfigWrong {
        problem: String,
        remedy: String,
    },
    SettingWrong {
        channel: ChannelName,
        problem: String,
    },
    FileOpen {
        what: files::What,
        file: PathBuf,
        mode: String,
        wanted: String,
    },
    StateUnusable {
        problem: String,
    },
    LedgerUnusable {
        problem: String,
    },
    FolderUnusable {
        what: files::What,
        folder: PathBuf,
        problem: String,
    },
    DiskLow {
        folder: PathBuf,
        free_mb: u64,
        percent: u64,
    },
    MetricsName {
        file: PathBuf,
    },
    HeartbeatUnusable {
        command: &'static str,
        problem: String,
    },
    EmptyLedger,
    CutoffAhead {
        channel: ChannelName,
        day: NaiveDate,
    },
    AnyIssuer {
        channel: ChannelName,
    },
    TestInvoices {
        channel: ChannelName,
    },

    // The other sides.
    KeyMissing {
        channel: Option<ChannelName>,
        problem: String,
    },
    KeyRefused {
        channel: Option<ChannelName>,
        kind: Kind,
        access: Access,
        problem: String,
        from: Vec<String>,
    },
    SchemeWrong {
        sent: &'static str,
        accepted: &'static str,
    },
    RightMissing {
        channel: Option<ChannelName>,
        kind: Kind,
        access: Access,
        problem: String,
    },
    Unreachable {
        channel: Option<ChannelName>,
        problem: String,
        limited: bool,
    },
    AnswerOdd {
        channel: Option<ChannelName>,
        access: Access,
        problem: String,
    },
    ClockOff {
        channel: Option<ChannelName>,
        seconds: i64,
        stops_cancelling: bool,
    },
    FeedMissing {
        channel: ChannelName,
        to_be_created: bool,
    },
    FeedForeign {
        channel: ChannelName,
        problem: String,
    },

    // Warehouses and mappings.
    WarehouseMissing {
        channel: ChannelName,
        warehouse: String,
        setting: warehouses::Setting,
        near: Option<String>,
        there: Vec<String>,
    },
    WarehouseInactive {
        channel: ChannelName,
        warehouse: String,
    },
    ErpWarehouseMissing {
        channel: ChannelName,
        warehouse: WarehouseId,
        near: Option<String>,
        there: Vec<String>,
    },
    MappingUnknown {
        channel: ChannelName,
        channel_sku: String,
        sku: Sku,
    },
    StockSkuUnknown {
        channel: ChannelName,
        list: String,
        sku: Sku,
    },
    ProductUnmapped {
        channel: ChannelName,
        channel_sku: String,
        tried: Option<Sku>,
        name: String,
        orders: usize,
        example: OrderId,
    },
    CarrierUnmapped {
        channel: ChannelName,
        carrier: String,
        orders: usize,
        example: OrderId,
    },
    NoCarrier {
        channel: ChannelName,
    },

    // Runs.
    RunsTooLong {
        channel: ChannelName,
        pass: String,
        runs: usize,
        seconds: i64,
        apart: i64,
    },
    RunsEndEarly {
        channel: ChannelName,
        pass: String,
        exit: String,
        count: usize,
        runs: usize,
    },
    NoCompleteRun {
        channel: ChannelName,
        since: Option<String>,
    },

    // Somebody else.
    StrangerChannel {
        channel: ChannelName,
        orders: i64,
        last: String,
    },
    StrangerHost {
        host: String,
    },
    LookupBlind {
        channel: ChannelName,
        order: OrderId,
        erp_id: String,
    },
    LookupOther {
        channel: ChannelName,
        order: OrderId,
        erp_id: String,
        found: Vec<String>,
    },
    LookupLoose {
        rows: usize,
    },
    OrderedTwice {
        orders: usize,
        examples: Vec<String>,
    },
    MadeElsewhere {
        orders: usize,
        examples: Vec<String>,
    },

    // What nobody can see from here.
    Assumed {
        channel: Option<ChannelName>,
        assumption: &'static str,
        setting: String,
        #[serde(skip)]
        says: Both,
        #[serde(skip)]
        how: Both,
    },
}

impl Finding {
    /// How bad it is.
    pub fn level(&self) -> Level {
        match self {
            Self::Config { .. }
            | Self::FilesPrivate { .. }
            | Self::StateReady { .. }
            | Self::StateMissing { .. }
            | Self::StateOlder { .. }
            | Self::LedgerReady { .. }
            | Self::LedgerMissing { .. }
            | Self::FoldersReady { .. }
            | Self::MetricsReady { .. }
            | Self::HeartbeatsReady { .. }
            | Self::DiskFree { .. }
            | Self::LocalTime { .. }
            | Self::Reached { .. }
            | Self::ClockRight { .. }
            | Self::FeedReady { .. }
            | Self::FeedOff { .. }
            | Self::FeedCreated { .. }
            | Self::WarehousesThere { .. }
            | Self::MappingsKnown { .. }
            | Self::RunsFine { .. }
            | Self::NoRunsYet { .. }
            | Self::LookupProven { .. }
            | Self::LookupEmptyProven
            | Self::NobodyElse { .. } => Level::Ok,
            Self::Assumed { .. } => Level::Verify,
            Self::FileOpen { .. }
            | Self::DiskLow { .. }
            | Self::MetricsName { .. }
            | Self::HeartbeatUnusable { .. }
            | Self::EmptyLedger
            | Self::CutoffAhead { .. }
            | Self::AnyIssuer { .. }
            | Self::TestInvoices { .. }
            | Self::FeedMissing { .. }
            | Self::WarehouseInactive { .. }
            | Self::StockSkuUnknown { .. }
            | Self::ProductUnmapped { .. }
            | Self::CarrierUnmapped { .. }
            | Self::NoCarrier { .. }
            | Self::RunsTooLong { .. }
            | Self::RunsEndEarly { .. }
            | Self::NoCompleteRun { .. }
            | Self::StrangerChannel { .. }
            | Self::StrangerHost { .. } => Level::Warning,
            Self::RightMissing { access: Access::CollectionOrders, .. } => Level::Warning,
            // The passes go on without.
            Self::FolderUnusable { what: files::What::Metrics, .. } => Level::Warning,
            Self::ClockOff { stops_cancelling: false, .. } => Level::Warning,
            _ => Level::Problem,
        }
    }

    /// How a check ends by it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::FolderUnusable { what: files::What::Metrics, .. } => Exit::Held,
            Self::ConfigWrong { .. }
            | Self::SettingWrong { .. }
            | Self::StateUnusable { .. }
            | Self::LedgerUnusable { .. }
            | Self::FolderUnusable { .. }
            | Self::KeyMissing { .. }
            | Self::KeyRefused { .. }
            | Self::SchemeWrong { .. }
            | Self::WarehouseMissing { .. }
            | Self::ErpWarehouseMissing { .. }
            | Self::MappingUnknown { .. } => Exit::Config,
            Self::RightMissing { .. } if self.level() == Level::Problem => Exit::Config,
            Self::Unreachable { .. } => Exit::Unavailable,
            _ if self.level() >= Level::Warning => Exit::Held,
            _ => Exit::Done,
        }
    }
}

/// From where on a difference of clocks is told.
const CLOCK_WARNS: TimeDelta = TimeDelta::minutes(2);

/// The machine's clock beside a side's, positive when ours is ahead. Beyond what auto-cancel tolerates it cancels nothing.
pub fn clock(channel: Option<&ChannelName>, skew: TimeDelta) -> Finding {
    let (channel, seconds) = (channel.cloned(), skew.num_seconds());
    match skew.abs() {
        off if off > CLOCK_TOLERANCE => Finding::ClockOff { channel, seconds, stops_cancelling: true },
        off if off > CLOCK_WARNS => Finding::ClockOff { channel, seconds, stops_cancelling: false },
        _ => Finding::ClockRight { channel, seconds },
    }
}

/// A channel's feed.
pub fn feed(channel: &ChannelName, kind: Kind, feed: &Feed) -> Finding {
    let channel = channel.clone();
    match feed {
        Feed::Ready => Finding::FeedReady { channel, always: kind == Kind::Anymarket },
        Feed::Off => Finding::FeedOff { channel },
        Feed::Wanted => Finding::FeedMissing { channel, to_be_created: true },
        Feed::Missing => Finding::FeedMissing { channel, to_be_created: false },
        Feed::Foreign { problem } => Finding::FeedForeign { channel, problem: problem.clone() },
    }
}

/// A reading that failed. `from`: where the credentials come from.
pub fn failed(
    channel: Option<&ChannelName>,
    kind: Kind,
    access: Access,
    error: &CallError,
    from: &[String],
) -> Finding {
    let (channel, problem) = (channel.cloned(), error.to_string());
    // Who was let in before and is kept from this alone lacks a right.
    let lacks_a_right = error.status() == Some(403) && kind != Kind::Anymarket || access == Access::CollectionOrders;
    match error.triage() {
        Triage::StopRun(StopCause::Credentials) if lacks_a_right => {
            Finding::RightMissing { channel, kind, access, problem }
        }
        Triage::StopRun(StopCause::Credentials) => {
            Finding::KeyRefused { channel, kind, access, problem, from: from.to_vec() }
        }
        Triage::StopRun(cause) => Finding::Unreachable { channel, problem, limited: cause == StopCause::Limited },
        Triage::RetryLater => Finding::Unreachable { channel, problem, limited: false },
        Triage::SkipItem => Finding::AnswerOdd { channel, access, problem },
    }
}

/// How many of each level, and how the check ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    levels: [usize; 4],
    exit: Option<Exit>,
}

impl Count {
    /// Counts a finding.
    pub fn add(&mut self, finding: &Finding) {
        self.levels[finding.level() as usize] += 1;
        self.exit = Some(self.exit().worst(finding.exit()));
    }

    /// How many there are of a level.
    pub fn of(&self, level: Level) -> usize {
        self.levels[level as usize]
    }

    /// How the check ends.
    pub fn exit(&self) -> Exit {
        self.exit.unwrap_or(Exit::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_judged_by_what_it_stops() {
        let of = |seconds: i64| clock(None, TimeDelta::seconds(seconds)).level();
        assert_eq!([of(0), of(120), of(-120)], [Level::Ok; 3]);
        assert_eq!([of(121), of(-300)], [Level::Warning; 2]);
        assert_eq!([of(301), of(-4_000)], [Level::Problem; 2]);
    }

    #[test]
    fn what_is_wrong_with_keys_and_configuration_goes_before_what_cannot_be_reached() {
        let mut count = Count::default();
        assert_eq!(count.exit(), Exit::Done);
        count.add(&Finding::FilesPrivate { files: 2 });
        assert_eq!(count.exit(), Exit::Done);
        count.add(&Finding::EmptyLedger);
        assert_eq!(count.exit(), Exit::Held);
        count.add(&Finding::Unreachable { channel: None, problem: String::new(), limited: false });
        assert_eq!(count.exit(), Exit::Unavailable);
        count.add(&Finding::StateUnusable { problem: String::new() });
        assert_eq!(count.exit(), Exit::Config);
        assert_eq!((count.of(Level::Ok), count.of(Level::Warning), count.of(Level::Problem)), (1, 1, 2));
    }

    #[test]
    fn no_finding_ends_well_that_needs_a_person() {
        let channel = || ChannelName::new("loja");
        for finding in [
            Finding::NoCarrier { channel: channel() },
            Finding::OrderedTwice { orders: 1, examples: Vec::new() },
            Finding::FeedForeign { channel: channel(), problem: String::new() },
        ] {
            assert!(finding.level() >= Level::Warning && finding.exit() == Exit::Held, "{finding:?}");
        }
    }
}
