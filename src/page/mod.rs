//! The page of `report --html`: one struct of facts in, one self-contained document out. No I/O, no clock, no script, nothing from
//! outside the page.
//!
//! The page is well-formed XML as well as HTML, so that a test can read all of it, and so that nothing that is put into it can end
//! an element early.

mod lag;
mod markup;
mod svg;

use chrono::{NaiveDate, TimeDelta};

pub use lag::{Lag, Late};

use crate::exit::Exit;
use crate::lang::Both;
use crate::model::{Cents, ChannelName, Instant, OrderId, calendar};
use crate::reason::Actor;
use crate::store::mirror::MirrorAge;
use crate::store::orders::Fate;
use crate::store::runs::Standing;
use crate::words::report as words;

use self::markup::{details, element, rich, table, text};
use self::svg::{Columns, Series, Strip, legend};

/// What begins every page, and tells one from any other file.
pub const BEGINNING: &str = "<!DOCTYPE html>\n<!-- vaivem report -->\n";

/// Everything a page tells.
#[derive(Clone, Debug)]
pub struct Page {
    /// As of when.
    pub made_at: Instant,
    /// How often it is made, if that was said.
    pub every: Option<TimeDelta>,
    /// The days it covers, in São Paulo, the oldest first; the last is today.
    pub days: Vec<NaiveDate>,
    /// How long a stretch of the charts of lag is.
    pub stretch: TimeDelta,
    /// One part for each channel.
    pub channels: Vec<ChannelPart>,
    /// What is held longest, the oldest first.
    pub troubles: Vec<Trouble>,
    /// How many holds need a person, and how many the next run tries without anybody.
    pub holds: (i64, i64),
    /// How old is what is known of the ERP, where that is kept.
    pub erp: Option<MirrorAge>,
}

/// What is told of one channel.
#[derive(Clone, Debug)]
pub struct ChannelPart {
    /// Its name.
    pub name: ChannelName,
    /// What waits.
    pub standing: Standing,
    /// Orders by fate, in the order of [`FATES`].
    pub fates: [FateSum; 6],
    /// Orders placed on each day, by fate in the order of [`FATES`].
    pub placed: Vec<[i64; 6]>,
    /// Open orders by class of age ([`words::AGE_CLASSES.map(Both::get)`]) and kind ([`words::OPEN_KINDS.map(Both::get)`]).
    pub ages: [[i64; 4]; 8],
    /// What holds orders and products, the cause that holds up most money first; at most [`MOST_CAUSES`].
    pub causes: Vec<CauseSum>,
    /// How many causes there are besides.
    pub more_causes: usize,
    /// Each pass.
    pub passes: Vec<PassPart>,
    /// What all passes did on each day.
    pub work: Vec<Work>,
    /// Numbers of stock the channel has not confirmed.
    pub stock_waiting: i64,
}

/// The fates, in the order in which charts stack them.
pub const FATES: [Option<Fate>; 6] =
    [Some(Fate::Imported), Some(Fate::Waiting), Some(Fate::Held), None, Some(Fate::Skipped), Some(Fate::Cancelled)];

const FATE_CLASSES: [&str; 6] = ["c-good", "c-wait", "c-bad", "c-new", "c-grey", "c-gone"];

/// How many orders have a fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FateSum {
    /// Placed today.
    pub today: i64,
    /// Ever.
    pub ever: i64,
    /// What those are worth.
    pub worth: Cents,
}

/// What one deed of a person would release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseSum {
    /// The reason's code.
    pub code: String,
    /// Why; fit for others to read.
    pub text: String,
    /// Whether the text is that of all its holds, and not only of the first.
    pub is_shared: bool,
    /// How many orders, and how many products.
    pub holds: (i64, i64),
    /// What the orders are worth.
    pub worth: Cents,
    /// The earliest date promised.
    pub promised_at: Option<Instant>,
    /// What to do.
    pub hint: Option<String>,
}

/// How a pass went.
#[derive(Clone, Debug)]
pub struct PassPart {
    /// The pass.
    pub name: &'static str,
    /// How it kept up.
    pub lag: Lag,
    /// When the last run began, and how it ended: the exit's name; under way with `true`.
    pub last: Option<(Instant, Option<String>, bool)>,
    /// How the last run that ended did so, where the next ends no better without a person.
    pub stuck: Option<Exit>,
    /// What it did in the days of the page.
    pub work: Work,
    /// The last run that did not come to its end: when it began, and how it ended; killed without a name.
    pub failure: Option<(Instant, Option<String>)>,
}

