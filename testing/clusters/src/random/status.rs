use xml::Element;

use super::{draft::Draft, numbers::Random, play::set_transient};

/// The status of a cluster whose nodes came just now and recorded nothing yet.
pub(super) fn fresh(draft: &Draft) -> Element {
    let mut status = Element::new("status");
    for (index, name) in draft.nodes.iter().enumerate() {
        let id = index + 1;
        let state = Element::new("node_state")
            .with("id", id)
            .with("uname", name)
            .with("in_ccm", "true")
            .with("crmd", "online")
            .with("crm-debug-origin", "random")
            .with("join", "member")
            .with("expected", "member");
        let lrm = Element::new("lrm").with("id", id).with_child(Element::new("lrm_resources"));
        status.push(state.with_child(lrm));
    }
    if !draft.tickets.is_empty() {
        let granted = |ticket: &String| {
            Element::new("ticket_state").with("id", ticket).with("granted", "true")
        };
        status.push(Element::new("tickets").with_children(draft.tickets.iter().map(granted)));
    }
    status
}

/// Draws the attributes that agents set on nodes.
pub(super) fn attributes(draft: &Draft, cib: &mut Element) {
    let random = &mut Random::stream(draft.seed, "attributes");
    for node in &draft.nodes {
        for resource in draft.resources.iter().filter(|resource| resource.promotable) {
            for primitive in &resource.primitives {
                if random.percent(80) {
                    let name = format!("master-{primitive}");
                    set_transient(cib, node, &name, random.word(&["5", "10", "100", "-1"]));
                }
            }
        }
        if random.percent(30) {
            set_transient(cib, node, "pingd", random.word(&["0", "100", "1000"]));
        }
        if draft.health && random.percent(60) {
            let colour = random.word(&["green", "green", "yellow", "red"]);
            set_transient(cib, node, "#health-disk", colour);
        }
    }
}
