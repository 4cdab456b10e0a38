//! Every command that README and help show is run, or stands below with the reason why it is not.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::sandbox::{OrderSeed, papers};
use crate::shell::{commands, parse, says_no_usage_error};
use crate::shop::{Ran, Shop, paid};

/// What cannot be run here, and why.
const NOT_RUN: [(&str, &str); 12] = [
    ("cargo", "builds, or runs these tests"),
    ("crontab", "changes this machine's crontab"),
    ("systemctl", "changes this machine's services; tests/it/deployment.rs has systemd read them"),
    ("useradd", "changes this machine's users"),
    ("kubectl", "needs a cluster; tests/it/deployment.rs looks at what it would be told"),
    ("podman", "builds an image from the network"),
    ("litestream", "tests/it/deployment.rs runs it where it is there"),
    ("node_exporter", "listens until it is ended; tests/it/metrics.rs reads what it would"),
    ("git", "fetches this very code"),
    ("cp", "puts papers where they belong; tests/it/first_day.rs does it with the whole day"),
    ("sleep", "waits for papers to be five seconds old"),
    ("export", "says what the shop of these tests says already"),
];

/// What a pipeline may use beside vaivem. `man` and `mail` are made to take what they get.
const TOOLS: [&str; 5] = ["jq", "printf", "mail", "man", "each-store"];

/// What a command may end with: done, something needs a person, a guard.
const FINE: [i32; 3] = [0, 3, 6];

/// Placeholders, with what stands for them.
const PLACEHOLDERS: [(&str, &str); 16] = [
    ("…", ""),
    ("NUMBER", "ORDER"),
    ("ORDER", "1172452900788-01"),
    ("NAME", "loja"),
    ("TEXT", "text"),
    ("FOLDER", "folder"),
    ("FILE", "file"),
    ("PLAN", "plan.jsonl"),
    ("CODE", "carrier_unmapped"),
    ("COMMAND", "holds"),
    ("CPF", "529.982.247-25"),
    ("DAY", "2026-11-01"),
    ("DIR", "folder"),
    ("KIT", "KIT"),
    ("URL", "http://127.0.0.1"),
    ("N ", "5 "),
];

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The blocks of commands: of `sh` each line, of `console` what stands behind `$`.
fn blocks(text: &str) -> Vec<Vec<String>> {
    let mut blocks = Vec::new();
    let mut block: Option<(&str, Vec<String>)> = None;
    for line in text.lines() {
        let line = line.trim();
        match (line.strip_prefix("```"), &mut block) {
            (Some(kind), None) => block = Some((kind, Vec::new())),
            (Some(_), Some((kind, lines))) => {
                if ["sh", "console", "bash"].contains(kind) {
                    blocks.push(std::mem::take(lines));
                }
                block = None;
            }
            (None, Some((_, lines))) if lines.last().is_some_and(|line| line.ends_with('\\')) => {
                let last = lines.last_mut().unwrap();
                last.pop();
                last.push_str(line);
            }
            (None, Some((kind, lines))) => {
                let command = if *kind == "console" { line.strip_prefix("$ ") } else { Some(line) };
                lines.extend(command.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned));
            }
            (None, None) => {}
        }
    }
    assert!(block.is_none(), "a block is not closed");
    blocks
}

/// What the help of all commands shows as examples, one block each.
fn examples() -> Vec<Vec<String>> {
    let of_help = |(_, below): (String, String)| -> Vec<String> {
        below.lines().filter(|line| line.starts_with("  ")).map(|line| line.trim().to_owned()).collect()
    };
    commands().into_iter().map(of_help).filter(|block| !block.is_empty()).collect()
}

/// A shop with what the README's commands speak of, and a folder of programs for its shell.
struct Desk {
    shop: Shop,
    order: String,
}

