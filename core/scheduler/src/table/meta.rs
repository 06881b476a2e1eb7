use std::rc::Rc;

/// Properties that planning gives an action, by name. Most actions have one or none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meta(Vec<(&'static str, Rc<str>)>);

impl Meta {
    /// None.
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets a property.
    pub(crate) fn insert(&mut self, name: &'static str, value: Rc<str>) {
        match self.position(name) {
            Ok(position) => self.0[position].1 = value,
            Err(position) => {
                // One at a time: an action in ten has more than one.
                self.0.reserve_exact(1);
                self.0.insert(position, (name, value));
            }
        }
    }

    /// A property's value.
    pub(crate) fn get(&self, name: &str) -> Option<&Rc<str>> {
        self.position(name).ok().map(|position| &self.0[position].1)
    }

    /// Whether there is one of that name.
    pub(crate) fn contains_key(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// All, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &Rc<str>)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (*known).cmp(name))
    }
}
