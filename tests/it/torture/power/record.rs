//! A run on record: what it did to its files, and what the world was after each request, both with the time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use super::disk::{Cut, Disk, Op};
use vaivem::store::Store;

use crate::day::Turn;
use crate::sandbox::{Anymarket, Eccosys, HookAction, Phase, Platform, Vtex};
use crate::shop::Shop;
use crate::torture::any;
use crate::torture::records::Records;
use crate::torture::strace::{self, Call};

/// A platform as it was after a request.
enum Snapshot {
    Vtex(Vtex),
    Hub(Anymarket),
    Eccosys(Eccosys),
}

/// A request that was carried out. Times are microseconds since 1970.
struct Applied {
    /// Method and path.
    request: String,
    body: String,
    /// When it left the program.
    sent: u64,
    /// When it was carried out.
    at: u64,
    snapshot: Snapshot,
}

/// A verb's run, recorded in a shop of its own, which then serves to try what comes after a cut.
pub struct Recording {
    pub turn: &'static Turn,
    pub shop: Shop,
    /// Whether there was no state file before it.
    pub is_first: bool,
    /// Which recording: no two have the same content.
    pub number: u64,
    disk: Disk,
    /// The times of the files as they were: a document is told from another by it.
    times: BTreeMap<String, SystemTime>,
    ops: Vec<(u64, Op)>,
    worlds: Vec<Applied>,
}

impl Recording {
    /// Of the verb at its turn; or of what it is where the state file is lost.
    pub fn of(turn: &'static Turn, is_first: bool) -> Self {
        static RECORDINGS: AtomicU64 = AtomicU64::new(0);
        let shop = turn.begin();
        if is_first {
            for file in files_of(&shop.path("")).iter().filter(|file| file.starts_with("vaivem.db")) {
                std::fs::remove_file(shop.path(file)).unwrap();
            }
        }
        let (mut disk, mut names, mut times) = (Disk::default(), BTreeMap::new(), BTreeMap::new());
        for name in files_of(&shop.path("")) {
            let path = shop.path(&name);
            times.insert(name.clone(), path.metadata().unwrap().modified().unwrap());
            names.insert(name.clone(), disk.put(&name, std::fs::read(path).unwrap()));
        }
        let applied = watch(&shop);
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let options = ["-ttt", "-xx", "-s", "10000000", "-e", &strace::trace(&strace::CALLS)];
        let ran = strace::command(&shop, &turn.side().args(turn.verb), &options, &log).output().unwrap();
        assert_eq!(ran.status.code(), Some(turn.exit_of()), "{ran:?}");
        let calls = strace::read_log(&log);
        let mut worlds: Vec<Applied> = std::mem::take(&mut applied.lock().unwrap());
        when_sent(&mut worlds, &calls);
        let folder = shop.path("").canonicalize().unwrap();
        let ops = Reader { folder, files: names.len(), names, opened: BTreeMap::new() }.read(&calls);
        Self { turn, shop, is_first, number: RECORDINGS.fetch_add(1, Ordering::SeqCst), disk, times, ops, worlds }
    }

    /// The operations before which to cut: all of them, or so many, and then those that follow upon a request, a sync or a change of
    /// names more often than others.
    pub fn points(&self, wanted: usize) -> Vec<usize> {
        let to = if self.is_first { self.before_requests() } else { self.ops.len() };
        let all = 0..=to;
        if wanted > to || self.is_first {
            return all.step_by(to.div_ceil(wanted).max(1)).collect();
        }
        let telling: Vec<usize> = all.filter(|point| self.is_telling(*point)).collect();
        let others = (0..wanted / 4).map(|n| usize::try_from(any(n as u64)).unwrap_or(n) % self.ops.len());
        let telling =
            (0..wanted - wanted / 4).map(|n| telling[(2 * n + 1) * telling.len() / (2 * (wanted - wanted / 4))]);
        telling.chain(others).collect()
    }

    /// How many operations there are before the first request is carried out.
    fn before_requests(&self) -> usize {
        (0..self.ops.len()).take_while(|point| self.world(*point, false) == 0).count()
    }

    /// The operations right after a document got another name.
    pub fn moves(&self) -> Vec<usize> {
        (1..=self.ops.len()).filter(|point| matches!(self.ops[point - 1].1, Op::Rename { .. })).collect()
    }

    fn is_telling(&self, point: usize) -> bool {
        let before = point.checked_sub(1).map(|before| &self.ops[before].1);
        let is_quiet = matches!(before, None | Some(Op::Write { .. } | Op::Truncate { .. }));
        !is_quiet || point.checked_sub(1).is_some_and(|before| self.world(before, false) != self.world(point, false))
    }

    /// The operation for people.
    pub fn tell(&self, point: usize) -> String {
        let op = match self.ops.get(point).map(|(_, op)| op) {
            None => "its end".to_owned(),
            Some(Op::Write { file, at, bytes }) => format!("a write of {} bytes at {at} of file {file}", bytes.len()),
            Some(op) => format!("{op:?}"),
        };
        format!("operation {point} of {}: {op}", self.ops.len())
    }

