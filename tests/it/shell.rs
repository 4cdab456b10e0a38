//! Command lines as a shell takes them apart: enough of it to find what is called with which words.

use clap::{CommandFactory, Parser};
use vaivem::cli::Cli;

/// A line, as its simple commands: words without their quotes. What `$(…)` and `-exec` call is not looked into.
pub struct Line {
    commands: Vec<Vec<String>>,
}

/// Takes a line apart.
pub fn parse(line: &str) -> Line {
    let mut commands = vec![Vec::new()];
    let (mut word, mut begun) = (String::new(), false);
    let mut chars = line.chars().peekable();
    let end_word = |word: &mut String, begun: &mut bool, commands: &mut Vec<Vec<String>>| {
        if std::mem::take(begun) {
            commands.last_mut().unwrap().push(std::mem::take(word));
        }
    };
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => end_word(&mut word, &mut begun, &mut commands),
            '#' if !begun => break,
            '|' | ';' | '&' | '\n' => {
                end_word(&mut word, &mut begun, &mut commands);
                commands.push(Vec::new());
            }
            '\'' => {
                begun = true;
                word.extend(chars.by_ref().take_while(|c| *c != '\''));
            }
            '"' => {
                begun = true;
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => word.extend(chars.next()),
                        '$' if chars.peek() == Some(&'(') => word += &substituted(&mut chars),
                        c => word.push(c),
                    }
                }
            }
            '$' if chars.peek() == Some(&'(') => {
                begun = true;
                word += &substituted(&mut chars);
            }
            '\\' => {
                begun = true;
                word.extend(chars.next());
            }
            c => {
                begun = true;
                word.push(c);
            }
        }
    }
    end_word(&mut word, &mut begun, &mut commands);
    for command in &mut commands {
        // Where it goes to is no argument, and what is set for it no name.
        if let Some(at) = command.iter().position(|word| word.starts_with('>') || word.starts_with("2>")) {
            command.truncate(at);
        }
        let settings = command.iter().take_while(|word| is_setting(word)).count();
        command.drain(..settings);
    }
    commands.retain(|command| !command.is_empty());
    Line { commands }
}

fn is_setting(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

/// What `$(…)` gives: only `date` is called in it, for a day.
fn substituted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let inside: String = chars.by_ref().take_while(|c| *c != ')').collect();
    assert!(inside.starts_with("(date "), "what does $({inside}) give?");
    "2026-11-01".into()
}

impl Line {
    /// The commands that call this program, its name first.
    pub fn calls(&self, program: &str) -> impl Iterator<Item = &[String]> {
        self.commands.iter().map(Vec::as_slice).filter(move |command| command[0] == program)
    }

    /// What is called.
    pub fn programs(&self) -> impl Iterator<Item = &str> {
        self.commands.iter().map(|command| command[0].as_str())
    }
}

/// Asserts that these are words that vaivem takes.
#[track_caller]
pub fn says_no_usage_error(args: &[&str]) {
    if let Err(error) = Cli::try_parse_from(std::iter::once("vaivem").chain(args.iter().copied())) {
        assert!(!error.use_stderr(), "vaivem {}: {error}", args.join(" "));
    }
}

/// Every command there is, with what its help shows below the options.
pub fn commands() -> Vec<(String, String)> {
    fn collect(command: &clap::Command, name: &str, found: &mut Vec<(String, String)>) {
        let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        found.push((name.to_owned(), below));
        for sub in command.get_subcommands() {
            collect(sub, &format!("{name} {}", sub.get_name()), found);
        }
    }
    let mut found = Vec::new();
    collect(&Cli::command(), "vaivem", &mut found);
    found
}

#[test]
fn a_line_is_taken_apart() {
    let line =
        parse("A=b vaivem -q account --since \"$(date +%F)\" | jq -r '.a | .b' > out; true && vaivem holds # all");
    let calls: Vec<Vec<String>> = line.calls("vaivem").map(<[String]>::to_vec).collect();
    assert_eq!(calls, [&["vaivem", "-q", "account", "--since", "2026-11-01"][..], &["vaivem", "holds"]]);
    assert_eq!(line.programs().collect::<Vec<_>>(), ["vaivem", "jq", "true", "vaivem"]);
}
