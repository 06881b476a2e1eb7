use transition::Attributes;
use vocab::{FEATURE_SET, Timestamp};
use xml::{Element, digest};

/// The transition that operations belong to which no transition asked for.
const OUTSIDE: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

/// A pretended result, to be recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    /// The resource's name in the history.
    pub(crate) resource: &'a str,
    pub(crate) task: &'a str,
    pub(crate) interval_ms: u32,
    pub(crate) node: &'a str,
    /// The exit status, and the one that would have been a success.
    pub(crate) exit: i32,
    pub(crate) expected: i32,
    pub(crate) reason: &'a str,
    /// What the operation was called with; none if nobody knows, and then no digest is recorded.
    pub(crate) parameters: Option<&'a Attributes>,
    pub(crate) origin: &'a str,
    pub(crate) now: Timestamp,
}

impl Record<'_> {
    /// Writes it into the resource's history: one row, or two for the failure of an operation that does not recur.
    pub(crate) fn write(&self, history: &mut Element) {
        let last_call = history
            .children()
            .filter_map(|row| row.attr("call-id")?.parse::<i32>().ok())
            .fold(0, i32::max);
        let call = last_call.saturating_add(1);
        for (id, reason) in self.rows() {
            let position = history.nodes().iter().position(|node| {
                node.as_element()
                    .is_some_and(|row| row.name() == "lrm_rsc_op" && row.id() == Some(&id))
            });
            let row = match position {
                Some(position) => history.element_mut(position),
                None => Some(history.push_new("lrm_rsc_op")),
            };
            let row = row.expect("an element was found there");
            self.fill(row, &id, reason, call);
        }
    }

    /// A reload that succeeded is recorded as the start it replaces.
    fn recorded_task(&self) -> &str {
        if matches!(self.task, "reload" | "reload-agent") { "start" } else { self.task }
    }

    fn meta(&self, name: &str) -> Option<&str> {
        self.parameters?.get(&format!("CRM_meta_{name}"))
    }

    fn is_migration(&self) -> bool {
        matches!(self.task, "migrate_to" | "migrate_from")
    }

    /// The ids of the rows, with the reason each gives.
    fn rows(&self) -> Vec<(String, &str)> {
        let resource = self.resource;
        let key = format!("{resource}_{}_{}", self.recorded_task(), self.interval_ms);
        let last = format!("{resource}_last_0");
        if self.task == "notify" {
            let of = |name| self.meta(name).unwrap_or("");
            let (kind, operation) = (of("notify_type"), of("notify_operation"));
            vec![(format!("{resource}_{kind}_notify_{operation}_0"), "")]
        } else if self.is_migration() {
            vec![(key, "")]
        } else if self.exit != self.expected {
            let failure = (format!("{resource}_last_failure_0"), self.reason);
            if self.interval_ms == 0 { vec![failure, (last, self.reason)] } else { vec![failure] }
        } else if self.interval_ms > 0 {
            vec![(key, "")]
        } else {
            vec![(last, "")]
        }
    }

    fn fill(&self, row: &mut Element, id: &str, reason: &str, call: i32) {
        let task = self.recorded_task();
        // What a notification says does not count.
        let exit = if task == "notify" { 0 } else { self.exit };
        let key = format!("{call}:-1:{}:{OUTSIDE}", self.expected);
        row.set("id", id);
        row.set("operation_key", format_args!("{}_{task}_{}", self.resource, self.interval_ms));
        row.set("operation", task);
        row.set("crm-debug-origin", self.origin);
        row.set("crm_feature_set", FEATURE_SET);
        row.set("transition-key", &key);
        row.set("transition-magic", format_args!("0:{exit};{key}"));
        row.set("exit-reason", reason);
        row.set("on_node", self.node);
        row.set("call-id", call);
        row.set("rc-code", exit);
        row.set("op-status", 0);
        row.set("interval", self.interval_ms);
        row.set("last-rc-change", self.now.0);
        row.set("exec-time", 0);
        row.set("queue-time", 0);
        if self.is_migration() {
            for name in ["migrate_source", "migrate_target"] {
                if let Some(value) = self.meta(name) {
                    row.set(name, value);
                }
            }
        }
        if let Some(parameters) = self.parameters {
            row.set("op-digest", digest::operation(&self.compared(parameters)));
        }
    }

    /// What of the parameters a scheduler compares with the configuration.
    fn compared(&self, parameters: &Attributes) -> Element {
        const LEFT_OUT: [&str; 6] =
            ["id", "crm_feature_set", "op-digest", "on_node", "on_node_uuid", "pcmk_external_ip"];
        let mut element = Element::new("parameters");
        for (name, value) in parameters {
            let timeout = name == "CRM_meta_timeout" && self.interval_ms > 0;
            let is_meta = name.starts_with("CRM_meta_") && !timeout;
            if is_meta || LEFT_OUT.contains(&name) {
                continue;
            }
            // Names that begin with a digit are attributes here as well, although no document could have them.
            element.set(name, value);
        }
        element
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(task: &'static str, interval_ms: u32, exit: i32) -> Element {
        let parameters = Attributes::new();
        let mut history = Element::new("lrm_resource").with("id", "r");
        let record = Record {
            resource: "r",
            task,
            interval_ms,
            node: "n",
            exit,
            expected: 0,
            reason: "why",
            parameters: Some(&parameters),
            origin: "test",
            now: Timestamp(5),
        };
        record.write(&mut history);
        history
    }

    #[test]
    fn rows_have_the_ids_that_the_scheduler_looks_for() {
        let ids = |history: &Element| -> Vec<String> {
            history.children().filter_map(Element::id).map(str::to_owned).collect()
        };
        assert_eq!(ids(&record("start", 0, 0)), ["r_last_0"]);
        assert_eq!(ids(&record("start", 0, 1)), ["r_last_failure_0", "r_last_0"]);
        assert_eq!(ids(&record("monitor", 10, 0)), ["r_monitor_10"]);
        assert_eq!(ids(&record("monitor", 10, 7)), ["r_last_failure_0"]);
        assert_eq!(ids(&record("migrate_to", 0, 1)), ["r_migrate_to_0"]);
        let reload = record("reload", 0, 0);
        assert_eq!(reload.children().next().unwrap().attr("operation_key"), Some("r_start_0"));
    }

    #[test]
    fn calls_are_numbered_on() {
        let mut history = record("start", 0, 0);
        let record = Record {
            resource: "r",
            task: "monitor",
            interval_ms: 10,
            node: "n",
            exit: 0,
            expected: 0,
            reason: "",
            parameters: None,
            origin: "test",
            now: Timestamp(5),
        };
        record.write(&mut history);
        let row = history.children().nth(1).unwrap();
        assert_eq!(row.attr("call-id"), Some("2"));
        assert_eq!(row.attr("op-digest"), None);
    }
}
