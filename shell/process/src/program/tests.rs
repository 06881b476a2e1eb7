use std::time::Duration;

use super::*;

fn shell(script: &str) -> Program {
    Program { arguments: vec!["-c".into(), script.into()], ..Program::new("/bin/sh") }
}

async fn output(program: Program) -> (ExitKind, String, String) {
    let exit = start(program).1.await.unwrap();
    let text = |capture: &Capture| String::from_utf8(capture.bytes().to_vec()).unwrap();
    (exit.kind, text(&exit.stdout), text(&exit.stderr))
}

/// Whether a process of that number exists and is no zombie.
fn is_alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z')
    })
}

async fn wait_until_gone(pid: &str) {
    while is_alive(pid) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn both_outputs_and_the_status_are_kept() {
    let (kind, stdout, stderr) = output(shell("echo out; echo err >&2; exit 7")).await;
    assert_eq!((kind, &*stdout, &*stderr), (ExitKind::Status(7), "out\n", "err\n"));
}

#[tokio::test]
async fn the_program_reads_its_input_to_the_end() {
    let input = "line\n".repeat(100_000).into_bytes();
    let (kind, stdout, _) = output(Program { input, ..shell("wc -l") }).await;
    assert_eq!((kind, stdout.trim()), (ExitKind::Status(0), "100000"));
}

#[tokio::test]
async fn a_program_that_does_not_read_its_input_ends_all_the_same() {
    let input = vec![b'x'; 1 << 20];
    let (kind, ..) = output(Program { input, ..shell("exit 3") }).await;
    assert_eq!(kind, ExitKind::Status(3));
}

#[tokio::test]
async fn output_without_end_is_read_and_cut() {
    let program =
        Program { stdout: (Keep::Last, 1_000), ..shell("head -c 50000000 /dev/zero; printf end") };
    let exit = start(program).1.await.unwrap();
    assert!(exit.stdout.is_cut());
    assert_eq!(exit.stdout.bytes().len(), 1_000);
    assert!(exit.stdout.bytes().ends_with(b"end"));
}

#[tokio::test]
async fn a_child_that_keeps_the_pipes_open_is_not_waited_for() {
    let (kind, stdout, _) = output(shell("sleep 1000 & echo $!")).await;
    assert_eq!(kind, ExitKind::Status(0));
    let pid = stdout.trim();
    assert!(is_alive(pid), "what an agent starts outlives it");
    let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::KILL).unwrap();
}

/// Starts a program that writes its child's number into a file and hangs; gives that number back.
async fn hanging(script: &str) -> (Handle, tokio::task::JoinHandle<Result<Exit, Failure>>, String) {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("process-{}-{count}", std::process::id()));
    let (handle, running) = start(shell(&script.replace("FILE", path.to_str().unwrap())));
    let running = tokio::task::spawn(running);
    let pid = loop {
        match std::fs::read_to_string(&path) {
            Ok(text) if text.ends_with('\n') => break text.trim().to_owned(),
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    std::fs::remove_file(&path).unwrap();
    (handle, running, pid)
}

#[tokio::test]
async fn ending_means_children_too() {
    let (handle, running, child) = hanging("sleep 1000 & echo $! > FILE; wait").await;
    handle.end(Order { strength: Strength::Kill, whole_group: true });
    assert_eq!(running.await.unwrap().unwrap().kind, ExitKind::Signal(9));
    wait_until_gone(&child).await;
}

#[tokio::test]
async fn children_that_ignore_the_request_to_end_go_when_their_leader_goes() {
    let script = "(trap '' TERM; sleep 1000) & echo $! > FILE; exec sleep 1000";
    let (handle, running, child) = hanging(script).await;
    handle.end(Order { strength: Strength::Terminate, whole_group: true });
    assert_eq!(running.await.unwrap().unwrap().kind, ExitKind::Signal(15));
    wait_until_gone(&child).await;
}

#[tokio::test]
async fn only_the_leader_is_ended_if_so_ordered() {
    let (handle, running, child) = hanging("sleep 1000 & echo $! > FILE; wait").await;
    handle.end(Order { strength: Strength::Kill, whole_group: false });
    running.await.unwrap().unwrap();
    assert!(is_alive(&child));
    let pid = Pid::from_raw(child.parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::KILL).unwrap();
}

#[tokio::test]
async fn an_order_before_the_program_is_there_is_not_lost() {
    let (handle, running) = start(shell("sleep 1000"));
    handle.end(Order { strength: Strength::Kill, whole_group: true });
    assert_eq!(running.await.unwrap().kind, ExitKind::Signal(9));
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let failure = |path: &str| start(Program::new(path)).1;
    assert!(matches!(failure("/no/such").await, Err(Failure::NotInstalled(_))));
    assert!(matches!(failure("/etc/passwd").await, Err(Failure::NotAllowed(_))));
}

#[tokio::test]
async fn no_zombie_is_left() {
    let (_, stdout, _) = output(shell("echo $$")).await;
    assert!(!std::path::Path::new(&format!("/proc/{}", stdout.trim())).exists());
}
