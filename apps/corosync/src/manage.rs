//! The daemon's own life: leaving, reading the configuration again, what clients change.

use std::{collections::BTreeMap, thread};

use cmap::{Concern, MapId, Value};
use ipc::ClientId;
use runtime::{Remembered, Severity, Stored};
use tokio::sync::mpsc;
use wire::{
    corosync::{Status, cfg::Answered},
    exec::{Channel, Outgoing, Service},
};

use crate::{
    cfg,
    daemon::{Daemon, Due},
    exit::Exit,
    journal,
    load::{LoadError, Loaded, load},
    transport::Transport,
};

/// A configuration that was asked for.
#[derive(Debug)]
pub(crate) struct Reload {
    /// Who has to be answered, if it is a client here.
    client: Option<ClientId>,
    result: Result<Loaded, LoadError>,
}

/// Configurations on their way from the thread that reads them.
#[derive(Debug)]
pub(crate) struct Reloads {
    pub(crate) tell: mpsc::UnboundedSender<Reload>,
    pub(crate) done: mpsc::UnboundedReceiver<Reload>,
}

impl Reloads {
    pub(crate) fn new() -> Self {
        let (tell, done) = mpsc::unbounded_channel();
        Self { tell, done }
    }
}

impl Daemon {
    /// A number is on disk, or is not.
    pub(crate) fn on_stored(&mut self, stored: Stored) {
        match (stored.what, stored.result) {
            (Remembered::RingSequence { sequence, .. }, Ok(())) => {
                let input = totem::Input::RingSequenceStored(sequence);
                self.ring.handle(self.clock.now(), input, &mut self.out.ring);
                self.settle();
            }
            // Without it a ring's number might be used twice, and messages of two rings be taken for those of one.
            (Remembered::RingSequence { sequence, .. }, Err(error)) => {
                let text = format!("Couldn't store ring id {sequence:x} on disk: {error}");
                self.journal.log("MAIN", Severity::Error, text);
                self.end = Some(Exit::RingNumber);
            }
            (Remembered::ExpectedVotes(_), Ok(())) => {}
            (Remembered::ExpectedVotes(_), Err(error)) => {
                let text = format!("expected votes could not be stored: {error}");
                self.journal.log("VOTEQ", Severity::Warning, text);
            }
        }
    }

    /// Somebody asked the process to end.
    pub(crate) fn on_signal(&mut self) {
        if !self.is_leaving {
            self.journal.log("MAIN", Severity::Notice, "Node was shut down by a signal");
            self.leave();
            self.settle();
        }
    }

    /// Leaves the ring. What services have to say before that goes out first.
    pub(crate) fn leave(&mut self) {
        if self.is_leaving {
            return;
        }
        self.is_leaving = true;
        let _ = runtime::notify_stopping();
        // As if all processes ended, the newest first: members of their groups on other nodes hear of it before they hear
        // that the node is gone.
        let clients = self.endpoints.close(Service::Cpg);
        for client in clients.into_iter().rev() {
            self.on_disconnected(Service::Cpg, client);
        }
        self.quorum.handle(self.clock.now(), quorum::Input::Shutdown, &mut self.out.quorum);
        self.settle();
        self.leaves_after = Some(self.own.sent);
        // A ring that does not get on must not keep anybody.
        let token = self.leave_timer.arm(());
        self.deadlines.arm(Due::Leave, token, self.configuration.settings.timing().token);
        self.leave_if_heard();
    }

    /// Leaves once all that this node said has been heard: what it hears itself all others have.
    pub(crate) fn leave_if_heard(&mut self) {
        if self.leaves_after.is_some_and(|count| self.own.came_back >= count) {
            self.leave_now();
        }
    }

    /// Says goodbye and ends.
    pub(crate) fn leave_now(&mut self) {
        if self.end.is_none() {
            self.ring.handle(self.clock.now(), totem::Input::Leave, &mut self.out.ring);
            self.end = Some(Exit::Normal);
        }
    }

    pub(crate) fn on_cfg(&mut self, output: cfg::Output) {
        match output {
            cfg::Output::Answer(client, message) => {
                self.endpoints.answer(Service::Cfg, client, &message);
            }
            cfg::Output::Event(client, message) => {
                self.endpoints.event(Service::Cfg, client, &message);
            }
            cfg::Output::Broadcast(message) => {
                self.multicast(Outgoing::wrap(Channel::Services, &message.encode()));
            }
            cfg::Output::Arm(token, after) => self.deadlines.arm(Due::Shutdown, token, after),
            cfg::Output::NodeShutDown(node) => {
                let text = format!("Node {node} was shut down by sysadmin");
                self.journal.log("CFG", Severity::Notice, text);
            }
            cfg::Output::Shutdown => self.leave(),
            cfg::Output::Die { by, reason } => {
                let text = format!("Killed by node {by} : {reason}");
                self.journal.log("CFG", Severity::Notice, text);
                self.end = Some(Exit::Fatal);
            }
            cfg::Output::Reload { by, client } => {
                let text = format!("Config reload requested by node {by}");
                self.journal.log("CFG", Severity::Notice, text);
                self.begin_reload(client);
            }
            cfg::Output::UseNewKey => self.rekey(links::Rekey::Activate),
            cfg::Output::ForgetOldKey => self.rekey(links::Rekey::Retire),
            cfg::Output::ReopenLogs(client) => {
                self.journal.reopen();
                let answer = Answered::ReopenLogs.encode(Status::OK);
                self.endpoints.answer(Service::Cfg, client, &answer);
            }
        }
    }