    /// The files as they are found when the power was cut before that operation.
    pub fn files(&self, point: usize, cut: Cut) -> BTreeMap<String, Vec<u8>> {
        let mut disk = self.disk.clone();
        self.ops[..point].iter().for_each(|(_, op)| disk.take(op));
        disk.after(cut)
    }

    /// How many requests had been carried out by then; with `arrives`, those too that had been sent.
    pub fn world(&self, point: usize, arrives: bool) -> usize {
        let now = self.ops.get(point).map_or(u64::MAX, |(at, _)| *at);
        let happened = |one: &&Applied| one.at < now || (arrives && one.sent < now);
        self.worlds.iter().take_while(happened).count()
    }

    /// Brings the shop's files to that state.
    pub fn restore_files(&self, files: &BTreeMap<String, Vec<u8>>) {
        for name in files_of(&self.shop.path("")) {
            std::fs::remove_file(self.shop.path(&name)).unwrap();
        }
        for (name, content) in files {
            let path = self.shop.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, content).unwrap();
            let origin = Path::new(name).file_name().and_then(|file| {
                self.times.iter().find(|(one, _)| Path::new(one).file_name() == Some(file)).map(|(_, time)| *time)
            });
            if let Some(time) = origin {
                std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
            }
        }
    }

    /// Brings the platforms to what they were after so many requests.
    pub fn restore_world(&self, world: usize) {
        let before = self.turn.before();
        self.shop.vtex(|v| *v = before.vtex(|old| old.copy_at(&v.base_url)));
        self.shop.hub(|a| *a = before.hub(|old| old.copy_at(&a.base_url)));
        self.shop.eccosys(|e| *e = before.eccosys(|old| old.copy_at(&e.base_url)));
        for applied in &self.worlds[..world] {
            match &applied.snapshot {
                Snapshot::Vtex(old) => self.shop.vtex(|v| *v = old.copy_at(&v.base_url)),
                Snapshot::Hub(old) => self.shop.hub(|a| *a = old.copy_at(&a.base_url)),
                Snapshot::Eccosys(old) => self.shop.eccosys(|e| *e = old.copy_at(&e.base_url)),
            }
        }
    }

    /// What such files have on record; where they are the first of all, the program opens them, whatever the cut left. Copies are looked at: looking moves the log
    /// into the file.
    pub fn records_in(&self, files: &BTreeMap<String, Vec<u8>>) -> Result<Records, String> {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        for (name, content) in files.iter().filter(|(name, _)| name.contains(".db") && !name.contains('/')) {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let (state, ledger) = (folder.path().join("vaivem.db"), folder.path().join("ledger.db"));
        // Each opening keeps a descriptor to the end of the process, and there are thousands of cuts; all others are opened when lived
        // on with.
        if self.is_first {
            drop(Store::open(&state).map_err(|error| error.to_string())?);
        }
        Ok(Records::of(&state, &ledger))
    }
}

/// All files below the folder, by their path in it. The memory that SQLite shares is none: nothing of it outlives a power cut.
fn files_of(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files_of(&entry.path()).into_iter().map(|file| format!("{name}/{file}"))),
            false => found.push(name),
        }
    }
    found
}

/// Takes a picture of each platform after each request.
fn watch(shop: &Shop) -> Arc<Mutex<Vec<Applied>>> {
    let seen = Arc::default();
    shop.vtex(|v| on_applied(v, &seen, |v| Snapshot::Vtex(v.copy_at(&v.base_url))));
    shop.hub(|a| on_applied(a, &seen, |a| Snapshot::Hub(a.copy_at(&a.base_url))));
    shop.eccosys(|e| on_applied(e, &seen, |e| Snapshot::Eccosys(e.copy_at(&e.base_url))));
    seen
}

fn on_applied<P: Platform>(platform: &mut P, seen: &Arc<Mutex<Vec<Applied>>>, picture: fn(&P) -> Snapshot) {
    let seen = Arc::clone(seen);
    platform.on_call = Some(Box::new(move |call, phase| {
        if phase != Phase::AfterEffect {
            return HookAction::Go;
        }
        let (seen, request) = (Arc::clone(&seen), format!("{} {}", call.method, call.path));
        let body = call.body.clone();
        HookAction::Meanwhile(Box::new(move |platform| {
            let at = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap();
            seen.lock().unwrap().push(Applied { request, body, sent: at, at, snapshot: picture(platform) });
        }))
    }));
}

/// When each request left the program: of those with the same method and path the one with that body, for they may overtake each other;
/// of those that are the same in all the first.
fn when_sent(worlds: &mut [Applied], calls: &[Call]) {
    let mut sent: Vec<Option<(u64, String, String)>> = calls
        .iter()
        .filter(|call| matches!(call.name.as_str(), "writev" | "sendto" | "write"))
        .filter_map(|call| {
            let text = String::from_utf8_lossy(&call.strings().concat()).into_owned();
            let line = text.lines().next()?.strip_suffix(" HTTP/1.1")?.to_owned();
            Some(Some((call.at, line, text)))
        })
        .collect();
    assert!(sent.len() >= worlds.len(), "{} requests left, {} arrived", sent.len(), worlds.len());
    let mut last = 0;
    for applied in worlds {
        let is_it = |one: &Option<(u64, String, String)>| {
            one.as_ref().is_some_and(|(_, line, text)| *line == applied.request && text.ends_with(&applied.body))
        };
        let is_like =
            |one: &Option<(u64, String, String)>| one.as_ref().is_some_and(|(_, line, _)| *line == applied.request);
        // A long body may leave in parts.
        let found = sent.iter().position(is_it).or_else(|| sent.iter().position(is_like)).unwrap();
        // A picture shows all that was carried out before it, too, and none of it can have been before all that had left.
        last = sent[found].take().unwrap().0.max(last);
        applied.sent = last;
    }
}

