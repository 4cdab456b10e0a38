//! Long lines broken at words, for a terminal: what follows stands under where the text began, behind its mark, label or hour.

/// Narrower than this nothing is broken nicely.
const NARROWEST: usize = 40;

/// No label is wider than this.
const WIDEST_LABEL: usize = 26;

/// How wide standard output is, where it is a terminal.
pub(super) fn width() -> Option<usize> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(columns)).filter(|columns| *columns >= NARROWEST)
}

/// The text with no line wider than so many columns, as far as its words allow. A word is never broken: it may be a number or a command
/// to copy.
pub(super) fn wrapped(text: &str, columns: usize) -> String {
    text.split('\n').map(|line| one(line, columns)).collect::<Vec<_>>().join("\n")
}

fn one(line: &str, columns: usize) -> String {
    if shown(line) <= columns {
        return line.to_owned();
    }
    let indent = hanging(line).min(columns / 2);
    let mut told = String::new();
    let mut at = 0;
    for (number, word) in line.split(' ').enumerate() {
        let wide = shown(word);
        if number > 0 && at > indent && at + 1 + wide > columns {
            told += "\n";
            told += &" ".repeat(indent);
            at = indent;
        } else if number > 0 {
            told.push(' ');
            at += 1;
        }
        told += word;
        at += wide;
    }
    told
}

/// Where the text begins behind what stands before it.
fn hanging(line: &str) -> usize {
    let plain: Vec<char> = plain(line).collect();
    let first = plain.iter().position(|c| *c != ' ').unwrap_or(0);
    // A mark is nine wide.
    let word = plain[first..].iter().position(|c| *c == ' ').unwrap_or(0);
    if first == 0 && word == 9 {
        return 10;
    }
    let gap = (first..plain.len().min(WIDEST_LABEL)).find(|at| plain[*at..].starts_with(&[' ', ' ']));
    let behind = gap.and_then(|gap| plain[gap..].iter().position(|c| *c != ' ').map(|blanks| gap + blanks));
    behind.unwrap_or(first + 2)
}

/// How many columns it takes.
fn shown(text: &str) -> usize {
    plain(text).count()
}

/// Without colours.
fn plain(text: &str) -> impl Iterator<Item = char> {
    let mut is_colour = false;
    text.chars().filter(move |c| {
        let was_colour = is_colour;
        is_colour = if was_colour { *c != 'm' } else { *c == '\u{1b}' };
        !was_colour && !is_colour
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_stands_under_the_text() {
        let held = "held      loja 1-01: carrier `Expresso Inédito` is not mapped";
        assert_eq!(wrapped(held, 40), "held      loja 1-01: carrier `Expresso\n          Inédito` is not mapped");
        let hint = "          what to do: create it in the ERP under that code";
        assert_eq!(wrapped(hint, 44), "          what to do: create it in the ERP\n            under that code");
        let step = "  2026-11-26 00:51:34  done: send_tracking: accepted BR1001 Correios";
        assert_eq!(
            wrapped(step, 60),
            format!("  2026-11-26 00:51:34  done: send_tracking: accepted BR1001\n{}Correios", " ".repeat(23))
        );
        assert_eq!(
            wrapped("cancelled loja 1-01: it was cancelled there", 40),
            "cancelled loja 1-01: it was cancelled\n          there"
        );
        let message = "sync: 3 updated\n  not complete, exit 5: the other side is down";
        assert_eq!(wrapped(message, 40), "sync: 3 updated\n  not complete, exit 5: the other side\n    is down");
    }

    #[test]
    fn colour_takes_no_room_and_no_word_is_broken() {
        let painted = "\u{1b}[1m\u{1b}[33mheld     \u{1b}[0m loja 1-01: not mapped here";
        assert_eq!(wrapped(painted, 40), painted.to_owned());
        let long = format!("see {}", "x".repeat(60));
        assert_eq!(wrapped(&long, 40), format!("see\n  {}", "x".repeat(60)));
        assert_eq!(wrapped("", 40), "");
    }
}
