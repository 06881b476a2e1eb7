use std::{collections::BTreeMap, rc::Rc};

use model::{NodeKey, ResourceKey};
use vocab::{Role, Score};

use crate::{
    plan::Plan,
    table::{
        ActionFlags, ActionKey, KeyOp, NotifyData, NotifyEntry, NotifyTime, Op, Relation, TaskKey,
    },
};

/// Which of a clone's notifications.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Start,
    Stop,
    Promote,
    Demote,
}

impl Plan<'_> {
    fn notify_data(&mut self, clone: ResourceKey, kind: Kind) -> &mut Option<NotifyData> {
        let row = &mut self.rows[clone];
        match kind {
            Kind::Start => &mut row.start_notify,
            Kind::Stop => &mut row.stop_notify,
            Kind::Promote => &mut row.promote_notify,
            Kind::Demote => &mut row.demote_notify,
        }
    }

    fn notify_point(
        &mut self,
        resource: ResourceKey,
        around: ActionKey,
        time: NotifyTime,
        op: Op,
    ) -> ActionKey {
        let task = if matches!(time, NotifyTime::Pre | NotifyTime::Post) {
            Op::Notify
        } else {
            Op::Notified
        };
        let around_task = self.actions[around].task;
        let optional = self.actions[around].is_optional();
        let key = TaskKey { op: KeyOp::Notify(time, around_task), interval: 0 };
        let point = self.ensure(resource, key, task, None, optional);
        let before = matches!(time, NotifyTime::Pre | NotifyTime::ConfirmedPre);
        let around_name: Rc<str> = self.op_text(around_task).into();
        let name: Rc<str> = self.op_text(op).into();
        let runnable = before || self.actions[around].is_runnable();
        let action = &mut self.actions[point];
        action.flags.set(ActionFlags::PSEUDO);
        if runnable {
            action.flags.set(ActionFlags::RUNNABLE);
        } else {
            action.flags.clear(ActionFlags::RUNNABLE);
        }
        action.meta.insert("notify_key_type", time.text().into());
        action.meta.insert("notify_key_operation", around_name);
        action.meta.insert("notify_type", if before { "pre" } else { "post" }.into());
        action.meta.insert("notify_operation", name);
        point
    }

    /// The points before and after a change at which instances are told of it; nothing if they do not want to know.
    fn notify_points(
        &mut self,
        resource: ResourceKey,
        op: Op,
        begin: Option<ActionKey>,
        end: Option<ActionKey>,
    ) -> Option<NotifyData> {
        if !self.resource(resource).notify {
            return None;
        }
        let mut data = NotifyData {
            op,
            pre: None,
            pre_done: None,
            post: None,
            post_done: None,
            lists: BTreeMap::new(),
            keys: Vec::new(),
        };
        if let Some(begin) = begin {
            let pre = self.notify_point(resource, begin, NotifyTime::Pre, op);
            let done = self.notify_point(resource, begin, NotifyTime::ConfirmedPre, op);
            self.order_actions(pre, done, Relation::ORDERED);
            self.order_actions(done, begin, Relation::ORDERED);
            (data.pre, data.pre_done) = (Some(pre), Some(done));
        }
        if let Some(end) = end {
            let post = self.notify_point(resource, end, NotifyTime::Post, op);
            self.actions[post].priority = Score::INFINITY.value();
            let done = self.notify_point(resource, end, NotifyTime::ConfirmedPost, op);
            self.actions[done].priority = Score::INFINITY.value();
            self.order_actions(end, post, Relation::FIRST_IMPLIES_THEN);
            self.order_actions(post, done, Relation::FIRST_IMPLIES_THEN);
            (data.post, data.post_done) = (Some(post), Some(done));
        }
        if let (Some(_), Some(_), Some(pre_done), Some(post)) =
            (begin, end, data.pre_done, data.post)
        {
            self.order_actions(pre_done, post, Relation::ORDERED);
        }
        Some(data)
    }

    pub(super) fn start_and_stop_notifications(
        &mut self,
        clone: ResourceKey,
        start: (ActionKey, ActionKey),
        stop: (ActionKey, ActionKey),
    ) {
        if self.rows[clone].start_notify.is_none() {
            let data = self.notify_points(clone, Op::Start, Some(start.0), Some(start.1));
            self.rows[clone].start_notify = data;
        }
        if self.rows[clone].stop_notify.is_none() {
            let data = self.notify_points(clone, Op::Stop, Some(stop.0), Some(stop.1));
            self.rows[clone].stop_notify = data;
            self.order_notifications(clone, Kind::Stop, Kind::Start);
        }
    }

    pub(super) fn promotion_notifications(
        &mut self,
        clone: ResourceKey,
        begin: ActionKey,
        end: ActionKey,
    ) {
        if self.rows[clone].promote_notify.is_none() {
            let data = self.notify_points(clone, Op::Promote, Some(begin), Some(end));
            self.rows[clone].promote_notify = data;
        }
    }

    pub(super) fn demotion_notifications(
        &mut self,
        clone: ResourceKey,
        begin: ActionKey,
        end: ActionKey,
    ) {
        if self.rows[clone].demote_notify.is_some() {
            return;
        }
        let data = self.notify_points(clone, Op::Demote, Some(begin), Some(end));
        self.rows[clone].demote_notify = data;
        if self.rows[clone].promote_notify.is_some() {
            self.order_notifications(clone, Kind::Stop, Kind::Promote);
            self.order_notifications(clone, Kind::Start, Kind::Promote);
            self.order_notifications(clone, Kind::Demote, Kind::Promote);
            self.order_notifications(clone, Kind::Demote, Kind::Start);
            self.order_notifications(clone, Kind::Demote, Kind::Stop);
        }
    }

    /// All know of one change before any is told of another.
    fn order_notifications(&mut self, clone: ResourceKey, first: Kind, then: Kind) {
        let done = self.notify_data(clone, first).as_ref().and_then(|data| data.post_done);
        let begin = self.notify_data(clone, then).as_ref().and_then(|data| data.pre);
        if let (Some(done), Some(begin)) = (done, begin) {
            self.order_actions(done, begin, Relation::ORDERED);
        }
    }

    /// Makes the notifications of a clone, now that all of its changes are known.
    pub(crate) fn create_notifications(&mut self, clone: ResourceKey) {
        for kind in [Kind::Start, Kind::Stop, Kind::Promote, Kind::Demote] {
            if let Some(mut data) = self.notify_data(clone, kind).take() {
                self.collect_notify(clone, true, &mut data);
                self.add_notify_keys(clone, &mut data);
                self.notify_actions(clone, &data);
            }
        }
    }

    /// Tells instances that fencing stops one of them.
    pub(crate) fn notify_after_fencing(
        &mut self,
        stop: ActionKey,
        resource: ResourceKey,
        fencing: ActionKey,
    ) {
        let Some(mut data) = self.notify_points(resource, Op::Stop, None, Some(fencing)) else {
            return;
        };
        self.collect_notify(resource, false, &mut data);
        let id: Rc<str> = self.resource(resource).id.as_str().into();
        data.keys.push(("notify_stop_resource", id));
        if let Some(node) = self.actions[stop].node {
            data.keys.push(("notify_stop_uname", self.node_name(node).into()));
        }
        let top = self.top_of(resource);
        self.notify_actions(top, &data);
    }

    fn collect_notify(&mut self, resource: ResourceKey, activity: bool, data: &mut NotifyData) {
        if self.has_children(resource) {
            for child in self.children(resource) {
                self.collect_notify(child, activity, data);
            }
            return;
        }
        let row = &self.rows[resource];
        let node = row.state.active_on.first().copied();
        let entry = NotifyEntry { resource, node };
        let mut add = |list: &'static str, entry| data.lists.entry(list).or_default().push(entry);
        match row.state.role {
            Role::Stopped => add("inactive", entry),
            Role::Started => add("active", entry),
            Role::Unpromoted => {
                add("unpromoted", entry);
                add("active", entry);
            }
            Role::Promoted => {
                add("promoted", entry);
                add("active", entry);
            }
            Role::Unknown => {}
        }
        if !activity {
            return;
        }
        for &key in row.actions.iter().rev() {
            let action = &self.actions[key];
            let Some(node) = action.node.filter(|_| !action.is_optional()) else { continue };
            let implied = action.task == Op::Stop && self.nodes[node].state.unclean;
            if !implied && !action.is_runnable() {
                continue;
            }
            let entry = NotifyEntry { resource, node: Some(node) };
            match action.task {
                Op::Start => add("start", entry),
                Op::Stop => add("stop", entry),
                Op::Promote => add("promote", entry),
                Op::Demote => add("demote", entry),
                _ => {}
            }
        }
    }

    /// Names of resources and of their nodes, each resource once; a blank if there is none.
    fn notify_names(&self, entries: &[NotifyEntry], with_nodes: bool) -> (Rc<str>, Rc<str>) {
        let id = |entry: &NotifyEntry| self.resource(entry.resource).id.as_str();
        let node_id =
            |entry: &NotifyEntry| entry.node.map(|node| self.model.nodes[node].id.as_str());
        let mut sorted: Vec<&NotifyEntry> = entries.iter().rev().collect();
        sorted.sort_by(|a, b| {
            id(a).cmp(id(b)).then_with(|| match (node_id(a), node_id(b)) {
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(_), None) => std::cmp::Ordering::Less,
                (a, b) => a.cmp(&b),
            })
        });
        let (mut resources, mut nodes): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        let mut last = None;
        for entry in sorted {
            if with_nodes && entry.node.is_none() {
                continue;
            }
            if last == Some(id(entry)) {
                continue;
            }
            last = Some(id(entry));
            resources.push(id(entry));
            if let Some(node) = entry.node {
                nodes.push(self.node_name(node));
            }
        }
        (words(&resources), words(&nodes))
    }

    fn add_notify_keys(&mut self, clone: ResourceKey, data: &mut NotifyData) {
        const LISTS: [(&str, &str, &str); 8] = [
            ("stop", "notify_stop_resource", "notify_stop_uname"),
            ("start", "notify_start_resource", "notify_start_uname"),
            ("demote", "notify_demote_resource", "notify_demote_uname"),
            ("promote", "notify_promote_resource", "notify_promote_uname"),
            ("active", "notify_active_resource", "notify_active_uname"),
            ("unpromoted", "notify_unpromoted_resource", "notify_unpromoted_uname"),
            ("promoted", "notify_promoted_resource", "notify_promoted_uname"),
            ("inactive", "notify_inactive_resource", ""),
        ];
        let empty = Vec::new();
        let mut keys = Vec::new();
        for (list, resource_key, node_key) in LISTS {
            let entries = data.lists.get(list).unwrap_or(&empty);
            let (resources, nodes) = self.notify_names(entries, !node_key.is_empty());
            // Agents written for older versions look for these names.
            match list {
                "unpromoted" => {
                    keys.push(("notify_slave_resource", Rc::clone(&resources)));
                    keys.push(("notify_slave_uname", Rc::clone(&nodes)));
                }
                "promoted" => {
                    keys.push(("notify_master_resource", Rc::clone(&resources)));
                    keys.push(("notify_master_uname", Rc::clone(&nodes)));
                }
                _ => {}
            }
            keys.push((resource_key, resources));
            if !node_key.is_empty() {
                keys.push((node_key, nodes));
            }
        }
        let available: Vec<&str> =
            self.allowed_by_name(clone).into_iter().map(|node| self.node_name(node)).collect();
        keys.push(("notify_available_uname", words(&available)));
        let all: Vec<&str> =
            self.model.node_order.iter().map(|&node| self.node_name(node)).collect();
        if self.resource(clone).meta("container-attribute-target") == Some("host") {
            let hosts: Vec<&str> =
                self.model.node_order.iter().map(|&node| self.host_name(node)).collect();
            keys.push(("notify_all_hosts", words(&hosts)));
        }
        keys.push(("notify_all_uname", words(&all)));
        data.keys = keys;
        let own_list = match data.op {
            Op::Start => "start",
            Op::Stop => "stop",
            Op::Promote => "promote",
            _ => "demote",
        };
        let required = data.lists.get(own_list).is_some_and(|entries| !entries.is_empty());
        if required {
            for point in [data.pre, data.pre_done, data.post, data.post_done].into_iter().flatten()
            {
                self.actions[point].flags.clear(ActionFlags::OPTIONAL);
            }
        }
    }

    fn host_name(&self, node: NodeKey) -> &str {
        let host = self
            .guest_launcher(node)
            .filter(|&launcher| !self.rows[launcher].state.active_on.is_empty())
            .and_then(|launcher| self.current_node(launcher));
        self.node_name(host.unwrap_or(node))
    }

    fn notify_actions(&mut self, resource: ResourceKey, data: &NotifyData) {
        if self.has_children(resource) {
            for child in self.children(resource) {
                self.notify_actions(child, data);
            }
            return;
        }
        for key in self.rows[resource].actions.clone() {
            let action = &mut self.actions[key];
            let changes = matches!(action.task, Op::Start | Op::Stop | Op::Promote | Op::Demote);
            if !action.is_optional() && action.node.is_some() && changes {
                for (name, value) in &data.keys {
                    action.meta.insert(name, Rc::clone(value));
                }
            }
        }
        let any = |list: &str| data.lists.get(list).is_some_and(|entries| !entries.is_empty());
        let nothing_to_tell = match data.op {
            Op::Start => !any("start"),
            Op::Promote => !any("promote"),
            Op::Demote => !any("demote"),
            _ => false,
        };
        if nothing_to_tell {
            return;
        }
        let state = &self.rows[resource].state;
        let (role, next_role) = (state.role, state.next_role);
        if role != Role::Stopped && matches!(data.op, Op::Stop | Op::Demote) {
            self.notify_before_leaving(resource, data);
        }
        if next_role != Role::Stopped && matches!(data.op, Op::Start | Op::Promote) {
            self.notify_after_coming(resource, data);
        }
    }

    fn notify_before_leaving(&mut self, resource: ResourceKey, data: &NotifyData) {
        let stop = self.latest_action(resource, Op::Stop, None);
        for node in self.rows[resource].state.active_on.clone() {
            let state = self.nodes[node].state;
            let stop_row = stop.map(|stop| &self.actions[stop]);
            if stop_row.is_some_and(|stop| stop.is_pseudo())
                && (state.unclean || state.remote_reset)
            {
                continue;
            }
            let stays = stop_row.is_none_or(|stop| stop.is_optional());
            self.notify_action(resource, node, data.pre, data.pre_done, data);
            if data.op == Op::Demote || stays {
                self.post_notify_action(resource, node, data);
            }
        }
    }

    fn notify_after_coming(&mut self, resource: ResourceKey, data: &NotifyData) {
        let start = self.latest_action(resource, Op::Start, None);
        if let Some(start) = start
            && let Some(node) = self.actions[start].node
            && let Some(connection) = self.model.nodes[node].connection
            && let Some(remote_start) = self.latest_action(connection, Op::Start, None)
            && !self.actions[remote_start].is_runnable()
        {
            return;
        }
        let Some(node) = self.rows[resource].assigned else { return };
        let stays = start.is_none_or(|start| self.actions[start].is_optional());
        if data.op != Op::Start || stays {
            self.notify_action(resource, node, data.pre, data.pre_done, data);
        }
        self.post_notify_action(resource, node, data);
    }

    fn notify_action(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
        point: Option<ActionKey>,
        done: Option<ActionKey>,
        data: &NotifyData,
    ) -> Option<ActionKey> {
        let (point, done) = (point?, done?);
        if !self.nodes[node].state.online || !self.actions[point].is_runnable() {
            return None;
        }
        let before = Some(point) == data.pre;
        let time = if before { NotifyTime::Pre } else { NotifyTime::Post };
        let key = TaskKey { op: KeyOp::Notify(time, data.op), interval: 0 };
        let (task, optional) = (self.actions[point].task, self.actions[point].is_optional());
        let notify = self.ensure(resource, key, task, Some(node), optional);
        let inherited = self.actions[point].meta.clone();
        let meta = &mut self.actions[notify].meta;
        for (name, value) in inherited.iter() {
            if !meta.contains_key(name) {
                meta.insert(name, Rc::clone(value));
            }
        }
        for (name, value) in &data.keys {
            meta.insert(name, Rc::clone(value));
        }
        self.order_actions(point, notify, Relation::ORDERED);
        self.order_actions(notify, done, Relation::ORDERED);
        Some(notify)
    }

    fn post_notify_action(&mut self, resource: ResourceKey, node: NodeKey, data: &NotifyData) {
        if let Some(notify) = self.notify_action(resource, node, data.post, data.post_done, data) {
            self.actions[notify].priority = Score::INFINITY.value();
        }
        let Some(done) = data.post_done else { return };
        for action in self.rows[resource].actions.clone().into_iter().rev() {
            let row = &self.actions[action];
            if row.is_recurring() && row.task != Op::Cancel {
                self.order_actions(done, action, Relation::ORDERED);
            }
        }
    }
}

/// Words with blanks between them; a blank if there is none.
fn words(words: &[&str]) -> Rc<str> {
    if words.is_empty() { " ".into() } else { words.join(" ").into() }
}
