//! Clusters of any size, as a CIB: what the scheduler is measured with.
//!
//! Resources are `ocf:pacemaker:Dummy` with one parameter and a monitor every 10 s, stickiness 1, without fencing. What was
//! recorded has the digests that the scheduler comes to, so that a steady cluster stays as it is.

use std::{fmt, io};

use xml::{Element, digest};

/// What the resources are grouped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Groups of five. Groups form chains: each is with and after the one before; all groups of a chain prefer the same
    /// node, and after it the next.
    Groups,
    /// Anonymous clones with an instance on every node, interleaved, in chains of orderings.
    Clones,
}

/// What is known of the resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing: each has to be looked for on every node, and started.
    Cold,
    /// They run where they should.
    Steady,
    /// As steady, but the first node has left, and what ran there has to run elsewhere.
    NodeDown,
}

/// A cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Large {
    /// Nodes.
    pub nodes: usize,
    /// Primitives of groups, or instances of clones.
    pub resources: usize,
    /// How they are grouped.
    pub kind: Kind,
    /// What is known of them.
    pub status: Status,
    /// Groups or clones in a chain.
    pub chain: usize,
}

/// The newest schema that Debian's Pacemaker 2.1.5 knows.
const SCHEMA: &str = "pacemaker-3.9";
const FEATURE_SET: &str = "3.20.5";
const CONTROLLER: &str = "11111111-2222-3333-4444-555555555555";
/// When the cluster is looked at, seconds since 1970; everything happened an hour before.
const NOW: u64 = 1_700_000_000;
const MEMBERS: usize = 5;

impl Large {
    /// Groups in chains of four.
    pub const fn groups(nodes: usize, resources: usize, status: Status) -> Self {
        Self { nodes, resources, kind: Kind::Groups, status, chain: 4 }
    }