/// What a descriptor stands for.
#[derive(Clone, Copy)]
enum Opened {
    File { file: usize, position: usize },
    Folder,
}

/// Reads what a run did to the files of a folder.
struct Reader {
    folder: PathBuf,
    /// The names as the program sees them.
    names: BTreeMap<String, usize>,
    opened: BTreeMap<usize, Opened>,
    /// How many files there have been.
    files: usize,
}

impl Reader {
    fn read(mut self, calls: &[Call]) -> Vec<(u64, Op)> {
        let mut ops = Vec::new();
        for call in calls.iter().filter(|call| call.returned().is_some_and(|value| value >= 0)) {
            ops.extend(self.take(call).into_iter().map(|op| (call.at, op)));
        }
        ops
    }

    fn take(&mut self, call: &Call) -> Vec<Op> {
        let strings = call.strings();
        let name = |n: usize| {
            let path = PathBuf::from(String::from_utf8_lossy(&strings[n]).into_owned());
            Some(path.strip_prefix(&self.folder).ok()?.to_string_lossy().into_owned())
        };
        match call.name.as_str() {
            "openat" => name(0).map(|name| self.open(call, name)).unwrap_or_default(),
            "unlink" => name(0)
                .filter(|name| self.names.remove(name).is_some())
                .map(|name| Op::Unlink { name })
                .into_iter()
                .collect(),
            "rename" => {
                let (Some(from), Some(to)) = (name(0), name(1)) else { return Vec::new() };
                let file = self.names.remove(&from).unwrap();
                self.names.insert(to.clone(), file);
                vec![Op::Rename { from, to }]
            }
            "link" | "linkat" => {
                let (Some(from), Some(name)) = (name(0), name(1)) else { return Vec::new() };
                let file = self.names[&from];
                self.names.insert(name.clone(), file);
                vec![Op::Create { name, file }]
            }
            "unlinkat" | "renameat" | "renameat2" => panic!("not read yet: {call:?}"),
            "pwrite64" | "write" | "fsync" | "fdatasync" | "ftruncate" | "lseek" => self.on_descriptor(call, strings),
            _ => Vec::new(),
        }
    }

    fn open(&mut self, call: &Call, name: String) -> Vec<Op> {
        let descriptor = usize::try_from(call.returned().unwrap()).unwrap();
        if self.folder.join(&name).is_dir() {
            self.opened.insert(descriptor, Opened::Folder);
            return Vec::new();
        }
        if name.ends_with("-shm") {
            self.opened.remove(&descriptor);
            return Vec::new();
        }
        let known = self.names.get(&name).copied();
        let file = known.unwrap_or(self.files);
        self.opened.insert(descriptor, Opened::File { file, position: 0 });
        match known {
            None => {
                self.files += 1;
                self.names.insert(name.clone(), file);
                vec![Op::Create { name, file }]
            }
            Some(file) if call.rest.contains("O_TRUNC") => vec![Op::Truncate { file, length: 0 }],
            Some(_) => Vec::new(),
        }
    }

    fn on_descriptor(&mut self, call: &Call, strings: Vec<Vec<u8>>) -> Vec<Op> {
        // One that was closed may by now be a socket.
        let is_ours = call.path().is_some_and(|path| path.starts_with(&self.folder));
        let Some(opened) = self.opened.get_mut(&call.descriptor()).filter(|_| is_ours) else { return Vec::new() };
        let (file, position) = match opened {
            Opened::Folder if call.name == "fsync" => return vec![Op::SyncFolder],
            Opened::Folder => return Vec::new(),
            Opened::File { file, position } => (*file, position),
        };
        let last_number = || call.numbers().last().map_or(0, |last| *last);
        let bytes = |strings: Vec<Vec<u8>>| {
            let mut bytes = strings.concat();
            bytes.truncate(usize::try_from(call.returned().unwrap()).unwrap());
            bytes
        };
        match call.name.as_str() {
            "pwrite64" => vec![Op::Write { file, at: last_number(), bytes: bytes(strings) }],
            "write" => {
                let (at, bytes) = (*position, bytes(strings));
                *position += bytes.len();
                vec![Op::Write { file, at, bytes }]
            }
            "lseek" => {
                *position = usize::try_from(call.returned().unwrap()).unwrap();
                Vec::new()
            }
            "ftruncate" => vec![Op::Truncate { file, length: last_number() }],
            _ => vec![Op::Sync { file }],
        }
    }
}