    fn rekey(&mut self, step: links::Rekey) {
        let input = links::Input::Rekey(step);
        self.transport.handle(self.clock.now(), input, &mut self.out.links);
    }

    /// Has the configuration read by another thread: names may take their time.
    fn begin_reload(&mut self, client: Option<ClientId>) {
        self.set_key("config.totemconfig_reload_in_progress", Value::U8(1));
        let (path, tell) = (self.path.clone(), self.reloads.tell.clone());
        let (told, is_told) = std::sync::mpsc::channel();
        let spawned = thread::Builder::new().name("reload".to_owned()).spawn(move || {
            // The daemon is gone if nobody takes it.
            let _ = tell.send(Reload { client, result: load(&path) });
            let _ = told.send(());
        });
        if let Err(error) = spawned {
            let text = format!("Unable to reload config file: {error}");
            self.journal.log("CFG", Severity::Error, text);
            self.end_reload(client, Status::LIBRARY, false);
            return;
        }
        // Other nodes seal with a new key when they have the token next, and forget the old one the time after: until then
        // this node has to know the new one. Names that take longer must not cost the ring its token.
        let _ = is_told.recv_timeout(self.configuration.settings.timing().token / 4);
        if let Ok(reload) = self.reloads.done.try_recv() {
            self.on_reload(reload);
        }
    }

    /// The configuration has been read again.
    pub(crate) fn on_reload(&mut self, reload: Reload) {
        let (status, crypto_changed) = match reload.result {
            Ok(loaded) => self.take_over(loaded),
            Err(error) => {
                let text = format!("Unable to reload config file: {error}");
                self.journal.log("CFG", Severity::Error, text);
                (Status::INVALID_PARAMETER, false)
            }
        };
        self.end_reload(reload.client, status, crypto_changed);
    }

    fn end_reload(&mut self, client: Option<ClientId>, status: Status, crypto_changed: bool) {
        self.set_key("config.reload_status", Value::I32(status.0));
        self.set_key("config.totemconfig_reload_in_progress", Value::U8(0));
        self.set_key("config.reload_in_progress", Value::U8(0));
        let input = cfg::Input::Reloaded { client, status, crypto_changed };
        self.cfg.handle(input, &mut self.out.cfg);
        self.settle();
    }

    /// Goes on with another configuration, as far as it can change at run time. Says whether keys for packets changed.
    fn take_over(&mut self, loaded: Loaded) -> (Status, bool) {
        let (old, new) = (&self.configuration.place, &loaded.configuration.place);
        let moved = conf::changed_addresses(old, new);
        if !moved.is_empty() {
            for change in moved {
                let text = format!("Cannot configure new interface definitions: {change}");
                self.journal.log("CFG", Severity::Error, text);
            }
            return (Status::INVALID_PARAMETER, false);
        }
        self.set_key("config.reload_in_progress", Value::U8(1));
        let changes = conf::compare(&self.keys, &loaded.keys);
        for refused in &changes.refused {
            self.journal.log("CFG", Severity::Notice, refused);
        }
        for warning in &loaded.warnings {
            self.journal.log("MAIN", Severity::Warning, warning);
        }
        let has_new_key = loaded.configuration.key != self.configuration.key;
        let parts = concerned(changes.parts, has_new_key);
        self.configuration = loaded.configuration;
        self.configuration.settings = changes.settings.clone();
        self.keys = changes.effective.clone();
        self.show(&changes);
        self.apply(&parts);
        (Status::OK, parts.crypto)
    }

    /// Shows changed keys to clients.
    fn show(&mut self, changes: &conf::Changes) {
        for change in &changes.keys {
            let (map, key) = (MapId::Configuration, change.key.clone());
            let input = match &change.new {
                Some(value) => cmap::Input::Set { map, key, value: cmap::to_value(value) },
                None => cmap::Input::Delete { map, key },
            };
            self.set_in_map(input);
        }
        self.show_effective();
    }

    /// Shows what the settings come to.
    pub(crate) fn show_effective(&mut self) {
        let keys = cmap::effective(&self.configuration.settings);
        for (key, value) in keys {
            self.set_in_map(cmap::Input::Set { map: MapId::Configuration, key, value });
        }
    }

