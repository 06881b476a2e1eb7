use anyhow::{Context, Result, ensure};

use crate::bed::{Bed, VIP};

/// Debian's programs by their full paths: where Cardea runs, its own come first in `PATH` and are not meant here.
pub(super) fn debian_tools(bed: &mut Bed) -> Result<()> {
    let place = bed.create_vip("30s")?;
    bed.wait_idle()?;
    let dc = bed.dc()?;
    for node in bed.cluster.node_names() {
        let text = bed.run(&node, &["/usr/sbin/crm_mon", "-1"])?.stdout;
        let resource = text.lines().find(|l| l.contains(VIP)).context("no resource in crm_mon")?;
        ensure!(resource.ends_with(&format!("Started {place}")), "crm_mon says {resource:?}");
        ensure!(text.contains(&format!("Current DC: {dc} ")), "no DC in {text}");
        ensure!(text.contains("partition with quorum"), "no quorum in {text}");
        ensure!(text.contains("Online: [ ha-web1 ha-web2 ha-web3 ]"), "not online in {text}");

        let cib = bed.run(&node, &["/usr/sbin/cibadmin", "-Q"])?.stdout;
        let cib = xml::parse(&cib).context("cibadmin printed no XML")?;
        let primitive = cib.descendants().find(|e| e.name() == "primitive" && e.id() == Some(VIP));
        ensure!(primitive.is_some(), "no {VIP} in the configuration of {node}");

        let list = bed.run(&node, &["/usr/sbin/crm_node", "-l"])?.stdout;
        ensure!(list == "1 ha-web1 member\n2 ha-web2 member\n3 ha-web3 member\n", "{list:?}");

        let answer = bed.run(&node, &["/usr/sbin/crmadmin", "-D"])?.stdout;
        ensure!(answer.trim() == format!("Designated Controller is: {dc}"), "{answer:?}");
    }
    writes(bed)
}

/// Debian's tools change things, too.
fn writes(bed: &Bed) -> Result<()> {
    let node = bed.any()?;
    let name = "tools-scenario";
    let set = ["/usr/sbin/crm_attribute", "-t", "crm_config", "-n", name, "-v", "7"];
    bed.run(&node, &set)?;
    for other in bed.cluster.node_names() {
        let get = ["/usr/sbin/crm_attribute", "-t", "crm_config", "-n", name, "-G", "-q"];
        let value = bed.run(&other, &get)?.stdout;
        ensure!(value.trim() == "7", "{other} has {value:?}");
    }
    bed.run(&node, &["/usr/sbin/crm_attribute", "-t", "crm_config", "-n", name, "-D"])?;

    let update = ["/usr/sbin/attrd_updater", "-n", name, "-U", "9"];
    bed.run(&node, &update)?;
    let words = ["/usr/sbin/attrd_updater", "-n", name, "-Q", "-N", &node];
    netns::wait_until("the attribute", crate::bed::LIMIT, || {
        let answer = bed.run(&node, &words)?.stdout;
        ensure!(answer.contains(r#"value="9""#), "{answer:?}");
        Ok(())
    })?;
    bed.run(&node, &["/usr/sbin/attrd_updater", "-n", name, "-D"])?;
    let found = bed.run(&node, &["/usr/sbin/crm_resource", "-W", "-r", VIP])?.stdout;
    ensure!(found.contains(&format!("resource {VIP} is running on: ")), "{found:?}");
    bed.run(&node, &["/usr/sbin/crm_verify", "-L"]).map(drop)
}
