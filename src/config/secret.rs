//! Where secrets come from: the configuration itself never holds one.

use crate::lang::{say, word};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::{Error as _, MapAccess, Visitor};

/// How long a command may take to print a secret. One that asks a person would keep every later run out.
const PATIENCE: Duration = Duration::from_secs(30);

/// A secret that is still where it comes from.
#[derive(Clone, Debug)]
pub struct Secret {
    pub(super) source: Source,
    /// File, line and key, for messages.
    place: String,
}

/// Where a secret comes from.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// An environment variable.
    Env(String),
    /// The first line of a file.
    File(PathBuf),
    /// The first line a shell command prints.
    Command(String),
}

impl Secret {
    pub(super) fn new(source: Source, place: String) -> Self {
        Self { source, place }
    }

    /// Fetches the secret: the first line, without surrounding blanks.
    ///
    /// # Errors
    /// A sentence that names file, line, key and source, and what to do; never the secret.
    pub fn fetch(&self) -> Result<SecretString, String> {
        self.fetch_within(PATIENCE)
    }

    /// As [`Secret::fetch`], with so much patience for a command that prints it.
    ///
    /// # Errors
    /// As [`Secret::fetch`].
    pub fn fetch_within(&self, patience: Duration) -> Result<SecretString, String> {
        self.source.fetch(patience).map_err(|problem| format!("{}: {problem}", self.place))
    }

    /// Where it comes from, for whoever must look there: file, line, key and source.
    pub fn whence(&self) -> String {
        format!("{} ({})", self.place, self.source)
    }

    /// The file it is in, if it is in one.
    pub fn file(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) => Some(path),
            Source::Env(_) | Source::Command(_) => None,
        }
    }
}

impl Source {
    /// Relative paths start at the configuration's folder.
    pub(super) fn resolve_in(self, folder: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(folder.join(path)),
            other => other,
        }
    }

    fn fetch(&self, patience: Duration) -> Result<SecretString, String> {
        let text = match self {
            Self::Env(name) => std::env::var(name).map_err(|_| {
                say!(
                    "environment variable {name} is not set; cron needs it in the crontab or a file"
                        | "a variável de ambiente {name} não está definida; o cron precisa dela no crontab ou em um \
                           arquivo"
                )
            })?,
            Self::File(path) => {
                warn_if_open_to_others(path);
                std::fs::read_to_string(path).map_err(|error| {
                    say!("file {} cannot be read: {error}" | "o arquivo {} não pode ser lido: {error}", path.display())
                })?
            }
            Self::Command(command) => printed_by(command, patience)?,
        };
        let secret = text.lines().next().unwrap_or_default().trim();
        if secret.is_empty() {
            return Err(say!("{self} is empty" | "{self} está vazio"));
        }
        if !secret.is_ascii() || secret.contains(char::is_whitespace) {
            return Err(say!(
                "{self} holds blanks or letters that no key has" | "{self} tem espaços ou letras que nenhuma chave tem"
            ));
        }
        Ok(SecretString::from(secret))
    }
}

/// What a shell command prints.
fn printed_by(command: &str, patience: Duration) -> Result<String, String> {
    let failed = |error: std::io::Error| {
        say!("the command for it cannot be run: {error}" | "o comando dele não pode ser executado: {error}")
    };
    let mut child =
        Command::new("sh").args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let (sender, receiver) = mpsc::channel();
    if let Some(mut stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = stdout.read_to_end(&mut bytes).map(|_| bytes);
            // Nobody listens any more when it took too long.
            let _ = sender.send(read);
        });
    }
    let Ok(printed) = receiver.recv_timeout(patience) else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(say!(
            "the command for it gave nothing within {} s and was ended"
                | "o comando dele não deu nada em {} s e foi encerrado",
            patience.as_secs()
        ));
    };
    let status = child.wait().map_err(failed)?;
    if !status.success() {
        return Err(say!("the command for it ended with {status}" | "o comando dele terminou com {status}"));
    }
    String::from_utf8(printed.map_err(failed)?)
        .map_err(|_| word!("the command for it prints no text" | "o comando dele não imprime texto").to_owned())
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;
        impl<'de> Visitor<'de> for Forms {
            type Value = Source;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("{ env = \"NAME\" }, { file = \"PATH\" } or { command = \"COMMAND\" }")
            }

            fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Source, E> {
                Err(E::custom(word!(
                    "secrets do not belong in this file: write { env = \"NAME\" }, { file = \"PATH\" } or { \
                         command = \"COMMAND\" }"
                        | "segredos não ficam neste arquivo: escreva { env = \"NOME\" }, { file = \"CAMINHO\" } \
                               ou { command = \"COMANDO\" }"
                )))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Source, A::Error> {
                let wrong = || {
                    A::Error::custom(word!(
                        "write exactly one of env, file and command"
                            | "escreva exatamente um entre env, file e command"
                    ))
                };
                let (form, value) = map.next_entry::<String, String>()?.ok_or_else(wrong)?;
                if map.next_key::<String>()?.is_some() {
                    return Err(wrong());
                }
                match form.as_str() {
                    "env" => Ok(Source::Env(value)),
                    "file" => Ok(Source::File(value.into())),
                    "command" => Ok(Source::Command(value)),
                    _ => Err(wrong()),
                }
            }
        }
        deserializer.deserialize_any(Forms)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&say!("secret from {self}" | "segredo de {self}"))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => f.write_str(&say!("environment variable {name}" | "variável de ambiente {name}")),
            Self::File(path) => f.write_str(&say!("file {}" | "arquivo {}", path.display())),
            Self::Command(_) => f.write_str(word!("its command" | "o comando")),
        }
    }
}

#[cfg(unix)]
fn warn_if_open_to_others(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if let Ok(meta) = std::fs::metadata(path)
        && meta.permissions().mode() & 0o077 != 0
    {
        log::warn!(
            "{}",
            say!(
                "{} can be read by others; run: chmod 600 {}" | "{} pode ser lido por outros; execute: chmod 600 {}",
                path.display(),
                path.display()
            )
        );
    }
}

#[cfg(not(unix))]
fn warn_if_open_to_others(_: &Path) {}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn secrets_come_from_three_places() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "s3cret\n").unwrap();
        assert_eq!(Source::File(path).fetch(PATIENCE).unwrap().expose_secret(), "s3cret");
        assert_eq!(Source::Command("echo s3cret".into()).fetch(PATIENCE).unwrap().expose_secret(), "s3cret");
        assert!(Source::Command("exit 1".into()).fetch(PATIENCE).unwrap_err().contains("exit status: 1"));
        let missing = Secret::new(Source::Env("VAIVEM_NOT_SET".into()), "vaivem.toml:8: `app_key`".into());
        let problem = missing.fetch().unwrap_err();
        assert!(
            problem.starts_with("vaivem.toml:8: `app_key`: environment variable VAIVEM_NOT_SET is not set"),
            "{problem}"
        );
    }

    #[test]
    fn a_command_that_waits_for_somebody_is_ended() {
        let problem = printed_by("sleep 60", Duration::from_millis(100)).unwrap_err();
        assert!(problem.contains("was ended"), "{problem}");
        // One that leaves something running holds nobody up either.
        assert!(printed_by("sleep 60 & echo s3cret", Duration::from_millis(100)).is_err());
    }
}
