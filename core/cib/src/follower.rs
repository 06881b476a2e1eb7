use std::sync::Arc;

use messages::cib::DiffNotification;
use xml::{Element, patchset::Patchset};

/// A copy of a CIB that follows the daemon's notifications, so that who needs the whole CIB after each change need not have it
/// sent each time.
///
/// Changes may be hidden from notifications. The copy counts only while its root has the attributes that the daemon's has,
/// the version among them: see [`Self::confirmed_by`].
#[derive(Clone, Debug, Default)]
pub struct Follower {
    copy: Option<Arc<Element>>,
}

impl Follower {
    /// Whether there is a copy; it may be out of date.
    pub const fn has_copy(&self) -> bool {
        self.copy.is_some()
    }

    /// Starts from a CIB as the daemon has it.
    pub fn start_from(&mut self, cib: Arc<Element>) {
        self.copy = Some(cib);
    }

    /// Has no copy any more, since what became of the CIB is not known.
    pub fn forget(&mut self) {
        self.copy = None;
    }

    /// Makes a change that the daemon made. A change that does not fit ends the copy.
    pub fn follow(&mut self, change: &DiffNotification) {
        if change.result.is_err() {
            return;
        }
        let Some(copy) = &mut self.copy else { return };
        let applied = Patchset::from_element(&change.patch)
            .and_then(|patch| patch.apply(Arc::make_mut(copy)));
        if applied.is_err() {
            return self.forget();
        }
        // Who made the change, and when, is no part of the patch set.
        let root = Arc::make_mut(copy);
        root.retain_attrs(|_, _| false);
        change.generation.attrs().for_each(|(name, value)| root.set(name, value));
    }

    /// The copy, if its root has exactly the attributes of this one: it was read from the daemon, without its children, after
    /// all notifications that came before.
    pub fn confirmed_by(&self, root: &Element) -> Option<Arc<Element>> {
        let copy = self.copy.as_ref()?;
        let same = copy.attrs().count() == root.attrs().count()
            && root.attrs().all(|(name, value)| copy.attr(name) == Some(value));
        same.then(|| Arc::clone(copy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messages::cib::{Failure, Operation};

    fn cib(epoch: u32, inside: &str) -> Element {
        let text = format!(
            "<cib admin_epoch='0' epoch='{epoch}' num_updates='0' cib-last-written='t{epoch}'>\
             <configuration><resources>{inside}</resources></configuration><status/></cib>"
        );
        xml::parse(&text).unwrap()
    }

    fn root(cib: &Element) -> Element {
        let mut root = Element::new("cib");
        cib.attrs().for_each(|(name, value)| root.set(name, value));
        root
    }

    fn change(old: &Element, new: &Element) -> DiffNotification {
        let mut generation = root(new);
        generation.rename("generation_tuple");
        // As in the daemon, the patch set is made before the change is signed.
        let mut unsigned = new.clone();
        unsigned.set("cib-last-written", old.attr("cib-last-written").unwrap());
        DiffNotification {
            operation: Operation::Modify,
            result: Ok(()),
            update: None,
            patch: Arc::new(Patchset::between(old, &unsigned).unwrap().unwrap().to_element()),
            generation: Arc::new(generation),
        }
    }

    #[test]
    fn it_is_what_the_daemon_has_after_each_change() {
        let states = [cib(1, ""), cib(2, "<a id='1'/>"), cib(3, "<b id='2'/><a id='1' x='y'/>")];
        let mut follower = Follower::default();
        assert!(follower.confirmed_by(&root(&states[0])).is_none(), "nothing was read yet");
        follower.start_from(Arc::new(states[0].clone()));
        for pair in states.windows(2) {
            let given_out = follower.confirmed_by(&root(&pair[0])).unwrap();
            follower.follow(&change(&pair[0], &pair[1]));
            assert_eq!(*given_out, pair[0], "what was given out stays as it was");
            assert_eq!(follower.confirmed_by(&root(&pair[1])).as_deref(), Some(&pair[1]));
        }
    }

    #[test]
    fn what_was_missed_is_noticed() {
        let states = [cib(1, ""), cib(2, "<a id='1'/>"), cib(3, "<a id='1'/><b id='2'/>")];
        let mut follower = Follower::default();
        follower.start_from(Arc::new(states[0].clone()));
        assert!(
            follower.confirmed_by(&root(&states[1])).is_none(),
            "a change without a notification"
        );
        assert!(follower.has_copy());
        follower.follow(&change(&states[1], &states[2]));
        assert!(!follower.has_copy(), "a change of another version");
        follower.follow(&change(&states[1], &states[2]));
        assert!(!follower.has_copy());
    }

    #[test]
    fn a_refused_change_is_none() {
        let states = [cib(1, ""), cib(2, "<a id='1'/>")];
        let mut follower = Follower::default();
        follower.start_from(Arc::new(states[0].clone()));
        let refused = DiffNotification {
            result: Err(Failure::SchemaValidation),
            ..change(&states[0], &states[1])
        };
        follower.follow(&refused);
        assert!(follower.confirmed_by(&root(&states[0])).is_some());
    }
}