impl PassPart {
    /// Whether it is behind. One of which no run ever came to its end is, from the first that ended otherwise.
    fn is_late(&self) -> bool {
        let has_ended = || self.failure.is_some() || self.last.as_ref().is_some_and(|(_, _, under_way)| !under_way);
        self.lag.late_now() > Late::No || self.lag.now.is_none() && has_ended()
    }
}

/// What runs did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Runs that came to their end and left nothing held.
    pub complete: i64,
    /// Runs that came to their end, with something held or failed.
    pub with_holds: i64,
    /// Runs that did not come to their end.
    pub not_complete: i64,
    /// Orders created in the ERP, or found there.
    pub imported: i64,
    /// Orders and products of which something was written to either side.
    pub updated: i64,
    /// Orders cancelled.
    pub cancelled: i64,
    /// Orders and products that failed.
    pub failed: i64,
    /// Calls to the channel.
    pub calls: i64,
    /// Calls to the ERP.
    pub erp_calls: i64,
    /// Answers that said there were too many calls.
    pub limited: i64,
}

impl Work {
    /// All runs.
    fn runs(&self) -> i64 {
        self.complete + self.with_holds + self.not_complete
    }

    /// This and another on top.
    pub fn add(&mut self, other: &Self) {
        self.complete += other.complete;
        self.with_holds += other.with_holds;
        self.not_complete += other.not_complete;
        self.imported += other.imported;
        self.updated += other.updated;
        self.cancelled += other.cancelled;
        self.failed += other.failed;
        self.calls += other.calls;
        self.erp_calls += other.erp_calls;
        self.limited += other.limited;
    }
}

/// Something that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// On which channel.
    pub channel: ChannelName,
    /// The order, or else the product.
    pub order: Option<OrderId>,
    /// The product's code in the ERP.
    pub sku: Option<String>,
    /// The reason's code.
    pub code: String,
    /// Why; fit for others to read.
    pub text: String,
    /// What to do.
    pub hint: Option<String>,
    /// Who must act.
    pub actor: Option<Actor>,
    /// The command that tries it again or ends it.
    pub command: String,
    /// What the order is worth, where that is known.
    pub worth: Option<Cents>,
    /// Since when it is held.
    pub since: Instant,
    /// How often it was tried.
    pub tries: i64,
    /// The date promised to the customer.
    pub promised_at: Option<Instant>,
}

/// How the shop is, all in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Well,
    New,
    Late(i64),
    Needs(i64),
}

/// How many causes of a channel are told of.
pub const MOST_CAUSES: usize = 8;

impl Page {
    /// How it is, in one line.
    pub fn headline(&self) -> String {
        match self.verdict() {
            Verdict::Well => words::ALL_WELL.get().into(),
            Verdict::New => words::NOTHING_YET.get().into(),
            Verdict::Late(passes) => words::late_passes(passes),
            Verdict::Needs(things) => words::needs_person(things),
        }
    }

    /// How many things need a person: holds, and passes that are [stuck](PassPart::stuck).
    pub fn needs_person(&self) -> i64 {
        let passes = self.channels.iter().flat_map(|channel| &channel.passes);
        let stuck = passes.filter(|pass| pass.stuck.is_some()).count();
        self.holds.0 + i64::try_from(stuck).unwrap_or(i64::MAX)
    }

    fn verdict(&self) -> Verdict {
        let is_new = self.channels.iter().all(|channel| {
            channel.passes.iter().all(|pass| pass.last.is_none()) && channel.fates.iter().all(|sum| sum.ever == 0)
        });
        match (self.needs_person(), i64::try_from(self.late()).unwrap_or(i64::MAX)) {
            (0, 0) if is_new => Verdict::New,
            (0, 0) => Verdict::Well,
            (0, passes) => Verdict::Late(passes),
            (things, _) => Verdict::Needs(things),
        }
    }

    fn late(&self) -> usize {
        let passes = self.channels.iter().flat_map(|channel| &channel.passes);
        passes.filter(|pass| pass.is_late()).count()
    }

