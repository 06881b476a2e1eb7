use model::options::NoQuorumPolicy;

use crate::{
    Objection, Rule,
    deeds::{Deeds, Doing},
};

/// A partition without quorum starts nothing that needs it, and with the policy "freeze" only what it runs already.
pub(crate) fn check(deeds: &Deeds<'_>) -> Vec<Objection> {
    let model = deeds.model;
    if model.quorate || model.options.no_quorum_policy == NoQuorumPolicy::Ignore {
        return Vec::new();
    }
    let frozen = model.options.no_quorum_policy == NoQuorumPolicy::Freeze;
    let begins = deeds.all.iter().filter(|deed| {
        !deed.pseudo && matches!(deed.doing, Doing::Start | Doing::MigrateFrom | Doing::Promote)
    });
    begins
        .filter(|deed| {
            let resource = deeds.resource(deed.resource);
            let runs_already = frozen && !resource.state.active_on.is_empty();
            resource.needs_quorum && !runs_already
        })
        .map(|deed| {
            let text = format!("{} {:?}", deeds.name(deed.resource, deed.node), deed.doing);
            Objection::new(Rule::Quorum, text)
        })
        .collect()
}
