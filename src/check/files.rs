//! Files, folders and disks: what may be open to whom, and how much room is enough.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Finding;

/// What a file or folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The configuration.
    Config,
    /// A secret.
    Secret,
    /// The state file, or a file beside it.
    State,
    /// The ledger, or a file beside it.
    Ledger,
    /// The folder that the state file or the ledger is in.
    Folder,
    /// A folder for documents.
    Inbox,
    /// The folder that the metrics file is in.
    Metrics,
}

impl What {
    /// Bits that nobody but the owner may have. The configuration holds no secret; but whoever may write there may say which command
    /// prints them.
    fn too_open(self) -> u32 {
        match self {
            Self::Config => 0o022,
            _ => 0o077,
        }
    }
}

/// A file's permissions.
pub fn mode(what: What, file: &Path, mode: u32) -> Option<Finding> {
    let too_open = mode & what.too_open();
    (too_open != 0).then(|| Finding::FileOpen {
        what,
        file: file.to_owned(),
        mode: format!("{:o}", mode & 0o777),
        wanted: match what {
            What::Config => format!("{:o}", mode & 0o777 & !0o022),
            _ => "600".to_owned(),
        },
    })
}

const MB: u64 = 1_000_000;
/// Below this there is too little room, however large the disk is.
const LEAST: u64 = 200 * MB;
/// With this much there is enough, however large the disk is.
const PLENTY: u64 = 10_000 * MB;
/// Below this share of the disk there is too little, in percent.
const SHARE: u64 = 5;

/// The room on a disk.
pub fn disk(folder: &Path, free: u64, total: u64) -> Finding {
    let percent = if total == 0 { 0 } else { u64::try_from(u128::from(free) * 100 / u128::from(total)).unwrap_or(100) };
    let (folder, free_mb): (PathBuf, u64) = (folder.to_owned(), free / MB);
    if free < LEAST || percent < SHARE && free < PLENTY {
        Finding::DiskLow { folder, free_mb, percent }
    } else {
        Finding::DiskFree { folder, free_mb, percent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Level;

    #[test]
    fn a_secret_is_for_its_owner_and_a_configuration_may_be_read() {
        let wanted = |what, bits| match mode(what, Path::new("f"), bits) {
            Some(Finding::FileOpen { wanted, .. }) => Some(wanted),
            _ => None,
        };
        assert_eq!(wanted(What::Secret, 0o100_600), None);
        assert_eq!(wanted(What::Secret, 0o100_640), Some("600".into()));
        assert_eq!(wanted(What::State, 0o100_604), Some("600".into()));
        assert_eq!(wanted(What::Config, 0o100_644), None);
        assert_eq!(wanted(What::Config, 0o100_664), Some("644".into()));
        assert_eq!(wanted(What::Config, 0o100_646), Some("644".into()));
    }

    #[test]
    fn a_disk_is_low_by_bytes_or_by_share() {
        let level = |free_mb: u64, total_mb: u64| disk(Path::new("/"), free_mb * MB, total_mb * MB).level();
        assert_eq!(level(199, 300), Level::Warning);
        assert_eq!(level(201, 300), Level::Ok);
        assert_eq!(level(400, 10_000), Level::Warning);
        assert_eq!(level(500, 10_000), Level::Ok);
        assert_eq!(level(20_000, 4_000_000), Level::Ok);
        assert_eq!(level(0, 0), Level::Warning);
    }
}
