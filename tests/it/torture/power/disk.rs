//! A disk as a power cut leaves it: what was synced is there; of the rest anything may be.

use std::collections::BTreeMap;

use crate::torture::any;

/// What a program does to its files, in order.
#[derive(Clone, Debug)]
pub enum Op {
    /// A name that was not there.
    Create {
        name: String,
        file: usize,
    },
    Write {
        file: usize,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        file: usize,
        length: usize,
    },
    Sync {
        file: usize,
    },
    /// The names in the folder.
    SyncFolder,
    Rename {
        from: String,
        to: String,
    },
    Unlink {
        name: String,
    },
}

/// How much of what was not synced survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cut {
    Nothing,
    Everything,
    /// Of each file some writes, and the first so many changes of names: a file system keeps the order of those.
    Some(u64),
    /// Everything up to some write, and of that one some sectors.
    Torn(u64),
}

/// The smallest part of a disk that is written whole.
const SECTOR: usize = 512;

#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate { length: usize },
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => write_at(content, *at, bytes),
            Self::Truncate { length } => content.resize(*length, 0),
        }
    }

    /// Some sectors of it. Sectors are counted from the beginning of the file.
    fn apply_torn(&self, content: &mut Vec<u8>, seed: u64) {
        let Self::Write { at, bytes } = self else { return };
        let mut done = 0;
        while done < bytes.len() {
            let from = at + done;
            let length = (SECTOR - from % SECTOR).min(bytes.len() - done);
            if any(seed ^ from as u64).is_multiple_of(2) {
                write_at(content, from, &bytes[done..done + length]);
            }
            done += length;
        }
    }
}

fn write_at(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if content.len() < at + bytes.len() {
        content.resize(at + bytes.len(), 0);
    }
    content[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Files and their names, those on the disk and what the kernel has yet to bring there.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    synced: Vec<Vec<u8>>,
    names: BTreeMap<String, usize>,
    /// With the number of the operation.
    unsynced: Vec<(usize, usize, Change)>,
    unsynced_names: Vec<(usize, Op)>,
    ops: usize,
}

impl Disk {
    /// A file that has been there for long. Gives its number.
    pub fn put(&mut self, name: &str, content: Vec<u8>) -> usize {
        self.synced.push(content);
        self.names.insert(name.to_owned(), self.synced.len() - 1);
        self.synced.len() - 1
    }

    pub fn take(&mut self, op: &Op) {
        self.ops += 1;
        match op {
            Op::Write { file, at, bytes } => {
                let change = Change::Write { at: *at, bytes: bytes.clone() };
                self.unsynced.push((self.ops, *file, change));
            }
            Op::Truncate { file, length } => {
                self.unsynced.push((self.ops, *file, Change::Truncate { length: *length }));
            }
            Op::Sync { file } => {
                self.make_room(*file);
                for (_, _, change) in self.unsynced.extract_if(.., |(_, of, _)| of == file) {
                    change.apply(&mut self.synced[*file]);
                }
            }
            Op::SyncFolder => {
                for (_, op) in std::mem::take(&mut self.unsynced_names) {
                    rename(&mut self.names, &op);
                }
            }
            Op::Create { file, .. } => {
                self.make_room(*file);
                self.unsynced_names.push((self.ops, op.clone()));
            }
            Op::Rename { .. } | Op::Unlink { .. } => self.unsynced_names.push((self.ops, op.clone())),
        }
    }

    fn make_room(&mut self, file: usize) {
        if self.synced.len() <= file {
            self.synced.resize(file + 1, Vec::new());
        }
    }

    /// The files that are found when the power is back.
    pub fn after(&self, cut: Cut) -> BTreeMap<String, Vec<u8>> {
        let (mut files, mut names) = (self.synced.clone(), self.names.clone());
        let seed = match cut {
            Cut::Some(seed) | Cut::Torn(seed) => seed,
            _ => 0,
        };
        let nth = |of: usize| usize::try_from(any(seed) % (of as u64 + 1)).unwrap();
        let torn_at = self.unsynced.get(nth(self.unsynced.len())).map(|(op, ..)| *op);
        for (op, file, change) in &self.unsynced {
            let content = &mut files[*file];
            match cut {
                Cut::Nothing => {}
                Cut::Everything => change.apply(content),
                Cut::Some(_) if any(seed ^ *op as u64).is_multiple_of(2) => change.apply(content),
                Cut::Some(_) => {}
                Cut::Torn(_) => match torn_at {
                    Some(at) if *op == at => change.apply_torn(content, seed),
                    Some(at) if *op > at => {}
                    _ => change.apply(content),
                },
            }
        }
        let names_kept = match cut {
            Cut::Nothing => 0,
            Cut::Everything => self.unsynced_names.len(),
            Cut::Some(_) => nth(self.unsynced_names.len()),
            Cut::Torn(_) => self.unsynced_names.iter().filter(|(op, _)| torn_at.is_none_or(|at| *op < at)).count(),
        };
        self.unsynced_names[..names_kept].iter().for_each(|(_, op)| rename(&mut names, op));
        names.into_iter().map(|(name, file)| (name, files[file].clone())).collect()
    }
}

fn rename(names: &mut BTreeMap<String, usize>, op: &Op) {
    match op {
        Op::Create { name, file } => drop(names.insert(name.clone(), *file)),
        Op::Unlink { name } => drop(names.remove(name)),
        Op::Rename { from, to } => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_synced_is_there_and_of_the_rest_what_the_cut_says() {
        let mut disk = Disk::default();
        let file = disk.put("a", b"old".to_vec());
        disk.take(&Op::Write { file, at: 0, bytes: b"new".to_vec() });
        disk.take(&Op::Sync { file });
        disk.take(&Op::Write { file, at: 3, bytes: vec![b'x'; 2 * SECTOR] });
        disk.take(&Op::Create { name: "b".into(), file: 1 });
        disk.take(&Op::Rename { from: "a".into(), to: "c".into() });
        let names = |cut| disk.after(cut).into_keys().collect::<Vec<_>>();
        assert_eq!((names(Cut::Nothing), names(Cut::Everything)), (vec!["a".to_owned()], vec!["b".into(), "c".into()]));
        assert_eq!(disk.after(Cut::Nothing)["a"], b"new");
        assert_eq!(disk.after(Cut::Everything)["c"].len(), 3 + 2 * SECTOR);
        let torn = |seed| disk.after(Cut::Torn(seed)).into_values().max_by_key(Vec::len).unwrap();
        let whole_sectors = |content: &Vec<u8>| {
            content[3..]
                .chunk_by(|a, b| a == b)
                .scan(3, |at, run| {
                    let begins = *at;
                    *at += run.len();
                    Some(begins)
                })
                .all(|at| at == 3 || at % SECTOR == 0)
        };
        assert!((0..50).map(torn).all(|content| content.starts_with(b"new") && whole_sectors(&content)));
        assert!((0..50).map(torn).any(|content| content.contains(&0)), "some sectors are missing");
    }
}
