//! What opens Eccosys (ECCOSYS 1.2).

use chrono::NaiveDate;
use md5::{Digest, Md5};

use super::super::call::{Answer, Request};
use super::super::papers;
use super::Eccosys;
use super::report::refusal;

/// The token that opens the sandbox.
pub const ECCOSYS_TOKEN: &str = "sandbox-eccosys-token";
/// The older pair: the key, and the secret that signs each day.
pub const ECCOSYS_KEY: &str = "sandbox-eccosys-key";
pub const ECCOSYS_SECRET: &str = "sandbox-eccosys-secret";
/// The token of a named user.
pub const ECCOSYS_USER_TOKEN: &str = "sandbox-eccosys-user";

impl Eccosys {
    /// Lets the caller in, by any of the ways.
    pub(super) fn admit(&self, request: &Request) -> Result<(), Answer> {
        match self.has_token(request) || self.has_signature(request) || is_user(request) {
            true => Ok(()),
            false => Err(refusal(401, "Acesso não autorizado.")),
        }
    }

    /// Lets only a named user in (ECCOSYS 9.3).
    pub(super) fn admit_user(&self, request: &Request) -> Result<(), Answer> {
        match is_user(request) || !self.settings.collections_need_user {
            true => Ok(()),
            false => Err(refusal(401, "Token de usuário não informado.")),
        }
    }

    fn has_token(&self, request: &Request) -> bool {
        request.header("authorization").is_some_and(|given| match given.strip_prefix("Bearer ") {
            Some(token) => self.settings.accepts_bearer && token == ECCOSYS_TOKEN,
            None => self.settings.accepts_raw && given == ECCOSYS_TOKEN,
        })
    }

    fn has_signature(&self, request: &Request) -> bool {
        self.settings.accepts_signature
            && request.header("apikey") == Some(ECCOSYS_KEY)
            && request.header("signature") == Some(&self.signature())
    }

    /// The signature of this day in São Paulo.
    pub fn signature(&self) -> String {
        signature_on(papers::local(self.now()).date_naive())
    }
}

/// The signature of a day.
pub fn signature_on(day: NaiveDate) -> String {
    let signed = format!("{ECCOSYS_SECRET}:{}", day.format("%d-%m-%Y"));
    Md5::digest(signed).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_user(request: &Request) -> bool {
    request.header("x-access-token") == Some(ECCOSYS_USER_TOKEN)
}
