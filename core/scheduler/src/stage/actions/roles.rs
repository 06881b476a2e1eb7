use vocab::Role;

/// What is done to come one role nearer to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Start,
    Stop,
    Promote,
    Demote,
}

/// The next role on the way from one role to another.
pub(super) fn next_role(from: Role, to: Role) -> Role {
    use Role::{Promoted, Started, Stopped, Unknown, Unpromoted};
    match (from, to) {
        (Unknown, Unknown) => Unknown,
        (Unknown, _) | (Stopped | Started | Unpromoted, Unknown | Stopped) => Stopped,
        (Stopped, Unpromoted | Promoted) | (Started, Unpromoted) => Unpromoted,
        (Stopped | Started, Started) => Started,
        (Unpromoted, Started) => Stopped,
        (Started | Unpromoted, Promoted) => Promoted,
        (Unpromoted, Unpromoted) => Unpromoted,
        (Promoted, Unknown) => Stopped,
        (Promoted, Promoted) => Promoted,
        (Promoted, Stopped | Started | Unpromoted) => Unpromoted,
    }
}

/// What takes a resource from one role to the next one; `None` if nothing does.
pub(super) fn step(from: Role, to: Role) -> Option<Step> {
    use Role::{Promoted, Started, Stopped, Unknown, Unpromoted};
    match (from, to) {
        (Unknown | Started | Unpromoted, Stopped) | (Unpromoted, Started) => Some(Step::Stop),
        (Stopped, Started | Unpromoted) => Some(Step::Start),
        (Started | Unpromoted, Promoted) => Some(Step::Promote),
        (Promoted, Stopped | Started | Unpromoted) => Some(Step::Demote),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_leads_to_its_end() {
        const ROLES: [Role; 4] = [Role::Stopped, Role::Started, Role::Unpromoted, Role::Promoted];
        for from in ROLES {
            for to in [Role::Stopped, Role::Unpromoted, Role::Promoted] {
                let mut role = from;
                for _ in 0..4 {
                    let next = next_role(role, to);
                    let differs = next != role;
                    assert_eq!(
                        step(role, next).is_some(),
                        differs && (role, next) != (Role::Started, Role::Unpromoted),
                        "{role} to {next}"
                    );
                    role = next;
                }
                assert_eq!(role, to, "{from} to {to}");
            }
        }
    }
}
