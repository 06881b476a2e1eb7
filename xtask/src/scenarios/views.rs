//! What follows a cluster: on a terminal, in a file, and for a program of the user's.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use anyhow::{Context, Result, ensure};
use netns::wait_until;

use crate::bed::{Bed, LIMIT};

/// A resource that can be made to fail by removing a file.
const DUMMY: &str = r#"<primitive id="D1" class="ocf" provider="pacemaker" type="Dummy"><operations>
<op id="D1-monitor-1s" name="monitor" interval="1s" timeout="20s"/></operations></primitive>"#;

/// Appends what it is told to a file, one line a time.
const AGENT: &str = "#!/bin/sh\nexec 9>>/root/told; flock 9; echo \
                     \"$CRM_notify_recipient|$CRM_notify_rsc|$CRM_notify_task|$CRM_notify_node|$CRM_notify_rc|$CRM_notify_desc\" >&9\n";

/// Keeps up with a failure, a node in standby and an end of the cluster below it.
pub(super) fn live(bed: &mut Bed) -> Result<()> {
    let node = bed.any()?;
    bed.create("resources", DUMMY)?;
    let place = bed.wait_started("D1")?;
    bed.wait_idle()?;
    let mut screen = Screen::open(bed, &node, "crm_mon", (24, 80))?;
    screen.wait("Started")?;
    follow_page(bed, &node)?;

    let state = bed.cluster.node(&place)?.live_file("/run/Dummy-D1.state");
    fs::remove_file(&state).with_context(|| state.display().to_string())?;
    screen.wait("D1 1s-interval monitor on")?;
    told(bed, &node, &format!("somebody|D1|monitor|{place}|7|not running"))?;
    told(bed, &node, &format!("somebody|D1|start|{place}|0|OK"))?;

    let standby = ["crm_standby", "--node", &place, "--update", "on"];
    bed.run(&node, &standby)?;
    screen.wait(&format!("Node {place}: standby"))?;
    told(bed, &node, &format!("somebody|D1|stop|{place}|0|OK"))?;
    page(bed, &node, "class=\"standby\"")?;
    bed.run(&node, &["crm_standby", "--node", &place, "--delete"])?;

    // Keys change what is shown, in the help as well as behind it.
    screen.press("?")?;
    screen.wait("switches (* is on)")?;
    screen.press("n?")?;
    screen.wait(&format!("Node {node}: online"))?;
    screen.resize(10, 40)?;
    screen.wait(" 1-9 of ")?;
    screen.resize(50, 200)?;

    bed.cluster.stop_stack(&node)?;
    screen.wait("No connection since")?;
    page(bed, &node, "Not connected")?;
    bed.cluster.start_stack(&node)?;
    bed.wait_members(&bed.cluster.live())?;
    // The first line counts problems again, of which there is always one: fencing is off.
    screen.wait("problem")?;
    page(bed, &node, "Started ha-web")?;
    screen.press("q")?;
    screen.ended()?;

    for (view, end) in [("cardea top", "\u{3}"), ("crm_mon", "TERM")] {
        let mut screen = Screen::open(bed, &node, view, (50, 200))?;
        screen.wait("Node List:")?;
        match end {
            "TERM" => bed.run(&node, &["pkill", "-TERM", "-n", "-x", view]).map(drop)?,
            keys => screen.press(keys)?,
        }
        screen.ended()?;
    }
    bed.run(&node, &["sh", "-c", "kill $(cat /root/view.pid)"])?;
    let piped = bed.run(&node, &["crm_mon"])?.stdout;
    ensure!(piped.contains("Node List:") && !piped.contains('\u{1b}'), "{piped:?}");
    bed.clear("resources")
}

/// Starts what keeps a page and tells the user's program.
fn follow_page(bed: &Bed, node: &str) -> Result<()> {
    let agent = bed.cluster.file(node, "/root/agent");
    fs::write(&agent, AGENT).with_context(|| agent.display().to_string())?;
    fs::set_permissions(&agent, fs::Permissions::from_mode(0o755))?;
    let words = "crm_mon --daemonize --output-as=html --output-to=/root/page.html --pid-file=/root/view.pid --interval=1 \
                 --external-agent=/root/agent --external-recipient=somebody --watch-fencing";
    bed.run(node, &words.split_whitespace().collect::<Vec<_>>())?;
    // The file with the number is there as soon as the command has ended.
    bed.run(node, &["sh", "-c", "kill -0 $(cat /root/view.pid)"])?;
    page(bed, node, "D1")
}

