//! The words of `support-bundle`. The document is for whoever helps, wherever they are, and is English: so is all that stands in it alone.

use std::path::Path;

use super::retold::retold;
use crate::lang::{Both, say};

/// What the document is, for whoever opens it.
pub const WHAT: &str = "what vaivem knows of one order, to find out what went wrong with it";

/// What was masked, for whoever reads it before it is sent.
pub const MASKED: &str = "what begins with ••• was hidden: in payloads everything that is not known to be harmless, told by its kind and \
                          length; everywhere what people wrote in notes, secrets, documents and e-mail addresses. What platforms say \
                          in their refusals stays, without what is known of the customer. Names of carriers, payment \
                          methods and marketplaces, order and invoice numbers, products, amounts and dates stay, as do the names of this \
                          machine's users who decided something. Read it before you send it";

/// What is not asked for is not there.
pub const OFFLINE: &str = "neither side was asked (--offline): there are no payloads";

/// What the settings do not say.
pub const DEFAULTS: &str = "as they stand in the file; what does not stand there has its default of this version";

/// A file that is there is somebody's.
pub fn exists(file: &Path) -> String {
    say!(
        "{} is there already and was left as it is; name another with --file"
            | "{} já existe e ficou como está; indique outro com --file",
        file.display()
    )
}

/// The disk, or the right to write.
pub fn refused(file: &Path, error: &std::io::Error) -> String {
    say!(
        "{} cannot be written: {error}; nothing was left there. Name another with --file"
            | "{} não pode ser gravado: {error}; nada foi deixado lá. Indique outro com --file",
        file.display()
    )
}

/// The bundle is not given out.
pub const NOT_CLEAN: Both = Both(
    "a secret of the configuration would still be in the bundle, so it was not written; please tell the authors",
    "um segredo da configuração ainda estaria no pacote, que por isso não foi escrito; por favor avise os autores",
);

/// Told to stop while the sides were asked.
pub const STOPPED: Both = Both(
    "stopped while both sides were asked; nothing was written",
    "parou enquanto os dois lados eram consultados; nada foi escrito",
);

/// The file is there.
pub fn written(file: &Path, bytes: usize) -> String {
    say!(
        "wrote {} ({} KiB); read it before you send it" | "escrito {} ({} KiB); confira antes de enviar",
        file.display(),
        bytes.div_ceil(1024)
    )
}

/// A side did not answer.
pub fn failed(from: &str, what: &str, problem: &str) -> String {
    let [from, what, problem] = [from, what, problem].map(retold);
    say!("not in it: {from}, {what}: {problem}" | "ficou de fora: {from}, {what}: {problem}")
}

/// A secret cannot be looked for.
pub fn unknown_secret(problem: &str) -> String {
    format!("a secret could not be read, so that its value could not be looked for here: {problem}")
}

/// The settings cannot be told.
pub fn no_settings(problem: &str) -> String {
    format!("the configuration cannot be read again: {problem}")
}

/// The embedded ERP's file cannot be read.
pub const NO_LEDGER: &str = "the ledger's file cannot be read, so that nothing of it is told";
