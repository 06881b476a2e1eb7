//! Scenarios as text: commands behind `> `, each followed by what it prints.
//!
//! ```text
//! nodes 3                    the list of nodes: 1 to 3, of one vote each
//! votes 3 2                  node 3 has two votes
//! option wait_for_all=1      a key of the section `quorum`
//! up [PART:]N[,N]...         starts nodes in a partition (0 if not given)
//! down N[,N]...              ends nodes without warning
//! leave N[,N]...             ends nodes in good order
//! split [PART:]N[,N]...      moves nodes to a partition
//! join PART PART...          joins partitions to the first
//! wait SECONDS               lets time pass
//! show                       for each node: partition, node, quorate, members
//! info N                     what `corosync-quorumtool` asks node N for
//! log N                      what node N had to say since the last time
//! expect N VOTES             asks node N to have everybody expect that
//! setvotes N NODE VOTES      asks node N to change the votes of NODE
//! cancel N                   sets `quorum.cancel_wait_for_all` on node N
//! reload OPTION...           changes the configuration of all
//! device on|off|mute N[,N]   the quorum device of a node polls and votes, polls and does not vote, or polls no longer
//! device wins|loses N[,N]    its vote wins, or does not
//! ```

use std::{fmt::Write, time::Duration};

use quorum::{Answer, Device, Input, Settings, TieBreaker};
use vocab::NodeId;
use wire::corosync::{Status, votequorum};

use super::{Bed, DEVICE, Node};
use crate::bed::node::DEVICE_NAME;

/// Runs a scenario and compares what it prints with what it says.
pub(crate) fn check(name: &str, text: &str) {
    let mut script = Script { settings: Settings::new(NodeId(1)), bed: None };
    let mut actual = String::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("> ") {
            actual.push_str(line);
            actual.push('\n');
            actual.push_str(&script.run(command));
        } else if line.is_empty() || line.starts_with('#') {
            actual.push_str(line);
            actual.push('\n');
        }
    }
    assert!(text == actual, "{name} prints something else:\n{actual}");
}

struct Script {
    settings: Settings,
    bed: Option<Bed>,
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or_else(|_| panic!("'{text}' is not a number"))
}

fn numbers(text: &str) -> Vec<u32> {
    text.split(',').map(number).collect()
}

fn place(text: &str) -> (u32, Vec<u32>) {
    match text.split_once(':') {
        Some((partition, nodes)) => (number(partition), numbers(nodes)),
        None => (0, numbers(text)),
    }
}

impl Script {
    fn run(&mut self, line: &str) -> String {
        let words: Vec<_> = line.split_whitespace().collect();
        let (command, arguments) = words.split_first().expect("a command");
        match (*command, arguments) {
            ("nodes", [count]) => {
                self.settings.nodes = (1..=number(count)).map(|id| (NodeId(id), 1)).collect();
            }
            ("votes", [node, votes]) => {
                self.settings.nodes.insert(NodeId(number(node)), number(votes));
            }
            ("option", options) => options.iter().for_each(|text| set(&mut self.settings, text)),
            _ => return self.run_in_bed(command, arguments),
        }
        String::new()
    }

    fn run_in_bed(&mut self, command: &str, arguments: &[&str]) -> String {
        let settings = &self.settings;
        let bed = self.bed.get_or_insert_with(|| Bed::new(settings.clone()));
        match (command, arguments) {
            ("up", places) => {
                for (partition, nodes) in places.iter().map(|text| place(text)) {
                    bed.up(partition, &nodes);
                }
            }
            ("down", [nodes]) => bed.down(&numbers(nodes)),
            ("leave", [nodes]) => bed.shut_down(&numbers(nodes)),
            ("split", places) => {
                for (partition, nodes) in places.iter().map(|text| place(text)) {
                    bed.gather(partition, &nodes);
                }
            }
            ("join", partitions) => {
                bed.join(&partitions.iter().map(|text| number(text)).collect::<Vec<_>>());
            }
            ("wait", [seconds]) => bed.wait(Duration::from_secs(number(seconds).into())),
            ("show", []) => return show(bed),
            ("info", [node]) => return info(bed, number(node)),
            ("log", [node]) => return log(bed.node(number(node))),
            ("expect", [node, votes]) => {
                let votes = number(votes);
                return outcome(bed, node, votequorum::Request::SetExpected { votes });
            }
            ("setvotes", [at, node, votes]) => {
                let (node, votes) = (number(node), number(votes));
                return outcome(bed, at, votequorum::Request::SetVotes { node, votes });
            }
            ("cancel", [node]) => bed.input(number(node), Input::CancelWaitForAll),
            ("reload", options) => {
                let mut settings = bed.settings().clone();
                options.iter().for_each(|text| set(&mut settings, text));
                bed.reload(settings);
            }
            ("device", [what, nodes]) => return device(bed, what, &numbers(nodes)),
            _ => panic!("'{command}' with {} arguments is no command", arguments.len()),
        }
        String::new()
    }
}