    /// The document.
    pub fn render(&self) -> String {
        let names: Vec<&ChannelName> = self.channels.iter().map(|channel| &channel.name).collect();
        let refresh = self.every.map_or_else(String::new, |every| {
            format!("<meta http-equiv=\"refresh\" content=\"{}\"/>\n", every.num_seconds().max(60))
        });
        let mut body = svg::patterns().to_owned();
        body += &self.head(&names);
        body += "<main>\n";
        body += &self.tiles();
        body += &self.troubles();
        for (number, channel) in self.channels.iter().enumerate() {
            body += &ChannelView { page: self, part: channel, id: format!("c{number}") }.render();
        }
        body += "</main>\n";
        body += &self.foot();
        format!(
            "{BEGINNING}<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
             base-uri 'none'; form-action 'none'\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <meta name=\"robots\" content=\"noindex, nofollow\"/>\n\
             <meta name=\"referrer\" content=\"no-referrer\"/>\n\
             <meta name=\"color-scheme\" content=\"light dark\"/>\n{refresh}\
             <title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
            words::LANG.get(),
            text(&format!("{} — {}", self.headline(), words::title(&names))),
            include_str!("style.css"),
        )
    }

    fn head(&self, names: &[&ChannelName]) -> String {
        let time = format!(
            "{} <time datetime=\"{}\">{}</time> {}",
            text(words::MADE_AT.get()),
            self.made_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            text(&crate::lang::moment(self.made_at)),
            text(words::MADE_WHERE.get()),
        );
        let (class, mark) = match self.verdict() {
            Verdict::Well => ("well", "✓"),
            Verdict::New => ("new", "…"),
            Verdict::Late(_) => ("late", "!"),
            Verdict::Needs(_) => ("needs", "!"),
        };
        let mut lines = String::new();
        match self.verdict() {
            Verdict::New => lines += &element("p", "", &rich(words::BEGIN.get())),
            _ => {
                let standings = || self.channels.iter().map(|channel| &channel.standing);
                let mut held = words::held(
                    standings().map(|one| one.held_orders).sum(),
                    standings().map(|one| one.held_skus).sum(),
                    standings().map(|one| one.held).sum(),
                    standings().filter_map(|one| one.promised_at).min(),
                );
                if self.holds.1 > 0 {
                    held += &format!(" {}", words::by_itself(self.holds.1));
                }
                lines += &element("p", "", &text(&held));
            }
        }
        for channel in &self.channels {
            for pass in &channel.passes {
                let stuck = pass.stuck.map(|exit| words::stuck(&channel.name, pass.name, exit.meaning()));
                lines += &stuck.map_or_else(String::new, |stuck| element("p", "", &rich(&stuck)));
            }
            let late = channel.passes.iter().filter(|pass| pass.is_late());
            let late: Vec<_> = late.map(|pass| (pass.name, pass.lag.now, pass.lag.rhythm)).collect();
            if !late.is_empty() {
                lines += &element("p", "", &text(&words::late(&channel.name, &late)));
            }
        }
        let verdict = format!(
            "<span class=\"mark\" aria-hidden=\"true\">{mark}</span><div><h1>{}</h1>\n{lines}</div>",
            text(&self.headline())
        );
        let stale = words::stale(self.every.map(|every| (every, self.made_at + every)));
        format!(
            "<header>\n{}{}{}{}</header>\n",
            element("p", "name", &text(&words::title(names))),
            element("div", &format!("verdict {class}"), &verdict),
            element("p", "made", &time),
            element("p", "quiet", &text(&stale)),
        )
    }

    fn tiles(&self) -> String {
        let sum = |of: fn(&ChannelPart) -> i64| -> i64 { self.channels.iter().map(of).sum() };
        let worth = |of: fn(&ChannelPart) -> Cents| -> Cents { self.channels.iter().map(of).sum() };
        let unsettled = sum(|channel| channel.standing.unsettled);
        let mut tiles = vec![
            (
                worth(|channel| channel.standing.held).to_string(),
                words::TILE_HELD.get(),
                words::orders(sum(|channel| channel.standing.held_orders)),
            ),
            (
                worth(|channel| channel.standing.waiting_worth).to_string(),
                words::TILE_WAITING.get(),
                words::orders(sum(|channel| channel.standing.waiting)),
            ),
            (words::number(sum(|channel| channel.standing.undecided)), words::TILE_UNDECIDED.get(), String::new()),
            (
                words::number(sum(|channel| channel.fates.iter().map(|fate| fate.today).sum())),
                words::TILE_TODAY.get(),
                String::new(),
            ),
            (words::number(sum(|channel| channel.stock_waiting)), words::TILE_STOCK.get(), String::new()),
        ];
        if unsettled > 0 {
            tiles.push((words::number(unsettled), words::TILE_UNSETTLED.get(), words::SETTLED_BY_RUN.get().into()));
        }
        let tiles: String = tiles
            .iter()
            .map(|(figure, name, more)| {
                let more = if more.is_empty() { String::new() } else { element("span", "more", &text(more)) };
                let name = element("span", "what", &text(name));
                element("li", "", &format!("{}{name}{more}", element("b", "", &text(figure))))
            })
            .collect();
        element("ul", "tiles", &tiles)
    }

