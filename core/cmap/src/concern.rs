use wire::corosync::cmap::Value;

use crate::{Concern, Statistics};

/// Which part of the daemon a client's change concerns, by the value it left.
pub(crate) fn concern(key: &str, new: Option<&Value>) -> Concern {
    let is_no = matches!(new, Some(Value::Text(text)) if text == "no");
    match key {
        "runtime.blackbox.dump_flight_data" => Concern::DumpFlightData,
        "runtime.blackbox.dump_state" => Concern::DumpState,
        "runtime.force_gather" if is_no => Concern::Other,
        "runtime.force_gather" => Concern::ForceGather,
        "quorum.cancel_wait_for_all" => match new {
            Some(Value::U8(number)) if *number > 0 => Concern::CancelWaitForAll,
            Some(_) | None => Concern::Quorum,
        },
        "totem.config_version" => Concern::ConfigVersion,
        _ if key.starts_with("totem.") => Concern::Totem,
        _ if key.starts_with("quorum.") => Concern::Quorum,
        _ if key.starts_with("logging.") => Concern::Logging,
        _ if key.starts_with("resources.") => Concern::Resources,
        _ if key.starts_with("uidgid.") => Concern::Access,
        _ => Concern::Other,
    }
}

/// What a key that is a button goes back to once it is pressed.
pub(crate) fn after(concern: Concern) -> Option<Value> {
    match concern {
        Concern::ForceGather => Some(Value::Text("no".to_owned())),
        Concern::CancelWaitForAll => Some(Value::U8(0)),
        Concern::DumpFlightData
        | Concern::DumpState
        | Concern::ConfigVersion
        | Concern::Totem
        | Concern::Quorum
        | Concern::Logging
        | Concern::Resources
        | Concern::Access
        | Concern::Other => None,
    }
}

/// Which statistics a key of `stats.clear.` clears. What follows the name does not count, as in the original.
pub(crate) fn clearing(key: &str) -> Option<Statistics> {
    let name = key.strip_prefix("stats.clear.")?;
    [
        ("knet", Statistics::Links),
        ("ipc", Statistics::Clients),
        ("totem", Statistics::Ring),
        ("schedmiss", Statistics::SchedulingMisses),
        ("all", Statistics::All),
    ]
    .into_iter()
    .find(|(known, _)| name.starts_with(known))
    .map(|(_, which)| which)
}