/// Waits until the page has a text.
fn page(bed: &Bed, node: &str, text: &str) -> Result<()> {
    wait_until(&format!("{text:?} on the page"), LIMIT, || {
        let page = fs::read_to_string(bed.cluster.file(node, "/root/page.html"))?;
        ensure!(page.contains(text) && page.trim_end().ends_with("</html>"), "{page}");
        Ok(())
    })
}

/// Waits until the user's program has been told something.
fn told(bed: &Bed, node: &str, line: &str) -> Result<()> {
    wait_until(&format!("the agent to be told {line:?}"), LIMIT, || {
        let told = fs::read_to_string(bed.cluster.file(node, "/root/told"))?;
        ensure!(told.lines().any(|l| l == line), "{told}");
        Ok(())
    })
}

/// A view on a pseudo terminal, which `script` makes. All that it has written since the last thing that was waited for is
/// kept.
struct Screen<'a> {
    bed: &'a Bed,
    node: &'a str,
    child: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    written: String,
}

/// Runs the view with the modes of the terminal noted before and behind it.
const ON_TERMINAL: &str = "stty rows $LINES cols $COLUMNS; tty > /root/tty; stty -g > /root/before; $VIEW; \
                           echo $? > /root/status; stty -g > /root/after";

impl<'a> Screen<'a> {
    fn open(bed: &'a Bed, node: &'a str, view: &str, (lines, columns): (u16, u16)) -> Result<Self> {
        let (lines, columns) = (format!("LINES={lines}"), format!("COLUMNS={columns}"));
        let view = format!("VIEW={view}");
        let words = ["env", "TERM=xterm", &lines, &columns, &view];
        let script = ["script", "--quiet", "--flush", "--command", ON_TERMINAL, "/dev/null"];
        let mut command = bed.cluster.node(node)?.interactive(&[&words[..], &script].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let keys = child.stdin.take().context("no keys")?;
        let screen = child.stdout.take().context("no screen")?;
        rustix::io::ioctl_fionbio(&screen, true)?;
        Ok(Self { bed, node, child, keys, screen, written: String::new() })
    }

    fn resize(&self, lines: u16, columns: u16) -> Result<()> {
        let words = format!("stty -F $(cat /root/tty) rows {lines} cols {columns}");
        self.bed.run(self.node, &["sh", "-c", &words]).map(drop)
    }

    fn press(&mut self, keys: &str) -> Result<()> {
        self.keys.write_all(keys.as_bytes())?;
        self.keys.flush().map_err(Into::into)
    }

    fn read(&mut self) {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = rustix::io::read(&self.screen, &mut bytes) {
            let part = bytes.get(..count).unwrap_or_default();
            self.written.push_str(&String::from_utf8_lossy(part));
        }
    }

    /// Waits until the view has written a text, and forgets what it has written until then.
    fn wait(&mut self, text: &str) -> Result<()> {
        wait_until(&format!("{text:?} on the screen"), LIMIT, || {
            self.read();
            let plain = without_styles(&self.written);
            ensure!(plain.contains(text), "{plain}");
            Ok(())
        })?;
        self.written.clear();
        Ok(())
    }

    /// Waits for the end of the view, which is to leave the terminal as it was.
    fn ended(mut self) -> Result<()> {
        wait_until("the view to end", LIMIT, || {
            self.read();
            self.child.try_wait()?.context("it has not ended")
        })?;
        self.read();
        let end = self.written.trim_end();
        ensure!(end.ends_with("\x1b[?25h\x1b[?1049l"), "the screen is not given back: {end:?}");
        let noted = |name: &str| {
            let path = self.bed.cluster.file(self.node, name);
            fs::read_to_string(&path).with_context(|| path.display().to_string())
        };
        let (status, before) = (noted("/root/status")?, noted("/root/before")?);
        ensure!(status.trim() == "0", "it ended with {status}");
        let after = noted("/root/after")?;
        ensure!(before == after, "the terminal was {before:?} and is {after:?}");
        Ok(())
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        // A view that has not ended by itself loses its terminal, which ends it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is seen of a text with sequences for a terminal. Where the cursor is moved a new line begins.
fn without_styles(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        let end = after.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(after.len());
        if after.get(end..=end) == Some("H") {
            plain.push('\n');
        }
        rest = after.get(end + 1..).unwrap_or_default();
    }
    plain + rest
}
