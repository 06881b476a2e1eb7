//! Tools of either stack on the daemons of either, in one cluster of both.

use anyhow::{Context, Result, bail};
use netns::Stack;

use super::prompt::{
    Prompt,
    Step::{self, Does, Idle, Prints, Runs, RunsOn},
};
use crate::{bed::Bed, console};

/// Where Debian's tools are.
const DEBIAN: &str = "/usr/sbin";

/// One thing that tools are for. Each row leaves behind what it found.
struct Row {
    name: &'static str,
    steps: &'static [Step],
}

/// Whose tools are used on whose node.
struct Column<'a> {
    name: &'static str,
    prompt: Prompt<'a>,
}

/// Plays all rows in all columns and prints what works.
pub(in super::super) fn interchange(bed: &mut Bed) -> Result<()> {
    bed.form()?;
    bed.configure()?;
    let columns = columns(bed)?;
    let first = columns.first().context("no columns")?;
    first.prompt.play(PREPARATION)?;
    let mut failures = Vec::new();
    let heads: Vec<_> = columns.iter().map(|column| format!("{:>25}", column.name)).collect();
    let mut matrix = vec![format!("{:<12}{}", "", heads.concat())];
    for row in ROWS {
        let mut line = format!("{:<12}", row.name);
        for column in &columns {
            let outcome = column.prompt.play(row.steps);
            line.push_str(&format!("{:>25}", if outcome.is_ok() { "works" } else { "FAILS" }));
            if let Err(error) = outcome {
                failures.push(format!("{}, {}: {error:#}", row.name, column.name));
            }
        }
        matrix.push(line);
    }
    console::quote(&matrix.join("\n"));
    if !failures.is_empty() {
        bail!("{}", failures.join("\n"));
    }
    Ok(())
}

fn columns(bed: &Bed) -> Result<Vec<Column<'_>>> {
    let node_of = |stack: Stack| {
        let nodes = bed.cluster.node_names().into_iter().zip(&bed.cluster.settings().nodes);
        let mut of_stack = nodes.filter(|(_, programs)| programs.stack == stack);
        of_stack.next().map(|(name, _)| name).with_context(|| format!("no node runs {stack:?}"))
    };
    let (ours, debians) = (node_of(Stack::Cardea)?, node_of(Stack::Debian)?);
    let tool = Prompt::own(bed, &ours).succeed("command -v cibadmin")?.stdout;
    let own = tool.trim().strip_suffix("/cibadmin").context("cibadmin is in no directory")?;
    let column = |name, node: &str, first: &str, others: &str| Column {
        name,
        prompt: Prompt::in_directory(bed, node, first, others),
    };
    Ok(vec![
        column("Debian's tool, our node", &ours, DEBIAN, own),
        column("our tool, Debian's node", &debians, own, DEBIAN),
        column("our tool, our node", &ours, own, DEBIAN),
        column("Debian's tool and node", &debians, DEBIAN, own),
    ])
}

