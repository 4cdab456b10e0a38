//! A keyed hash of the customer's document, to compare with an invoice or an erase request without keeping the document.
//!
//! A plain hash of a CPF can be reversed by trying all 10⁹ of them, so the hash is keyed; the key lies beside the state file, in
//! a file of its own, so that a copy of the state file alone says nothing.

use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::sqlite::{self, OpenError};
use crate::lang::{say, word};
use crate::model::TaxId;

/// The key; its bytes never leave this file.
pub struct CustomerKey(Hmac<Sha256>);

impl std::fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CustomerKey")
    }
}

impl CustomerKey {
    /// Reads the key beside `state`, or makes one.
    pub(super) fn load_or_create(state: &Path) -> Result<Self, OpenError> {
        let path = file_of(state);
        let unusable = |error: std::io::Error| OpenError::io(&path, "customer key", error);
        if let Some(key) = read(&path).map_err(unusable)? {
            return Ok(key);
        }
        // Made under another name and linked, so that two first runs at once agree on one key and a crash leaves no half key.
        let draft = path.with_extension(format!("key.{}", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft).map_err(unusable)?;
        let key: [u8; 32] = random();
        file.write_all(&key).and_then(|()| file.sync_all()).map_err(unusable)?;
        let linked = std::fs::hard_link(&draft, &path);
        std::fs::remove_file(&draft).map_err(unusable)?;
        sync_folder_of(&path).map_err(unusable)?;
        match (linked, read(&path).map_err(unusable)?) {
            (_, Some(key)) => Ok(key),
            (Err(error), None) => Err(unusable(error)),
            (Ok(()), None) => {
                Err(unusable(std::io::Error::other(word!("it cannot be read back" | "não pode ser relida"))))
            }
        }
    }

    /// For a dry run: the key if there is one, else one that is forgotten.
    pub(super) fn load_or_forget(state: &Path) -> Self {
        read(&file_of(state)).ok().flatten().unwrap_or_else(|| Self::of(random()))
    }

    fn of(key: [u8; 32]) -> Self {
        // A key that is shorter than the hash's block is filled up with zeros.
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(&key);
        Self(Hmac::new(&block.into()))
    }

    /// The hash of a document, the same for every spelling of it.
    pub fn hash(&self, document: &TaxId) -> [u8; 16] {
        let mut out = [0; 16];
        let mac = self.0.clone().chain_update(document.as_str().as_bytes());
        out.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        out
    }

    /// A digest of everything a value holds, personal data included, that says nothing to whoever lacks the key. The same value has
    /// the same digest as long as it is made by the same program with the same key.
    pub fn seal(&self, value: &impl Hash) -> String {
        let mut sealing = Sealing(self.0.clone());
        value.hash(&mut sealing);
        sealing.0.finalize().into_bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Takes a value field by field, whatever its fields are: one that is added is part of the digest, too.
struct Sealing(Hmac<Sha256>);

impl Hasher for Sealing {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Unused: the digest is longer than this.
    fn finish(&self) -> u64 {
        0
    }
}

/// Warns that the key of the hashes in the state file is gone, and another is made.
pub(super) fn tell_of_lost(state: &Path) {
    log::warn!(
        "{} was gone and is made anew: vaivem privacy does not find a customer's orders of before in the state file; put the key \
         of your backup back to have them found",
        file_of(state).display()
    );
}

/// Where the key of a state file is: beside it, and where that is reached by a link beside the link, if it was made there once.
pub(crate) fn file_of(state: &Path) -> PathBuf {
    let key = sqlite::beside(state, ".key");
    let mut named = state.as_os_str().to_owned();
    named.push(".key");
    let by_link = PathBuf::from(named);
    if by_link.exists() { by_link } else { key }
}

/// Or a power cut may take the name, and what was hashed with the key would be recognised no more. Where a folder cannot be synced,
/// as on some network drives and outside Unix, there is nothing else to be done, and the key is used all the same.
fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    use std::io::ErrorKind::{InvalidInput, Unsupported};

    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(not(unix)) {
        return Ok(());
    }
    match std::fs::File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), InvalidInput | Unsupported) => Ok(()),
        synced => synced,
    }
}