impl Desk {
    fn new() -> Self {
        let shop = Shop::with("stock = { warehouse = \"1_1\", settle = \"0s\" }");
        shop.vtex(|v| v.add_sku("1", "CAMISETA-P"));
        let order = shop.place(paid());
        let mut unmapped = paid();
        unmapped.carrier.name = "Expresso Inédito".into();
        shop.place(unmapped);
        let _ = shop.import().exits(3);
        let nfe = papers::Nfe {
            number: 1001,
            order: order.clone(),
            recipient: OrderSeed::new().customer.cpf,
            lines: vec![("CAMISETA-P".into(), 1, 4_990)],
            freight: 0,
            discount: 0,
            other: 0,
            issued_at: chrono::Utc::now() - chrono::TimeDelta::hours(1),
        };
        let sheet = "codigo;nome;quantidade\nCAMISETA-P;Camiseta P;100\nCANECA;Caneca;100\nBONE;Boné;100\n";
        std::fs::write(shop.path("estoque.csv"), sheet).unwrap();
        std::fs::write(shop.path("nota-1001.xml"), nfe.xml()).unwrap();
        let now = chrono::Utc::now();
        std::fs::write(shop.path("OCOREN_2511.txt"), papers::ocoren(&[(1001, 1, now)], now)).unwrap();
        std::fs::write(shop.path("plan.jsonl"), shop.run(&["sync", "--dry-run"]).exits(3).stdout).unwrap();
        let desk = Self { shop, order };
        std::fs::create_dir(desk.shop.path("bin")).unwrap();
        // Says how each call ended, of which a pipeline tells only the last one's.
        let program = env!("CARGO_BIN_EXE_vaivem");
        let log = desk.shop.path("ended");
        desk.program(
            "vaivem",
            &format!("'{program}' \"$@\"; code=$?; echo $code \"$*\" >> '{}'; exit $code", log.display()),
        );
        desk.program("mail", "cat > /dev/null");
        desk.program("man", "true");
        let each_store = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/stores/each-store");
        desk.program("each-store", &format!("exec '{}' \"$@\"", each_store.display()));
        std::fs::create_dir(desk.shop.path("stores")).unwrap();
        std::os::unix::fs::symlink(desk.shop.path(""), desk.shop.path("stores/loja")).unwrap();
        desk
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.shop.path("bin").join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs a line and gives how each vaivem in it ended.
    fn run(&self, line: &str) -> (Ran, Vec<(i32, String)>) {
        let line = self.here(line);
        let _ = std::fs::remove_file(self.shop.path("ended"));
        let path = format!("{}:{}", self.shop.path("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command.env_clear();
        for (name, value) in self.shop.command(&[]).get_envs() {
            if let Some(value) = value.filter(|_| name != "VAIVEM_OUTPUT") {
                command.env(name, value);
            }
        }
        let output = command
            .args(["-c", &line])
            .env("PATH", path)
            .env("HOME", self.shop.path(""))
            .current_dir(self.shop.path(""))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let log = std::fs::read_to_string(self.shop.path("ended")).unwrap_or_default();
        let ended = log.lines().map(|line| {
            let (code, args) = line.split_once(' ').unwrap();
            (code.parse().unwrap(), args.to_owned())
        });
        let ran = Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        (ran, ended.collect())
    }

    /// The line with this shop's own order and folders.
    fn here(&self, line: &str) -> String {
        let line = ["1172452900788-01", "1172452500027-01", "1172452500001-01"]
            .iter()
            .fold(line.to_owned(), |line, shown| line.replace(shown, &self.order));
        line.replace("35261012345678000195550010000010011482139770", &self.order)
            .replace("/backup/", "")
            .replace("/var/lib/vaivem", "stores")
            // Days that were still to come when this was written.
            .replace("2026-11-27 --until 2026-11-30", "2026-11-20 --until 2026-11-25")
            // A configuration is here already.
            .replace("vaivem init", "vaivem init --path new")
            .replace("/var/www/vaivem/", "")
            .replace("/tmp/", "")
    }
}

/// Runs each line of a block in a shop of its own: they are examples, and seldom one story.
fn run_block(block: &[String], seen: &mut usize) {
    for line in block {
        let programs: Vec<String> = parse(line).programs().map(str::to_owned).collect();
        if let Some((program, why)) = NOT_RUN.iter().find(|(program, _)| programs.iter().any(|one| one == program)) {
            println!("not run: {line}\n  {program} {why}");
            continue;
        }
        for program in &programs {
            assert!(program == "vaivem" || TOOLS.contains(&program.as_str()), "what is {program}? {line}");
        }
        if programs.iter().any(|one| one == "jq") && Command::new("jq").arg("--version").output().is_err() {
            println!("not run, since there is no jq on this machine: {line}");
            continue;
        }
        let desk = Desk::new();
        let (ran, ended) = desk.run(line);
        assert!(!ended.is_empty(), "nothing was run by {line}:\n{}", ran.stderr);
        for (code, args) in &ended {
            assert!(FINE.contains(code), "{line}\n`vaivem {args}` ended with {code}:\n{}\n{}", ran.stdout, ran.stderr);
        }
        assert!(!ran.stderr.contains("Usage:") && !ran.stderr.contains("not found"), "{line}\n{}", ran.stderr);
        *seen += ended.len();
    }
}

#[test]
fn commands_of_the_readme_run() {
    let mut seen = 0;
    for block in blocks(&readme()) {
        run_block(&block, &mut seen);
    }
    assert!(seen > 20, "only {seen} commands were found");
}

#[test]
fn examples_of_the_help_run() {
    let mut seen = 0;
    for block in examples() {
        run_block(&block, &mut seen);
    }
    assert!(seen > 20, "only {seen} commands were found");
}

/// In running text and tables commands stand with placeholders: they must be words that vaivem takes.
#[test]
fn commands_within_the_text_exist() {
    let text = readme();
    let mut seen = 0;
    let mut fenced = false;
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let spans = line.split('`').skip(1).step_by(2);
        for span in spans.filter(|_| !fenced) {
            let span = PLACEHOLDERS.iter().fold(span.to_owned(), |span, (shown, meant)| span.replace(shown, meant));
            for call in parse(&span).calls("vaivem") {
                let args: Vec<&str> = call[1..].iter().map(String::as_str).collect();
                // The program's own name, or a command's: what it needs is said beside it.
                if args.iter().any(|arg| arg.starts_with('-')) {
                    says_no_usage_error(&args);
                } else {
                    is_there(&args);
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 15, "only {seen} commands were found");
}

/// Whether the first words are a command.
fn is_there(args: &[&str]) {
    let known: Vec<String> = commands().into_iter().map(|(name, _)| name).collect();
    let is_known = args.first().is_none_or(|first| known.contains(&format!("vaivem {first}")));
    assert!(is_known, "there is no `vaivem {}`", args.join(" "));
}

/// Numbers come from standard input wherever several may be named, and none there is nothing to do.
#[test]
fn a_dash_reads_numbers() {
    let shop = Shop::with("stock = { warehouse = \"1_1\", settle = \"0s\" }");
    shop.vtex(|v| v.add_sku("1", "CAMISETA-P"));
    let mut unmapped = paid();
    unmapped.carrier.name = "Expresso Inédito".into();
    let (first, second) = (shop.place(unmapped.clone()), shop.place(unmapped));
    let _ = shop.import().exits(3);
    shop.vtex(|v| v.effects.clear());
    let both = format!("{first}\n\n{second}\n{first}\n");
    let calls: [(&[&str], &str, usize); 9] = [
        (&["import-orders", "--order", "-"], &both, 2),
        (&["sync-payments", "--order", "-"], &both, 2),
        (&["auto-cancel", "--order", "-"], &both, 2),
        (&["push-stock", "--sku", "-"], "CAMISETA-P\nCAMISETA-P\n", 1),
        (&["holds", "retry", "-"], &both, 2),
        (&["holds", "add", "-", "--reason", "x"], &both, 2),
        (&["holds", "release", "-"], &both, 2),
        (&["holds", "skip", "-", "--reason", "x"], &both, 2),
        (&["forget", "-"], &both, 2),
    ];
    for (args, input, named) in calls {
        let nothing = shop.run_with_input(args, "\n").exits(0);
        assert_eq!(nothing.records(), [nothing.summary()], "{args:?}");
        assert_eq!(shop.vtex(|v| v.effects.len()), 0, "{args:?}");
        let ran = shop.run_with_input(args, input);
        assert!(ran.code.is_some_and(|code| FINE.contains(&code)), "{args:?}: {ran:?}");
        let lines = ran.records().into_iter().filter(|record| record["order"].is_string() || record["sku"].is_string());
        assert_eq!(lines.count(), named, "{args:?}: {}", ran.stdout);
        shop.vtex(|v| v.effects.clear());
    }
}

#[test]
fn pipelines_of_the_examples_run() {
    if Command::new("jq").arg("--version").output().is_err() {
        println!("not run, since there is no jq on this machine");
        return;
    }
    let desk = Desk::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pipelines");
    let tried = ["holds-to-csv", "retry-cause", "plan-and-apply", "follow-day"];
    tried.iter().for_each(|name| desk.program(name, &format!("exec '{}' \"$@\"", folder.join(name).display())));
    let run = |line: &str| {
        let (ran, ended) = desk.run(line);
        assert!(!ended.is_empty(), "{line}: {}", ran.stderr);
        assert!(ended.iter().all(|(code, _)| FINE.contains(code)), "{line}: {ended:?} {}", ran.stderr);
        (ran.stdout, ended)
    };
    let (csv, _) = run("holds-to-csv");
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.lines().nth(1).unwrap().contains("\"carrier_unmapped\""), "{csv}");
    let (_, ended) = run("retry-cause carrier_unmapped");
    assert_eq!(ended.len(), 2);
    let today = vaivem::model::calendar::local_date(chrono::Utc::now());
    let (told, _) = run(&format!("follow-day loja {today}"));
    assert!(told.contains("sync-payments loja:"), "{told}");
    desk.shop.place(paid());
    let before = desk.shop.erp().len();
    let (told, ended) = run("plan-and-apply push-stock < /dev/null");
    assert!(told.contains("loja  CAMISETA-P  set_stock"), "{told}");
    assert_eq!((ended.len(), desk.shop.erp().len()), (1, before), "nobody said yes");
    let (told, _) = run("plan-and-apply import-orders <<END\ny\nEND");
    assert!(told.contains("create_order, take_over") && told.contains("apply: 1 imported"), "{told}");
    assert_eq!(desk.shop.erp().len(), before + 1);
    let there = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(there.into_iter().all(|name| tried.contains(&name.as_str())));
}
