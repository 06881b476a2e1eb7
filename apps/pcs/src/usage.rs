//! How commands are used.

/// Words of a command, what follows them, and what it does.
struct Entry(&'static str, &'static str, &'static str);

const ENTRIES: &[Entry] = &[
    Entry(
        "property",
        "[config [<property> | --all | --defaults]]",
        "Show cluster options that are set, or all, or the defaults.",
    ),
    Entry(
        "property set",
        "<property>=[<value>]... [--force]",
        "Set cluster options; an empty value removes one.",
    ),
    Entry("property unset", "<property>...", "Remove cluster options."),
    Entry(
        "resource",
        "[status [<id>] [node=<node>] [--hide-inactive]]",
        "Show where resources run.",
    ),
    Entry("resource config", "[<id>...]", "Show how resources are configured."),
    Entry(
        "resource create",
        "<id> [<standard>:[<provider>:]]<type> [<option>=<value>]... [op <action> <option>=<value>...]... [meta <option>=<value>...] [clone [<id>] [<option>=<value>]... | promotable [<id>] [<option>=<value>]... | --group <group> [--before <id> | --after <id>] | bundle <id>] [--disabled] [--no-default-ops]",
        "Make a resource.",
    ),
    Entry(
        "resource delete",
        "<id>",
        "Remove a resource, group or clone with everything that refers to it.",
    ),
    Entry("resource enable", "<id>...", "Let resources run."),
    Entry("resource disable", "<id>...", "Stop resources and keep them stopped."),
    Entry("resource manage", "<id>... [--monitor]", "Let the cluster look after resources again."),
    Entry("resource unmanage", "<id>... [--monitor]", "Keep the cluster from touching resources."),
    Entry(
        "resource update",
        "<id> [<option>=<value>]... [op <action> <option>=<value>...]... [meta <option>=<value>...]",
        "Change a resource; an empty value removes an option.",
    ),
    Entry(
        "resource meta",
        "<id> <option>=<value>...",
        "Set meta attributes of a resource, group or clone.",
    ),
    Entry("resource op add", "<id> <action> [<option>=<value>]...", "Add an operation."),
    Entry(
        "resource op remove",
        "<id> <action> [<option>=<value>]... | <operation id>",
        "Remove an operation.",
    ),
    Entry(
        "resource op defaults",
        "[update <name>=<value>...]",
        "Show or set defaults of operations.",
    ),
    Entry("resource defaults", "[update <name>=<value>...]", "Show or set defaults of resources."),
    Entry("resource group list", "", "Show groups and their members."),
    Entry(
        "resource group add",
        "<group> <id>... [--before <id> | --after <id>]",
        "Put resources into a group.",
    ),
    Entry("resource group remove", "<group> [<id>...]", "Take resources, or all, out of a group."),
    Entry("resource ungroup", "<group> [<id>...]", "Take resources, or all, out of a group."),
    Entry(
        "resource clone",
        "<id> [<clone id>] [<option>=<value>]...",
        "Run a resource or group on several nodes.",
    ),
    Entry(
        "resource promotable",
        "<id> [<clone id>] [<option>=<value>]...",
        "Run a resource or group on several nodes and promote some instances.",
    ),
    Entry("resource unclone", "<id>", "Undo the cloning of a resource or group."),
    Entry(
        "resource move-with-constraint",
        "<id> <node> [--promoted]",
        "Prefer a node for a resource until cleared.",
    ),
    Entry(
        "resource ban",
        "<id> [<node>] [--promoted]",
        "Keep a resource away from a node until cleared.",
    ),
    Entry("resource clear", "<id> [<node>]", "Remove what moving and banning left."),
    Entry("resource failcount", "[show [<id>] [node=<node>]]", "Show how often resources failed."),
    Entry(
        "resource utilization",
        "[<id> [<name>=<value>...]]",
        "Show or set what resources use of their nodes.",
    ),
    Entry("resource standards", "", "List standards of agents."),
    Entry("resource providers", "", "List providers of OCF agents."),
    Entry("resource agents", "[<standard>[:<provider>]]", "List agents."),
    Entry("resource list", "[<filter>] [--nodesc]", "List agents with what they are for."),
    Entry("resource describe", "<agent>", "Show what an agent can do and what can be set for it."),
    Entry("stonith", "[status]", "Show where fence devices run."),
    Entry("stonith config", "[<id>...]", "Show how fence devices are configured."),
    Entry(
        "stonith create",
        "<id> <agent> [<option>=<value>]... [op ...] [meta ...] [--disabled]",
        "Make a fence device.",
    ),
    Entry("stonith delete", "<id>", "Remove a fence device."),
    Entry("stonith list", "[<filter>] [--nodesc]", "List fence agents."),
    Entry("stonith describe", "<agent>", "Show what can be set for a fence agent."),
    Entry("stonith level", "[config]", "Show the fencing topology."),
    Entry("constraint", "[config] [--full]", "Show all constraints; --full with their ids."),
    Entry(
        "constraint location",
        "<resource> prefers|avoids <node>[=<score>]...",
        "Say where a resource should or should not run.",
    ),
    Entry(
        "constraint location config",
        "[resources [<resource>...]] | [nodes [<node>...]] [--full]",
        "Show location constraints.",
    ),
    Entry(
        "constraint location add",
        "<id> <resource> <node> <score> [resource-discovery=<option>]",
        "Add a location constraint.",
    ),
    Entry("constraint location remove", "<id>", "Remove a location constraint."),
    Entry(
        "constraint order",
        "[<action>] <resource> then [<action>] <resource> [<option>=<value>]...",
        "Make one resource wait for another.",
    ),
    Entry(
        "constraint order set",
        "<resource>... [<option>=<value>]... [set <resource>...]... [setoptions <option>=<value>...]",
        "Order sets of resources.",
    ),
    Entry("constraint order remove", "<resource>...", "Remove resources from orders."),
    Entry(
        "constraint colocation add",
        "[<role>] <resource> with [<role>] <resource> [<score>] [<option>=<value>]...",
        "Place a resource by another one.",
    ),
    Entry(
        "constraint colocation set",
        "<resource>... [<option>=<value>]... [set <resource>...]... [setoptions <option>=<value>...]",
        "Place sets of resources together.",
    ),
    Entry(
        "constraint colocation remove",
        "<resource> <resource>",
        "Remove the colocations of two resources.",
    ),
    Entry("constraint remove", "<id>...", "Remove constraints or rules."),
    Entry("constraint ref", "<resource>...", "Show the constraints that resources are in."),
    Entry("node standby", "[--all | <node>...]", "Keep nodes from running resources."),
    Entry("node unstandby", "[--all | <node>...]", "Let nodes run resources again."),
    Entry("node maintenance", "[--all | <node>...]", "Leave the resources of nodes alone."),
    Entry("node unmaintenance", "[--all | <node>...]", "Look after the resources of nodes again."),
    Entry(
        "node attribute",
        "[<node> [<name>=<value>...]] [--name <name>]",
        "Show or set attributes of nodes.",
    ),
    Entry(
        "node utilization",
        "[<node> [<name>=<value>...]] [--name <name>]",
        "Show or set what nodes can bear.",
    ),
    Entry(
        "cluster setup",
        "<name> (<node> [addr=<address>]...)... [transport knet|udp|udpu [<option>=<value>]... [link ...]... [compression ...] [crypto ...]] [totem ...] [quorum ...] [--no-cluster-uuid] [--local | --corosync_conf <path>] [--enable] [--start] [--no-keys-sync]",
        "Set up a cluster.",
    ),
    Entry("cluster start", "[--all | <node>...]", "Start the cluster's services."),
    Entry("cluster stop", "[--all | <node>...]", "Stop the cluster's services."),
    Entry("cluster enable", "[--all | <node>...]", "Start the cluster's services at boot."),
    Entry("cluster disable", "[--all | <node>...]", "Do not start the cluster's services at boot."),
    Entry("cluster status", "", "Show the state of the cluster in short."),
    Entry("cluster config", "[show]", "Show how nodes reach each other."),
    Entry(
        "cluster cib",
        "[<file>] [scope=<section> | --config]",
        "Show the configuration and state as XML, or save them.",
    ),
    Entry(
        "cluster cib-push",
        "<file> [diff-against=<file> | scope=<section> | --config]",
        "Put a saved configuration in the place of the present one.",
    ),
    Entry("cluster corosync", "", "Show corosync.conf."),
    Entry("cluster verify", "", "Check the configuration."),
    Entry("status", "[--full] [--hide-inactive]", "Show the state of the cluster."),
    Entry(
        "status resources",
        "[<id>] [node=<node>] [--hide-inactive]",
        "Show where resources run.",
    ),
    Entry("status cluster", "", "Show the state of the cluster in short."),
    Entry("status nodes", "[corosync | both | config]", "Show nodes by their state."),
    Entry("status corosync", "", "Show the members of the ring."),
    Entry("status quorum", "", "Show how votes stand."),
    Entry("status xml", "", "Show the state of the cluster as XML."),
    Entry("quorum", "[config]", "Show quorum options."),
    Entry("quorum status", "", "Show how votes stand."),
    Entry("config", "[show]", "Show the whole configuration."),
];

const COMMANDS: [(&str, &str); 9] = [
    ("cluster", "Set up, start and stop the cluster."),
    ("resource", "Resources."),
    ("stonith", "Fence devices."),
    ("constraint", "Where and in which order resources run."),
    ("property", "Options of the cluster."),
    ("node", "Nodes."),
    ("quorum", "Votes."),
    ("status", "The state of the cluster."),
    ("config", "The whole configuration."),
];

/// The commands.
pub(crate) fn overview() -> String {
    let mut text =
        "\nUsage: pcs [-f file] [-h] [commands]...\nLook after a cluster.\n\nOptions:\n".to_owned();
    for (option, what) in [
        ("-h, --help", "Show this."),
        ("-f file", "Work on a file instead of the running cluster."),
        ("--force", "Do what would be refused, where that is possible."),
        ("--version", "Show the version."),
    ] {
        text.push_str(&format!("    {option:<12} {what}\n"));
    }
    text.push_str("\nCommands:\n");
    for (command, what) in COMMANDS {
        text.push_str(&format!("    {command:<12} {what}\n"));
    }
    text
}

/// How the command of these words is used; of unknown words as many count as are known.
pub(crate) fn of(words: &[&str]) -> String {
    for known in (1..=words.len()).rev() {
        let path = words[..known].join(" ");
        let below = format!("{path} ");
        let entries: Vec<&Entry> =
            ENTRIES.iter().filter(|entry| entry.0 == path || entry.0.starts_with(&below)).collect();
        if entries.is_empty() {
            continue;
        }
        let mut text = format!("\nUsage: pcs {path}...\n");
        let command = format!("{} ", words[0]);
        for Entry(name, syntax, what) in entries {
            let name = name.strip_prefix(&command).unwrap_or_default();
            let line =
                [name, syntax].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>();
            text.push_str(&format!("    {}\n        {what}\n\n", line.join(" ")));
        }
        text.pop();
        return text;
    }
    overview()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_found_by_as_many_words_as_are_known() {
        assert!(of(&["property", "set"]).contains("    set <property>=[<value>]... [--force]\n"));
        assert_eq!(of(&["property", "bogus"]), of(&["property"]));
        assert!(of(&["bogus"]).starts_with("\nUsage: pcs [-f file]"));
    }
}
