//! The page in headless Chromium. A copy of it gets a script that measures what is drawn and writes it into the
//! document, which is then read back, with whatever it tried to load: no name resolves there. The console tells of
//! errors. Where no Chromium is installed, these tests say so and are not made; `.ci/run` installs it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use super::telecom;
use crate::context::note;

const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
    "--virtual-time-budget=5000",
    "--window-size=1300,1000",
];

/// Draws nothing; tells, a line each, what the browser has drawn.
const PROBE: &str = include_str!("probe.js");

const DARK: &str = "--blink-settings=preferredColorScheme=0";

/// What the probe looks for; nothing is found of a sound page.
const FAULTS: [&str; 8] =
    ["loads", "empty_charts", "outside", "wider", "pale", "twice", "lost_links", "unnamed"];

fn program() -> Option<&'static str> {
    let runs = |name: &&str| {
        let mut command = Command::new(name);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    let found = PROGRAMS.into_iter().find(runs);
    if found.is_none() {
        note("not tried in a browser: there is no chromium");
    }
    found
}

/// What a browser says of a page: its console, and what the probe has found.
struct Seen {
    console: Vec<String>,
    found: BTreeMap<String, String>,
}

fn look(program: &str, page: &str, flags: &[&str]) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    std::fs::write(&file, page).unwrap();
    let (dom, talk) = opened(program, &file, &folder.path().join("profile"), flags);
    let console = talk.lines().filter(|line| line.contains(":CONSOLE:")).map(str::to_owned);
    let probe = dom.split("<pre id=\"probe\">").nth(1).unwrap_or_default();
    let probe = probe.split("</pre>").next().unwrap_or_default();
    let found = probe.lines().filter_map(|line| line.split_once('='));
    let found = found.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Seen { console: console.collect(), found }
}

fn opened(program: &str, file: &Path, profile: &Path, flags: &[&str]) -> (String, String) {
    let output = Command::new(program)
        .args(FLAGS)
        .args(flags)
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", file.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// The page without its policy, so that what it would load is tried, and with the probe, in a frame of this width:
/// a window has a least one. The frame sends what is found to the document around it, which is read back.
fn framed(page: &str, width: u32) -> String {
    let policy = page.lines().find(|line| line.contains("Content-Security-Policy")).unwrap();
    let script = format!("<script>{PROBE}</script></body>");
    let page = page.replace(policy, "").replace("</body>", &script);
    let inner = page.replace('&', "&amp;").replace('"', "&quot;");
    format!(
        "<!doctype html><pre id=\"probe\"></pre><script>onmessage = (told) => \
         document.getElementById(\"probe\").textContent = told.data</script>\
         <iframe style=\"width: {width}px; height: 900px; border: 0\" srcdoc=\"{inner}\"></iframe>"
    )
}

#[test]
fn the_browser_shows_it_whole_and_says_nothing() {
    let Some(program) = program() else { return };
    for language in ["en", "zh"] {
        let page = telecom(language);
        assert!(look(program, &page, &[]).console.is_empty(), "{language}: as it is");
        for (width, dark) in [(1200, false), (1200, true), (390, false), (390, true)] {
            let flags: Vec<&str> = dark.then_some(DARK).into_iter().collect();
            let Seen { console, found } = look(program, &framed(&page, width), &flags);
            let at = format!("{language}, {width} wide, dark {dark}: {found:#?}");
            assert!(console.is_empty(), "{at} {console:?}");
            assert_eq!(found["width"], width.to_string(), "{at}");
            assert_eq!(found["charts"], "10", "{at}");
            assert_eq!(found["dark"], dark.to_string(), "{at}");
            for fault in FAULTS {
                assert_eq!(found[fault], "", "{fault} {at}");
            }
        }
    }
}

/// Without this the test before could pass by looking at nothing.
#[test]
fn the_browser_would_tell_what_is_wrong() {
    let Some(program) = program() else { return };
    let page = telecom("en");
    let image = "<img src=\"https://example.invalid/a.png\" alt=\"\"></main>";
    let loading = page.replace("</main>", image);
    let blocked = look(program, &loading, &[]).console.join("\n");
    assert!(
        blocked.contains("Content Security Policy"),
        "the policy of the page forbids it: {blocked}"
    );
    let faults = [
        ("var(--soft)", "#eee"),
        ("id=\"regions\"", "id=\"risk\""),
        ("class=\"scroll\"", "class=\"unbound\""),
        ("text-anchor=\"end\"", "text-anchor=\"start\" dx=\"999\""),
        ("<path ", "<desc "),
        ("<rect ", "<desc "),
        ("<line ", "<desc "),
        ("role=\"img\" aria-label", "role=\"img\" data-label"),
    ];
    let broken = faults.iter().fold(loading, |page, (sound, fault)| page.replace(sound, fault));
    let found = look(program, &framed(&broken, 390), &[]).found;
    for fault in FAULTS {
        assert_ne!(found[fault], "", "{fault} is seen: {found:#?}");
    }
}
