/// What is to happen once a transition has ended. The greater one wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Completion {
    /// Nothing: the cluster is as planned.
    #[default]
    Done,
    /// Nothing for now, although the plan was not carried out.
    Wait,
    /// A new plan.
    Restart,
    /// The local node leaves.
    Shutdown,
}

/// Why and how a transition is to end early.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Abort {
    priority: i32,
    completion: Completion,
    reason: Option<String>,
}

impl Abort {
    /// Actions of lower priority do not start; 0 if there was no abort.
    pub fn priority(&self) -> i32 {
        self.priority
    }

    /// What is to happen at the end.
    pub fn completion(&self) -> Completion {
        self.completion
    }

    /// The reason of the gravest abort.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Takes one more reason into account. `true` if that changes anything.
    pub(super) fn raise(&mut self, priority: i32, completion: Completion, reason: &str) -> bool {
        let mut changed = false;
        if self.priority < priority {
            self.priority = priority;
            self.reason = Some(reason.to_owned());
            changed = true;
        }
        if self.completion < completion {
            self.completion = completion;
            changed = true;
        }
        changed
    }
}
