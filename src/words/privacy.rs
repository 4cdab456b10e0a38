//! The words of `privacy`.

use crate::lang::{Both, say, word};
use std::path::Path;

use super::daily::{count, orders};

/// What was given is no document.
pub fn no_document(problem: &str) -> String {
    say!("--document is no CPF or CNPJ: {problem}" | "--document não é CPF nem CNPJ: {problem}")
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Orders that somebody must still deliver.
pub fn open_orders(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    say!(
        "nothing was erased: order(s) {} of the ledger are not delivered, cancelled or returned, and need the \
         customer's address; run this again when they are, or with --open-too when they are over in fact"
            | "nada foi apagado: o(s) pedido(s) {} do ERP embutido não estão entregues, cancelados nem devolvidos, e \
               precisam do endereço do cliente; execute de novo quando estiverem, ou com --open-too se já terminaram \
               de fato",
        numbers.join(", ")
    )
}

/// What was erased.
pub fn erased(in_ledger: usize, in_state: usize) -> String {
    say!(
        "erased: name, document, contact and address of {} in the ledger, the customer's hash of {} in the state file"
            | "apagado: nome, documento, contato e endereço de {} no ERP embutido, o hash do cliente de {} no \
               arquivo de estado",
        orders(number(in_ledger)),
        orders(number(in_state))
    )
}

/// Invoices stay.
pub fn files_kept(files: usize) -> String {
    say!(
        "kept: {} of theirs, which the law has a store keep for years and which name the customer; --fiscal-too \
         erases them here"
            | "mantido: {}, que a lei manda a loja guardar por anos e que trazem o nome do cliente; --fiscal-too os \
               apaga aqui",
        count(number(files), word!("NF-e file" | "arquivo de NF-e"), word!("NF-e files" | "arquivos de NF-e"))
    )
}

/// A document in an inbox names the customer.
pub fn named_in(file: &Path) -> String {
    say!(
        "kept: {} names the customer; it is yours to keep or delete"
            | "mantido: {} traz o nome do cliente; cabe a você guardar ou apagar",
        file.display()
    )
}

/// The other back office.
pub const ECCOSYS: Both = Both(
    "Eccosys keeps the customer itself: erase it there, too",
    "o próprio Eccosys guarda o cliente: apague lá também",
);

/// What no command here reaches.
pub const BACKUPS: Both = Both(
    "copies made by vaivem backup still have it: let them run out",
    "as cópias feitas por vaivem backup ainda o têm: deixe que expirem",
);

/// Somebody reads the file.
pub const NOT_SCRUBBED: Both = Both(
    "it was erased, but the files' logs could not be emptied, since another program reads them; end that program and \
     run this again",
    "foi apagado, mas os logs dos arquivos não puderam ser esvaziados, pois outro programa os lê; encerre esse \
     programa e execute de novo",
);
