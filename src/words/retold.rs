//! What was noted in English, told in the reader's language.
//!
//! The state file keeps what a call or a document was refused with as an English sentence, and JSON shows it as it stands. In
//! Portuguese the sentence is looked up in the catalogue of all messages and told anew, with what it names; another system's own
//! words are not in it and stay as they are.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::lang::{Both, Lang, lang};

/// Every message of the program: whether it has placeholders, in English, in Portuguese.
static CATALOGUE: &[(bool, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// What is noted without a name: how a write was answered, why a hold ended, what is wrong with a field.
pub const NOTED: [Both; 37] = [
    Both("no answer", "sem resposta"),
    Both("not carried out", "não executado"),
    Both("found done", "já constava como feito"),
    Both("found not done", "não constava como feito"),
    Both("not on the channel", "não está no canal"),
    Both("refused in this status", "recusado nesta situação"),
    Both("refused", "recusado"),
    Both("denied", "negado"),
    Both("cancelled", "cancelado"),
    Both("the ERP has another", "o ERP tem outro"),
    Both("another reason took its place", "outro motivo tomou o seu lugar"),
    Both("the channel took its stock", "o canal recebeu o estoque dele"),
    Both("its stock is not told to the channel", "o estoque dele não é informado ao canal"),
    Both("found by reading", "constatado na leitura"),
    Both("found on the channel", "constatado no canal"),
    Both("found in the ERP", "constatado no ERP"),
    Both("entered anew in the ERP", "lançado de novo no ERP"),
    Both("enough of them there", "já há o bastante lá"),
    Both("not yet", "ainda não"),
    Both("created, found by asking again", "criado, achado ao perguntar de novo"),
    Both("created", "criado"),
    Both("accepted", "aceito"),
    Both("cancel accepted", "cancelamento aceito"),
    Both("cancel denied", "cancelamento recusado"),
    Both("set by hand", "definido à mão"),
    Both("named by a person", "informado por uma pessoa"),
    Both("forgotten by a person", "esquecido por uma pessoa"),
    Both("its cause is gone", "a causa sumiu"),
    Both("the ERP has a count of it", "o ERP tem uma contagem dele"),
    Both("there are as many as were sold", "há tantas unidades quantas foram vendidas"),
    Both("cancelled (ERP)", "cancelado (ERP)"),
    Both("a second order under its number (ERP)", "um segundo pedido com o seu número (ERP)"),
    Both("there is none", "não há nenhum valor"),
    Both("there is none, or it is no date", "não há nenhum valor, ou não é uma data"),
    Both("there are none", "não há nenhum"),
    Both("too large", "grande demais"),
    Both("it is negative", "é negativo"),
];

/// The sentence in the reader's language, if it is one of ours.
pub fn retold(text: &str) -> String {
    match lang() {
        Lang::En => text.to_owned(),
        Lang::PtBr => book().tell(text, 0).unwrap_or_else(|| text.to_owned()),
    }
}

struct Book {
    /// What has no placeholders.
    fixed: HashMap<&'static str, &'static str>,
    /// The rest, the most telling first.
    patterns: Vec<Pattern>,
}

fn book() -> &'static Book {
    static BOOK: OnceLock<Book> = OnceLock::new();
    BOOK.get_or_init(|| {
        let (mut fixed, mut patterns) = (HashMap::new(), Vec::new());
        for (is_format, english, portuguese) in CATALOGUE {
            if *is_format && english.contains(['{', '}']) {
                patterns.extend(Pattern::of(english, portuguese));
            } else {
                fixed.insert(*english, *portuguese);
            }
        }
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.weight()));
        Book { fixed, patterns }
    })
}

impl Book {
    /// How deep a sentence may stand in another.
    const DEEPEST: usize = 5;

