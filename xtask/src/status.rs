//! What a cluster says about itself, read from `crm_mon --output-as=xml`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use xml::Element;

/// One look at a cluster, as one node sees it.
pub(crate) struct Status {
    /// The node that makes the decisions.
    pub(crate) dc: Option<String>,
    pub(crate) quorate: bool,
    pub(crate) nodes: BTreeMap<String, NodeStatus>,
    pub(crate) resources: BTreeMap<String, ResourceStatus>,
}

#[derive(Default)]
pub(crate) struct NodeStatus {
    pub(crate) online: bool,
    pub(crate) pending: bool,
    pub(crate) standby: bool,
    pub(crate) unclean: bool,
}

#[derive(Default, Debug)]
pub(crate) struct ResourceStatus {
    /// Where it is active.
    pub(crate) nodes: Vec<String>,
    pub(crate) failed: bool,
    /// What is being done with it (`Starting`), in which case `nodes` tells the plan, not the state.
    pending: Option<String>,
}

impl Status {
    /// Reads the output of `crm_mon --output-as=xml`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let root = xml::parse(text).context("the output of crm_mon is not XML")?;
        let summary = root.child("summary").context("crm_mon printed no <summary>")?;
        let dc = summary.child("current_dc");
        let mut resources = BTreeMap::new();
        if let Some(list) = root.child("resources") {
            for element in list.descendants().filter(|e| e.name() == "resource") {
                let id = element.id().context("a resource has no id")?;
                let status: &mut ResourceStatus = resources.entry(id.to_owned()).or_default();
                status.failed |= yes(element, "failed");
                let task = element.attr("pending").or_else(|| pending_role(element));
                status.pending = task.map(str::to_owned).or(status.pending.take());
                status.nodes.extend(element.children_named("node").filter_map(name));
            }
        }
        let nodes = root.child("nodes").context("crm_mon printed no <nodes>")?;
        let nodes = nodes.children_named("node").filter_map(|e| Some((name(e)?, node_status(e))));
        Ok(Self {
            dc: dc.filter(|d| yes(d, "present")).and_then(name),
            quorate: dc.is_some_and(|d| yes(d, "with_quorum")),
            nodes: nodes.collect(),
            resources,
        })
    }

    /// The nodes that are full members.
    pub(crate) fn online(&self) -> Vec<&str> {
        let full = |n: &NodeStatus| n.online && !n.pending && !n.unclean;
        self.nodes.iter().filter(|(_, n)| full(n)).map(|(name, _)| name.as_str()).collect()
    }

    /// The one node that a resource is active on.
    pub(crate) fn place_of(&self, resource: &str) -> Result<&str> {
        let known = self.resources.get(resource);
        match known.with_context(|| format!("no resource {resource}"))? {
            r if r.failed => bail!("{resource} has failed"),
            ResourceStatus { pending: Some(task), .. } => bail!("{resource} is {task}"),
            r => match r.nodes.as_slice() {
                [node] => Ok(node),
                [] => bail!("{resource} is stopped"),
                several => bail!("{resource} is active on {}", several.join(" and ")),
            },
        }
    }

    /// One line for messages.
    pub(crate) fn brief(&self) -> String {
        let dc = self.dc.as_deref().unwrap_or("none");
        let quorum = if self.quorate { "quorum" } else { "no quorum" };
        let nodes = self.nodes.iter().map(|(name, n)| {
            let state = match (n.online, n.pending) {
                (true, false) => "online",
                (true, true) => "pending",
                (false, _) => "offline",
            };
            let unclean = if n.unclean { " unclean" } else { "" };
            let standby = if n.standby { " standby" } else { "" };
            format!("{name} {state}{unclean}{standby}")
        });
        let nodes: Vec<_> = nodes.collect();
        let resources = self.resources.iter().map(|(id, r)| {
            let place = if r.nodes.is_empty() { "stopped".into() } else { r.nodes.join("+") };
            let task = r.pending.as_deref().unwrap_or_default();
            format!("{id} {place}{}{task}", if r.failed { " failed" } else { "" })
        });
        let resources: Vec<_> = resources.collect();
        format!("DC {dc}, {quorum}; {}; {}", nodes.join(", "), resources.join(", "))
    }
}

fn node_status(element: &Element) -> NodeStatus {
    NodeStatus {
        online: yes(element, "online"),
        pending: yes(element, "pending"),
        standby: yes(element, "standby"),
        unclean: yes(element, "unclean"),
    }
}

/// The role of a resource that is on its way to another.
fn pending_role(resource: &Element) -> Option<&str> {
    resource.attr("role").filter(|role| role.ends_with("ing"))
}

fn yes(element: &Element, attribute: &str) -> bool {
    element.attr(attribute) == Some("true")
}

fn name(element: &Element) -> Option<String> {
    element.attr("name").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_matters() {
        let status = Status::parse(
            r#"<pacemaker-result><summary><current_dc present="true" name="a" with_quorum="true"/></summary>
            <nodes><node name="a" online="true" pending="false" unclean="false"/>
            <node name="b" online="true" pending="true" unclean="false"/></nodes>
            <resources><group id="g"><resource id="r" failed="false"><node name="a"/></resource></group>
            <resource id="s" failed="false"/>
            <resource id="t" role="Starting" failed="false"><node name="a"/></resource></resources></pacemaker-result>"#,
        )
        .expect("well-formed");
        assert_eq!(status.online(), ["a"]);
        assert_eq!(status.place_of("r").expect("active"), "a");
        assert_eq!(status.place_of("s").expect_err("inactive").to_string(), "s is stopped");
        assert_eq!(status.place_of("t").expect_err("on its way").to_string(), "t is Starting");
        assert!(status.brief().starts_with("DC a, quorum; a online, b pending; r a, s stopped"));
    }
}