    /// Writes the CIB. The text is the same for the same cluster.
    pub fn write(&self, out: &mut impl io::Write) -> io::Result<()> {
        writeln!(
            out,
            r#"<cib crm_feature_set="{FEATURE_SET}" validate-with="{SCHEMA}" epoch="10" num_updates="0" admin_epoch="0" have-quorum="1" dc-uuid="{}" execution-date="{NOW}">"#,
            self.nodes
        )?;
        writeln!(out, "  <configuration>\n    <crm_config>")?;
        writeln!(out, r#"      <cluster_property_set id="cib-bootstrap-options">"#)?;
        writeln!(
            out,
            r#"        <nvpair id="opt-fencing" name="stonith-enabled" value="false"/>"#
        )?;
        writeln!(
            out,
            r#"        <nvpair id="opt-stack" name="cluster-infrastructure" value="corosync"/>"#
        )?;
        writeln!(out, "      </cluster_property_set>\n    </crm_config>\n    <nodes>")?;
        for node in 1..=self.nodes {
            writeln!(out, r#"      <node id="{node}" uname="node{node}"/>"#)?;
        }
        writeln!(out, "    </nodes>\n    <resources>")?;
        match self.kind {
            Kind::Groups => self.groups_and_constraints(out)?,
            Kind::Clones => self.clones_and_constraints(out)?,
        }
        writeln!(out, "    </constraints>\n    <rsc_defaults>")?;
        writeln!(
            out,
            r#"      <meta_attributes id="rsc-def"><nvpair id="rsc-def-st" name="resource-stickiness" value="1"/></meta_attributes>"#
        )?;
        writeln!(out, "    </rsc_defaults>\n  </configuration>\n  <status>")?;
        let mut history = History::new(self.primitives());
        for node in 1..=self.nodes {
            self.node_state(out, node, &mut history)?;
        }
        writeln!(out, "  </status>\n</cib>")
    }

    /// How many primitives are configured.
    fn primitives(&self) -> usize {
        match self.kind {
            Kind::Groups => self.resources,
            Kind::Clones => (self.resources / self.nodes).max(1),
        }
    }

    fn groups_and_constraints(&self, out: &mut impl io::Write) -> io::Result<()> {
        let groups = self.resources.div_ceil(MEMBERS);
        for group in 1..=groups {
            writeln!(out, r#"      <group id="grp{group}">"#)?;
            let last = (group * MEMBERS).min(self.resources);
            for member in (group - 1) * MEMBERS + 1..=last {
                primitive(out, member)?;
            }
            writeln!(out, "      </group>")?;
        }
        writeln!(out, "    </resources>\n    <constraints>")?;
        for group in 1..=groups {
            let (chain, position) = ((group - 1) / self.chain, (group - 1) % self.chain);
            let mut location = |letter: char, node: usize, score: u32| {
                writeln!(
                    out,
                    r#"      <rsc_location id="loc-{group}-{letter}" rsc="grp{group}" node="node{}" score="{score}"/>"#,
                    node % self.nodes + 1
                )
            };
            location('a', chain, 100)?;
            if self.nodes > 1 {
                location('b', chain + 1, 50)?;
            }
            if position > 0 {
                let before = group - 1;
                writeln!(
                    out,
                    r#"      <rsc_colocation id="col-{group}" rsc="grp{group}" with-rsc="grp{before}" score="INFINITY"/>"#
                )?;
                writeln!(
                    out,
                    r#"      <rsc_order id="ord-{group}" first="grp{before}" then="grp{group}" kind="Mandatory"/>"#
                )?;
            }
        }
        Ok(())
    }

    fn clones_and_constraints(&self, out: &mut impl io::Write) -> io::Result<()> {
        let clones = self.primitives();
        for clone in 1..=clones {
            writeln!(out, r#"      <clone id="rsc{clone}-clone">"#)?;
            writeln!(
                out,
                r#"        <meta_attributes id="rsc{clone}-clone-ma"><nvpair id="rsc{clone}-clone-il" name="interleave" value="true"/></meta_attributes>"#
            )?;
            primitive(out, clone)?;
            writeln!(out, "      </clone>")?;
        }
        writeln!(out, "    </resources>\n    <constraints>")?;
        for clone in (1..=clones).filter(|clone| (clone - 1) % self.chain > 0) {
            writeln!(
                out,
                r#"      <rsc_order id="ord-{clone}" first="rsc{}-clone" then="rsc{clone}-clone" kind="Mandatory"/>"#,
                clone - 1
            )?;
        }
        Ok(())
    }

    fn node_state(
        &self,
        out: &mut impl io::Write,
        node: usize,
        history: &mut History,
    ) -> io::Result<()> {
        if self.status == Status::NodeDown && node == 1 {
            return writeln!(
                out,
                r#"    <node_state id="1" uname="node1" in_ccm="false" crmd="offline" crm-debug-origin="gen" join="down" expected="down"/>"#
            );
        }
        writeln!(
            out,
            r#"    <node_state id="{node}" uname="node{node}" in_ccm="true" crmd="online" crm-debug-origin="gen" join="member" expected="member">"#
        )?;
        writeln!(out, "      <lrm id=\"{node}\">\n        <lrm_resources>")?;
        if self.status != Status::Cold {
            for resource in 1..=self.primitives() {
                history.resource(out, resource, node, self.runs_on(resource, node))?;
            }
        }
        writeln!(out, "        </lrm_resources>\n      </lrm>")?;
        writeln!(
            out,
            r#"      <transient_attributes id="{node}"><instance_attributes id="status-{node}"/></transient_attributes>"#
        )?;
        writeln!(out, "    </node_state>")
    }

    fn runs_on(&self, resource: usize, node: usize) -> bool {
        match self.kind {
            Kind::Groups => {
                let chain = (resource - 1) / MEMBERS / self.chain;
                chain % self.nodes + 1 == node
            }
            Kind::Clones => true,
        }
    }
}

impl fmt::Display for Large {
    /// A name for files and tables.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Groups => "groups",
            Kind::Clones => "clones",
        };
        let status = match self.status {
            Status::Cold => "cold",
            Status::Steady => "steady",
            Status::NodeDown => "node-down",
        };
        write!(f, "{}x{}-{kind}-{status}", self.nodes, self.resources)
    }
}

fn primitive(out: &mut impl io::Write, number: usize) -> io::Result<()> {
    let id = format!("rsc{number}");
    writeln!(
        out,
        r#"        <primitive id="{id}" class="ocf" provider="pacemaker" type="Dummy">"#
    )?;
    writeln!(
        out,
        r#"          <instance_attributes id="{id}-ia"><nvpair id="{id}-ia-fake" name="fake" value="{id}"/></instance_attributes>"#
    )?;
    writeln!(
        out,
        r#"          <operations><op id="{id}-mon" name="monitor" interval="10s" timeout="20s"/></operations>"#
    )?;
    writeln!(out, "        </primitive>")
}

/// Writes what nodes recorded, numbering calls on.
struct History {
    calls: u64,
    /// Digests of each primitive's parameters: those of a start and a probe, and those of the monitor.
    digests: Vec<(String, String)>,
    /// Of no parameters at all.
    nothing: String,
}

impl History {
    fn new(primitives: usize) -> Self {
        let of = |number: usize| {
            let start = Element::new("parameters").with("fake", format_args!("rsc{number}"));
            let monitor = start.clone().with("CRM_meta_timeout", 20_000);
            (digest::operation(&start), digest::operation(&monitor))
        };
        Self {
            calls: 0,
            digests: (1..=primitives).map(of).collect(),
            nothing: digest::operation(&Element::new("parameters")),
        }
    }

    fn resource(
        &mut self,
        out: &mut impl io::Write,
        resource: usize,
        node: usize,
        running: bool,
    ) -> io::Result<()> {
        writeln!(
            out,
            r#"          <lrm_resource id="rsc{resource}" class="ocf" provider="pacemaker" type="Dummy">"#
        )?;
        if running {
            self.operation(out, resource, node, ("start", 0, 0))?;
            self.operation(out, resource, node, ("monitor", 10_000, 0))?;
        } else {
            self.operation(out, resource, node, ("monitor", 0, 7))?;
        }
        writeln!(out, "          </lrm_resource>")
    }

    fn operation(
        &mut self,
        out: &mut impl io::Write,
        resource: usize,
        node: usize,
        (task, interval_ms, exit): (&str, u32, u32),
    ) -> io::Result<()> {
        self.calls += 1;
        let call = self.calls;
        let id = format!("rsc{resource}");
        let row = if interval_ms == 0 { "last_0" } else { "monitor_10000" };
        let transition = format!("{call}:1:{exit}:{CONTROLLER}");
        let (once, recurring) = &self.digests[resource - 1];
        let digest = if interval_ms == 0 { once } else { recurring };
        write!(
            out,
            r#"            <lrm_rsc_op id="{id}_{row}" operation_key="{id}_{task}_{interval_ms}" operation="{task}" crm-debug-origin="controld_update_resource_history" crm_feature_set="{FEATURE_SET}" transition-key="{transition}" transition-magic="0:{exit};{transition}" exit-reason="" on_node="node{node}" call-id="{call}" rc-code="{exit}" op-status="0" interval="{interval_ms}" last-rc-change="{}" exec-time="10" queue-time="0" op-digest="{digest}""#,
            NOW - 3_600
        )?;
        if interval_ms == 0 {
            let nothing = &self.nothing;
            write!(out, r#" op-force-restart="  state  " op-restart-digest="{nothing}""#)?;
        }
        writeln!(out, "/>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(cluster: Large) -> String {
        let mut text = Vec::new();
        cluster.write(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn there_is_as_much_of_everything_as_was_asked_for() {
        for (kind, primitives) in [(Kind::Groups, 20), (Kind::Clones, 6)] {
            let cluster = Large { kind, ..Large::groups(3, 20, Status::NodeDown) };
            let cib = xml::parse(&text(cluster)).unwrap();
            let count = |name: &str| cib.descendants().filter(|e| e.name() == name).count();
            assert_eq!(count("node"), 3);
            assert_eq!(count("primitive"), primitives);
            // The node that is down recorded nothing.
            assert_eq!(count("lrm_resource"), 2 * primitives);
        }
    }

    #[test]
    fn ids_are_unique_within_the_configuration() {
        let cib = xml::parse(&text(Large::groups(4, 43, Status::Cold))).unwrap();
        let configuration = cib.child("configuration").unwrap();
        let mut ids: Vec<_> = configuration.descendants().filter_map(Element::id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
