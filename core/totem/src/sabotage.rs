use crate::Ring;

/// A way to break the protocol on purpose, for tests that show that it would be noticed. Only with the feature `sabotage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "sabotage"),
    expect(unreachable_pub, reason = "then nobody can ask for it")
)]
pub enum Sabotage {
    /// Recovery ends with the first token, whether everybody has everything or not.
    EndRecoveryEarly,
    /// A ring's number counts as stored as soon as that was asked for.
    UseUnstoredNumber,
    /// What others lack is struck from the token's list, but not sent again.
    LeaveOutRetransmissions,
}

impl Ring {
    /// Breaks this ring from now on.
    #[cfg(feature = "sabotage")]
    pub fn sabotage(&mut self, how: Sabotage) {
        self.sabotage = Some(how);
    }

    #[cfg(feature = "sabotage")]
    pub(crate) fn is_broken(&self, how: Sabotage) -> bool {
        self.sabotage == Some(how)
    }

    #[cfg(not(feature = "sabotage"))]
    pub(crate) const fn is_broken(&self, _how: Sabotage) -> bool {
        false
    }
}