    fn troubles(&self) -> String {
        let mut inner = element("h2", "", &text(&words::troubles(self.troubles.len())));
        if self.troubles.is_empty() {
            inner += &element("p", "", &text(words::NO_TROUBLE.get()));
        } else {
            let all: String = self.troubles.iter().map(|trouble| self.trouble(trouble)).collect();
            inner += &element("ol", "troubles", &all);
            inner += &element("p", "quiet", &rich(words::WHOLE_STORY.get()));
        }
        element("section", "card", &inner)
    }

    fn trouble(&self, trouble: &Trouble) -> String {
        let what = trouble.order.as_ref().map(OrderId::as_str).or(trouble.sku.as_deref()).unwrap_or_default();
        let worth = trouble.worth.filter(|_| trouble.order.is_some());
        let worth = worth.map(|worth| format!(" · {worth}")).unwrap_or_default();
        let promised = trouble.promised_at.map(|at| format!(" · {}", words::promised(at))).unwrap_or_default();
        let head = format!(
            "<span class=\"id\">{}</span> <span class=\"quiet\">{}</span>",
            text(what),
            text(&format!("{}{worth}{promised}", trouble.channel))
        );
        let since = words::held_since(trouble.since, trouble.tries, self.made_at);
        let mut answers = String::new();
        let mut answer = |name: &str, markup: &str| {
            answers += &format!("<dt>{}</dt><dd>{markup}</dd>\n", text(name));
        };
        if let Some(hint) = &trouble.hint {
            answer(words::WHAT_TO_DO.get(), &rich(hint));
        }
        if let Some(actor) = trouble.actor {
            answer(words::WHO.get(), &text(words::actor(actor)));
        }
        // A number that is broken over two lines is hard to copy.
        let whole: Vec<String> =
            trouble.command.split(' ').map(|word| format!("<span>{}</span>", text(word))).collect();
        answer(words::COMMAND.get(), &format!("<code>{}</code>", whole.join(" ")));
        element(
            "li",
            "",
            &format!(
                "{}{}{}{}",
                element("h3", "", &head),
                element("p", "", &rich(&trouble.text)),
                element("p", "quiet", &format!("{} · <code>{}</code>", text(&since), text(&trouble.code))),
                element("dl", "", &answers)
            ),
        )
    }

    fn foot(&self) -> String {
        let erp = self.erp.as_ref().map(|age| element("p", "", &text(&words::erp_age(age, self.made_at))));
        let foot = element("p", "", &text(&words::foot(env!("CARGO_PKG_VERSION"))));
        element("footer", "quiet", &format!("{}{foot}", erp.unwrap_or_default()))
    }

    fn day_names(&self) -> Vec<String> {
        self.days.iter().map(|day| words::day(*day)).collect()
    }
}

/// A channel's part of the page.
struct ChannelView<'a> {
    page: &'a Page,
    part: &'a ChannelPart,
    /// Begins the ids of its charts.
    id: String,
}

