use super::{Look, Tone};
use crate::{ActiveOn, Ban, End, Preview, ResourceEnd, Stopped};

/// Where everything is in the end that is elsewhere now, or that is down.
pub(super) fn lines(preview: &Preview, look: Look) -> (String, Vec<String>) {
    let End { transitions, later_actions, resources, .. } = &preview.end;
    let mut title = "In the end".to_owned();
    if *transitions > 1 {
        title.push_str(&format!(
            ", after {transitions} transitions with {later_actions} more actions"
        ));
    }
    let shown: Vec<&ResourceEnd> =
        resources.iter().filter(|end| end.before != end.after || end.after.is_empty()).collect();
    let width = shown.iter().map(|end| end.resource.chars().count()).max().unwrap_or(0);
    let lines = shown
        .into_iter()
        .map(|end| {
            let now = match end.before == end.after {
                true => "as now".to_owned(),
                false => format!("now {}", places(&end.before)),
            };
            let (text, tone) = match &end.stopped {
                None => (places(&end.after), Tone::Good),
                Some(Stopped::Removed) => ("gone".to_owned(), Tone::Caution),
                Some(why) => (format!("stopped: {}", words(why)), Tone::Bad),
            };
            let text = look.paint(tone, &text);
            format!(
                "{:width$}  {text} {}",
                end.resource,
                look.paint(Tone::Aside, &format!("({now})"))
            )
        })
        .collect();
    (title, lines)
}

fn places(places: &[ActiveOn]) -> String {
    if places.is_empty() {
        return "stopped".to_owned();
    }
    let mut roles: Vec<&str> = places.iter().map(|place| place.role.as_str()).collect();
    roles.sort_unstable();
    roles.dedup();
    let parts: Vec<String> = roles
        .into_iter()
        .map(|role| {
            let nodes: Vec<&str> = places
                .iter()
                .filter(|place| place.role == role)
                .map(|place| place.node.as_str())
                .collect();
            format!("{role} on {}", nodes.join(", "))
        })
        .collect();
    parts.join("; ")
}

fn words(why: &Stopped) -> String {
    match why {
        Stopped::Disabled => "disabled by its target-role".to_owned(),
        Stopped::Unmanaged => "not managed".to_owned(),
        Stopped::Blocked => "blocked by a failure".to_owned(),
        Stopped::NoNode { bans } if bans.is_empty() => "no node for it".to_owned(),
        Stopped::NoNode { bans } => {
            format!("no node for it: {}", bans.iter().map(ban).collect::<Vec<_>>().join(", "))
        }
        Stopped::CannotStart { node, reason: None } => format!("cannot start on {node}"),
        Stopped::CannotStart { node, reason: Some(reason) } => {
            format!("cannot start on {node}: {}", reason.text)
        }
        Stopped::Removed => "not configured".to_owned(),
    }
}

fn ban(ban: &Ban) -> String {
    format!("{} ({})", ban.nodes.join(" "), ban.why)
}