    fn tell(&self, text: &str, depth: usize) -> Option<String> {
        if let Some(told) = self.fixed.get(text) {
            return Some((*told).to_owned());
        }
        if depth >= Self::DEEPEST {
            return None;
        }
        // What is named within is told too, if it is a sentence or one of our words.
        let within = |found: &str| self.tell(found, depth + 1).unwrap_or_else(|| found.to_owned());
        let told = || self.patterns.iter().find_map(|pattern| pattern.tell(text, within));
        // What a call was for, and about what: `read order 1234-01`.
        let about =
            || text.rsplit_once(' ').and_then(|(what, about)| Some(format!("{} {about}", self.fixed.get(what)?)));
        // What an answer held: `502 Bad Gateway (a web page)`.
        let bracketed = || {
            let (what, inside) = text.strip_suffix(')')?.split_once(" (")?;
            let told = [what, inside].map(|part| self.tell(part, depth + 1));
            let [what, inside] =
                [(what, &told[0]), (inside, &told[1])].map(|(part, told)| told.as_deref().unwrap_or(part));
            (told[0].is_some() || told[1].is_some()).then(|| format!("{what} ({inside})"))
        };
        // Where it is: "vaivem.toml:8: `app_key`: …", and what to do in lines of its own.
        let placed = || {
            let (place, rest) = text.split_once("`: ")?;
            place.split_once(": `").filter(|(line, _)| line.ends_with(|c: char| c.is_ascii_digit()))?;
            let lines: Vec<String> =
                rest.lines().map(|line| self.tell(line, depth + 1).unwrap_or_else(|| line.to_owned())).collect();
            (lines.join("\n") != rest).then(|| format!("{place}`: {}", lines.join("\n")))
        };
        // Several at once, none of which is another's.
        let listed = || {
            let parts: Option<Vec<String>> = text.split(", ").map(|part| self.tell(part, depth + 1)).collect();
            text.contains(", ").then_some(())?;
            Some(parts?.join(", "))
        };
        placed().or_else(listed).or_else(told).or_else(bracketed).or_else(about)
    }
}

/// A part of a message.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Words(String),
    /// A placeholder: its name, or its number.
    Named(String),
}

/// A message with placeholders.
struct Pattern {
    english: Vec<Part>,
    portuguese: Vec<Part>,
}

impl Pattern {
    /// Fewer letters than this fit anything.
    const TELLING: usize = 4;

    fn of(english: &str, portuguese: &str) -> Option<Self> {
        let pattern = Self { english: parts(english), portuguese: parts(portuguese) };
        (pattern.weight() >= Self::TELLING).then_some(pattern)
    }

    /// How many letters it does not leave open.
    fn weight(&self) -> usize {
        let letters = |part: &Part| match part {
            Part::Words(words) => words.chars().filter(|c| c.is_alphabetic()).count(),
            Part::Named(_) => 0,
        };
        self.english.iter().map(letters).sum()
    }

    fn tell(&self, text: &str, within: impl Fn(&str) -> String) -> Option<String> {
        let found = self.matched(text)?;
        let told = self.portuguese.iter().map(|part| match part {
            Part::Words(words) => words.clone(),
            Part::Named(name) => found.get(name.as_str()).map(|text| within(text)).unwrap_or_default(),
        });
        Some(told.collect())
    }

    /// What stands in the placeholders; `None` when the text is another.
    fn matched<'a>(&'a self, text: &'a str) -> Option<HashMap<&'a str, &'a str>> {
        let mut found = HashMap::new();
        let mut rest = text;
        let mut open: Option<&str> = None;
        let last = self.english.len().saturating_sub(1);
        for (i, part) in self.english.iter().enumerate() {
            match part {
                Part::Named(name) => {
                    // Two placeholders in a row: the first takes nothing.
                    if let Some(name) = open.replace(name) {
                        found.insert(name, "");
                    }
                }
                Part::Words(words) => {
                    let at = match open {
                        None if rest.starts_with(words.as_str()) => 0,
                        None => return None,
                        Some(_) if i == last => {
                            rest.len().checked_sub(words.len()).filter(|_| rest.ends_with(words.as_str()))?
                        }
                        Some(_) => rest.find(words.as_str())?,
                    };
                    if let Some(name) = open.take() {
                        found.insert(name, rest.get(..at)?);
                    }
                    rest = rest.get(at + words.len()..)?;
                }
            }
        }
        match open {
            Some(name) => drop(found.insert(name, rest)),
            None if rest.is_empty() => {}
            None => return None,
        }
        Some(found)
    }
}

