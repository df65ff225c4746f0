//! The program as a user meets it: what is typed, what comes out, which exit code. Wrong input is answered
//! with a message and leaves nothing behind; a result can be piped, repeated and reproduced.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

/// One server, one class; short enough for a debug build.
const FIRST: &str = r#"name = "first"

[simulation]
duration = "5 s"
warmup = "1 s"
runs = 2

[server.web1]
cpu = { cores = 2 }

[service.app]
kind = "app"
servers = ["web1"]
workers = 16

[request.page]
app.cpu = "lognormal(12 ms, cv 0.8)"

[traffic.visitors]
process = "poisson"
rate = "100/s"
mix = { page = 1 }
"#;

/// Replays `log`, which the test writes; `MORE` is replaced by more keys.
const REPLAY: &str = r#"name = "replay"

[service.cpu]
kind = "station"
workers = 1
service = "exponential(1 ms)"

[request.page]
path = ["cpu"]

[traffic.recorded]
process = "trace"
file = "log"
format = "haproxy"
otherwise = "page"
MORE
"#;

/// A folder of its own, in which the program is called.
struct Folder(TempDir);

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn with(file: &str, content: impl AsRef<[u8]>) -> Folder {
        let folder = Folder::new();
        folder.write(file, content);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_foobar-sim"));
        command.args(arguments).current_dir(self.0.path()).env("TERM", "xterm").env_remove("NO_COLOR");
        command.env_remove("GITHUB_STEP_SUMMARY").env_remove("CLICOLOR_FORCE");
        command.stdin(Stdio::null());
        command
    }

    /// Whatever is said, it is said without panic and without control characters.
    fn say(&self, arguments: &[&str]) -> Said {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let out = String::from_utf8(stdout).unwrap();
        let err = String::from_utf8(stderr).unwrap();
        for text in [&out, &err] {
            assert!(!text.contains("panicked"), "{arguments:?}: {text}");
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{arguments:?}: {text:?}");
        }
        Said { code: status.code(), out, err }
    }

    /// Done, with nothing on stderr.
    fn done(&self, arguments: &[&str]) -> String {
        let said = self.say(arguments);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{arguments:?}");
        said.out
    }

    /// Refused with this code: nothing on stdout, nothing new in the folder; the message.
    fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let before = listing(self.0.path());
        let said = self.say(arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(code), ""), "{arguments:?}: {}", said.err);
        assert!(said.err.starts_with("error: "), "{arguments:?}: {}", said.err);
        assert_eq!(listing(self.0.path()), before, "{arguments:?}");
        said.err
    }

    /// The user's mistake, whichever command is asked; the message holds all of these.
    fn refuses(&self, arguments: &[&str], expected: &[&str]) {
        for command in ["run", "validate"] {
            let message = self.refused(2, &[&[command], arguments].concat());
            for part in expected {
                assert!(message.contains(part), "{arguments:?} is answered without `{part}`:\n{message}");
            }
        }
    }
}

/// Every file and folder below, with the length of the files.
fn listing(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let about = entry.metadata().unwrap();
        if about.is_dir() {
            found.extend(listing(&entry.path()));
        }
        found.push((entry.path(), if about.is_dir() { 0 } else { about.len() }));
    }
    found.sort();
    found
}

