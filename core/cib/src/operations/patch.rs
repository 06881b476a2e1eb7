use messages::cib::Failure;
use xml::{
    Element,
    patchset::{PatchError, Patchset},
};

/// Applies a patch set, which must start from the version that the CIB has.
pub fn apply_patch(cib: &mut Element, patch: &Element) -> Result<(), Failure> {
    let patch = Patchset::from_element(patch).map_err(failure)?;
    patch.apply(cib).map_err(failure)
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