    /// Has the parts of the daemon go by the configuration as it is now.
    fn apply(&mut self, parts: &conf::Parts) {
        let now = self.clock.now();
        if parts.nodes || parts.links || parts.crypto || parts.timing || parts.compression {
            self.apply_transport();
        }
        if parts.timing || parts.nodes {
            let settings = self.configuration.ring(self.seed);
            self.watch.set_token(settings.token);
            let input = totem::Input::Reconfigure(settings);
            self.ring.handle(now, input, &mut self.out.ring);
        }
        if parts.quorum || parts.nodes {
            let input = quorum::Input::Reload(self.configuration.quorum());
            self.quorum.handle(now, input, &mut self.out.quorum);
        }
        if parts.logging {
            self.journal.reconfigure(journal::settings(&self.configuration.settings.logging));
        }
        if parts.access {
            self.endpoints.set_access(&self.configuration.allowed());
        }
        if let Some(message) =
            self.versions.set_own(self.configuration.settings.totem.config_version)
        {
            self.multicast(Outgoing::wrap(Channel::Services, &message.encode()));
        }
    }

    fn apply_transport(&mut self) {
        let wanted: BTreeMap<_, _> = self.configuration.sockets().into_iter().collect();
        for number in 0..8 {
            let id = net::SocketId(number);
            match wanted.get(&id) {
                None => self.sockets.close(id),
                Some(settings) if self.sockets.settings(id) == Some(settings) => {}
                Some(settings) => self.open_socket(id, settings.clone()),
            }
        }
        self.prepare_farewell();
        match &mut self.transport {
            Transport::Plain(plain) => plain.set_peers(self.configuration.plain_peers()),
            Transport::Links(_) => {
                let settings = Box::new(self.configuration.links([0; 32]));
                let input = links::Input::Reconfigure(settings);
                self.transport.handle(self.clock.now(), input, &mut self.out.links);
            }
        }
    }

    pub(crate) fn on_maps(&mut self, output: cmap::Output) {
        match output {
            cmap::Output::Answer { client, answer } => {
                self.endpoints.answer(Service::Cmap, ClientId(client.0), &answer.encode());
            }
            cmap::Output::Notify { client, notification } => {
                self.endpoints.event(Service::Cmap, ClientId(client.0), &notification.encode());
            }
            cmap::Output::Changed(change) => self.on_key_changed(&change),
            cmap::Output::ClearStatistics(which) => self.clear_statistics(which),
        }
    }

    /// A client changed a key.
    fn on_key_changed(&mut self, change: &cmap::Change) {
        let now = self.clock.now();
        match change.concern {
            Concern::ForceGather => {
                self.journal.log("MAIN", Severity::Error, "Forcing into GATHER state");
                self.ring.handle(now, totem::Input::GatherNow, &mut self.out.ring);
            }
            Concern::CancelWaitForAll => {
                self.quorum.handle(now, quorum::Input::CancelWaitForAll, &mut self.out.quorum);
            }
            Concern::DumpState => self.log_state(),
            Concern::DumpFlightData => {
                let text = "writing the last messages to a file is not implemented yet";
                self.journal.log("MAIN", Severity::Warning, text);
            }
            Concern::ConfigVersion
            | Concern::Totem
            | Concern::Quorum
            | Concern::Logging
            | Concern::Access => self.on_setting_changed(change),
            Concern::Resources => {
                let text = format!("{}: watching resources is not implemented yet", change.key);
                self.journal.log("MON", Severity::Warning, text);
            }
            Concern::Other => {
                if change.key == "cfg.shutdown_timeout"
                    && let Some(Value::U32(ms)) = change.new
                {
                    self.cfg.set_shutdown_timeout(std::time::Duration::from_millis(ms.into()));
                }
            }
        }
    }

    /// A client changed a setting: as if the file said so, until it is read again.
    fn on_setting_changed(&mut self, change: &cmap::Change) {
        let mut keys = self.keys.clone();
        match change.new.as_ref().map(cmap::from_value) {
            Some(Some(value)) => keys.set(&change.key, value),
            Some(None) => return,
            None => {
                keys.remove(&change.key);
            }
        }
        let (_, problems) = conf::Settings::from_keys(&keys);
        if let Some(problem) = problems.errors.first() {
            let text = format!("a client's change has no effect: {problem}");
            self.journal.log("CFG", Severity::Warning, text);
            return;
        }
        let changes = conf::compare(&self.keys, &keys);
        for refused in &changes.refused {
            self.journal.log("CFG", Severity::Notice, refused);
        }
        self.keys = changes.effective;
        self.configuration.settings = changes.settings;
        self.show_effective();
        self.apply(&changes.parts);
    }

    fn log_state(&self) {
        let text = format!("ring {:?}, members {:?}", self.ring.ring_id(), self.ring.members());
        self.journal.log("MAIN", Severity::Notice, text);
        self.journal.log(
            "TOTEM",
            Severity::Notice,
            format!("{:?}", self.ring.statistics(self.clock.now())),
        );
    }
}

/// The parts that a reload concerns. A new key in the same file changes nothing that the configuration says, but links have
/// to know it before packets sealed with it come in.
fn concerned(parts: conf::Parts, has_new_key: bool) -> conf::Parts {
    conf::Parts { crypto: parts.crypto || has_new_key, ..parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_in_the_same_file_concerns_the_links() {
        let parts = conf::Parts { logging: true, ..conf::Parts::default() };
        assert_eq!(concerned(parts, false), parts);
        assert_eq!(concerned(parts, true), conf::Parts { crypto: true, ..parts });
    }
}
