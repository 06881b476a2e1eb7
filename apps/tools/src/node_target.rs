//! For which node a tool works that an agent runs.

use std::env;

/// The node meant by `given`, which an agent's environment may know better: the local one where nothing, `auto` or
/// `localhost` is given. None if `given` is a name, or the environment says nothing.
pub(crate) fn target_from_environment(given: Option<&str>) -> Option<String> {
    let is_local = given.is_none_or(|name| {
        name.eq_ignore_ascii_case("auto") || name.eq_ignore_ascii_case("localhost")
    });
    if !is_local {
        return None;
    }
    let meta = |name: &str| env::var(format!("OCF_RESKEY_CRM_meta_{name}")).ok();
    let wants_host = meta("container_attribute_target")
        .is_some_and(|target| target.eq_ignore_ascii_case("host"));
    match meta("physical_host") {
        Some(host) if wants_host => Some(host),
        _ => meta("on_node"),
    }
}
