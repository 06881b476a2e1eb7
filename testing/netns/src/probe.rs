//! Asking for a web page every few milliseconds, from inside the client machine.

use std::{
    collections::VecDeque,
    fmt,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    os::fd::OwnedFd,
    path::Path,
    process::{Child, ChildStdin, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fd::AsFd,
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt},
};

use crate::RunningNode;

/// How long one request may take: several intervals, and well below what tells a user that something is wrong.
const LIMIT: Duration = Duration::from_millis(400);

/// What came back for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The first line of the page.
    Page(String),
    /// A web server that has no page for us, by its status code.
    Status(String),
    /// The address is there, but no web server.
    Refused,
    /// Nothing, or an error of the network.
    None,
}

/// One request and its answer; times are of the machine's clock.
#[derive(Clone, Debug)]
pub struct Probe {
    /// When it was sent.
    pub sent: SystemTime,
    /// When the answer was there, or it was given up.
    pub answered: SystemTime,
    /// What came back.
    pub answer: Answer,
}

/// Runs requests in the background until it is dropped.
pub struct Prober {
    child: Child,
    lifeline: Option<ChildStdin>,
    probes: Arc<Mutex<Vec<Probe>>>,
    reader: Option<JoinHandle<()>>,
}

impl Prober {
    pub(crate) fn start(
        client: &RunningNode,
        helper: &Path,
        address: &str,
        interval: Duration,
    ) -> Result<Self> {
        let interval = interval.as_millis().to_string();
        let helper = helper.display().to_string();
        let words = [helper.as_str(), "netns-probe", address, interval.as_str()];
        let mut command = client.interactive(&words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let lifeline = child.stdin.take();
        let stdout = child.stdout.take().context("the prober has no standard output")?;
        let probes = Arc::new(Mutex::new(Vec::new()));
        let reader = std::thread::spawn({
            let probes = Arc::clone(&probes);
            move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if let Some(probe) = parse_line(&line) {
                        probes.lock().unwrap_or_else(PoisonError::into_inner).push(probe);
                    }
                }
            }
        });
        Ok(Self { child, lifeline, probes, reader: Some(reader) })
    }

    /// Everything so far, in the order of the answers.
    pub fn probes(&self) -> Vec<Probe> {
        self.probes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first request that was sent after `since` and whose answer is as wanted.
    ///
    /// # Errors
    ///
    /// When there is none yet; the message tells the latest answer.
    pub fn first(&self, since: SystemTime, wanted: impl Fn(&Answer) -> bool) -> Result<Probe> {
        let probes = self.probes();
        let found =
            probes.iter().find(|p| p.answered > since && p.sent >= since && wanted(&p.answer));
        match (found, probes.last()) {
            (Some(probe), _) => Ok(probe.clone()),
            (None, Some(last)) => bail!("latest answer from the service: {}", last.answer),
            (None, None) => bail!("no answer from the prober yet"),
        }
    }

    /// The last good answer before `until`, if there was one.
    pub fn last_before(
        &self,
        until: SystemTime,
        wanted: impl Fn(&Answer) -> bool,
    ) -> Option<Probe> {
        self.probes().into_iter().rev().find(|p| p.answered <= until && wanted(&p.answer))
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.lifeline = None;
        // Started by us and not waited for yet; the reader ends with its pipe.
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(text) => write!(f, "page {text}"),
            Self::Status(code) => write!(f, "status {code}"),
            Self::Refused => f.write_str("refused"),
            Self::None => f.write_str("none"),
        }
    }
}

fn parse_line(line: &str) -> Option<Probe> {
    let mut words = line.splitn(4, ' ');
    let mut time = || Some(UNIX_EPOCH + Duration::from_nanos(words.next()?.parse().ok()?));
    let (sent, answered) = (time()?, time()?);
    let answer = match (words.next()?, words.next().unwrap_or_default()) {
        ("page", text) => Answer::Page(text.to_owned()),
        ("status", code) => Answer::Status(code.to_owned()),
        ("refused", _) => Answer::Refused,
        _ => Answer::None,
    };
    Some(Probe { sent, answered, answer })
}

/// A request on its way.
struct Request {
    socket: OwnedFd,
    sent: SystemTime,
    asked: bool,
    reply: Vec<u8>,
}

