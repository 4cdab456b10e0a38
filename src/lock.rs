//! One run of a pass per channel at a time, by a kernel lock: it is gone when the process is, however that ended.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::model::{ChannelName, Instant, calendar};

/// A held lock; released when dropped. The file stays: removing it would let two processes lock two files of one name.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run has it.
    #[error("another run of {pass} for channel {channel} is active ({holder}); nothing was done")]
    Held {
        /// The pass.
        pass: String,
        /// The channel.
        channel: ChannelName,
        /// Who, since when.
        holder: String,
    },
    /// The lock file cannot be used.
    #[error(
        "the lock file {file} cannot be used: {source}; it must be on a local disk, in a folder vaivem may write to"
    )]
    File {
        /// Which file.
        file: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Takes the lock of a pass for a channel on a state file, or says who has it.
///
/// # Errors
/// [`LockError::Held`] at once when another process has it.
pub fn take(state: &Path, pass: &str, channel: &ChannelName, now: Instant) -> Result<Lock, LockError> {
    let mut folder = state.file_name().unwrap_or_default().to_owned();
    folder.push(".locks");
    let folder = state.with_file_name(folder);
    let path = folder.join(format!("{pass}.{channel}"));
    let unusable = |source| LockError::File { file: path.clone(), source };
    std::fs::create_dir_all(&folder).map_err(unusable)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let read = file.take(200).read_to_string(&mut holder);
            let holder = holder.trim().to_owned();
            return Err(LockError::Held {
                pass: pass.to_owned(),
                channel: channel.clone(),
                holder: if read.is_ok() && !holder.is_empty() {
                    holder
                } else {
                    "it has not said who it is yet".into()
                },
            });
        }
        // A file system without locks would let two runs do everything twice, silently: refuse.
        Err(TryLockError::Error(error)) => return Err(unusable(error)),
    }
    let holder = format!("pid {}, since {}", std::process::id(), calendar::local_text(now));
    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{holder}")).map_err(unusable)?;
    Ok(Lock { _file: file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_told_who_has_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("vaivem.db");
        let channel = ChannelName::new("loja");
        let now: Instant = "2026-11-24T12:00:00Z".parse().unwrap();
        let first = take(&state, "import-orders", &channel, now).unwrap();
        let refused = take(&state, "import-orders", &channel, now).unwrap_err().to_string();
        let pid = std::process::id();
        assert_eq!(
            refused,
            format!(
                "another run of import-orders for channel loja is active (pid {pid}, since 2026-11-24 09:00); nothing was done"
            )
        );
        take(&state, "sync-payments", &channel, now).unwrap();
        take(&state, "import-orders", &ChannelName::new("outra"), now).unwrap();
        drop(first);
        take(&state, "import-orders", &channel, now).unwrap();
    }
}
