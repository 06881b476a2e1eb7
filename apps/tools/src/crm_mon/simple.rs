use present::Status;
use vocab::ToolExit;

/// Whether all is well, in one line that monitoring programs understand.
pub(super) fn simple(status: &Status) -> (String, ToolExit) {
    let offline: Vec<&str> =
        status.nodes.iter().filter(|node| !node.online).map(|node| node.name.as_str()).collect();
    if status.dc.is_none() || !offline.is_empty() {
        let mut problems: Vec<String> = Vec::new();
        if status.dc.is_none() {
            problems.push("No DC".to_owned());
        }
        if !offline.is_empty() {
            let list: Vec<String> =
                offline.iter().map(|name| format!("offline node: {name}")).collect();
            problems.push(list.join(" "));
        }
        return (format!("CLUSTER WARN: {}", problems.join(", ")), ToolExit::Error);
    }
    let count =
        |fits: &dyn Fn(&present::Node) -> bool| status.nodes.iter().filter(|n| fits(n)).count();
    let standby = count(&|node| node.standby);
    let maintenance = count(&|node| node.maintenance && !node.standby);
    let online = status.nodes.len() - standby - maintenance;
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let some = |n: usize, word: &str| {
        if n == 0 { String::new() } else { format!(", {n} {word} node{}", plural(n)) }
    };
    let resources = status.counts.resources;
    let line = format!(
        "CLUSTER OK: {online} node{} online{}{}, {resources} resource instance{} configured",
        plural(online),
        some(standby, "standby"),
        some(maintenance, "maintenance"),
        plural(resources),
    );
    (line, ToolExit::Ok)
}
