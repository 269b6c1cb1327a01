//! A bucket as a warehouse: a real S3 server beside the tests (tests/s3server), the program a client like
//! any other.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::context::{TODAY, TestContext, checkout, copy_folder, files_below, output};

const EXPORT: &str = "[[exports]]\nname = \"monthly\"\nviews = [\"churn_rate\", \"arpu_by_segment\"]\nformats = [\"csv\", \"xlsx\"]\n";

/// A server with one bucket, `house`; it ends with the value.
struct Server {
    folder: TempDir,
    address: String,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has noticed then.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The server's program, built once; a first build takes about two minutes.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let beside = Path::new(env!("CARGO_BIN_EXE_churnhouse")).parent().unwrap();
        let target = beside.parent().unwrap().join("s3server");
        let manifest = checkout().join("tests/s3server/Cargo.toml");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked", "--release", "--manifest-path"])
            .arg(manifest)
            .arg("--target-dir")
            .arg(&target)
            .status();
        assert!(built.unwrap().success(), "tests/s3server does not build");
        target.join("release/s3server")
    })
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("house")).unwrap();
        let mut command = Command::new(program());
        let mut process = command.arg(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { folder, address: address.trim().to_owned(), process }
    }

    /// Where the bucket's objects lie.
    fn bucket(&self) -> PathBuf {
        self.folder.path().join("house")
    }

    /// A configuration whose warehouse is a prefix of the bucket.
    fn config(&self, prefix: &str) -> String {
        format!(
            "[warehouse]\nurl = \"s3://house/{prefix}\"\n[warehouse.options]\naws_endpoint = \"http://{}\"\n\
             aws_access_key_id = \"key\"\naws_secret_access_key = \"secret\"\naws_region = \"us-east-1\"\n\
             allow_http = \"true\"\n",
            self.address
        )
    }
}

/// Extracts of a few customers, and a warehouse on the disk over them.
fn local() -> TestContext {
    let context = TestContext::with(EXPORT);
    context.ok(&["generate", "--customers", "60", "--months", "4", "--seed", "3", "--out", "data"]);
    for source in ["billing", "channel", "hotline"] {
        std::fs::rename(context.path(&format!("data/{source}")), context.path(source)).unwrap();
    }
    context.run_all();
    context
}

/// The same extracts, not landed yet, with this configuration.
fn beside(local: &TestContext, config: &str) -> TestContext {
    let context = TestContext::with(config);
    for source in ["billing", "channel", "hotline"] {
        copy_folder(&local.path(source), &context.path(source));
    }
    context
}

const LEDGER: &str =
    "select delivery, source, key, rows, rejected, duplicates from landings order by delivery";

#[test]
fn a_warehouse_in_a_bucket_has_the_same_numbers() {
    let (server, local) = (Server::start(), local());
    let remote = beside(&local, &(server.config("some/prefix") + EXPORT));
    remote.run_all();
    assert_eq!(remote.everything(), local.everything());
    assert_eq!(remote.csv(LEDGER), local.csv(LEDGER));
    assert!(!remote.path("warehouse").exists());
    assert!(server.bucket().join("some/prefix/billing/_delta_log").exists());

    // A second run finds everything done, a correction closes again, from the month on that it touches.
    remote.run_all();
    assert_eq!(remote.csv(LEDGER), local.csv(LEDGER));
    for context in [&local, &remote] {
        context.file("billing/late.csv", "customer_id,billed_on,amount\nlate,2020-03-31,99.00\n");
        context.run_all();
    }
    assert_eq!(remote.everything(), local.everything());
    remote.ok(&["check"]);
}

#[test]
fn extracts_and_exports_in_a_bucket() {
    let (server, local) = (Server::start(), local());
    let mut config = server.config("warehouse");
    for source in ["billing", "channel", "hotline"] {
        copy_folder(&local.path(source), &server.bucket().join("in").join(source));
        config += &format!("[extracts.{source}]\npath = \"s3://house/in/{source}/*.csv\"\n");
    }
    let remote = TestContext::with(&format!("{config}{EXPORT}to = \"s3://house/out\"\n"));
    remote.run_all();
    assert_eq!(remote.everything(), local.everything());

    let (there, here) = (server.bucket().join("out/monthly"), local.path("exports/monthly"));
    let visible =
        |folder| files_below(folder).into_iter().filter(|name: &String| !name.starts_with('.'));
    let files: Vec<String> = visible(here.as_path()).collect();
    assert_eq!(visible(there.as_path()).collect::<Vec<_>>(), files);
    for name in files.iter().filter(|name| !name.ends_with("manifest.json")) {
        assert!(
            std::fs::read(there.join(name)).unwrap() == std::fs::read(here.join(name)).unwrap(),
            "{name}"
        );
    }

    // An object that has not changed is not read again; one with other bytes is a restatement.
    let file = server.bucket().join("in/billing/billing_202003.csv");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        text.lines().take(40).map(|line| format!("{line}\n")).collect::<String>(),
    )
    .unwrap();
    let said = remote.run_all().stderr;
    assert_eq!(said.matches("restated").count(), 1, "{said}");
    assert_ne!(remote.everything(), local.everything());
}

#[test]
fn two_writers_race_and_neither_is_lost() {
    let (server, local) = (Server::start(), local());
    for round in 0..3 {
        let remote = beside(&local, &server.config(&format!("race{round}")));
        let run = || remote.command(&["run", "--today", TODAY]).spawn().unwrap();
        let racers = [run(), run()];
        let ended = racers.map(|racer| output(&racer.wait_with_output().unwrap()));
        for racer in &ended {
            let waited_in_vain = racer.status == 1
                && racer.stderr.contains("the warehouse is being written by process");
            assert!(racer.status == 0 || waited_in_vain, "{racer:?}");
        }
        assert!(ended.iter().any(|racer| racer.status == 0), "{ended:?}");
        remote.run_all();
        assert_eq!(remote.everything(), local.everything());
        assert_eq!(remote.csv(LEDGER), local.csv(LEDGER));
    }
}

#[test]
fn wrong_credentials_are_told() {
    let (server, local) = (Server::start(), local());
    let remote = beside(&local, &server.config("closed").replace("\"secret\"", "\"guess\""));
    remote.run(&["run"]).says(1, &["error: can't", "closed", "hint: check the credentials"]);
}
