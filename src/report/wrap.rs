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

/// The text with no line wider than so many columns, as far as its words allow.
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
    for (number, word) in words(line).enumerate() {
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

/// What stays together: a word, an amount with its currency, a command to copy, which goes to the end of its line.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let command =
        line.find(": vaivem ").map(|at| at + 2).or_else(|| line.trim_start().starts_with("vaivem ").then_some(0));
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let at = line.len() - text.len();
        if command.is_some_and(|command| at >= command) {
            return Some(text);
        }
        let money = if text.starts_with("R$ ") || text.starts_with("(R$ ") { text.find(' ')? + 1 } else { 0 };
        let (word, after) = match text[money..].find(' ') {
            Some(end) => (&text[..money + end], Some(&text[money + end + 1..])),
            None => (text, None),
        };
        rest = after;
        Some(word)
    })
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
        let command = "    at once: vaivem import-orders --channel loja --order 1172452500027-01";
        let copied = "    at once:\n      vaivem import-orders --channel loja --order 1172452500027-01";
        assert_eq!(wrapped(command, 40), copied);
        assert_eq!(
            wrapped("its parts add up to the full amount R$ 29,91", 40),
            "its parts add up to the full amount\n  R$ 29,91"
        );
    }
}