fn names(folder: &Path) -> Vec<String> {
    listing(folder).into_iter().map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Requests 10 ms apart, as HAProxy logs them.
fn haproxy_log(requests: u32) -> String {
    (0..requests).map(|i| haproxy_line("2026", 10 * i)).collect()
}

fn haproxy_line(year: &str, at_ms: u32) -> String {
    let (seconds, ms) = (at_ms / 1000, at_ms % 1000);
    let (minute, second) = (seconds / 60, seconds % 60);
    format!(
        "<134>Nov 22 20:00:00 lb1 haproxy[18133]: 10.0.0.1:7719 [22/Nov/{year}:20:{minute:02}:{second:02}.{ms:03}] \
         fe~ be/web1 0/0/0/24/24 200 125 - - ---- 3/3/2/2/0 0/0 \"GET /read?id={at_ms} HTTP/1.1\"\n"
    )
}

#[test]
fn a_file_that_is_no_scenario() {
    let folder = Folder::with("first.toml", FIRST);
    folder.refuses(&["frist.toml"], &["there is no file frist.toml", "did you mean first.toml?"]);
    folder.refuses(&["no/such/thing"], &["there is no file no/such/thing", "check the path"]);
    fs::create_dir(folder.path("scenarios")).unwrap();
    folder.refuses(&["scenarios"], &["scenarios is a directory, not a scenario", "name the .toml file"]);
    for (content, expected) in [
        (&b"name = \"\xff\xfe\""[..], &["it.toml is not UTF-8 (byte 8 is not text)", "save the file as UTF-8"][..]),
        (b"", &["it.toml is empty", "begin with the tables"]),
        (b" \n\n", &["it.toml is empty"]),
        (b"name = \"first\n[server.a]\n", &["not valid TOML", "it.toml:1:14", "`key = value` lines"]),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", &["it.toml is not UTF-8"]),
        (b"{ \"name\": \"first\" }", &["not valid TOML", "it.toml:1:1"]),
        (b"[server.a]\n[server.a]\n", &["server.a: this table stands twice", "it.toml:2:9", "another name"]),
        (b"name = \"a\"\nname = \"b\"\n", &["name: this key stands twice", "it.toml:2:1", "remove one of the two"]),
    ] {
        folder.write("it.toml", content);
        folder.refuses(&["it.toml"], expected);
    }
}

#[test]
fn a_wrong_value_is_shown_where_it_is_written() {
    for (right, wrong, expected) in [
        ("workers = 16", "wrokers = 16", &["wrokers: unknown key", "x.toml:14:1", "did you mean `workers`?"][..]),
        ("workers = 16", "workers = \"many\"", &["expected a whole number", "x.toml:14:11", "from 1 to"]),
        ("workers = 16", "workers = 0", &["zero is not possible", "x.toml:14:11", "from 1 to"]),
        ("workers = 16", "workers = 99999999999999999999", &["is too large", "x.toml:14:11", "smaller"]),
        ("\"100/s\"", "100", &["a rate needs its unit", "x.toml:21:8", "\"100/s\""]),
        ("\"100/s\"", "\"-100/s\"", &["a rate cannot be negative", "x.toml:21:8"]),
        ("\"100/s\"", "\"0/s\"", &["a rate of zero is not possible", "x.toml:21:8", "above zero"]),
        ("\"100/s\"", "\"nan/s\"", &["expected a rate", "x.toml:21:8", "\"600/s\""]),
        ("\"100/s\"", "\"1e30/s\"", &["surely a mistake", "x.toml:21:8", "check the number and its unit"]),
        ("\"100/s\"", "nan", &["a rate needs its unit", "x.toml:21:8"]),
        ("cores = 2", "cores = 2, speed = nan", &["speed: nan is not a number", "x.toml:9:28"]),
        ("cores = 2", "cores = 1e9", &["expected a whole number", "x.toml:9:17"]),
        ("\"5 s\"", "5", &["a time needs its unit, found the bare number 5", "x.toml:4:12", "\"5 ms\""]),
        ("\"5 s\"", "\"-5 s\"", &["cannot be negative", "x.toml:4:12"]),
        ("\"5 s\"", "\"9999999 h\"", &["beyond 100 years", "x.toml:4:12"]),
        ("lognormal(12 ms, cv 0.8)", "lognormal(12, cv 0.8)", &["app.cpu", "x.toml:17:"]),
        ("lognormal(12 ms, cv 0.8)", "lognormal(12 ms, cv nan)", &["`cv` must be above 0", "x.toml:17:"]),
        ("{ page = 1 }", "{}", &["mix: is empty", "x.toml:22:7", "mix = { home = 3"]),
        ("{ page = 1 }", "{ page = 0 }", &["only weights of zero", "x.toml:22:7"]),
        ("{ page = 1 }", "{ pgae = 1 }", &["no request class `pgae`", "x.toml:22:9", "did you mean \"page\"?"]),
        ("[\"web1\"]", "[\"web2\"]", &["no server `web2`", "x.toml:13:12", "did you mean \"web1\"?"]),
        ("[\"web1\"]", "[]", &["at least one server", "x.toml:13:11"]),
        ("\"app\"", "\"apache\"", &["\"apache\" is not known", "x.toml:12:8", "possible are"]),
        ("\"poisson\"", "\"poison\"", &["did you mean \"poisson\"?", "x.toml:20:11"]),
        ("\"first\"", "\"../../first\"", &["not a name for a folder", "x.toml:1:8", "write \"first\""]),
    ] {
        assert!(FIRST.contains(right), "{right}");
        let folder = Folder::with("x.toml", FIRST.replace(right, wrong));
        folder.refuses(&["x.toml"], expected);
    }
}

#[test]
fn all_mistakes_are_told_in_one_go() {
    let wrong = FIRST
        .replace("runs = 2", "runs = -2\nruns_in_parallel = 2")
        .replace("[\"web1\"]", "[\"web2\"]")
        .replace("page = 1", "pgae = 1");
    let folder = Folder::with("x.toml", wrong);
    let option = ["x.toml", "--set", "service.app.bcklog=3", "--set", "server.web1.nic=fast"];
    folder.refuses(&option, &["x.toml:6:8", "x.toml:7:1", "x.toml:14:12", "x.toml:23:9", "--set:1", "6 errors"]);
    folder.refuses(&option, &["did you mean `backlog`?", "server.web1.nic"]);
}

#[test]
fn scenarios_that_extend_each_other_in_a_circle() {
    let folder = Folder::with("a.toml", "extends = \"b.toml\"\n");
    folder.write("b.toml", "extends = \"c.toml\"\n");
    folder.write("c.toml", "extends = \"a.toml\"\n");
    folder.refuses(&["a.toml"], &["a.toml extends itself", "c.toml:1:11", "this closes a circle", "remove this line"]);
    folder.write("b.toml", "extends = \"lost.toml\"\n");
    folder.refuses(&["a.toml"], &["there is no file lost.toml", "b.toml:1:11"]);
    folder.write("b.toml", "");
    folder.refuses(&["a.toml"], &["b.toml is empty", "a.toml:1:11"]);
}

#[test]
fn services_that_pass_requests_around_in_a_circle() {
    let text = |one: &str, other: &str| {
        format!(
            "[server.a]\n[service.one]\nkind = \"nginx\"\nservers = [\"a\"]\nupstream = {{ service = \"{one}\" }}\n\
             [service.two]\nkind = \"nginx\"\nservers = [\"a\"]\nupstream = {{ service = \"{other}\" }}\n\
             [request.page]\none.cpu = \"1 ms\"\n\
             [traffic.v]\nprocess = \"poisson\"\nrate = \"1/s\"\ntarget = \"one\"\nmix = {{ page = 1 }}\n"
        )
    };
    let folder = Folder::with("x.toml", text("two", "one"));
    folder.refuses(&["x.toml"], &["`two` is of kind nginx", "x.toml:5:24", "x.toml:9:24", "name a service of kind"]);
    folder.write("x.toml", text("one", "one"));
    folder.refuses(&["x.toml"], &["`one` is of kind nginx", "x.toml:5:24"]);
}

#[test]
fn a_command_line_that_is_wrong() {
    let folder = Folder::with("x.toml", FIRST);
    for (arguments, expected) in [
        (&["frobnicate"][..], &["unrecognized subcommand 'frobnicate'", "--help"][..]),
        (&["rum", "x.toml"], &["unrecognized subcommand 'rum'", "'run'"]),
        (&["run"], &["<SCENARIO>"]),
        (&["run", "x.toml", "--rusn", "3"], &["'--rusn'", "'--runs'"]),
        (&["run", "x.toml", "--runs", "0"], &["--runs", "at least 1 run is needed"]),
        (&["run", "x.toml", "--runs", "-1"], &["--runs", "at least 1 run is needed"]),
        (&["run", "x.toml", "--runs", "many"], &["--runs", "a whole number from 1 to 10000"]),
        (&["run", "x.toml", "--seed", "-1"], &["--seed", "a whole number from 0"]),
        (&["run", "x.toml", "--threads", "0"], &["--threads", "at least 1 thread is needed"]),
        (&["run", "x.toml", "--threads", "99999999"], &["--threads", "at most 1024 threads"]),
        (&["run", "x.toml", "--threads", "all"], &["--threads", "a whole number from 1 to 1024"]),
        (&["run", "x.toml", "--precision", "2"], &["--precision", "such as 2%"]),
        (&["run", "x.toml", "--precision", "0%"], &["--precision", "more than 0%"]),
        (&["run", "x.toml", "--precision", "nan%"], &["--precision", "more than 0%"]),
        (&["run", "x.toml", "--format", "yaml"], &["--format", "text, json, csv, markdown"]),
        (&["run", "x.toml", "--set", "workers"], &["--set", "expected KEY=VALUE"]),
        (&["run", "x.toml", "-o", ""], &["--output"]),
        (&["trace"], &["<FILE>"]),
        (&["trace", "x.toml", "--format", "iis"], &["\"iis\"", "haproxy, haproxy-clf, nginx"]),
    ] {
        let message = folder.refused(2, arguments);
        for part in expected {
            assert!(message.contains(part), "{arguments:?} is answered without `{part}`:\n{message}");
        }
    }
    // without a command: what there is
    let said = folder.say(&[]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    assert!(said.err.contains("Usage: foobar-sim <COMMAND>"), "{}", said.err);
}

#[test]
fn set_gets_the_same_messages_as_a_file() {
    let folder = Folder::with("x.toml", FIRST);
    for (option, expected) in [
        ("service.app.wrokers=3", &["service.app.wrokers: unknown key", "--set:1:1", "did you mean `workers`?"][..]),
        ("service.ap.workers=3", &["there is no service `ap`", "--set:1:1", "did you mean service.app?"]),
        ("traffic.visitors.rate=3", &["a rate needs its unit", "--set:1:23", "\"3/s\""]),
        ("bogus=1", &["bogus: unknown key", "use one of"]),
        ("simulation.runs=0", &["zero is not possible", "--set:1:17"]),
        ("name.x=1", &["`name` is a string, with nothing inside it"]),
        ("service.app.servers.3=web1", &["has 1 elements, counted from 0; there is no 3"]),
        ("service..workers=1", &["is not a dotted key"]),
        ("extends=y.toml", &["cannot be set on the command line"]),
    ] {
        folder.refuses(&["x.toml", "--set", option], expected);
    }
}

#[test]
fn a_trace_that_cannot_be_played() {
    let log = haproxy_log(500);
    let whole = gzip(log.as_bytes());
    let mut corrupt = whole.clone();
    let middle = corrupt.len() / 2;
    corrupt[middle..middle + 20].iter_mut().for_each(|byte| *byte ^= 0x5a);
    let late: String = (0..50).map(|i| haproxy_line("2026", 5000 + 10 * i)).collect();
    let unsorted = late + &haproxy_log(50);
    let far = haproxy_log(3) + &haproxy_line("9999", 40);
    for (content, more, expected) in [
        (&b""[..], "", &["log is empty", "traffic.recorded.file"][..]),
        (&gzip(b""), "", &["log: is empty", "traffic.recorded.file"]),
        (&whole[..whole.len() / 2], "", &["the gzip data ends in the middle of line", "copy the file again"]),
        (&corrupt, "", &["the data is damaged at line", "copy the file again"]),
        (
            unsorted.as_bytes(),
            "sort_buffer = 10",
            &["log:51: arrives 5.390 s before", "raise sort_buffer (now 10 lines), or sort"],
        ),
        (b"hello world\nhello moon\n", "", &["none of the 2 lines", "line 1", "hello world", "check `format`"]),
        (&[0x89, b'P', b'N', b'G', 0, 0, 1, 2, b'\n', 0xff, 0xfe], "", &["none of the 2 lines", "(not text)"]),
        (far.as_bytes(), "", &["log:4: the time stamp is out of range", "after 2200", "repair or remove the line"]),
    ] {
        let folder = Folder::with("x.toml", REPLAY.replace("MORE", more));
        folder.write("log", content);
        folder.refuses(&["x.toml"], &[expected, &["--> x.toml:13:8", "13 | file = \"log\""]].concat());
    }
    // on the command line as well
    let folder = Folder::with("x.toml", REPLAY.replace("MORE", ""));
    folder.write("log", haproxy_log(9));
    folder.write("other", b"hello world\n");
    folder.refuses(&["x.toml", "--set", "traffic.recorded.file=other"], &["--> --set", "traffic.recorded.file=other"]);
    let folder = Folder::with("x.toml", REPLAY.replace("MORE", ""));
    folder.refuses(&["x.toml"], &["there is no file log", "x.toml:13:8", "check the path"]);
    fs::create_dir(folder.path("log")).unwrap();
    folder.refuses(&["x.toml"], &["log is a directory", "x.toml:13:8"]);
}

#[test]
fn all_traces_that_cannot_be_played_are_named() {
    let second = "[traffic.other]\nprocess = \"trace\"\nfile = \"far\"\nformat = \"haproxy\"\notherwise = \"page\"";
    let folder = Folder::with("x.toml", REPLAY.replace("MORE", second));
    folder.write("log", "hello world\n");
    folder.write("far", haproxy_line("9999", 0));
    folder.refuses(
        &["x.toml"],
        &["traffic.recorded.file: log: none of the 1 lines", "x.toml:13:8", "traffic.other.file: far:1: ", "2 errors"],
    );
}

#[test]
fn the_trace_command_on_files_that_are_no_traces() {
    let folder = Folder::with("log", haproxy_log(500));
    let whole = gzip(haproxy_log(500).as_bytes());
    folder.write("empty.log", "");
    folder.write("half.log.gz", &whole[..whole.len() / 2]);
    folder.write("hello.log", "hello world\n");
    folder.write("picture.png", [0x89, b'P', b'N', b'G', 0, 0, 1, 2, b'\n', 0xff, 0xfe]);
    fs::create_dir(folder.path("logs")).unwrap();
    for (file, expected) in [
        ("lost.log", &["lost.log: no such file", "check the path"][..]),
        ("logs", &["logs: is a directory", "name one log file"]),
        ("empty.log", &["empty.log: is empty"]),
        ("half.log.gz", &["half.log.gz: the gzip data ends in the middle of line", "zcat"]),
        ("hello.log", &["the format is not known", "hello world", "haproxy, haproxy-clf, nginx, apache", "--format"]),
        ("picture.png", &["the format is not known", "(not text)"]),
    ] {
        for more in [&[][..], &["--json"], &["--convert", "out.csv"]] {
            let message = folder.refused(2, &[&["trace", file], more].concat());
            for part in expected {
                assert!(message.contains(part), "{file} is answered without `{part}`:\n{message}");
            }
        }
    }
    let message = folder.refused(2, &["trace", "log", "--convert", "log"]);
    assert!(message.contains("would replace the log itself"), "{message}");
    let message = folder.refused(1, &["trace", "log", "--convert", "logs"]);
    assert!(message.contains("a folder of that name is in the way"), "{message}");
    let message = folder.refused(1, &["trace", "log", "--convert", "log/out.csv"]);
    assert!(message.contains("cannot write log/out.csv: a file is in the way"), "{message}");
}

#[test]
fn a_trace_is_summarized_and_converted() {
    let folder = Folder::with("log", haproxy_log(500));
    assert!(folder.done(&["trace", "log"]).contains("500 requests"));
    let summary: serde_json::Value = serde_json::from_str(&folder.done(&["trace", "log", "--json"])).unwrap();
    assert_eq!(summary["requests"], 500);
    folder.done(&["trace", "log", "--convert", "out.csv"]);
    assert!(folder.done(&["trace", "out.csv"]).contains("500 requests"));
    assert_eq!(names(folder.0.path()), ["log", "out.csv"]);
}

#[test]
fn a_place_where_results_cannot_go_is_named_before_the_work() {
    // far too long to simulate, so this test ends only if the place is looked at first
    let folder = Folder::with("x.toml", FIRST.replace("\"5 s\"", "\"10000 h\""));
    folder.write("in_the_way", "mine");
    let long = "x".repeat(300);
    for (place, expected) in [
        ("in_the_way", "cannot create the folder in_the_way: a file is in the way; remove it or choose another"),
        ("in_the_way/results", "cannot create the folder in_the_way/results: a file is in the way"),
    ] {
        let message = folder.refused(1, &["run", "x.toml", "-o", place]);
        assert!(message.contains(expected), "{message}");
    }
    folder.write("x.toml", FIRST);
    // stdout has the result that could not be kept
    let said = folder.say(&["run", "x.toml", "-q", "-o", &long]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("the name is too long"), "{}", said.err);
    assert_eq!(names(folder.0.path()), ["in_the_way", "x.toml"]);
    assert_eq!(folder.read("in_the_way"), "mine");
}

#[test]
fn a_result_that_cannot_be_put_in_its_place_leaves_the_folder_as_it_was() {
    let folder = Folder::with("x.toml", FIRST);
    fs::create_dir_all(folder.path("results/utilization.svg")).unwrap();
    folder.write("results/summary.json", "of yesterday");
    let said = folder.say(&["run", "x.toml", "-o", "results"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("utilization.svg: a folder of that name is in the way; remove it"), "{}", said.err);
    assert!(said.out.contains("Latency of answered requests"), "the work is not lost");
    assert_eq!(names(&folder.path("results")), ["summary.json", "utilization.svg"]);
    assert_eq!(folder.read("results/summary.json"), "of yesterday");
}

/// A limit on the size of files stands for a disk that fills up halfway.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_halfway_leaves_nothing_half_written() {
    let folder = Folder::with("x.toml", FIRST);
    let script = "trap '' XFSZ; ulimit -f 2; exec \"$0\" run x.toml -o new/results";
    let mut limited = Command::new("sh");
    limited.args(["-c", script, env!("CARGO_BIN_EXE_foobar-sim")]).current_dir(folder.0.path());
    let output = limited.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.starts_with("error: cannot write into new/results: File too large"), "{err}");
    assert!(out.contains("Latency of answered requests") && !out.contains("Files"), "the work is not lost: {out}");
    assert_eq!(names(folder.0.path()), ["x.toml"]);
}

/// What is converted goes to the disk as it comes, so that a disk that fills up is met halfway.
#[cfg(target_os = "linux")]
#[test]
fn a_conversion_that_fills_the_disk_leaves_nothing() {
    let folder = Folder::with("log", haproxy_log(2000));
    folder.write("old.csv", "of yesterday");
    for target in ["new/out.csv", "old.csv"] {
        let script = format!("trap '' XFSZ; ulimit -f 2; exec \"$0\" trace log --convert {target}");
        let mut limited = Command::new("sh");
        limited.args(["-c", &script, env!("CARGO_BIN_EXE_foobar-sim")]).current_dir(folder.0.path());
        let output = limited.output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{err}");
        assert!(err.starts_with(&format!("error: cannot write {target}: File too large")), "{err}");
        assert_eq!(names(folder.0.path()), ["log", "old.csv"]);
        assert_eq!(folder.read("old.csv"), "of yesterday");
    }
}

/// `/dev/full` is the disk that is full, for one file and for stdout.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_no_panic() {
    let folder = Folder::with("x.toml", FIRST);
    folder.write("log", haproxy_log(20));
    let message = folder.refused(1, &["trace", "log", "--convert", "/dev/full"]);
    assert!(message.contains("cannot write /dev/full: the disk is full"), "{message}");
    for arguments in [&["validate", "x.toml"][..], &["trace", "log"], &["run", "x.toml", "--print-effective"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = folder.command(arguments).stdout(full).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{err}");
        assert!(err.starts_with("error: cannot write to standard output: "), "{err}");
        assert!(!err.contains("panicked"), "{err}");
    }
}

#[test]
fn help_and_version() {
    let folder = Folder::new();
    assert_eq!(folder.done(&["--version"]), format!("foobar-sim {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(folder.done(&["-V"]), folder.done(&["--version"]));
    for arguments in [&["--help"][..], &["-h"], &["help"]] {
        let help = folder.done(arguments);
        for part in ["Usage: foobar-sim", "run", "validate", "trace", "Examples:", "Exit codes:"] {
            assert!(help.contains(part), "{arguments:?} is answered without `{part}`:\n{help}");
        }
    }
    for command in ["run", "validate", "trace"] {
        assert!(folder.done(&[command, "--help"]).contains("Examples:"));
    }
}

#[test]
fn a_scenario_is_validated_and_nothing_is_written() {
    let folder = Folder::with("x.toml", FIRST);
    let out = folder.done(&["validate", "x.toml"]);
    let expected = "x.toml is valid: 1 server, 1 service, 1 request class, 1 traffic source; 2 runs of 5 s\n";
    assert_eq!(out, expected);
    assert_eq!(names(folder.0.path()), ["x.toml"]);
}

#[test]
fn what_has_no_effect_is_told() {
    let folder =
        Folder::with("x.toml", FIRST.replace("[service.app]", "memory = \"1 GiB\"\n[server.spare]\n[service.app]"));
    let said = folder.done(&["validate", "x.toml"]);
    assert!(said.contains("warning: server.spare has no effect: no service is on it\n  put a service there"), "{said}");
    let expected = "server.web1.memory has no effect: no service there says what it keeps in memory";
    assert!(said.contains(expected), "{said}");
    let summary = folder.done(&["run", "x.toml", "-q", "--format", "json", "-o", "results"]);
    assert!(summary.contains(expected) && summary.contains("\"without_effect\""), "{summary}");
}

#[test]
fn a_fault_that_comes_to_nothing_is_told_at_its_line() {
    let faults = "\n[[fault]]\nat = \"1 s\"\npower_off = \"web1\"\n\n[[fault]]\nat = \"2 s\"\nlasts = \"1 s\"\n\
                  kill = { service = \"app\" }\n\n[[fault]]\nat = \"5 s\"\nhang = { service = \"app\" }\n";
    let folder = Folder::with("x.toml", format!("{}{faults}", FIRST));
    let first = FIRST.lines().count() + 4;
    let within = format!(
        "fault 2 (x.toml:{}) changes nothing: web1 has no power already, by fault 1 (x.toml:{first})",
        first + 5
    );
    let late = format!("fault 3 (x.toml:{}) comes when the run is over", first + 8);
    let said = folder.done(&["validate", "x.toml"]);
    assert!(said.contains(&format!("warning: {within}\n  let it happen when the other is over")), "{said}");
    assert!(said.contains(&format!("warning: {late}\n  let it happen earlier")), "{said}");
    let run = |length: &str| {
        let set = format!("simulation.duration={length}");
        folder.done(&["run", "x.toml", "-q", "--format", "json", "-o", "results", "--set", &set])
    };
    let summary = run("5 s");
    assert!(summary.contains(&within) && summary.contains("\"fault_within_another\""), "{summary}");
    assert!(summary.contains(&late) && summary.contains("\"fault_after_the_end\""), "{summary}");
    // the hang of a server without power is nothing either, however long the run
    let summary = run("6 s");
    assert!(!summary.contains("fault_after_the_end"), "{summary}");
    assert!(summary.contains(&format!("fault 3 (x.toml:{}) changes nothing", first + 9)), "{summary}");
}

#[test]
fn each_format_can_be_piped() {
    let folder = Folder::with("x.toml", FIRST);
    let run = |format: &str| folder.say(&["run", "x.toml", "-o", "results", "--format", format]);

    let said = run("json");
    assert_eq!((said.code, said.err.as_str()), (Some(0), "foobar-sim: results are in results\n"));
    let summary: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(said.out, folder.read("results/summary.json"));
    for part in [
        "schema_version",
        "scenario",
        "seed",
        "runs",
        "warmup_s",
        "measured_s",
        "verdict",
        "slo",
        "assumptions",
        "traffic",
        "stations",
        "replication",
        "incidents",
        "bottleneck",
        "checks",
        "warnings",
    ] {
        assert!(summary.get(part).is_some(), "summary.json has no {part}");
    }
    assert_eq!((summary["scenario"]["name"].as_str(), summary["runs"].as_u64()), (Some("first"), Some(2)));
    for class in ["all", "page"] {
        let class = &summary["traffic"][class];
        for part in ["offered", "attempts", "completed", "failed", "throughput_per_s", "availability", "failures"] {
            assert!(class.get(part).is_some(), "traffic has no {part}");
        }
        for latency in ["latency_ms", "latency_all_ms"] {
            for part in ["mean", "p50", "p90", "p95", "p99", "p99_9", "max"] {
                assert!(class[latency][part]["value"].is_f64(), "{latency}.{part}: {}", class[latency][part]);
            }
        }
    }
    for part in ["utilization", "queue_mean", "waiting_ms", "service_ms", "sojourn_ms", "throughput_per_s"] {
        assert!(summary["stations"]["web1.cpu"][part]["runs"].is_u64(), "stations have no {part}");
    }
    for part in ["station", "utilization", "max_rate_per_s"] {
        assert!(summary["bottleneck"].get(part).is_some(), "the bottleneck has no {part}");
    }

    let said = run("csv");
    let mut table = csv::ReaderBuilder::new().flexible(false).from_reader(said.out.as_bytes());
    let header = table.headers().unwrap().clone();
    assert_eq!(header.get(0), Some("t_s"), "{header:?}");
    let units = ["_s", "_ms", "_per_s", ".utilization", ".queue_mean"];
    assert!(header.iter().all(|column| units.iter().any(|unit| column.ends_with(unit))), "{header:?}");
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert!(
        rows.len() > 1 && rows.iter().all(|row| row.iter().all(|cell| cell.is_empty() || cell.parse::<f64>().is_ok()))
    );
    assert_eq!(said.out, folder.read("results/timeseries.csv"));

    let said = run("markdown");
    assert!(said.out.starts_with("# first\n") && said.out.contains("| web1.cpu |"), "{}", said.out);

    let said = run("text");
    assert_eq!(said.err, "");
    assert!(said.out.lines().all(|line| line.chars().count() <= 80), "{}", said.out);
    assert_eq!(
        names(&folder.path("results")),
        [
            "charts.json",
            "failures.svg",
            "latency-distribution.svg",
            "latency-over-time.svg",
            "manifest.json",
            "queues.svg",
            "report.html",
            "report.json",
            "summary.json",
            "summary.md",
            "throughput.svg",
            "time-spent.svg",
            "timeseries.csv",
            "topology.svg",
            "utilization.svg"
        ]
    );
}

#[test]
fn a_quiet_run_says_nothing_on_stderr() {
    let folder = Folder::with("x.toml", FIRST);
    for format in ["text", "json", "csv", "markdown"] {
        assert!(!folder.done(&["run", "x.toml", "-o", "results", "--quiet", "--format", format]).is_empty());
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let folder = Folder::with("x.toml", FIRST);
    folder.write("log", haproxy_log(20));
    for arguments in [
        &["run", "x.toml", "-q", "-o", "results"][..],
        &["run", "x.toml", "--print-effective"],
        &["explain-request", "x.toml"],
        &["export", "results"],
        &["validate", "x.toml"],
        &["trace", "log"],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = folder.command(arguments).stdout(writer).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{arguments:?}");
    }
    assert!(folder.path("results/summary.json").is_file());
}

#[test]
fn the_effective_scenario_can_be_run_again() {
    let folder = Folder::with("x.toml", FIRST);
    let effective = folder.done(&["run", "x.toml", "--print-effective", "--set", "service.app.workers=8"]);
    assert_eq!(names(folder.0.path()), ["x.toml"], "nothing is simulated");
    folder.write("effective.toml", effective);
    let summary = |arguments: &[&str]| -> serde_json::Value {
        let arguments = [&["run"], arguments, &["-q", "-o", "results", "--format", "json"]].concat();
        serde_json::from_str(&folder.done(&arguments)).unwrap()
    };
    let mut first = summary(&["x.toml", "--set", "service.app.workers=8"]);
    let mut again = summary(&["effective.toml"]);
    // what was a default is given now, so no default is left to be moved, and the text is another one
    for summary in [&mut first, &mut again] {
        for part in ["assumptions", "sensitivities"] {
            summary.as_object_mut().unwrap().remove(part).unwrap();
        }
        summary["scenario"].as_object_mut().unwrap().remove("sha256").unwrap();
    }
    assert_eq!(first, again);
}

/// Files that a scenario names relative to itself are found from wherever its effective form is kept.
#[test]
fn the_effective_scenario_can_be_kept_in_another_folder() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("in/logs")).unwrap();
    fs::create_dir(folder.path("out")).unwrap();
    let scenario = REPLAY
        .replace("\"exponential(1 ms)\"", "\"empirical(times.csv, serv_ms, ms)\"")
        .replace("\"log\"", "\"logs/log\"")
        .replace("MORE", "[traffic.others]\nprocess = \"poisson\"\nprofile = \"day.csv\"\nmix = { page = 1 }\n");
    folder.write("in/x.toml", format!("{scenario}\n[simulation]\nduration = \"5 s\"\nwarmup = \"0 s\"\n"));
    folder.write("in/logs/log", haproxy_log(500));
    folder.write("in/times.csv", "serv_ms\n1\n2\n6\n");
    folder.write("in/day.csv", "0,10\n5,50\n");
    folder.write("out/effective.toml", folder.done(&["run", "in/x.toml", "--print-effective"]));
    for (scenario, results) in [("in/x.toml", "first"), ("out/effective.toml", "again")] {
        folder.done(&["run", scenario, "-q", "-o", results]);
    }
    assert_eq!(folder.read("first/timeseries.csv"), folder.read("again/timeseries.csv"));
    let printed = folder.read("out/effective.toml");
    assert_eq!(printed.matches(folder.0.path().to_str().unwrap()).count(), 3, "{printed}");
    // results do not say where on a machine they come from
    let summary = folder.read("first/summary.json");
    assert!(!summary.contains(folder.0.path().to_str().unwrap()), "{summary}");
}

/// Every file but the manifest, whose command differs.
fn results(folder: &Folder, name: &str) -> Vec<(String, Vec<u8>)> {
    let root = folder.path(name);
    let files = names(&root).into_iter().filter(|file| file != "manifest.json");
    files.map(|file| (file.clone(), fs::read(root.join(file)).unwrap())).collect()
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let folder = Folder::with("x.toml", FIRST);
    for threads in ["1", "2"] {
        folder.done(&["run", "x.toml", "-q", "--runs", "3", "--threads", threads, "-o", threads]);
    }
    // the report says the command as well
    let report = |(name, content): (String, Vec<u8>)| match name.starts_with("report.") {
        true => {
            let text = String::from_utf8(content).unwrap();
            assert_eq!(text.matches("--threads ").count(), 1, "{name}");
            (name, text.replace("--threads 2 -o 2", "--threads 1 -o 1").into_bytes())
        }
        false => (name, content),
    };
    let of = |threads: &str| results(&folder, threads).into_iter().map(report).collect::<Vec<_>>();
    let (one, two) = (of("1"), of("2"));
    assert!(one.len() >= 5 && one == two);
}

#[test]
fn the_manifest_reproduces_the_result() {
    let folder = Folder::with("x.toml", FIRST);
    folder.done(&["run", "x.toml", "-q", "-o", "plain"]);
    folder.done(&["run", "x.toml", "-q", "-o", "runs", "--runs", "3"]);
    folder.done(&["run", "x.toml", "-q", "-o", "seed", "--seed", "7", "--set", "service.app.workers=8"]);
    let plain = results(&folder, "plain");
    for name in ["runs", "seed"] {
        let before = results(&folder, name);
        assert_ne!(before, plain, "{name}");
        let written = folder.read(&format!("{name}/manifest.json"));
        let manifest: serde_json::Value = serde_json::from_str(&written).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&folder.read(&format!("{name}/summary.json"))).unwrap();
        assert_eq!(manifest["seed"], summary["seed"]);
        assert_eq!(manifest["runs"], summary["runs"]);
        assert_eq!(manifest["scenario_sha256"], summary["scenario"]["sha256"]);
        assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
        let command: Vec<String> = serde_json::from_value(manifest["command"].clone()).unwrap();
        assert_eq!(command[0], "foobar-sim");
        fs::remove_dir_all(folder.path(name)).unwrap();
        folder.done(&command[1..].iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(results(&folder, name), before);
        assert_eq!(folder.read(&format!("{name}/manifest.json")), written);
    }
}

/// As Linux tells it; elsewhere nothing is known, and SIGINT is tried.
#[cfg(unix)]
fn ignores_interrupts(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 2 != 0)
}

/// ctrl-C; where the tests themselves run in the background, a child inherits SIGINT ignored, and SIGTERM stands
/// for it. How it ended, or its exit code where it was quicker.
#[cfg(unix)]
fn interrupt(child: &mut std::process::Child) -> (Option<i32>, Option<i32>, i32) {
    use std::os::unix::process::ExitStatusExt;
    let (name, number) = if ignores_interrupts(child.id()) { ("-TERM", 15) } else { ("-INT", 2) };
    let killed = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let status = child.wait().unwrap();
    (status.code(), status.signal(), number)
}

/// Its file and the folders that were made for it are there from its beginning on.
#[cfg(unix)]
#[test]
fn an_interrupted_conversion_leaves_nothing() {
    let folder = Folder::with("log", haproxy_log(300_000));
    let mut child = folder.command(&["trace", "log", "--convert", "new/folder/out.csv"]).spawn().unwrap();
    while !fs::read_dir(folder.path("new/folder")).is_ok_and(|mut entries| entries.next().is_some()) {
        assert!(child.try_wait().unwrap().is_none(), "the conversion has ended");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let (code, signal, sent) = interrupt(&mut child);
    assert_eq!((code, signal), (None, Some(sent)));
    assert_eq!(names(folder.0.path()), ["log"]);
}

#[cfg(unix)]
#[test]
fn what_a_killed_run_left_is_gone_after_the_next_one() {
    let folder = Folder::with("x.toml", FIRST);
    fs::create_dir(folder.path("results")).unwrap();
    folder.write("results/.foobar-sim-Ab3dEf.part", "half");
    folder.done(&["run", "x.toml", "-q", "-o", "results"]);
    let names = names(&folder.path("results"));
    assert!(names.contains(&"summary.json".to_string()) && !names[0].starts_with('.'), "{names:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing() {
    // it does not end by itself
    let folder = Folder::with("x.toml", FIRST.replace("\"5 s\"", "\"10000 h\""));
    let mut child = folder.command(&["run", "x.toml", "-o", "results"]).stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let (code, signal, sent) = interrupt(&mut child);
    assert_eq!((code, signal), (None, Some(sent)));
    assert_eq!(names(folder.0.path()), ["x.toml"]);
}

#[test]
fn charts_are_drawn_again_byte_for_byte() {
    let folder = Folder::with("x.toml", FIRST);
    folder.done(&["run", "x.toml", "-o", "results"]);
    let is_chart = |name: &String| name.ends_with(".svg");
    let charts: Vec<String> = names(&folder.path("results")).into_iter().filter(is_chart).collect();
    assert_eq!(charts.len(), 8);
    let said = folder.done(&["chart", "results", "--png", "-o", "again"]);
    assert_eq!(said.lines().count(), 2 * charts.len() + 1);
    let read = |file: String| fs::read(folder.path(&file)).unwrap();
    assert_eq!(read("results/report.html".into()), read("again/report.html".into()));
    for name in &charts {
        assert_eq!(read(format!("results/{name}")), read(format!("again/{name}")), "{name}");
        assert!(read(format!("again/{}", name.replace(".svg", ".png"))).starts_with(b"\x89PNG\r\n"), "{name}");
    }
    assert_eq!(folder.done(&["chart", "results", "--quiet"]), "");
}

#[test]
fn what_is_no_whole_result_is_not_drawn() {
    let folder = Folder::with("x.toml", FIRST);
    folder.done(&["run", "x.toml", "-o", "results"]);
    let whole = folder.read("results/charts.json");
    let before = names(&folder.path("results"));
    folder.write("results/throughput.svg", "of yesterday");
    let refused = |arguments: &[&str], why: &str| {
        let said = folder.say(arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments:?}: {}", said.err);
        assert!(said.err.contains(why) && said.err.lines().count() == 1, "{arguments:?}: {}", said.err);
        assert_eq!(folder.read("results/throughput.svg"), "of yesterday");
    };
    refused(&["chart", "nowhere"], "there is no such folder");
    refused(&["chart", "x.toml"], "this is a file, not the folder of a result");
    refused(&["chart", "."], "this is not the folder of a result");
    folder.write("results/charts.json", &whole[..whole.len() / 2]);
    refused(&["chart", "results"], "it is cut short or damaged");
    folder.write("results/charts.json", whole.replacen("\"charts_version\":1", "\"charts_version\":7", 1));
    refused(&["chart", "results"], "it is of version 7");
    folder.write("results/charts.json", &whole);
    let report = folder.read("results/report.json");
    folder.write("results/report.json", &report[..report.len() / 2]);
    refused(&["chart", "results"], "report.json: it is cut short or damaged");
    folder.write("results/report.json", report.replacen("\"report_version\":1", "\"report_version\":7", 1));
    refused(&["chart", "results"], "report.json: it is of version 7");
    assert_eq!(names(&folder.path("results")), before);
    folder.write("results/report.json", &report);
    fs::remove_file(folder.path("results/charts.json")).unwrap();
    refused(&["chart", "results"], "an older version made it");
}

#[test]
fn requests_of_the_experiments_own_runs_are_explained() {
    let folder = Folder::with("x.toml", FIRST);
    let run = |arguments: &[&str]| folder.done(&[&["explain-request", "x.toml", "-q"], arguments].concat());
    let text = run(&["--slowest", "3", "-o", "third", "--run", "3"]);
    assert!(text.contains("the 3 slowest of ") && text.contains("web1.cpu"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let files =
        ["explain.json", "explain.md", "manifest.json", "otlp.json", "report.html", "report.json", "trace-events.json"];
    assert_eq!(names(&folder.path("third")), files);
    for (format, file) in [("json", "explain.json"), ("markdown", "explain.md"), ("otlp", "otlp.json")] {
        assert_eq!(
            run(&["--run", "3", "--slowest", "3", "--format", format, "-o", "other"]),
            folder.read(&format!("third/{file}"))
        );
    }
    // the slowest request of the first run is the one that this run reports
    run(&["-o", "first"]);
    folder.done(&["run", "x.toml", "-q", "-o", "results", "--runs", "1"]);
    let summary: serde_json::Value = serde_json::from_str(&folder.read("results/summary.json")).unwrap();
    let explained: serde_json::Value = serde_json::from_str(&folder.read("first/explain.json")).unwrap();
    let slowest = explained["requests"][0]["response_ns"].as_u64().unwrap() as f64 / 1e6;
    let most = summary["traffic"]["all"]["latency_ms"]["max"]["value"].as_f64().unwrap();
    assert!((slowest - most).abs() < 1e-6, "{slowest} {most}");
    assert_eq!(explained["warmup_s"], summary["warmup_s"]);
    assert!(run(&["--failed", "-o", "failed"]).contains("no failed request in run 1"));
    let said = folder.refused(2, &["explain-request", "x.toml", "--class", "order"]);
    assert!(said.contains("there is no request class \"order\"; there are page"), "{said}");
    assert!(folder.refused(2, &["explain-request", "x.toml", "--slowest", "0"]).contains("at least 1 request"));
}

#[test]
fn a_stored_run_is_exported_for_prometheus_and_grafana() {
    let folder = Folder::with("x.toml", FIRST);
    folder.done(&["run", "x.toml", "-q", "-o", "results"]);
    let said = folder.done(&["export", "results", "--time-zero", "1700000000"]);
    assert_eq!(said.lines().count(), 2);
    let metrics = folder.read("results/openmetrics.txt");
    assert!(
        metrics
            .contains("foobar_sim_station_utilization_ratio{scenario=\"first\",station=\"web1.cpu\",server=\"web1\"} "),
        "{metrics}"
    );
    assert!(metrics.ends_with("# EOF\n") && metrics.contains(" 17000000"));
    assert!(folder.read("results/grafana.json").contains("foobar_sim_class_latency_seconds"));
    for (arguments, expected) in
        [(["export", "nowhere"], "there is no such folder"), (["export", "."], "there is no summary.json here")]
    {
        assert!(folder.refused(2, &arguments).contains(expected));
    }
}

#[test]
fn a_verbose_run_shows_everything_and_how_long_it_took() {
    let folder = Folder::with("x.toml", FIRST);
    let said = folder.say(&["run", "x.toml", "-o", "results", "--verbose", "--runs", "2"]);
    assert_eq!(said.code, Some(0));
    let plain = folder.done(&["run", "x.toml", "-o", "results", "--quiet", "--runs", "2"]);
    assert!(said.out.len() > plain.len() && said.out.contains("Assumptions"), "{}", said.out);
    for phase in ["read the scenario ", "simulate ", "write and draw "] {
        assert!(said.err.contains(phase), "{}", said.err);
    }
    assert!(folder.refused(2, &["run", "x.toml", "-q", "-v"]).contains("cannot be used with"));
}

#[test]
fn colours_are_forced_and_forbidden() {
    let folder = Folder::with("x.toml", FIRST);
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = folder.command(&["run", "x.toml", "-q", "--runs", "1"]);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(!coloured(&[]) && coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}