impl ChannelView<'_> {
    fn render(&self) -> String {
        let heading = element("h2", "channel", &text(self.part.name.as_str()));
        let cards = [self.fates(), self.ages(), self.causes(), self.lag(), self.work(), self.runs()];
        let grid: String = cards.iter().map(|card| element("section", "card", card)).collect();
        heading + &element("div", "grid", &grid) + &element("section", "card", &self.passes())
    }

    fn id(&self, chart: &str) -> String {
        format!("{}-{chart}", self.id)
    }

    fn days(&self) -> usize {
        self.page.days.len()
    }

    /// One series of a chart for each kind of thing.
    fn series<'b, const N: usize>(kinds: [&str; N], classes: [&'b str; N], columns: &[[i64; N]]) -> Vec<Series<'b>> {
        let series = kinds.into_iter().zip(classes).enumerate();
        series
            .map(|(at, (name, class))| Series {
                class,
                name: name.to_owned(),
                numbers: columns.iter().map(|column| column[at]).collect(),
            })
            .collect()
    }

    fn fates(&self) -> String {
        let part = self.part;
        let mut out = element("h3", "", &text(words::FATES.get()));
        if part.fates.iter().all(|sum| sum.ever == 0) {
            return out + &element("p", "", &text(words::NO_ORDERS.get()));
        }
        let rows: Vec<Vec<String>> = FATES
            .iter()
            .zip(&part.fates)
            .filter(|(_, sum)| sum.ever > 0)
            .map(|(fate, sum)| {
                let numbers = [sum.today, sum.ever].map(words::number);
                [words::fate(*fate).to_owned()].into_iter().chain(numbers).chain([sum.worth.to_string()]).collect()
            })
            .collect();
        out += &table(&words::FATE_HEADS.map(Both::get), &rows);
        let title = words::placed(self.days());
        out += &element("h4", "", &text(&title));
        let labels = self.page.day_names();
        let mut series = Self::series(FATES.map(words::fate), FATE_CLASSES, &part.placed);
        // What there is none of needs no place in the legend.
        series.retain(|series| series.numbers.iter().any(|number| *number > 0));
        out += &Columns { id: &self.id("placed"), title: &title, labels: &labels, series: &series, sums: false }.draw();
        out + &Self::numbers(words::DAY.get(), &labels, &series)
    }

    /// The numbers of a chart, as a table.
    fn numbers(first: &str, labels: &[String], series: &[Series<'_>]) -> String {
        let heads: Vec<&str> = [first].into_iter().chain(series.iter().map(|one| one.name.as_str())).collect();
        let rows: Vec<Vec<String>> = labels
            .iter()
            .enumerate()
            .rev()
            .map(|(at, label)| {
                let numbers = series.iter().map(|one| words::number(one.numbers.get(at).copied().unwrap_or(0)));
                [label.clone()].into_iter().chain(numbers).collect()
            })
            .collect();
        details(words::NUMBERS.get(), &table(&heads, &rows))
    }

    fn ages(&self) -> String {
        let out = element("h3", "", &text(words::AGES.get()));
        if self.part.ages.iter().flatten().all(|orders| *orders == 0) {
            return out + &element("p", "", &text(words::NONE_OPEN.get()));
        }
        let out = out + &element("p", "quiet", &text(words::AGES_WHAT.get()));
        let labels = words::AGE_CLASSES.map(Both::get).map(str::to_owned);
        let classes = ["c-new", "c-wait", "c-bad", "c-hold"];
        let mut series = Self::series(words::OPEN_KINDS.map(Both::get), classes, &self.part.ages);
        series.retain(|series| series.numbers.iter().any(|number| *number > 0));
        let chart =
            Columns { id: &self.id("ages"), title: words::AGES.get(), labels: &labels, series: &series, sums: true }
                .draw();
        out + &chart + &Self::numbers(words::AGE.get(), &labels, &series)
    }

    fn causes(&self) -> String {
        let out = element("h3", "", &text(words::CAUSES.get()));
        let causes = &self.part.causes;
        if causes.is_empty() {
            return out + &element("p", "", &text(words::NO_TROUBLE.get()));
        }
        let most = causes.iter().map(|cause| cause.worth.get()).max().unwrap_or(0);
        let listed: String = causes.iter().map(|cause| cause_item(cause, most)).collect();
        let mut out = out + &element("ol", "causes", &listed);
        if self.part.more_causes > 0 {
            out += &element("p", "quiet", &rich(&words::more_causes(self.part.more_causes)));
        }
        out
    }

    fn lag(&self) -> String {
        let (page, part) = (self.page, self.part);
        let mut out = element("h3", "", &text(words::LAG.get()));
        out += &element("p", "quiet", &text(&words::lag_what(self.days(), page.stretch.num_hours())));
        out += &legend(
            ["c-good", "c-late", "c-hatch"]
                .into_iter()
                .zip(words::LAG_CLASSES.map(Both::get))
                .map(|(class, name)| (class, name, None)),
        );
        let from = page.days.first().map_or(page.made_at, |day| calendar::start_of_day(*day));
        let strips: Vec<Strip> = part
            .passes
            .iter()
            .map(|pass| Strip {
                name: pass.name.to_owned(),
                beside: words::lag_now(pass.lag.now, pass.lag.worst),
                bars: (0..)
                    .zip(&pass.lag.stretches)
                    .map(|(at, worst)| {
                        let worst = (*worst)?;
                        let told = || Some(words::lag_bar(from + page.stretch * at, worst));
                        let (class, told) = match pass.lag.judge(worst) {
                            Late::No => ("c-good", None),
                            Late::Late => ("c-late", told()),
                            Late::VeryLate => ("c-hatch", told()),
                        };
                        Some((class, pass.lag.level(worst), told))
                    })
                    .collect(),
            })
            .collect();
        let stretch = page.stretch.num_seconds().max(1);
        let names = page.day_names();
        let every = self.days().div_ceil(7);
        let marks: Vec<(usize, String)> = page
            .days
            .iter()
            .zip(names)
            .enumerate()
            .filter(|(at, _)| at.is_multiple_of(every))
            .filter_map(|(_, (day, name))| {
                let offset = (calendar::start_of_day(*day) - from).num_seconds() / stretch;
                Some((usize::try_from(offset).ok()?, name))
            })
            .collect();
        out += &svg::strips(&self.id("lag"), words::LAG.get(), &strips, &marks);
        let rows: Vec<Vec<String>> = part.passes.iter().map(|pass| self.lag_row(pass)).collect();
        out + &details(words::NUMBERS.get(), &table(&words::LAG_HEADS.map(Both::get), &rows))
    }

    fn lag_row(&self, pass: &PassPart) -> Vec<String> {
        let never = || crate::words::daily::NEVER.to_string();
        let last = pass.last.as_ref().map_or_else(never, |(at, exit, under_way)| {
            format!("{}, {}", words::ago(self.page.made_at - *at), words::ending(exit.as_deref(), *under_way))
        });
        let span = |span: Option<TimeDelta>| span.map_or_else(|| "–".to_owned(), words::span);
        vec![pass.name.to_owned(), last, span(pass.lag.rhythm), span(pass.lag.now), span(pass.lag.worst)]
    }

    fn work(&self) -> String {
        let out = element("h3", "", &text(words::WORK.get()));
        let columns: Vec<[i64; 4]> =
            self.part.work.iter().map(|day| [day.imported, day.updated, day.cancelled, day.failed]).collect();
        if self.part.work.iter().all(|day| day.runs() == 0) {
            return out + &element("p", "", &text(words::NO_RUNS.get()));
        }
        let out = out + &element("p", "quiet", &text(words::WORK_WHAT.get()));
        let series = Self::series(words::WORK_KINDS.map(Both::get), ["c-good", "c-new", "c-gone", "c-hatch"], &columns);
        let labels = self.page.day_names();
        out + &Columns { id: &self.id("work"), title: words::WORK.get(), labels: &labels, series: &series, sums: false }
            .draw()
            + &self.days_in_numbers()
    }

    fn runs(&self) -> String {
        let out = element("h3", "", &text(words::RUNS.get()));
        let columns: Vec<[i64; 3]> =
            self.part.work.iter().map(|day| [day.complete, day.with_holds, day.not_complete]).collect();
        if self.part.work.iter().all(|day| day.runs() == 0) {
            return out + &element("p", "", &text(words::NO_RUNS.get()));
        }
        let out = out + &element("p", "quiet", &text(words::RUNS_WHAT.get()));
        let series = Self::series(words::RUN_KINDS.map(Both::get), ["c-good", "c-wait", "c-hatch"], &columns);
        let labels = self.page.day_names();
        let chart =
            Columns { id: &self.id("runs"), title: words::RUNS.get(), labels: &labels, series: &series, sums: false }
                .draw();
        out + &chart + &Self::numbers(words::DAY.get(), &labels, &series)
    }

    fn days_in_numbers(&self) -> String {
        let rows: Vec<Vec<String>> = self
            .page
            .days
            .iter()
            .zip(&self.part.work)
            .rev()
            .map(|(day, work)| {
                let numbers = [
                    work.imported,
                    work.updated,
                    work.cancelled,
                    work.failed,
                    work.complete,
                    work.with_holds,
                    work.not_complete,
                    work.calls,
                    work.erp_calls,
                    work.limited,
                ];
                [words::day(*day)].into_iter().chain(numbers.map(words::number)).collect()
            })
            .collect();
        details(words::NUMBERS.get(), &table(&words::DAY_HEADS.map(Both::get), &rows))
    }

    fn passes(&self) -> String {
        let mut out = element("h3", "", &text(&words::passes(self.days())));
        let rows: Vec<Vec<String>> = self
            .part
            .passes
            .iter()
            .map(|pass| {
                let work = &pass.work;
                let written = work.imported + work.updated + work.cancelled;
                let numbers =
                    [work.runs(), work.not_complete, written, work.failed, work.calls + work.erp_calls, work.limited];
                [pass.name.to_owned()].into_iter().chain(numbers.map(words::number)).collect()
            })
            .collect();
        out += &table(&words::PASS_HEADS.map(Both::get), &rows);
        let failed = self.part.passes.iter().filter_map(|pass| Some((pass.name, pass.failure.as_ref()?)));
        if let Some((pass, (at, exit))) = failed.max_by_key(|(_, (at, _))| *at) {
            let meaning = match exit {
                Some(name) => Exit::meaning_of(name).unwrap_or_default(),
                None => words::KILLED_MEANS.get(),
            };
            let exit = exit.as_deref().unwrap_or(words::KILLED.get()).replace('_', " ");
            out += &element("p", "quiet", &text(&words::last_failure(pass, *at, &exit, meaning)));
        }
        out
    }
}

