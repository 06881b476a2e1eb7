use std::collections::BTreeSet;

/// Which of several names are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// All of them.
    #[default]
    Everything,
    /// These, which may be none.
    Only(BTreeSet<String>),
}

impl Filter {
    /// Whether the name is meant.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(names) => names.contains(name),
        }
    }

    /// Whether the name of a node is meant, in which case does not matter.
    pub fn has_node(&self, name: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(names) => {
                names.contains(name) || names.iter().any(|node| node.eq_ignore_ascii_case(name))
            }
        }
    }

    /// Whether nothing is left out.
    pub fn is_everything(&self) -> bool {
        *self == Self::Everything
    }

    /// Whether nothing at all is meant.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Only(names) if names.is_empty())
    }
}

impl FromIterator<String> for Filter {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self::Only(names.into_iter().collect())
    }
}

/// Adds names; as long as none is added, everything is meant.
impl Extend<String> for Filter {
    fn extend<I: IntoIterator<Item = String>>(&mut self, names: I) {
        for name in names {
            match self {
                Self::Everything => *self = Self::from_iter([name]),
                Self::Only(known) => {
                    known.insert(name);
                }
            }
        }
    }
}

/// Which sections of a status are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sections {
    /// What the cluster stands on.
    pub stack: bool,
    /// The DC and quorum.
    pub dc: bool,
    /// When the picture was taken and the configuration last changed.
    pub times: bool,
    /// How many nodes and resource instances are configured.
    pub counts: bool,
    /// Whether resources are managed at all.
    pub maintenance: bool,
    /// The most important cluster options.
    pub options: bool,
    /// Nodes.
    pub nodes: bool,
    /// Resources.
    pub resources: bool,
    /// Node attributes.
    pub attributes: bool,
    /// Fail counts.
    pub fail_counts: bool,
    /// The history of operations.
    pub operations: bool,
    /// Failed operations.
    pub failures: bool,
    /// Fencing that failed.
    pub fencing_failed: bool,
    /// Fencing under way.
    pub fencing_pending: bool,
    /// Fencing that succeeded.
    pub fencing_succeeded: bool,
    /// Tickets.
    pub tickets: bool,
    /// Location constraints that forbid a node.
    pub bans: bool,
}

impl Sections {
    /// Nothing.
    pub const NONE: Self = Self {
        stack: false,
        dc: false,
        times: false,
        counts: false,
        maintenance: false,
        options: false,
        nodes: false,
        resources: false,
        attributes: false,
        fail_counts: false,
        operations: false,
        failures: false,
        fencing_failed: false,
        fencing_pending: false,
        fencing_succeeded: false,
        tickets: false,
        bans: false,
    };

    /// Everything.
    pub const ALL: Self = Self {
        stack: true,
        dc: true,
        times: true,
        counts: true,
        maintenance: true,
        options: true,
        nodes: true,
        resources: true,
        attributes: true,
        fail_counts: true,
        operations: true,
        failures: true,
        fencing_failed: true,
        fencing_pending: true,
        fencing_succeeded: true,
        tickets: true,
        bans: true,
    };

    /// What is shown as text when nothing is asked for.
    pub const TEXT: Self = Self {
        stack: true,
        dc: true,
        times: true,
        counts: true,
        maintenance: true,
        nodes: true,
        resources: true,
        failures: true,
        fencing_failed: true,
        fencing_pending: true,
        ..Self::NONE
    };