fn read(path: &Path) -> std::io::Result<Option<CustomerKey>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = bytes.len();
    let key = bytes.try_into().map_err(|_| {
        std::io::Error::other(say!(
            "it is damaged: {length} bytes, not 32. Restore it from a backup, or move it away and a new one is made; \
             customers recorded until then are not recognised any more"
                | "está danificada: {length} bytes, e não 32. Restaure-a de um backup, ou mova-a e uma nova é \
                   criada; clientes gravados até lá não são mais reconhecidos"
        ))
    })?;
    Ok(Some(CustomerKey::of(key)))
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    // The operating system's randomness, by way of the TLS library that is here anyway.
    let provider = rustls::crypto::ring::default_provider();
    if provider.secure_random.fill(&mut bytes).is_err() {
        log::error!("the operating system gives no randomness; the customer key is weak");
        bytes.fill_with(|| fastrand::u8(..));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_the_hmac_of_the_digits() {
        let document = TaxId::parse("390.533.447-05").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        mac.update(b"39053344705");
        assert_eq!(CustomerKey::of([7; 32]).hash(&document), mac.finalize().into_bytes()[..16]);
    }

    #[test]
    #[cfg(unix)]
    fn a_state_file_that_is_reached_by_a_link_has_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let (state, link) = (folder.path().join("disk.db"), folder.path().join("vaivem.db"));
        std::fs::write(&state, "").unwrap();
        std::os::unix::fs::symlink("disk.db", &link).unwrap();
        let cpf = TaxId::parse("529.982.247-25").unwrap();
        let first = CustomerKey::load_or_create(&link).unwrap().hash(&cpf);
        assert_eq!(CustomerKey::load_or_create(&state).unwrap().hash(&cpf), first);
        // One that lies beside the link is the key of what was kept until now.
        std::fs::rename(folder.path().join("disk.db.key"), folder.path().join("vaivem.db.key")).unwrap();
        assert_eq!(CustomerKey::load_or_create(&link).unwrap().hash(&cpf), first);
    }

    #[test]
    fn a_damaged_key_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("vaivem.db.key");
        std::fs::write(&key, [7; 31]).unwrap();
        let problem = CustomerKey::load_or_create(&folder.path().join("vaivem.db")).unwrap_err().to_string();
        assert!(problem.contains("31 bytes, not 32") && problem.contains("backup"), "{problem}");
        assert_eq!(std::fs::read(&key).unwrap(), [7; 31]);
    }

    #[test]
    fn a_seal_changes_with_any_field_and_with_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let key = CustomerKey::load_or_create(&folder.path().join("vaivem.db")).unwrap();
        let order = crate::model::order::sample::order();
        let mut moved = order.clone();
        moved.delivery.address.as_mut().unwrap().complement = Some("fundos".into());
        assert_eq!(key.seal(&order), key.seal(&order.clone()));
        assert_ne!(key.seal(&order), key.seal(&moved));
        let other = CustomerKey::load_or_create(&folder.path().join("other.db")).unwrap();
        assert_ne!(key.seal(&order), other.seal(&order));
    }

    #[test]
    fn the_key_is_made_once_and_hashes_by_document() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("vaivem.db");
        let cpf = TaxId::parse("529.982.247-25").unwrap();
        let first = CustomerKey::load_or_create(&state).unwrap().hash(&cpf);
        assert_eq!(CustomerKey::load_or_create(&state).unwrap().hash(&TaxId::parse("52998224725").unwrap()), first);
        assert_ne!(CustomerKey::load_or_create(&folder.path().join("other.db")).unwrap().hash(&cpf), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.path().join("vaivem.db.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
