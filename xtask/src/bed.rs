//! A cluster under test: the questions that scenarios, the demo and the benchmark ask of it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use netns::{Cluster, ClusterSettings, Output, SERVICE_ADDRESS, wait_until};

use crate::status::Status;

/// How long anything may take that the cluster must do by itself. Far above what it needs, so that a slow machine does
/// not fail a test; a test that succeeds never waits for it.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);

/// The resource with the service's address, in all scenarios.
pub(crate) const VIP: &str = "WebVIP";

pub(crate) struct Bed {
    pub(crate) cluster: Cluster,
    /// Whether the next scenario may have it, too.
    pub(crate) is_shared: bool,
}

impl Bed {
    /// Boots a cluster whose software is not started.
    pub(crate) fn boot(settings: ClusterSettings) -> Result<Self> {
        Ok(Self { cluster: Cluster::up(settings)?, is_shared: false })
    }

    /// Starts the software of all nodes at the same time and waits until they are one cluster.
    pub(crate) fn form(&self) -> Result<()> {
        self.cluster.start_stacks(&self.cluster.live())?;
        self.wait_members(&self.cluster.live())
    }

    /// Sets what all scenarios want of a cluster that has formed.
    pub(crate) fn configure(&self) -> Result<()> {
        self.set_option("stonith-enabled", "false")?;
        // The C stack waits 20 s for a DC at every start otherwise.
        self.set_option("dc-deadtime", "2s")?;
        let words = ["--type", "rsc_defaults", "--name", "resource-stickiness", "--update", "100"];
        self.run(&self.any()?, &[&["crm_attribute"], &words[..]].concat()).map(drop)
    }

    /// The first node that is switched on, to ask questions of.
    pub(crate) fn any(&self) -> Result<String> {
        self.cluster.live().into_iter().next().context("no node is switched on")
    }

    /// Runs a command and requires exit code 0.
    pub(crate) fn run(&self, node: &str, command: &[&str]) -> Result<Output> {
        self.cluster.exec(node, command)?.require().with_context(|| node.to_owned())
    }

    /// The cluster as `node` sees it.
    pub(crate) fn status_from(&self, node: &str) -> Result<Status> {
        let output = self.run(node, &["crm_mon", "-1", "--output-as=xml"])?;
        Status::parse(&output.stdout).with_context(|| format!("crm_mon on {node}"))
    }

    /// The cluster as some node sees it.
    pub(crate) fn status(&self) -> Result<Status> {
        self.status_from(&self.any()?)
    }

    /// Waits for a state of the cluster as `node` sees it.
    pub(crate) fn wait_from<T>(
        &self,
        node: &str,
        what: &str,
        condition: impl Fn(&Status) -> Option<T>,
    ) -> Result<T> {
        wait_until(&format!("{what} (seen from {node})"), LIMIT, || {
            let status = self.status_from(node)?;
            condition(&status).with_context(|| status.brief())
        })
    }

    /// Waits for a state of the cluster as some node sees it.
    pub(crate) fn wait<T>(
        &self,
        what: &str,
        condition: impl Fn(&Status) -> Option<T>,
    ) -> Result<T> {
        self.wait_from(&self.any()?, what, condition)
    }

    /// Waits until exactly these nodes are members, seen from each of them, and the cluster has nothing left to do.
    pub(crate) fn wait_members(&self, nodes: &[String]) -> Result<()> {
        let what = format!("{} to be the members", nodes.join(", "));
        for node in nodes {
            self.wait_from(node, &what, |s| (s.dc.is_some() && s.online() == nodes).then_some(()))?;
        }
        self.wait_idle()
    }

    /// Waits until the DC has nothing left to do.
    pub(crate) fn wait_idle(&self) -> Result<()> {
        let node = self.any()?;
        wait_until("the DC to be idle", LIMIT, || {
            let status = self.status_from(&node)?;
            let dc = status.dc.clone().with_context(|| status.brief())?;
            let output = self.run(&node, &["crmadmin", "-S", &dc])?;
            if !output.stdout.contains("S_IDLE") {
                bail!("{}; {}", output.stdout.trim(), status.brief());
            }
            Ok(())
        })
    }

