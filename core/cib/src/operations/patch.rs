use messages::cib::Failure;
use xml::{
    Element, digest,
    patchset::{Change, PatchError, Patchset},
};

use super::select::select;
use crate::acl::Guard;

/// Applies a patch set, which must start from the version that the CIB has.
pub fn apply_patch(cib: &mut Element, patch: &Element) -> Result<(), Failure> {
    let patch = Patchset::from_element(patch).map_err(failure)?;
    patch.apply(cib).map_err(failure)
}

/// The same for a user who need not see everything: the patch set must be about what the user sees, and its digest may be
/// that of the document as the user sees it.
pub(crate) fn apply_guarded_patch(
    cib: &mut Element,
    patch: &Element,
    guard: &Guard,
) -> Result<(), Failure> {
    let mut patch = Patchset::from_element(patch).map_err(failure)?;
    if !patch.changes.iter().all(|change| is_about_visible(guard, change)) {
        return Err(Failure::AccessDenied);
    }
    let expected = patch.digest.take();
    patch.apply(cib).map_err(failure)?;
    let Some(expected) = expected else { return Ok(()) };
    let is_expected = |document: &Element| {
        digest::for_feature_set(document, document.attr("crm_feature_set"))
            .eq_ignore_ascii_case(&expected)
    };
    let visible = || guard.visible_of(&std::sync::Arc::new(cib.clone()));
    if is_expected(cib) || visible().is_some_and(|visible| is_expected(&visible)) {
        Ok(())
    } else {
        Err(Failure::DiffFailed)
    }
}

/// Whether a change is for something that is seen. Of a removal nothing more can be learned than that it is refused.
fn is_about_visible(guard: &Guard, change: &Change) -> bool {
    let (path, must_read) = match change {
        Change::Create { parent, .. } => (parent, false),
        Change::Modify { path, .. } => (path, true),
        Change::Move { path, .. } => (path, false),
        Change::Delete { .. } => return true,
    };
    let Some(view) = guard.view() else { return false };
    let found = select(view.root(), path).unwrap_or_default();
    found.first().is_some_and(|seen| !must_read || guard.reads(&view.original(seen)))
}

fn failure(error: PatchError) -> Failure {
    match error {
        PatchError::Resync { .. } => Failure::DiffResync,
        PatchError::Outdated { .. } => Failure::OldData,
        PatchError::Format(_) => Failure::Invalid,
        PatchError::Malformed { .. } | PatchError::NoMatch(_) | PatchError::Digest { .. } => {
            Failure::DiffFailed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_set_fits_one_version_only() {
        let old =
            xml::parse("<cib epoch='5' num_updates='0' admin_epoch='0'><status/></cib>").unwrap();
        let new =
            xml::parse("<cib epoch='6' num_updates='0' admin_epoch='0'><status x='1'/></cib>")
                .unwrap();
        let patch = Patchset::between(&old, &new).unwrap().unwrap().to_element();
        let mut cib = old.clone();
        apply_patch(&mut cib, &patch).unwrap();
        assert_eq!(cib, new);
        assert_eq!(apply_patch(&mut cib, &patch), Err(Failure::OldData));
        let mut older = old.clone().with("epoch", 4);
        assert_eq!(apply_patch(&mut older, &patch), Err(Failure::DiffResync));
        let mut other = old.clone();
        let nonsense = xml::parse("<diff format='1'/>").unwrap();
        assert_eq!(apply_patch(&mut other, &nonsense), Err(Failure::Invalid));
    }
}
