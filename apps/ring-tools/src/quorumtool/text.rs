//! The blocks that are shown.

use std::{fmt::Write as _, net::IpAddr};

use ring::QuorumChange;
use vocab::NodeId;
use wire::corosync::votequorum::{self, Info};

/// How things are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// Numbers of nodes are hexadecimal.
    pub(super) hexadecimal: bool,
    /// Addresses stay addresses.
    pub(super) numeric_addresses: bool,
    /// All of a node's addresses are shown.
    pub(super) all_addresses: bool,
    /// The table has all columns.
    pub(super) parsable: bool,
    pub(super) order: Order,
}

/// The order of members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    AsTold,
    Number,
    Name,
}

impl Shape {
    /// A node's number, as wide as a column.
    fn cell(&self, node: u32) -> String {
        if self.hexadecimal { format!("0x{node:08x} ") } else { cell(node) }
    }
}

fn cell(content: impl ToString) -> String {
    format!("{:>10} ", content.to_string())
}

/// What the first block is about.
pub(super) struct Overview<'a> {
    /// Now, as C writes it.
    pub(super) date: String,
    /// What decides on quorum.
    pub(super) provider: &'a str,
    pub(super) change: &'a QuorumChange,
    pub(super) local: NodeId,
    /// The node that formed the ring, where it is known.
    pub(super) representative: Option<NodeId>,
}

/// The first block.
pub(super) fn overview(overview: &Overview<'_>, shape: &Shape) -> String {
    let Overview { date, provider, change, local, representative } = overview;
    let local = match shape.hexadecimal {
        true => format!("0x{:08x}", local.0),
        false => local.to_string(),
    };
    let ring = match representative {
        Some(node) => format!("{:x}.{:x}", node.0, change.ring_sequence),
        None => format!("{:x}", change.ring_sequence),
    };
    format!(
        "Quorum information\n\
         ------------------\n\
         Date:             {date}\n\
         Quorum provider:  {provider}\n\
         Nodes:            {}\n\
         Node ID:          {local}\n\
         Ring ID:          {ring}\n\
         Quorate:          {}\n",
        change.members.len(),
        if change.quorate { "Yes" } else { "No" },
    )
}

/// The block about votes.
pub(super) fn votes(info: &Info) -> String {
    let words = [
        (votequorum::INFO_TWO_NODE, "2Node "),
        (votequorum::INFO_QUORATE, "Quorate "),
        (votequorum::INFO_WAIT_FOR_ALL, "WaitForAll "),
        (votequorum::INFO_LAST_MAN_STANDING, "LastManStanding "),
        (votequorum::INFO_AUTO_TIE_BREAKER, "AutoTieBreaker "),
        (votequorum::INFO_ALLOW_DOWNSCALE, "AllowDownscale "),
        (votequorum::INFO_DEVICE_REGISTERED, "Qdevice "),
    ];
    let flags: String =
        words.iter().filter(|(bit, _)| info.flags & bit != 0).map(|(_, word)| *word).collect();
    let blocked = if info.flags & votequorum::INFO_QUORATE != 0 { " " } else { "Activity blocked" };
    format!(
        "\n\
         Votequorum information\n\
         ----------------------\n\
         Expected votes:   {}\n\
         Highest expected: {}\n\
         Total votes:      {}\n\
         Quorum:           {} {blocked}\n\
         Flags:            {flags}\n",
        info.expected_votes, info.highest_expected, info.total_votes, info.quorum
    )
}

/// A line of the table of members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) node: NodeId,
    pub(super) name: String,
    /// Its votes, where votes are counted.
    pub(super) info: Option<Info>,
}

impl Member {
    fn has(&self, flag: u32) -> bool {
        self.info.as_ref().is_some_and(|info| info.flags & flag != 0)
    }

    fn device(&self) -> String {
        if !self.has(votequorum::INFO_DEVICE_REGISTERED) {
            return "NR".to_owned();
        }
        let word = |flag, yes, no| if self.has(flag) { yes } else { no };
        let alive = word(votequorum::INFO_DEVICE_ALIVE, "A", "NA");
        let vote = word(votequorum::INFO_DEVICE_CAST_VOTE, "V", "NV");
        let wins = word(votequorum::INFO_DEVICE_MASTER_WINS, "MW", "NMW");
        // The original has room for so much.
        format!("{alive},{vote},{wins}").chars().take(9).collect()
    }
}

