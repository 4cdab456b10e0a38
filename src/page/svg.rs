//! Charts as inline SVG. Lengths are tenths of the unit in which a chart is 340 wide, so that no float is needed: at that width,
//! the one of a phone, text is as tall as written.

use super::markup::text;
use crate::words::report as words;

/// How wide every chart is.
const WIDTH: i64 = 3_400;
/// Room for the numbers of the scale.
const LEFT: i64 = 330;

/// Things of one kind in a chart of columns.
pub(super) struct Series<'a> {
    /// Its class in the style sheet, which is its colour.
    pub class: &'a str,
    /// Its name.
    pub name: String,
    /// One number for each column.
    pub numbers: Vec<i64>,
}

/// A chart of columns.
pub(super) struct Columns<'a> {
    /// Unique on the page.
    pub id: &'a str,
    /// What it shows.
    pub title: &'a str,
    /// One for each column.
    pub labels: &'a [String],
    /// From the foot up.
    pub series: &'a [Series<'a>],
    /// Whether each column bears its sum.
    pub sums: bool,
}

impl Columns<'_> {
    fn sum(&self, column: usize) -> i64 {
        self.series.iter().map(|series| series.numbers.get(column).copied().unwrap_or(0)).sum()
    }

    /// The chart with its legend.
    pub(super) fn draw(&self) -> String {
        const TOP: i64 = 120;
        const HEIGHT: i64 = 1_000;
        const FOOT: i64 = 180;
        let many = as_long(self.labels.len()).max(1);
        let top = scale((0..self.labels.len()).map(|column| self.sum(column)).max().unwrap_or(0));
        let y = |number: i64| TOP + HEIGHT - number * HEIGHT / top;
        let pitch = (WIDTH - LEFT) / many;
        let bar = pitch * 3 / 4;
        let mut out = open(self.id, self.title, &self.described(), TOP + HEIGHT + FOOT);
        for line in [0, top / 2, top] {
            let class = if line == 0 { "base" } else { "rule" };
            out += &format!("<path class=\"{class}\" d=\"M{LEFT} {0}H{WIDTH}\"/>", y(line));
            out += &label(LEFT - 50, y(line) + 35, "end", "", &words::number(line));
        }
        // Every label that has room.
        let longest = as_long(self.labels.iter().map(|label| label.chars().count()).max().unwrap_or(1));
        let every = usize::try_from((longest * 56 + 20) / pitch.max(1) + 1).unwrap_or(1);
        for (column, name) in self.labels.iter().enumerate() {
            let x = LEFT + as_long(column) * pitch + (pitch - bar) / 2;
            let mut foot = 0;
            out += "<g>";
            let mut told = Vec::new();
            for series in self.series {
                let number = series.numbers.get(column).copied().unwrap_or(0);
                if number > 0 {
                    let (from, to) = (y(foot), y(foot + number));
                    // What is there is seen, however little.
                    let height = (from - to).max(15);
                    out += &rect(series.class, x, from - height, bar, height);
                    told.push(format!("{}: {}", series.name, words::number(number)));
                    foot += number;
                }
            }
            if foot > 0 {
                out += &format!("<title>{}</title>", text(&format!("{name} — {}", told.join(", "))));
            }
            out += "</g>";
            if self.sums && foot > 0 {
                let number = words::number(foot);
                out += &label(x + bar / 2, y(foot) - 30, "middle", "strong", &number);
            }
            // Counted from the last, which is the one people look for.
            if (self.labels.len() - 1 - column).is_multiple_of(every) {
                out += &label(x + bar / 2, TOP + HEIGHT + 135, "middle", "", name);
            }
        }
        out += "</svg>\n";
        legend(self.series.iter().map(|series| (series.class, series.name.as_str(), Some(series.numbers.iter().sum()))))
            + &out
    }

    /// What the chart says, for who cannot see it.
    fn described(&self) -> String {
        let sums = self.series.iter().map(|series| {
            let sum: i64 = series.numbers.iter().sum();
            format!("{}: {}", series.name, words::number(sum))
        });
        sums.collect::<Vec<_>>().join(", ")
    }
}

/// What the colours of a chart mean, with the sum of each.
pub(super) fn legend<'a>(entries: impl Iterator<Item = (&'a str, &'a str, Option<i64>)>) -> String {
    let mut out = String::from("<ul class=\"legend\">");
    for (class, name, sum) in entries {
        let sum = sum.map(|sum| format!(" <b>{}</b>", text(&words::number(sum)))).unwrap_or_default();
        out += &format!(
            "<li><svg class=\"key\" viewBox=\"0 0 100 100\" aria-hidden=\"true\">{}</svg>{}{sum}</li>",
            rect(class, 0, 0, 100, 100),
            text(name)
        );
    }
    out + "</ul>\n"
}

/// A bar as long as its share of the whole.
pub(super) fn bar(class: &str, part: i64, whole: i64) -> String {
    let length = if whole > 0 { (part.clamp(0, whole) * 1_000 / whole).max(6) } else { 6 };
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{}{}</svg>\n",
        rect("track", 0, 0, 1_000, 100),
        rect(class, 0, 0, length, 100)
    )
}

