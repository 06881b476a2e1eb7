//! Access control: what of the CIB a user may see and change.
//!
//! ```text
//! <acls> ──▶ Permissions of a user ──▶ marks on a document ──▶ what is readable (View), which changes are allowed (Verdicts)
//! ```
//!
//! Permissions come from the document as it was before a change; what they select is looked for in the document before and
//! after it, so that nobody can change something into what he may write. Everybody but `root` and `hacluster` is subject to
//! it while `enable-acl` is true, and what nobody granted is denied.
//!
//! All nodes judge a change for themselves. What a user may therefore follows Pacemaker's code, also where its manual says
//! something else: a `read` deeper inside does not take away a `write` from further out.

mod enabled;
mod guard;
mod judge;
mod marks;
mod permissions;
mod render;
mod verdict;
mod view;

pub use guard::Guard;
pub use permissions::{Kind, Permissions};
pub use render::{Form, render};
pub use verdict::{Reason, Verdict};
pub(crate) use view::View;

use rules::LocalTime;

/// What access control depends on beside the document and the user's name.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The time, for rules around `enable-acl`.
    pub now: LocalTime,
    /// The names of the groups that the user is in.
    pub groups: &'a [String],
}

/// Whether access control applies to a user. A request without a user comes from the cluster itself.
pub fn applies_to(user: Option<&str>) -> bool {
    !matches!(user, None | Some("" | "root" | "hacluster"))
}

/// Whether a document asks for access control now.
pub fn is_enabled(cib: &xml::Element, now: LocalTime) -> bool {
    enabled::is_enabled(cib, now)
}

/// Whether what a user may depends on groups in this document.
pub fn has_groups(cib: &xml::Element) -> bool {
    permissions::section(cib).is_some_and(|acls| acls.child("acl_group").is_some())
}

#[cfg(test)]
mod tests;