fn parts(template: &str) -> Vec<Part> {
    let (mut parts, mut words) = (Vec::new(), String::new());
    let mut unnamed = 0;
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => {
                chars.next();
                words.push(c);
            }
            '{' => {
                let inside: String = chars.by_ref().take_while(|c| *c != '}').collect();
                let name = inside.split(':').next().unwrap_or_default();
                let name = if name.is_empty() {
                    unnamed += 1;
                    (unnamed - 1).to_string()
                } else {
                    name.to_owned()
                };
                if !words.is_empty() {
                    parts.push(Part::Words(std::mem::take(&mut words)));
                }
                parts.push(Part::Named(name));
            }
            c => words.push(c),
        }
    }
    if !words.is_empty() {
        parts.push(Part::Words(words));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::within;
    use crate::sources;

    fn told(text: &str) -> String {
        within(Lang::PtBr, || retold(text))
    }

    #[test]
    fn a_noted_sentence_is_told_anew_with_what_it_names() {
        assert_eq!(
            told("it has no order 7 with store number 9-01 any more"),
            "não tem mais o pedido 7 com o número da loja 9-01"
        );
        assert_eq!(
            told("line 3: no sku; fill it in or remove the line"),
            "linha 3: falta sku; preencha ou remova a linha"
        );
        assert_eq!(
            told(
                "read order 17-01 failed: loja.myvtex.com answered 502 Bad Gateway (a web page titled \"x y\"); tried 3 times; it may \
                 have been carried out all the same"
            ),
            "falha ao ler o pedido 17-01: loja.myvtex.com respondeu 502 Bad Gateway (uma página web com o título \"x y\"); tentado 3 \
             vezes; pode ter sido concluído mesmo assim"
        );
        assert_eq!(told("its check digits are wrong"), "os dígitos verificadores estão errados");
        assert_eq!(
            told("vaivem.toml:8: `app_key`: environment variable X is not set; cron needs it in the crontab or a file"),
            "vaivem.toml:8: `app_key`: a variável de ambiente X não está definida; o cron precisa dela no crontab ou em um arquivo"
        );
        assert_eq!(
            told("a:1: `token`: file /nope cannot be read: x"),
            "a:1: `token`: o arquivo /nope não pode ser lido: x"
        );
        assert_eq!(told("Pedido não pode ser cancelado"), "Pedido não pode ser cancelado");
        assert_eq!(within(Lang::En, || retold("its check digits are wrong")), "its check digits are wrong");
    }

    /// What the journal keeps of an answer stands in `vaivem why`.
    #[test]
    fn what_passes_note_of_an_answer_has_both_languages() {
        let mut found = 0;
        for (path, source) in sources::below(&["src/passes"]) {
            for state in ["State::Done, \"", "State::Failed, \"", "State::Unknown, \""] {
                for (at, _) in source.match_indices(state) {
                    let noted = source[at + state.len()..].split('"').next().unwrap();
                    let is_code = noted.contains('_');
                    assert!(is_code || told(noted) != noted, "{noted:?} of {}", path.display());
                    found += 1;
                }
            }
        }
        assert!(found > 20, "{found}");
    }

    #[test]
    fn every_message_stands_in_both_languages_with_the_same_placeholders() {
        assert!(CATALOGUE.len() > 800, "{}", CATALOGUE.len());
        for (is_format, english, portuguese) in CATALOGUE {
            assert!(english.is_empty() == portuguese.is_empty(), "{english:?} and {portuguese:?}");
            if *is_format {
                let named = |template: &str| -> std::collections::BTreeSet<String> {
                    let named = parts(template).into_iter().filter_map(|part| match part {
                        Part::Named(name) => Some(name),
                        Part::Words(_) => None,
                    });
                    named.collect()
                };
                assert_eq!(named(english), named(portuguese), "{english:?} and {portuguese:?}");
            }
        }
    }

    #[test]
    fn no_portuguese_sentence_is_english() {
        let english_words = [" the ", " is ", " are ", " was ", " and ", " with ", " cannot ", " not ", " of ", " it "];
        for (_, english, portuguese) in CATALOGUE {
            if english == portuguese {
                let words = english.split_whitespace().filter(|word| word.chars().all(char::is_alphabetic)).count();
                assert!(words < 3 || !english.contains(' '), "the same in both: {english:?}");
            }
            let padded = format!(" {portuguese} ");
            let left = english_words.iter().find(|word| padded.contains(**word));
            assert_eq!(left, None, "{portuguese:?}");
        }
    }
}
