use std::fmt;

/// Why something is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing at all is written down for the user.
    NoPermissions,
    /// A denial for the element itself.
    Itself,
    /// A denial for something that the element is in.
    Parent,
    /// Nothing grants it.
    Default,
}

/// What was decided about a part of a change. Its `Display` is what Pacemaker traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Something may not be changed.
    Denied {
        /// The user.
        user: String,
        /// Why.
        reason: Reason,
        /// The path of the element, in words.
        path: String,
        /// The attribute, if it is about the value of one.
        attribute: Option<String>,
    },
    /// A new element may be there.
    Created {
        /// Its name.
        name: String,
        /// Its id.
        id: Option<String>,
        /// Whether it may only be there since it leads to something that may.
        scaffolding: bool,
    },
    /// A new element may not be there.
    NotCreated {
        /// Its name.
        name: String,
        /// Its id.
        id: Option<String>,
    },
}

impl Verdict {
    /// Whether it forbids the change.
    pub const fn forbids(&self) -> bool {
        match self {
            Self::Denied { .. } | Self::NotCreated { .. } => true,
            Self::Created { .. } => false,
        }
    }

    /// The name under which `PCMK_trace_functions` asks for such verdicts.
    pub const fn trace_name(&self) -> &'static str {
        match self {
            Self::Denied { .. } => "pcmk__check_acl",
            Self::Created { .. } | Self::NotCreated { .. } => "pcmk__apply_creation_acl",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |id: &Option<String>| id.clone().unwrap_or_else(|| "<unset>".to_owned());
        match self {
            Self::Denied { user, reason, path, attribute } => {
                let prefix = match reason {
                    Reason::NoPermissions => "Lack of ",
                    Reason::Itself => "",
                    Reason::Parent => "Parent ",
                    Reason::Default => "Default ",
                };
                write!(f, "{prefix}ACL denies user '{user}' read/write access to {path}")?;
                attribute.as_ref().map_or(Ok(()), |name| write!(f, "[@{name}]"))
            }
            Self::Created { name, id, scaffolding: true } => {
                let id = shown(id);
                write!(f, "Creation of <{name}> scaffolding with id=\"{id}\" is implicitly allowed")
            }
            Self::Created { name, id, scaffolding: false } => {
                write!(f, "ACLs allow creation of <{name}> with id=\"{}\"", shown(id))
            }
            Self::NotCreated { name, id } => {
                write!(f, "ACLs disallow creation of <{name}> with id=\"{}\"", shown(id))
            }
        }
    }
}
