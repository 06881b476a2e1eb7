//! Parameters that every fence device has, whatever its agent. The fencer reads them; agents do not see them.

use crate::{
    Daemon,
    setting::{Kind, Setting, Word, setting, word},
};

const CHECKS: &[Word] = &[word("dynamic-list"), word("static-list"), word("status"), word("none")];

const fn fencer(name: &'static str, kind: Kind, short: &'static str) -> Setting {
    setting(name, kind, short).read_by(Daemon::Fencer)
}

/// What can be set for one action: the action that is asked for instead, its time, and how often it is tried.
macro_rules! action {
    ($name:literal) => {
        [
            fencer(
                concat!("pcmk_", $name, "_action"),
                Kind::Text,
                concat!("What the agent is asked for where the cluster means ", $name),
            )
            .default($name)
            .advanced()
            .long(concat!(
                "For devices that call it otherwise, or that have something better to offer for ",
                $name,
                "."
            )),
            fencer(
                concat!("pcmk_", $name, "_timeout"),
                Kind::Timeout,
                concat!("How long ", $name, " may take with this device, whatever fencing-timeout says"),
            )
            .default("60s")
            .advanced()
            .long(concat!("For devices on which ", $name, " is much slower or faster than on others.")),
            fencer(
                concat!("pcmk_", $name, "_retries"),
                Kind::Integer,
                concat!("How often ", $name, " is tried while there is time"),
            )
            .default("2")
            .advanced()
            .long(concat!(
                "A device that serves one client at a time refuses others while it is busy. A failed ",
                $name,
                " is therefore tried again if there is time left, up to this number of times."
            )),
        ]
    };
}

const REBOOT: [Setting; 3] = action!("reboot");
const OFF: [Setting; 3] = action!("off");
const ON: [Setting; 3] = action!("on");
const LIST: [Setting; 3] = action!("list");
const MONITOR: [Setting; 3] = action!("monitor");
const STATUS: [Setting; 3] = action!("status");

/// Parameters of every fence device.
pub const FENCING: &[Setting] = &[
    fencer("pcmk_host_argument", Kind::Text, "By which parameter the agent is told whom to fence")
        .advanced()
        .long("Unless set, port or plug, whichever the agent describes. With none, as for agents that have neither, no parameter is added."),
    fencer("pcmk_host_map", Kind::Text, "What the device calls the nodes")
        .long("With node1:1;node2:2,3 the device is told port 1 for node1, and ports 2 and 3 for node2."),
    fencer("pcmk_host_list", Kind::Text, "Which nodes the device can fence")
        .long("Names with commas between them, as in node1,node2. With pcmk_host_check set to static-list, either this or pcmk_host_map is needed."),
    fencer("pcmk_host_check", Kind::Choice(CHECKS), "How it is found out which nodes the device can fence")
        .long(
            "dynamic-list: the device is asked for its list. static-list: pcmk_host_list and pcmk_host_map say it. \
             status: the device is asked about each node. none: it can fence all. Unless set, the first of these that \
             can be: static-list if there is a list or map, dynamic-list or status if the agent offers the action, none.",
        ),
    fencer("pcmk_delay_max", Kind::Duration, "How long at most, by chance, the device is held back")
        .default("0s")
        .long("The delay is pcmk_delay_base and something random on top, in sum not more than this."),
    fencer("pcmk_delay_base", Kind::Text, "How long at least the device is held back")
        .default("0s")
        .since(1, 1, 18)
        .long(
            "Two nodes that fence each other at the same moment both lose; with different delays one of them wins. One \
             time holds for all nodes; node1:1s;node2:5 has one for each. With pcmk_delay_max something random comes on top.",
        ),
    fencer("pcmk_action_limit", Kind::Integer, "How many actions the device carries out at once")
        .default("1")
        .since(1, 1, 15)
        .long("More than one helps only where several nodes may be fenced at once (concurrent-fencing). -1 means any number."),
    REBOOT[0], REBOOT[1], REBOOT[2],
    OFF[0], OFF[1], OFF[2],
    ON[0], ON[1], ON[2],
    LIST[0], LIST[1], LIST[2],
    MONITOR[0], MONITOR[1], MONITOR[2],
    STATUS[0], STATUS[1], STATUS[2],
];
