/// Kinds of units that can be resources, as they end their names.
const KINDS: [&str; 5] = [".service", ".socket", ".mount", ".timer", ".path"];

/// Whether a name ends as units of a kind that can be a resource do.
pub(crate) fn has_kind(name: &str) -> bool {
    KINDS.iter().any(|kind| name.ends_with(kind))
}

/// A unit's whole name: a service unless the name says otherwise.
pub fn unit_name(name: &str) -> String {
    if has_kind(name) { name.to_owned() } else { format!("{name}.service") }
}

/// A name that stands for a unit that could be: a template gets an instance.
pub(crate) fn instance_name(name: &str) -> String {
    let whole = unit_name(name);
    match whole.rfind('.') {
        Some(dot) if whole[..dot].ends_with('@') => {
            format!("{}pacemaker{}", &whole[..dot], &whole[dot..])
        }
        _ => whole,
    }
}

/// A unit file's name as an agent's: without directory, without the kind if it is a service.
pub(crate) fn agent_name(file: &str) -> Option<String> {
    let name = file.rsplit('/').next().unwrap_or(file);
    has_kind(name).then(|| name.strip_suffix(".service").unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(unit_name("nginx"), "nginx.service");
        assert_eq!(unit_name("data.mount"), "data.mount");
        assert_eq!(unit_name("a.b"), "a.b.service");
        assert_eq!(instance_name("getty@"), "getty@pacemaker.service");
        assert_eq!(instance_name("x@.timer"), "x@pacemaker.timer");
        assert_eq!(instance_name("getty@tty1"), "getty@tty1.service");
        assert_eq!(agent_name("/lib/systemd/system/nginx.service").as_deref(), Some("nginx"));
        assert_eq!(agent_name("a.timer").as_deref(), Some("a.timer"));
        assert_eq!(agent_name("multi-user.target"), None);
    }
}