/// Asks every interval, whatever became of the requests before, until standard input ends.
pub(crate) fn main(arguments: &[&str]) -> Result<()> {
    let [address, interval] = arguments else {
        bail!("usage: netns-probe ADDRESS:PORT MILLISECONDS")
    };
    let address: SocketAddr = address.parse().context("not an address with a port")?;
    let interval = Duration::from_millis(interval.parse().context("not a number")?);
    let mut requests: VecDeque<Request> = VecDeque::new();
    let mut next = SystemTime::now();
    loop {
        let now = SystemTime::now();
        if now >= next {
            launch(address, &mut requests);
            // A late tick is not made up for: that would be a burst.
            next = (next + interval).max(now);
        }
        let wait = next.duration_since(SystemTime::now()).unwrap_or_default();
        if wait_for_events(&requests, wait)? {
            return Ok(());
        }
        requests.retain_mut(|request| match request.advance() {
            Some(answer) => {
                report(request.sent, &answer);
                false
            }
            None => true,
        });
    }
}

/// Waits for a socket, the next tick or the end of standard input; true for the last.
fn wait_for_events(requests: &VecDeque<Request>, wait: Duration) -> Result<bool> {
    let stdin = std::io::stdin();
    let mut waits = vec![PollFd::new(&stdin, PollFlags::IN)];
    for request in requests {
        let events = if request.asked { PollFlags::IN } else { PollFlags::OUT };
        waits.push(PollFd::from_borrowed_fd(request.socket.as_fd(), events));
    }
    let timeout =
        Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() };
    match poll(&mut waits, Some(&timeout)) {
        Ok(_) | Err(Errno::INTR) => Ok(!waits[0].revents().is_empty()),
        Err(error) => Err(error.into()),
    }
}

fn launch(address: SocketAddr, requests: &mut VecDeque<Request>) {
    let sent = SystemTime::now();
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let started =
        socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).and_then(|socket| {
            match connect(&socket, &address) {
                Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
                Err(error) => Err(error),
            }
        });
    match started {
        Ok(socket) => {
            requests.push_back(Request { socket, sent, asked: false, reply: Vec::new() });
        }
        Err(error) => report(sent, &of_error(error)),
    }
}

impl Request {
    /// Does what can be done without waiting; an answer ends the request.
    fn advance(&mut self) -> Option<Answer> {
        if !self.asked {
            match sockopt::socket_error(&self.socket) {
                Ok(Ok(())) => {}
                Ok(Err(error)) | Err(error) => return Some(of_error(error)),
            }
            match rustix::io::write(&self.socket, b"GET / HTTP/1.0\r\nHost: ha-web\r\n\r\n") {
                Ok(_) => self.asked = true,
                // Not connected yet.
                Err(Errno::AGAIN | Errno::NOTCONN) => {}
                Err(error) => return Some(of_error(error)),
            }
        }
        let mut buffer = [0; 4_096];
        while self.asked {
            match rustix::io::read(&self.socket, &mut buffer) {
                Ok(0) => return Some(of_reply(&self.reply)),
                Ok(length) => self.reply.extend_from_slice(&buffer[..length]),
                Err(Errno::AGAIN) => break,
                Err(error) => return Some(of_error(error)),
            }
        }
        let waited = self.sent.elapsed().unwrap_or_default();
        (waited > LIMIT).then_some(Answer::None)
    }
}

fn of_error(error: Errno) -> Answer {
    if error == Errno::CONNREFUSED { Answer::Refused } else { Answer::None }
}

fn of_reply(reply: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(reply);
    let status = text.split_whitespace().nth(1).unwrap_or_default();
    match text.split_once("\r\n\r\n") {
        Some((_, body)) if status == "200" => {
            Answer::Page(body.lines().next().unwrap_or_default().to_owned())
        }
        _ if status.is_empty() => Answer::None,
        _ => Answer::Status(status.to_owned()),
    }
}

fn report(sent: SystemTime, answer: &Answer) {
    let number = |t: SystemTime| t.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    // Nobody reads any more: standard input ends in the same moment.
    let _ = writeln!(std::io::stdout(), "{} {} {answer}", number(sent), number(SystemTime::now()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_means_what_was_written() {
        let probe =
            parse_line("1000000000 1500000000 page node1 - ha-web1 : works").expect("a probe");
        assert_eq!(probe.answered.duration_since(probe.sent).expect("later").as_millis(), 500);
        assert_eq!(probe.answer, Answer::Page("node1 - ha-web1 : works".into()));
        assert_eq!(parse_line("1 2 refused").expect("a probe").answer, Answer::Refused);
        assert!(parse_line("noise").is_none());
    }

    #[test]
    fn replies_are_told_apart() {
        assert_eq!(
            of_reply(b"HTTP/1.1 200 OK\r\na: b\r\n\r\nhello\nmore"),
            Answer::Page("hello".into())
        );
        assert_eq!(of_reply(b"HTTP/1.1 502 Bad\r\n\r\n"), Answer::Status("502".into()));
        assert_eq!(of_reply(b""), Answer::None);
    }
}
