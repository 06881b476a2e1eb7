use std::time::Duration;

use controller::Input;
use vocab::NodeId;

use super::{Event, World};
use crate::executor::Executor;

/// How long the ring takes to tell who is there, at most, in milliseconds.
const DETECTION: u64 = 40;

impl World {
    /// Switches a node on.
    pub fn start(&mut self, id: NodeId) {
        let Some(node) = self.nodes.get_mut(&id).filter(|node| !node.up) else { return };
        node.up = true;
        let inputs = node.start_replica();
        for input in inputs {
            self.feed_replica(id, input);
        }
        self.start_controller(id);
    }

    /// Switches every node on at the same time.
    pub fn start_all(&mut self) {
        for id in self.node_ids() {
            self.start(id);
        }
    }

    /// Takes a node's power: nothing of it goes on but what is on disk.
    pub fn crash(&mut self, id: NodeId) {
        let Some(node) = self.nodes.get_mut(&id).filter(|node| node.up) else { return };
        node.up = false;
        node.controller = None;
        node.replica = None;
        node.incarnation += 1;
        node.executor = Executor::default();
        self.note(id, "host crashes");
        let after = self.random.millis(1, DETECTION);
        self.later(after, Event::View);
    }

    /// Ends a node's controller without warning; it is started anew at once, as its supervisor does.
    pub fn kill_controller(&mut self, id: NodeId) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        node.controller = None;
        node.incarnation += 1;
        node.executor.watches.clear();
        self.note(id, "controller is killed");
        self.later(Duration::from_millis(2), Event::View);
        self.later(Duration::from_millis(300), Event::Restart { node: id });
    }

    /// Asks a node to leave in good order.
    pub fn shut_down(&mut self, id: NodeId) {
        self.tell(id, Duration::ZERO, Input::Shutdown);
    }

    /// Cuts the network: nodes hear only those of their own group. Who is not named hears nobody.
    pub fn cut(&mut self, groups: &[&[u32]]) {
        let alone = groups.len();
        for node in self.nodes.values_mut() {
            let group = groups.iter().position(|group| group.contains(&node.id.0));
            node.component = group.unwrap_or(alone + node.id.0 as usize);
        }
        let after = self.random.millis(1, DETECTION);
        self.later(after, Event::View);
    }

    /// Makes the network whole.
    pub fn heal(&mut self) {
        for node in self.nodes.values_mut() {
            node.component = 0;
        }
        let after = self.random.millis(1, DETECTION);
        self.later(after, Event::View);
    }

    /// Lets the next `count` runs of a task fail on a node.
    pub fn fail_task(&mut self, id: NodeId, task: &str, count: u32) {
        if let Some(node) = self.nodes.get_mut(&id) {
            node.executor.failing.insert(task.to_owned(), count);
        }
    }

    /// Lets every run of a task hang on a node, or no longer.
    pub fn hang_task(&mut self, id: NodeId, task: &str, hangs: bool) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        if hangs {
            node.executor.hanging.insert(task.to_owned());
        } else {
            node.executor.hanging.remove(task);
        }
    }

    /// A resource dies where it runs; whatever watches it sees that.
    pub fn kill_resource(&mut self, resource: &str) {
        let now = self.wall();
        for id in self.runs_on(resource) {
            let Some(node) = self.nodes.get_mut(&id) else { continue };
            node.executor.running.remove(resource);
            for result in node.executor.news(now) {
                self.tell(id, Duration::from_millis(5), Input::Executed(Box::new(result)));
            }
        }
    }
}