/// One strip of a chart of strips.
pub(super) struct Strip {
    /// What it is of.
    pub name: String,
    /// How it stands.
    pub beside: String,
    /// Its bars: class, height up to [`Strip::FULL`], and what it says where there is something to say; `None` where nothing is known.
    pub bars: Vec<Option<(&'static str, i64, Option<String>)>>,
}

impl Strip {
    /// The height of the highest bar.
    pub(super) const FULL: i64 = 32;
}

/// Strips above each other, over one axis. Each mark of the axis stands before a bar.
pub(super) fn strips(id: &str, title: &str, strips: &[Strip], marks: &[(usize, String)]) -> String {
    const PITCH: i64 = 430;
    const NAME: i64 = 130;
    const HEIGHT: i64 = 240;
    let described: Vec<String> = strips.iter().map(|strip| format!("{}: {}", strip.name, strip.beside)).collect();
    let foot = as_long(strips.len()) * PITCH;
    let mut out = open(id, title, &described.join("; "), foot + 150);
    let many = as_long(strips.iter().map(|strip| strip.bars.len()).max().unwrap_or(1)).max(1);
    let x = |bar: usize| as_long(bar) * WIDTH / many;
    for (row, strip) in (0..).zip(strips) {
        let top: i64 = row * PITCH;
        out += &label(0, top + NAME - 30, "start", "strong", &strip.name);
        out += &label(WIDTH, top + NAME - 30, "end", "", &strip.beside);
        let base = top + NAME + HEIGHT;
        out += &rect("track", 0, top + NAME, WIDTH, HEIGHT);
        for (mark, _) in marks {
            out += &format!("<path class=\"rule\" d=\"M{} {}V{base}\"/>", x(*mark), top + NAME);
        }
        for (at, bar) in strip.bars.iter().enumerate() {
            let Some((class, level, says)) = bar else { continue };
            let height = (level * HEIGHT / Strip::FULL).clamp(20, HEIGHT);
            let width = (x(at + 1) - x(at) - 4).max(4);
            let drawn = rect(class, x(at), base - height, width, height);
            out += &match says {
                Some(says) => format!("<g><title>{}</title>{drawn}</g>", text(says)),
                None => drawn,
            };
        }
        out += &format!("<path class=\"base\" d=\"M0 {base}H{WIDTH}\"/>");
    }
    for (mark, name) in marks {
        out += &label(x(*mark), foot + 70, "start", "", name);
    }
    out + "</svg>\n"
}

/// The pattern that tells what failed from what did not, without colour.
pub(super) fn patterns() -> &'static str {
    "<svg class=\"patterns\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"50\" height=\"50\" \
     patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"50\" height=\"50\" class=\"hatch-ground\"/>\
     <rect width=\"18\" height=\"50\" class=\"hatch-line\"/></pattern></defs></svg>\n"
}

fn open(id: &str, title: &str, described: &str, height: i64) -> String {
    let (id, title, described) = (text(id), text(title), text(described));
    format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
         <title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{described}</desc>\n"
    )
}

fn rect(class: &str, x: i64, y: i64, width: i64, height: i64) -> String {
    format!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>")
}

fn label(x: i64, y: i64, anchor: &str, class: &str, plain: &str) -> String {
    format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" class=\"{class}\">{}</text>", text(plain))
}

/// The top of a scale: even, so that half of it is a number.
fn scale(most: i64) -> i64 {
    let mut ten = 1;
    loop {
        for step in [2, 4, 6, 8, 10] {
            if step * ten >= most {
                return step * ten;
            }
        }
        ten *= 10;
    }
}

fn as_long(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_an_even_number_above_all() {
        let tops: Vec<i64> = [0, 1, 2, 3, 9, 10, 11, 61, 1_234].map(scale).to_vec();
        assert_eq!(tops, [2, 2, 2, 4, 10, 10, 20, 80, 2_000]);
    }

    #[test]
    fn every_number_of_a_chart_can_be_read_off() {
        let labels = ["a".to_owned(), "b".to_owned()];
        let series = [
            Series { class: "one", name: "first".into(), numbers: vec![50, 0] },
            Series { class: "two", name: "second".into(), numbers: vec![50, 1_500] },
        ];
        let chart = Columns { id: "c", title: "T", labels: &labels, series: &series, sums: true }.draw();
        assert!(chart.contains("<title>a — first: 50, second: 50</title>"), "{chart}");
        // The scale goes to 2000 over 1000 lengths from 1120 up: 50 of it are 25.
        assert!(chart.contains("class=\"one\" x=\"522\" y=\"1095\" width=\"1151\" height=\"25\""), "{chart}");
        assert!(chart.contains("class=\"two\" x=\"522\" y=\"1070\" width=\"1151\" height=\"25\""), "{chart}");
        assert!(chart.contains("height=\"750\"") && chart.contains(">1\u{202f}500</text>"), "{chart}");
    }

    #[test]
    fn a_bar_is_as_long_as_its_share_and_never_nothing() {
        for (part, whole, length) in [(50, 200, 250), (200, 200, 1_000), (0, 200, 6), (0, 0, 6)] {
            assert!(bar("x", part, whole).contains(&format!("class=\"x\" x=\"0\" y=\"0\" width=\"{length}\"")));
        }
    }
}
