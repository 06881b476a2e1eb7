//! The view that somebody watches.

use std::{
    io,
    process::ExitCode,
    time::{Duration, Instant},
};

use client::cib::Cib;
use present::live::{Connection, Picture, Reaction, View};
use vocab::ToolExit;

use super::{
    TOOL, TOP,
    gather::{Found, Source},
    terminal::{Terminal, Woken},
};
use crate::frame::{self, Stop, exit_code};

/// How often the time that is shown goes on, and the size of the terminal is looked at.
const TICK: Duration = Duration::from_secs(1);

/// The least time between two looks at the cluster, however much happens in it.
const CALM: Duration = Duration::from_millis(250);

/// Shows the cluster on the terminal until somebody has seen enough.
pub(super) fn watch(source: &Source, interval: Duration, for_people: bool) -> ExitCode {
    let tool = if for_people { &TOP } else { &TOOL };
    let terminal = match Terminal::open() {
        Ok(terminal) => terminal,
        Err(error) => {
            let message = format!("the terminal cannot be used: {error}");
            return frame::complain(tool, &message, ToolExit::IoError);
        }
    };
    let mut watcher = Watcher {
        view: View::new(source.show().clone()),
        source,
        connection: None,
        state: Connection::Connected,
        found: None,
        looked: None,
        changed: true,
    };
    match watcher.run(terminal, interval) {
        Ok(()) => exit_code(ToolExit::Ok),
        Err(error) => frame::complain(tool, &error.to_string(), ToolExit::IoError),
    }
}

struct Watcher<'a> {
    view: View,
    source: &'a Source,
    connection: Option<Cib>,
    state: Connection,
    found: Option<Found>,
    /// When the cluster was looked at last.
    looked: Option<Instant>,
    /// Whether it has changed since then, or somebody asked.
    changed: bool,
}

impl Watcher<'_> {
    fn run(&mut self, mut terminal: Terminal, interval: Duration) -> io::Result<()> {
        loop {
            let since = self.looked.map_or(interval, |looked| looked.elapsed());
            let due = if self.changed { CALM } else { interval };
            if since >= due {
                // Connecting may take its time: what is known is shown meanwhile.
                if self.connection.is_none() {
                    self.draw(&mut terminal)?;
                }
                self.look();
            }
            self.draw(&mut terminal)?;
            let since = self.looked.map_or(Duration::ZERO, |looked| looked.elapsed());
            let due = if self.changed { CALM } else { interval };
            let limit = due.saturating_sub(since).clamp(Duration::from_millis(10), TICK);
            // Changes that are known of already are no reason to wake up again.
            let other = self.connection.as_ref().filter(|_| !self.changed);
            match terminal.wait(other.and_then(Cib::event_fd), limit)? {
                Woken::Keys(keys) => {
                    for key in keys {
                        match self.view.press(key) {
                            Reaction::Quit => return Ok(()),
                            Reaction::Look => self.changed = true,
                            Reaction::Draw => {}
                        }
                    }
                }
                Woken::Other => self.changed = true,
                Woken::Nothing => {}
            }
        }
    }

    fn draw(&mut self, terminal: &mut Terminal) -> io::Result<()> {
        let size = terminal.size();
        let status = self.found.as_ref().map(|found| &found.status);
        let picture = Picture { status, connection: &self.state, now: frame::now() };
        terminal.draw(self.view.draw(&picture, size), size)
    }

    /// Looks at the cluster, after connecting to it if need be.
    fn look(&mut self) {
        self.looked = Some(Instant::now());
        self.changed = false;
        match self.try_look() {
            Ok(found) => {
                self.state = Connection::Connected;
                let (nodes, resources) = (found.show.nodes.clone(), found.show.resources.clone());
                self.view.set_filters(nodes, resources);
                self.found = Some(found);
            }
            Err(Stop { message, .. }) => {
                self.connection = None;
                let since = match &self.state {
                    Connection::Lost { since, .. } => *since,
                    Connection::Connected => frame::now(),
                };
                let why = message.unwrap_or_default();
                self.state = Connection::Lost { since, why };
            }
        }
    }

    fn try_look(&mut self) -> Result<Found, Stop> {
        let connection = match &mut self.connection {
            Some(connection) => {
                // All that is waiting is told by one look.
                while connection
                    .next_notification(Duration::ZERO)
                    .map_err(|error| Stop::new(error.to_string(), error.exit()))?
                    .is_some()
                {}
                connection
            }
            None => self.connection.insert(self.source.subscribe()?),
        };
        self.source.look(connection)
    }
}
