use vocab::Role;

use crate::{
    Objection, Rule,
    deeds::{Deeds, Doing},
};

/// What should be stopped is not started, and what should not be promoted is not.
pub(crate) fn check(deeds: &Deeds<'_>) -> Vec<Objection> {
    let all_stopped = deeds.model.options.stop_all_resources;
    deeds
        .all
        .iter()
        .filter(|deed| !deed.pseudo)
        .filter(|deed| {
            let resource = deeds.resource(deed.resource);
            let target = resource.meta("target-role").and_then(|text| text.parse::<Role>().ok());
            let is_part = resource.fence_device || resource.internal;
            match deed.doing {
                Doing::Start | Doing::MigrateFrom => {
                    target == Some(Role::Stopped) || (all_stopped && !is_part)
                }
                Doing::Promote => matches!(target, Some(Role::Stopped | Role::Unpromoted)),
                _ => false,
            }
        })
        .map(|deed| {
            let text = format!("{} {:?}", deeds.name(deed.resource, deed.node), deed.doing);
            Objection::new(Rule::Disabled, text)
        })
        .collect()
}