    /// Waits until a resource is active on exactly one node, and says which.
    pub(crate) fn wait_started(&self, resource: &str) -> Result<String> {
        self.wait_started_where(resource, |_| true)
    }

    /// The same, on a node of which `suits` is true.
    pub(crate) fn wait_started_where(
        &self,
        resource: &str,
        suits: impl Fn(&str) -> bool,
    ) -> Result<String> {
        self.wait(&format!("{resource} to be started"), |s| {
            s.place_of(resource).ok().filter(|n| suits(n)).map(str::to_owned)
        })
    }

    /// The DC, as some node sees it.
    pub(crate) fn dc(&self) -> Result<String> {
        self.wait("a DC", |s| s.dc.clone())
    }

    /// Sets a cluster option.
    pub(crate) fn set_option(&self, name: &str, value: &str) -> Result<()> {
        let node = self.any()?;
        let words = ["crm_attribute", "--type", "crm_config", "--name", name, "--update", value];
        self.run(&node, &words).map(drop)
    }

    /// Adds to a section of the configuration.
    pub(crate) fn create(&self, section: &str, xml: &str) -> Result<()> {
        let node = self.any()?;
        self.run(&node, &["cibadmin", "--create", "--scope", section, "--xml-text", xml]).map(drop)
    }

    /// Empties a section of the configuration.
    pub(crate) fn clear(&self, section: &str) -> Result<()> {
        let node = self.any()?;
        let empty = format!("<{section}/>");
        self.run(&node, &["cibadmin", "--replace", "--scope", section, "--xml-text", &empty])
            .map(drop)
    }

    /// Creates the service's address as a resource, watched every `interval`, and waits until it is up.
    pub(crate) fn create_vip(&self, interval: &str) -> Result<String> {
        self.create("resources", &vip_xml(interval))?;
        self.wait_started(VIP)
    }

    /// Brings a resource to a node by a constraint that is gone afterwards.
    pub(crate) fn place(&self, resource: &str, node: &str) -> Result<()> {
        let preference = format!(
            r#"<rsc_location id="test-place" rsc="{resource}" node="{node}" score="INFINITY"/>"#
        );
        self.create("constraints", &preference)?;
        self.wait_started_where(resource, |n| n == node)?;
        let any = self.any()?;
        let words = ["cibadmin", "--delete", "--xml-text", r#"<rsc_location id="test-place"/>"#];
        self.run(&any, &words)?;
        self.wait_idle()?;
        self.wait_started_where(resource, |n| n == node).map(drop)
    }

    /// Which live nodes have the service's address on an interface. The truth, whatever the cluster thinks.
    pub(crate) fn address_holders(&self) -> Result<Vec<String>> {
        let mut holders = Vec::new();
        for node in self.cluster.live() {
            let output = self.run(&node, &["ip", "-o", "-4", "addr", "show"])?;
            if output.stdout.contains(&format!(" {SERVICE_ADDRESS}/")) {
                holders.push(node);
            }
        }
        Ok(holders)
    }
}

/// The definition of the service's address.
pub(crate) fn vip_xml(interval: &str) -> String {
    format!(
        r#"<primitive id="{VIP}" class="ocf" provider="heartbeat" type="IPaddr2">
<instance_attributes id="{VIP}-instance_attributes">
<nvpair id="{VIP}-instance_attributes-ip" name="ip" value="{SERVICE_ADDRESS}"/>
<nvpair id="{VIP}-instance_attributes-cidr_netmask" name="cidr_netmask" value="32"/>
</instance_attributes>
<operations>
<op id="{VIP}-monitor-interval-{interval}" name="monitor" interval="{interval}" timeout="20s"/>
</operations></primitive>"#
    )
}
