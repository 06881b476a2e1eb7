use std::fmt;

/// Where a transition stands after a pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Something was started.
    #[default]
    Active,
    /// Nothing was started, but something is under way.
    Pending,
    /// Everything is done.
    Complete,
    /// It ended early because it was asked to.
    Stopped,
    /// It ended although something is left that can never start.
    Terminated,
}

/// Counts of one pass over a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Number of the transition.
    pub id: i32,
    /// Actions done before the pass.
    pub complete: usize,
    /// Actions under way.
    pub pending: usize,
    /// Actions started by the pass.
    pub fired: usize,
    /// Actions left out because the transition is to end, or lost with their node.
    pub skipped: usize,
    /// Actions that could not start.
    pub incomplete: usize,
    /// Where that leaves it.
    pub status: Status,
}

impl Status {
    /// Whether the transition has ended.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Complete | Self::Stopped | Self::Terminated)
    }

    /// The word for it in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active | Self::Pending => "In progress",
            Self::Complete => "Complete",
            Self::Stopped => "Stopped",
            Self::Terminated => "Terminated",
        }
    }
}

impl Summary {
    /// Draws the conclusion from the counts.
    pub(super) fn settle(&mut self, abort_priority: i32) {
        self.status = if self.fired > 0 {
            Status::Active
        } else if self.pending > 0 {
            Status::Pending
        } else if self.incomplete > 0 && abort_priority <= 0 {
            Status::Terminated
        } else if self.skipped > 0 {
            Status::Stopped
        } else {
            Status::Complete
        };
    }

    /// The line that logs show, with where the graph came from.
    pub fn line(&self, source: &str) -> String {
        format!(
            "Transition {} (Complete={}, Pending={}, Fired={}, Skipped={}, Incomplete={}, \
             Source={source}): {}",
            self.id,
            self.complete,
            self.pending,
            self.fired,
            self.skipped,
            self.incomplete,
            self.status.as_str()
        )
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line("unknown"))
    }
}