/// The table of members. Unlike the original's it leaves everybody their votes in whatever order.
pub(super) fn membership(mut members: Vec<Member>, local: NodeId, shape: &Shape) -> String {
    let mut text = String::from("\nMembership information\n----------------------\n    Nodeid ");
    let has_device = members.iter().any(|member| member.has(votequorum::INFO_DEVICE_REGISTERED));
    let shows_device = has_device || shape.parsable;
    // The original takes these from the first it was told of.
    let device = members.first().and_then(|member| member.info.clone()).unwrap_or_default();
    let counts_votes = members.iter().any(|member| member.info.is_some());
    if counts_votes {
        text.push_str(&cell("Votes"));
        text.push_str(&if shows_device { cell("Qdevice") } else { String::new() });
    }
    text.push_str("Name\n");
    match shape.order {
        Order::AsTold => {}
        Order::Number => members.sort_by_key(|member| member.node),
        Order::Name => members.sort_by(|a, b| a.name.cmp(&b.name)),
    }
    let mut casts_vote = false;
    for member in &members {
        text.push_str(&shape.cell(member.node.0));
        if let Some(info) = &member.info {
            text.push_str(&cell(info.votes));
            text.push_str(&if shows_device { cell(member.device()) } else { String::new() });
        }
        text.push_str(&member.name);
        if member.node == local {
            text.push_str(" (local)");
            casts_vote = member.has(votequorum::INFO_DEVICE_CAST_VOTE);
        }
        text.push('\n');
    }
    if has_device {
        text.push_str(&shape.cell(0));
        // Votes that do not count here would be misleading.
        let (votes, remark) = match casts_vote {
            true => (device.device_votes, String::new()),
            false => (0, format!(" (votes {})", device.device_votes)),
        };
        let _ = writeln!(text, "{}           {}{remark}", cell(votes), device.device_name);
    }
    text
}

/// What a node is shown as: its configured name in place of its first address. Addresses that are not set are left out.
pub(super) fn names(
    configured: Option<&str>,
    addresses: &[IpAddr],
    show: impl Fn(&IpAddr) -> String,
) -> String {
    let mut text = configured.unwrap_or_default().to_owned();
    for (index, address) in addresses.iter().enumerate().skip(usize::from(configured.is_some())) {
        if address.is_unspecified() {
            continue;
        }
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(&show(address));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(node: u32, votes: u32, flags: u32) -> Member {
        let (device_votes, device_name) = (1, "Qdevice".to_owned());
        let info = Info { node, votes, flags, device_votes, device_name, ..Info::default() };
        Member { node: NodeId(node), name: format!("node{}", 9 - node), info: Some(info) }
    }

    #[test]
    fn members_are_shown_with_their_votes_in_any_order() {
        let members = vec![member(2, 5, 2), member(1, 1, 2)];
        let shape = Shape { order: Order::Number, ..Shape::default() };
        assert_eq!(
            membership(members.clone(), NodeId(1), &shape),
            "\nMembership information\n----------------------\n\
             \x20   Nodeid      Votes Name\n\
             \x20        1          1 node8 (local)\n\
             \x20        2          5 node7\n"
        );
        let shape = Shape { hexadecimal: true, parsable: true, ..Shape::default() };
        assert_eq!(
            membership(members, NodeId(1), &shape),
            "\nMembership information\n----------------------\n\
             \x20   Nodeid      Votes    Qdevice Name\n\
             0x00000002          5         NR node7\n\
             0x00000001          1         NR node8 (local)\n"
        );
    }

    #[test]
    fn a_device_has_a_line_of_its_own() {
        let registered = votequorum::INFO_DEVICE_REGISTERED;
        let here = registered | votequorum::INFO_DEVICE_ALIVE | votequorum::INFO_DEVICE_CAST_VOTE;
        let members = vec![member(1, 1, here), member(2, 1, registered)];
        let head = "\nMembership information\n----------------------\n\
                    \x20   Nodeid      Votes    Qdevice Name\n";
        assert_eq!(
            membership(members.clone(), NodeId(1), &Shape::default()),
            format!(
                "{head}\
                 \x20        1          1    A,V,NMW node8 (local)\n\
                 \x20        2          1  NA,NV,NMW node7\n\
                 \x20        0          1            Qdevice\n"
            )
        );
        assert_eq!(
            membership(members, NodeId(2), &Shape::default()),
            format!(
                "{head}\
                 \x20        1          1    A,V,NMW node8\n\
                 \x20        2          1  NA,NV,NMW node7 (local)\n\
                 \x20        0          0            Qdevice (votes 1)\n"
            )
        );
    }

    #[test]
    fn flags_are_words() {
        let info = Info { quorum: 2, flags: 1 | 4, ..Info::default() };
        let text = votes(&info);
        assert!(text.ends_with(
            "Quorum:           2 Activity blocked\nFlags:            2Node WaitForAll \n"
        ));
        let quorate = votes(&Info { flags: 2, ..info });
        assert!(quorate.ends_with("Quorum:           2  \nFlags:            Quorate \n"));
    }

    #[test]
    fn a_configured_name_stands_for_the_first_address() {
        let addresses = ["10.0.0.1", "0.0.0.0", "fe80::1"].map(|text| text.parse().unwrap());
        let show = ToString::to_string;
        assert_eq!(names(Some("a"), &addresses, show), "a, fe80::1");
        assert_eq!(names(None, &addresses, show), "10.0.0.1, fe80::1");
        assert_eq!(names(Some("a"), &addresses[..1], show), "a");
        assert_eq!(names(Some("a"), &[], show), "a");
    }
}