#[rustfmt::skip]
const PREPARATION: &[Step] = &[
    Does("cibadmin --create --scope resources --xml-text '<primitive id=\"r1\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"><operations><op id=\"r1-m\" name=\"monitor\" interval=\"10s\"/></operations></primitive>'",
        &["//primitive[@id='r1']"]),
    Runs("r1", ""),
    Idle,
];

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { name: "query", steps: &[
        Prints("cibadmin --query", &["<cib ", "id=\"r1\"", "<node_state "]),
        Prints("cibadmin --query --scope nodes", &["uname=\"ha-web1\"", "uname=\"ha-web2\"", "uname=\"ha-web3\""]),
        Prints("cibadmin --query --xpath \"//primitive[@id='r1']\"", &["<primitive id=\"r1\" "]),
    ] },
    Row { name: "modify", steps: &[
        Does("cibadmin --create --scope resources --xml-text '<primitive id=\"m1\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"/>'", &["//primitive[@id='m1']"]),
        Does("cibadmin --modify --xml-text '<primitive id=\"m1\" description=\"changed\"/>'", &["//primitive[@id='m1' and @description='changed']"]),
        Runs("m1", ""),
        Does("cibadmin --delete --xml-text '<primitive id=\"m1\"/>'", &["no //primitive[@id='m1']"]),
        RunsOn("m1", 0),
        Idle,
    ] },
    Row { name: "patch", steps: &[
        Does("cibadmin --query > old.xml && sed 's/<primitive id=\"r1\"/& description=\"p\"/' old.xml > new.xml && { crm_diff --original old.xml --new new.xml --no-version > patch.xml; test $? -le 1; } && cibadmin --patch --xml-file patch.xml",
            &["//primitive[@id='r1' and @description='p']"]),
        // The way back, written by the other stack's tool.
        Does("cibadmin --query > old.xml && sed 's/ description=\"p\"//' old.xml > new.xml && { $OTHERS/crm_diff --original old.xml --new new.xml --no-version > patch.xml; test $? -le 1; } && cibadmin --patch --xml-file patch.xml",
            &["no //primitive[@description]"]),
    ] },
    Row { name: "attribute", steps: &[
        Does("crm_attribute --node ha-web3 --name site --update one", &["/cib/configuration/nodes/node[@uname='ha-web3']//nvpair[@name='site' and @value='one']"]),
        Prints("crm_attribute --node ha-web3 --name site --query", &["name=site value=one"]),
        Does("crm_attribute --node ha-web3 --name site --delete", &["no //nvpair[@name='site']"]),
        Does("crm_attribute --node ha-web3 --name passing --update 4 --lifetime reboot", &["//node_state[@uname='ha-web3']/transient_attributes//nvpair[@name='passing' and @value='4']"]),
        Prints("crm_attribute --node ha-web3 --name passing --query --lifetime reboot", &["name=passing value=4"]),
        Does("crm_attribute --node ha-web3 --name passing --delete --lifetime reboot", &["no //nvpair[@name='passing']"]),
        Does("attrd_updater --name load --update 5", &["//transient_attributes//nvpair[@name='load' and @value='5']"]),
        Prints("attrd_updater --name load --query --all", &["name=\"load\" host=\"ha-web", "value=\"5\""]),
        Does("attrd_updater --name load --delete", &["no //nvpair[@name='load']"]),
    ] },
    Row { name: "cleanup", steps: &[
        Idle,
        // A DC of Debian's counts one or two: it sees two records of the failure.
        Does("crm_resource --fail --resource r1 --node $(crm_resource --locate --resource r1 --quiet)", &["//transient_attributes//nvpair[@name='fail-count-r1#asyncmon_0']"]),
        Runs("r1", ""),
        Prints("crm_resource --cleanup --resource r1", &["Cleaned up r1 on ha-web"]),
        Does("true", &["no //nvpair[starts-with(@name,'fail-count-r1')]", "no //lrm_rsc_op[@operation='asyncmon']"]),
        Runs("r1", ""),
        Idle,
        Prints("crm_resource --refresh --resource r1", &["Cleaned up r1 on ha-web"]),
        Idle,
    ] },
    Row { name: "move", steps: &[
        Does("crm_resource --ban --resource r1 --node ha-web1 && crm_resource --ban --resource r1 --node ha-web2", &["//rsc_location[@id='cli-ban-r1-on-ha-web2']"]),
        Runs("r1", "ha-web3"),
        Prints("crm_resource --locate --resource r1", &["resource r1 is running on: ha-web3"]),
        Does("crm_resource --clear --resource r1", &["no //rsc_location"]),
        Does("crm_resource --move --resource r1 --node ha-web1", &["//rsc_location[@id='cli-prefer-r1' and @node='ha-web1']"]),
        Runs("r1", "ha-web1"),
        Does("crm_resource --clear --resource r1", &["no //rsc_location"]),
        Idle,
    ] },
    Row { name: "standby", steps: &[
        Does("crm_standby --node ha-web3 --update on", &["//node[@uname='ha-web3']//nvpair[@name='standby' and @value='on']"]),
        Prints("crm_standby --node ha-web3 --query", &["value=on"]),
        Prints("crm_mon -1", &["Node ha-web3: standby"]),
        Does("crm_standby --node ha-web3 --delete", &["no //nvpair[@name='standby']"]),
        Idle,
    ] },
    Row { name: "ticket", steps: &[
        Does("crm_ticket --ticket T1 --grant --force", &["//ticket_state[@id='T1' and @granted='true']"]),
        Prints("crm_ticket --info --ticket T1", &["T1", "granted"]),
        Does("crm_ticket --ticket T1 --standby", &["//ticket_state[@id='T1' and @standby='true']"]),
        Does("crm_ticket --ticket T1 --revoke --force", &["//ticket_state[@id='T1' and @granted='false']"]),
        Does("crm_ticket --ticket T1 --cleanup --force", &["no //ticket_state"]),
    ] },
    Row { name: "nodes", steps: &[
        Prints("crm_node --list", &["1 ha-web1 member\n2 ha-web2 member\n3 ha-web3 member\n"]),
        Prints("crm_node --partition", &["ha-web1 ha-web2 ha-web3"]),
        Prints("crm_node --quorum", &["1"]),
        Prints("crm_node --name", &["ha-web"]),
        Prints("crmadmin --dc_lookup", &["Designated Controller is: ha-web"]),
        Prints("crmadmin --nodes", &["cluster node: ha-web2 (2)"]),
        Prints("crmadmin --status $(crmadmin --dc_lookup --quiet)", &["in state S_IDLE: ok"]),
    ] },
    Row { name: "crm_mon", steps: &[
        Prints("crm_mon --one-shot --output-as=xml", &["<pacemaker-result ", "<node name=\"ha-web2\" id=\"2\" online=\"true\"", "<resource id=\"r1\" resource_agent=\"ocf:pacemaker:Dummy\" role=\"Started\"", "<status code=\"0\" message=\"OK\"/>"]),
        Prints("crm_mon --one-shot", &["partition with quorum", "Online: [ ha-web1 ha-web2 ha-web3 ]", "r1\t(ocf:pacemaker:Dummy):\t Started ha-web"]),
    ] },
    Row { name: "plan", steps: &[
        Prints("crm_simulate --live-check --simulate", &["Transition Summary:", "r1\t(ocf:pacemaker:Dummy):\t Started ha-web"]),
        Prints("crm_verify --live-check", &[]),
        Prints("crm_resource --wait --timeout 60", &[]),
    ] },
];