    /// What is in one or in the other.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            stack: self.stack || other.stack,
            dc: self.dc || other.dc,
            times: self.times || other.times,
            counts: self.counts || other.counts,
            maintenance: self.maintenance || other.maintenance,
            options: self.options || other.options,
            nodes: self.nodes || other.nodes,
            resources: self.resources || other.resources,
            attributes: self.attributes || other.attributes,
            fail_counts: self.fail_counts || other.fail_counts,
            operations: self.operations || other.operations,
            failures: self.failures || other.failures,
            fencing_failed: self.fencing_failed || other.fencing_failed,
            fencing_pending: self.fencing_pending || other.fencing_pending,
            fencing_succeeded: self.fencing_succeeded || other.fencing_succeeded,
            tickets: self.tickets || other.tickets,
            bans: self.bans || other.bans,
        }
    }

    /// The lines that `summary` stands for.
    pub fn set_summary(&mut self, shown: bool) {
        self.stack = shown;
        self.dc = shown;
        self.times = shown;
        self.counts = shown;
        self.maintenance = shown;
    }

    /// The lines that `fencing` stands for.
    pub fn set_fencing(&mut self, shown: bool) {
        self.fencing_failed = shown;
        self.fencing_pending = shown;
        self.fencing_succeeded = shown;
    }

    /// Shows or hides the section of that name, as in `crm_mon --include`. `false` if there is none.
    pub fn set(&mut self, name: &str, shown: bool) -> bool {
        let section = match name.to_ascii_lowercase().as_str() {
            "stack" => &mut self.stack,
            "dc" => &mut self.dc,
            "times" => &mut self.times,
            "counts" => &mut self.counts,
            "maint-mode" => &mut self.maintenance,
            "options" => &mut self.options,
            "nodes" => &mut self.nodes,
            "resources" => &mut self.resources,
            "attributes" => &mut self.attributes,
            "failcounts" => &mut self.fail_counts,
            "operations" => &mut self.operations,
            "failures" => &mut self.failures,
            "fencing-failed" => &mut self.fencing_failed,
            "fencing-pending" => &mut self.fencing_pending,
            "fencing-succeeded" => &mut self.fencing_succeeded,
            "tickets" => &mut self.tickets,
            "bans" => &mut self.bans,
            "summary" => {
                self.set_summary(shown);
                return true;
            }
            "fencing" => {
                self.set_fencing(shown);
                return true;
            }
            _ => return false,
        };
        *section = shown;
        true
    }
}

/// How what is shown is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Resources under the node they run on.
    pub group_by_node: bool,
    /// Inactive resources too.
    pub inactive: bool,
    /// Resources counted by agent instead of listed.
    pub brief: bool,
    /// Operations under way.
    pub pending: bool,
    /// Node ids behind names, every instance of a clone, feature sets.
    pub full: bool,
    /// Times of operations.
    pub timing: bool,
    /// Failures in technical terms.
    pub failure_detail: bool,
    /// Say so when there are no resources to list.
    pub always_list_resources: bool,
    /// What the administrator wrote about resources.
    pub description: bool,
    /// Leave out where a resource is.
    pub hide_places: bool,
    /// Of fencing that has ended only the latest of each kind, unless all of it is shown.
    pub latest_fencing: bool,
    /// The words of Pacemaker 3: resources in maintenance are not just unmanaged, results of probes are those of tools.
    pub newer_words: bool,
}

/// What is shown and how, and of what.
#[derive(Clone, Debug)]
pub struct Show {
    /// Which sections.
    pub sections: Sections,
    /// In which detail.
    pub detail: Detail,
    /// Which nodes.
    pub nodes: Filter,
    /// Which resources, or what is inside them.
    pub resources: Filter,
    /// Only bans whose id begins so.
    pub ban_prefix: String,
    /// Seconds that local time is ahead of UTC.
    pub utc_offset_seconds: i32,
}

impl Show {
    /// The given sections, of everything, in the ordinary detail.
    pub fn new(sections: Sections, utc_offset_seconds: i32) -> Self {
        Self {
            sections,
            detail: Detail { pending: true, ..Detail::default() },
            nodes: Filter::Everything,
            resources: Filter::Everything,
            ban_prefix: String::new(),
            utc_offset_seconds,
        }
    }

    /// Whether the node is to be shown.
    pub fn has_node(&self, name: &str) -> bool {
        self.nodes.has_node(name)
    }

    /// Whether the resource is to be shown for its own name.
    pub fn has_resource(&self, id: &str) -> bool {
        self.resources.has(id)
    }

    /// Whether descriptions are shown with resources.
    pub(crate) fn describes(&self) -> bool {
        self.detail.newer_words && (self.detail.description || self.detail.full)
    }
}