fn set(settings: &mut Settings, option: &str) {
    let (key, value) = option.split_once('=').expect("KEY=VALUE");
    let on = value == "1";
    let device = || settings.device.unwrap_or_default();
    match key {
        "two_node" => settings.two_node = on,
        "wait_for_all" => settings.wait_for_all = Some(on),
        "expected_votes" => settings.expected_votes = Some(number(value)),
        "auto_tie_breaker" => settings.auto_tie_breaker = on,
        "auto_tie_breaker_node" => {
            settings.auto_tie_breaker_node = Some(TieBreaker::parse(&value.replace(',', " ")));
        }
        "last_man_standing" => settings.last_man_standing = on,
        "allow_downscale" => settings.allow_downscale = on,
        "expected_votes_tracking" => settings.expected_votes_tracking = on,
        "device" => settings.device = Some(device()),
        "device.votes" => settings.device = Some(Device { votes: Some(number(value)), ..device() }),
        "nodes" => settings.nodes = (1..=number(value)).map(|id| (NodeId(id), 1)).collect(),
        other => panic!("'{other}' is no option"),
    }
}

fn show(bed: &Bed) -> String {
    let mut text = String::new();
    for (number, nodes) in bed.partitions() {
        for id in nodes {
            let node = &bed.nodes[id];
            let members = node.view.iter().flat_map(|view| &view.members);
            let members: Vec<_> = members.map(ToString::to_string).collect();
            let quorate = u8::from(node.is_quorate());
            writeln!(text, "{number}:{id}: q={quorate} nodes=[{}]", members.join(" ")).unwrap();
        }
    }
    text
}

fn info(bed: &mut Bed, node: u32) -> String {
    let answers = bed.request(node, votequorum::Request::GetInfo { node: 0 });
    let [Answer::Info(info)] = &answers[..] else { panic!("{answers:?}") };
    let names = [
        (votequorum::INFO_TWO_NODE, "2Node"),
        (votequorum::INFO_QUORATE, "Quorate"),
        (votequorum::INFO_WAIT_FOR_ALL, "WaitForAll"),
        (votequorum::INFO_LAST_MAN_STANDING, "LastManStanding"),
        (votequorum::INFO_AUTO_TIE_BREAKER, "AutoTieBreaker"),
        (votequorum::INFO_ALLOW_DOWNSCALE, "AllowDownscale"),
        (votequorum::INFO_DEVICE_REGISTERED, "Qdevice"),
        (votequorum::INFO_DEVICE_ALIVE, "Alive"),
        (votequorum::INFO_DEVICE_CAST_VOTE, "CastVote"),
        (votequorum::INFO_DEVICE_MASTER_WINS, "MasterWins"),
    ];
    let flags: Vec<_> =
        names.iter().filter(|(bit, _)| info.flags & bit != 0).map(|(_, name)| *name).collect();
    format!(
        "expected={} highest={} total={} quorum={} device={} {}\n",
        info.expected_votes,
        info.highest_expected,
        info.total_votes,
        info.quorum,
        info.device_votes,
        flags.join(" ")
    )
}

fn log(node: &mut Node) -> String {
    let lines = node.notices.drain(..);
    lines.fold(String::new(), |text, line| format!("{text}[{}] {line}\n", line.subsystem()))
}

fn outcome(bed: &mut Bed, node: &str, request: votequorum::Request) -> String {
    match &bed.request(number(node), request)[..] {
        [Answer::Status { status: Status::OK, .. }] => String::new(),
        [Answer::Status { status, .. }] => format!("{status}\n"),
        answers => panic!("{answers:?}"),
    }
}

fn device(bed: &mut Bed, what: &str, nodes: &[u32]) -> String {
    let mut text = String::new();
    for &id in nodes {
        let node = bed.node(id);
        let name = DEVICE_NAME.to_owned();
        let request = match what {
            "on" | "off" => {
                let is_new = node.device.replace(what == "on").is_none();
                is_new.then_some(votequorum::Request::DeviceRegister { name })
            }
            "mute" => {
                node.device = None;
                None
            }
            "wins" | "loses" => {
                let allow = what == "wins";
                Some(votequorum::Request::DeviceMasterWins { name, allow })
            }
            other => panic!("'{other}' is nothing that a device does"),
        };
        if let Some(request) = request {
            let request = quorum::Request::Votes(request);
            bed.input(id, Input::Request { client: DEVICE, request });
        }
        bed.poll_devices(&[NodeId(id)]);
        for (_, answer) in bed.node(id).answers.drain(..) {
            if let Answer::Status { status, .. } = answer
                && status != Status::OK
            {
                writeln!(text, "{id}: {status}").unwrap();
            }
        }
    }
    text
}