fn cause_item(cause: &CauseSum, most: i64) -> String {
    let why = if cause.is_shared { rich(&cause.text) } else { rich(&words::such_as(&cause.text)) };
    let (orders, products) = cause.holds;
    let held = words::cause_held(orders, products, cause.worth, cause.promised_at);
    let mut inner = element("p", "head", &format!("<code>{}</code> <b>{}</b>", text(&cause.code), text(&held)));
    inner += &svg::bar("c-bad", cause.worth.get(), most);
    inner += &element("p", "", &why);
    if let Some(hint) = &cause.hint {
        inner += &element("p", "quiet", &format!("<b>{}:</b> {}", text(words::WHAT_TO_DO.get()), rich(hint)));
    }
    inner += &element("p", "quiet", &format!("<code>{}</code>", text(&words::holds_command(&cause.code))));
    element("li", "", &inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "<script>alert(1)</script> & \"co\" ' ]]> --> `x\u{0}\u{202e}";

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn now() -> Instant {
        at("2026-11-25T15:30:00Z")
    }

    fn channel(name: &str) -> ChannelPart {
        ChannelPart {
            name: ChannelName::new(name),
            standing: Standing::default(),
            fates: [FateSum::default(); 6],
            placed: vec![[0; 6]; 2],
            ages: [[0; 4]; 8],
            causes: Vec::new(),
            more_causes: 0,
            passes: vec![PassPart {
                name: "import-orders",
                lag: Lag { stretches: vec![None; 16], ..Lag::default() },
                last: None,
                stuck: None,
                work: Work::default(),
                failure: None,
            }],
            work: vec![Work::default(); 2],
            stock_waiting: 0,
        }
    }

    /// A page of nothing.
    fn empty() -> Page {
        Page {
            made_at: now(),
            every: None,
            days: vec!["2026-11-24".parse().unwrap(), "2026-11-25".parse().unwrap()],
            stretch: TimeDelta::hours(3),
            channels: vec![channel("loja")],
            troubles: Vec::new(),
            holds: (0, 0),
            erp: None,
        }
    }

    /// A page on which every text is somebody's attack, and every chart has something to show.
    fn hostile() -> Page {
        let mut page = empty();
        let part = &mut page.channels[0];
        part.name = ChannelName::new(HOSTILE);
        part.fates[2] = FateSum { today: 1, ever: 12_345, worth: Cents::new(1_234_567) };
        part.placed = vec![[3, 1, 0, 0, 0, 2], [0, 0, 7, 1, 1, 0]];
        part.ages[3] = [1, 2, 3, 4];
        part.causes = vec![CauseSum {
            code: HOSTILE.into(),
            text: HOSTILE.into(),
            is_shared: false,
            holds: (2, 1),
            worth: Cents::new(9_980),
            promised_at: Some(now()),
            hint: Some(HOSTILE.into()),
        }];
        let runs: Vec<Instant> = (0..8).map(|run| now() - TimeDelta::minutes(10 * run + 300)).rev().collect();
        let from = at("2026-11-24T03:00:00Z");
        part.passes[0].lag = Lag::over(None, &runs, from, now(), TimeDelta::hours(3));
        part.passes[0].last = Some((now(), Some(HOSTILE.into()), false));
        part.passes[0].failure = Some((now(), Some(HOSTILE.into())));
        part.work[1] = Work { complete: 5, not_complete: 1, updated: 1_200, failed: 2, limited: 3, ..Work::default() };
        page.holds = (3, 1);
        page.troubles = vec![Trouble {
            channel: ChannelName::new(HOSTILE),
            order: Some(OrderId::new(HOSTILE)),
            sku: None,
            code: HOSTILE.into(),
            text: HOSTILE.into(),
            hint: Some(HOSTILE.into()),
            actor: Some(Actor::Decision),
            command: HOSTILE.into(),
            worth: Some(Cents::new(100)),
            since: now(),
            tries: 1,
            promised_at: None,
        }];
        page
    }

    fn parse(page: &str) -> roxmltree::Document<'_> {
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        roxmltree::Document::parse_with_options(page, options).unwrap()
    }

    #[test]
    fn whatever_is_told_the_page_is_well_formed_and_runs_nothing() {
        let text = hostile().render();
        let document = parse(&text);
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            assert_ne!(node.tag_name().name(), "script");
            for attribute in node.attributes() {
                assert!(!["src", "href", "onload", "onclick", "style"].contains(&attribute.name()), "{attribute:?}");
            }
        }
        assert!(!text.contains("<script") && !text.contains("http:") && !text.contains("https:"));
        assert!(!text.contains('\u{0}') && !text.contains('\u{202e}'));
        parse(&empty().render());
    }

    #[test]
    fn the_headline_tells_the_worst() {
        let mut page = empty();
        assert_eq!(page.headline(), "Nothing has run yet");
        page.channels[0].passes[0].last = Some((now(), None, true));
        assert_eq!(page.headline(), "All is well", "the first run is under way");
        page.channels[0].passes[0].last = Some((now(), Some("unavailable".into()), false));
        assert_eq!(page.headline(), "1 pass is late");
        let late = "Late on loja, by when each last came to its end: import-orders never.";
        assert!(page.render().contains(late), "{}", page.render());
        page.channels[0].passes[0].last = Some((now(), Some("done".into()), false));
        page.channels[0].passes[0].lag.now = Some(TimeDelta::zero());
        assert_eq!(page.headline(), "All is well");
        page.channels[0].passes[0].stuck = Some(Exit::Guard);
        assert_eq!(page.headline(), "1 thing needs a person");
        let stuck = "import-orders on loja: a guard stopped the pass; a person must look";
        assert!(page.render().contains(stuck), "{}", page.render());
        page.channels[0].passes[0].stuck = None;
        page.channels[0].passes[0].lag =
            Lag { rhythm: Some(TimeDelta::minutes(10)), now: Some(TimeDelta::minutes(31)), ..Lag::default() };
        assert_eq!(page.headline(), "1 pass is late");
        let text = page.render();
        let late = "Late on loja, by when each last came to its end: import-orders 31 min ago (usually every 10 min).";
        assert!(text.contains(late), "{text}");
        page.holds = (2, 0);
        assert_eq!(page.headline(), "2 things need a person");
    }

    #[test]
    fn the_time_is_told_for_people_and_for_machines() {
        let mut page = empty();
        let text = page.render();
        assert!(text.contains("<time datetime=\"2026-11-25T15:30:00Z\">2026-11-25 12:30</time>"), "{text}");
        assert!(text.contains("this time is long past") && !text.contains("http-equiv=\"refresh\""));
        page.every = Some(TimeDelta::minutes(10));
        let text = page.render();
        assert!(text.contains("the next is due at 2026-11-25 12:40") && text.contains("content=\"600\""), "{text}");
    }

    #[test]
    fn days_and_hours_stand_where_they_belong() {
        let text = hostile().render();
        // Of two days with eight stretches each, the second begins at the ninth of sixteen, half of the way (13 are over yet).
        assert!(text.contains("d=\"M0 130V370\"") && text.contains("d=\"M2092 130V370\""), "{text}");
        assert!(text.contains("25\u{a0}Nov — held: 7, not looked at yet: 1, skipped: 1"), "{text}");
        assert!(text.contains("2026-11-25 12:00: up to 5 h"), "{text}");
    }
}
