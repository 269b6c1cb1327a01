//! What the machine and the network do to a run: a disk that is full, a folder that may not be written, a
//! file that may not be read, a bucket that is not there. One clear message each, and nothing is lost.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::context::{TODAY, TestContext, note};

const RUN: [&str; 3] = ["run", "--today", TODAY];

/// Three months of a few hundred customers.
fn context() -> TestContext {
    let context = TestContext::with("[close]\nfirst_month = \"2024-01\"\n");
    fill(&context);
    context
}

fn fill(context: &TestContext) {
    for month in 1..=3 {
        let line = |customer: u32| {
            format!("c{customer:04},2024-{month:02}-05,{}.{:02}", customer % 97, customer % 100)
        };
        context.bills(&format!("billing/2024-{month:02}.csv"), (0..400).map(line));
    }
}

/// A small disk of its own.
struct Disk(PathBuf);

impl Disk {
    /// None where mounting is not allowed.
    fn mount(at: PathBuf, kib: u32) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let size = format!("size={kib}k");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&at).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(at))
    }

    fn resize(&self, kib: u32) {
        let size = format!("remount,size={kib}k");
        let done = Command::new("mount").args(["-o", &size]).arg(&self.0).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

/// Each run finds a little more room than the one before, until one fits: it fills up at many different
/// points, and each time goes on from what is there.
#[test]
fn a_full_disk_loses_nothing() {
    let undisturbed = context();
    undisturbed.run_all();
    let context = context();
    let Some(disk) = Disk::mount(context.path("warehouse"), 16) else {
        return note("skipped: no right to mount a small disk");
    };
    let mut failures = 0;
    for kib in (16..2048).step_by(16) {
        disk.resize(kib);
        let output = context.run(&RUN);
        if output.status == 0 {
            break;
        }
        failures += 1;
        output.says(1, &["No space left on device", "hint: free some disk space"]);
    }
    assert!(failures > 0, "the disk was never full");
    disk.resize(64 << 10);
    context.run_all();
    assert_eq!(context.everything(), undisturbed.everything());
    let landings = "select source, key, rows, rejected from landings order by delivery";
    assert_eq!(context.csv(landings), undisturbed.csv(landings));
}

#[test]
fn a_full_disk_under_an_export_leaves_no_folder() {
    let mut context = context();
    context.run_all();
    let Some(disk) = Disk::mount(context.path("out"), 4) else {
        return note("skipped: no right to mount a small disk");
    };
    let export =
        "name = \"m\"\nviews = [\"churn_rate\"]\nformats = [\"csv\", \"xlsx\"]\nto = \"out\"\n";
    context.config(&format!("[close]\nfirst_month = \"2024-01\"\n[[exports]]\n{export}"));
    context.run(&["export"]).says(1, &["error:", "out/m/"]);
    assert!(!context.path("out/m/2024-01/manifest.json").exists());
    disk.resize(4 << 10);
    context.ok(&["export"]);
    assert!(context.path("out/m/2024-03/manifest.json").exists());
    drop(disk);
}

/// Below /sys nobody may make a folder, the superuser included.
#[test]
fn a_folder_that_may_not_be_written() {
    let context = context();
    let said = context.run(&["--warehouse", "/sys/churnhouse", "run", "--today", TODAY]);
    said.says(1, &["error: can't write /sys/churnhouse"]);
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let context = context();
    let file = context.path("billing/2024-02.csv");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(&file).is_ok() {
        return note("skipped: this user reads every file");
    }
    context.run(&RUN).says(1, &["no permission to read the file: billing/2024-02.csv"]);
}

#[test]
fn a_bucket_that_does_not_answer() {
    let options = "aws_endpoint = \"http://127.0.0.1:1\"\naws_access_key_id = \"k\"\naws_secret_access_key = \"s\"\n\
                   aws_region = \"us-east-1\"\n";
    let context = TestContext::with(&format!(
        "[warehouse]\nurl = \"s3://bucket/prefix\"\n[warehouse.options]\n{options}"
    ));
    fill(&context);
    let started = Instant::now();
    let output = context
        .run(&RUN)
        .says(1, &["error: can't", "prefix", "hint: check the endpoint and the network"]);
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    assert_eq!(output.stderr.matches("\nerror:").count(), 0, "{}", output.stderr);
    assert!(output.stderr.starts_with("error:"), "{}", output.stderr);
}

/// A reader that hangs up is no error: `churnhouse sql … | head -1`.
#[test]
fn a_reader_that_hangs_up() {
    let context = context();
    context.run_all();
    let query = "select a.customer_id, b.customer_id as other from customer_month a cross join customer_month b";
    let mut child = context.command(&["sql", "--format", "csv", query]).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn a_second_writer_waits_for_the_first() {
    let context = context();
    let writers: Vec<_> = (0..3).map(|_| context.command(&RUN).spawn().unwrap()).collect();
    for writer in writers {
        let ended = writer.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    let undisturbed = self::context();
    undisturbed.run_all();
    assert_eq!(context.everything(), undisturbed.everything());
    assert_eq!(context.value("select count(*) from landings"), "3");
}

/// Where the customers of a month do not fit into the memory that is allowed, they are closed range by range of
/// their ids, and the same files come of it: the state, the windows, the periods and all sums.
#[test]
fn a_close_with_little_memory_goes_by_ranges_of_customers() {
    let mut context = TestContext::bare();
    let months = ["generate", "--customers", "60000", "--months", "4", "--out", "."];
    context.ok(&months);
    let written = std::fs::read_to_string(context.path("churnhouse.toml")).unwrap();
    let policy = "[policy]\ntier_window = 2\nvalue_window = 2\n";
    context.config(&format!("{written}\n{policy}"));
    context.ok(&["land"]);
    let close = ["-v", "close", "--full", "--today", TODAY];
    let files = "select * exclude (closed_at) from closes order by month";
    let whole = context.ok(&close);
    assert!(!whole.stderr.contains("ranges of customers"), "{}", whole.stderr);
    let expected = context.csv(files);
    context.config(&format!("{written}\n{policy}[engine]\nmemory = \"64MiB\"\n"));
    context.ok(&close).says(0, &["2020-04", "ranges of customers"]);
    assert_eq!(context.csv(files), expected);
    context.ok(&["check"]);
}
