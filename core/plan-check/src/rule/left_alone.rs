use crate::{
    Objection, Rule,
    deeds::{Deeds, Doing},
};

/// What the cluster does not manage, and what is blocked after a failure, is only asked how it is.
pub(crate) fn check(deeds: &Deeds<'_>) -> Vec<Objection> {
    let changes = deeds
        .all
        .iter()
        .filter(|deed| !deed.pseudo && !matches!(deed.doing, Doing::Probe | Doing::Reload));
    changes
        .filter_map(|deed| {
            let state = &deeds.resource(deed.resource).state;
            let why = if state.blocked {
                "is blocked"
            } else if !state.managed {
                "is not managed"
            } else {
                return None;
            };
            let text = format!("{} {why}: {:?}", deeds.name(deed.resource, deed.node), deed.doing);
            Some(Objection::new(Rule::LeftAlone, text))
        })
        .collect()
}
