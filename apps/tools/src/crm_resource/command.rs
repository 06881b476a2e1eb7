//! What is to be done: of several commands on one line the last counts.

use clap::{Arg, ArgAction, ArgMatches, Command as Parser, FromArgMatches};

use super::execute::Action;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    List,
    ListRaw,
    ListForTests,
    ListOperations { all: bool },
    ListOptions(String),
    ListStandards,
    ListProviders,
    ListAgents(String),
    ListAlternatives(String),
    ShowMetadata(String),
    QueryXml { raw: bool },
    GetParameter(String),
    SetParameter(String),
    DeleteParameter(String),
    Locate,
    Constraints { stack: bool },
    Why,
    Cleanup,
    Refresh,
    Move,
    Ban,
    Clear,
    Delete,
    Fail,
    Restart,
    Wait,
    Digests,
    Execute { action: Action, level: Option<u32> },
}

/// In which way a resource is looked for besides its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// The command has nothing to do with one resource, or takes its name as it is.
    Unused,
    /// Only the names it has, also in histories.
    Exact,
    /// An instance by the name without its number, if all instances are the same.
    AnonymousBase,
    /// Any instance by the name without its number.
    Base,
}

impl Command {
    /// How the resource is looked for.
    pub(super) fn matching(&self) -> Match {
        match self {
            Self::List
            | Self::ListRaw
            | Self::ListForTests
            | Self::ListOperations { .. }
            | Self::ListOptions(_)
            | Self::ListStandards
            | Self::ListProviders
            | Self::ListAgents(_)
            | Self::ListAlternatives(_)
            | Self::ShowMetadata(_)
            | Self::Delete
            | Self::Wait => Match::Unused,
            Self::Fail => Match::Exact,
            Self::QueryXml { .. }
            | Self::GetParameter(_)
            | Self::SetParameter(_)
            | Self::DeleteParameter(_) => Match::Base,
            Self::Locate
            | Self::Constraints { .. }
            | Self::Why
            | Self::Cleanup
            | Self::Refresh
            | Self::Move
            | Self::Ban
            | Self::Clear
            | Self::Restart
            | Self::Digests
            | Self::Execute { .. } => Match::AnonymousBase,
        }
    }

    /// Whether it makes no sense without a resource.
    pub(super) fn needs_resource(&self) -> bool {
        match self.matching() {
            Match::Unused => *self == Self::Delete,
            Match::Exact | Match::Base => true,
            Match::AnonymousBase => !matches!(self, Self::Why | Self::Cleanup | Self::Refresh),
        }
    }

    /// Whether it makes no sense without a node.
    pub(super) fn needs_node(&self) -> bool {
        matches!(self, Self::Digests | Self::Fail)
    }

    /// Whether one instance of a clone is nothing that it could be done to.
    pub(super) fn refuses_instances(&self) -> bool {
        matches!(self, Self::Ban | Self::Clear | Self::Move | Self::Restart)
    }

    /// Whether words without an option are parameters for it.
    pub(super) fn takes_parameters(&self) -> bool {
        matches!(self, Self::Digests | Self::Execute { .. })
    }
}

/// What an option for a command takes.
#[derive(Clone, Copy)]
enum Takes {
    Nothing(fn() -> Command),
    Value(&'static str, fn(String) -> Command),
    Level(Action),
}

struct Spelling {
    long: &'static str,
    short: Option<char>,
    takes: Takes,
    help: &'static str,
}

const fn plain(
    long: &'static str,
    short: Option<char>,
    command: fn() -> Command,
    help: &'static str,
) -> Spelling {
    Spelling { long, short, takes: Takes::Nothing(command), help }
}

const fn valued(
    long: &'static str,
    short: Option<char>,
    value: &'static str,
    command: fn(String) -> Command,
    help: &'static str,
) -> Spelling {
    Spelling { long, short, takes: Takes::Value(value, command), help }
}

const SPELLINGS: &[Spelling] = &[
    plain("list", Some('L'), || Command::List, "List all resources with their state"),
    plain("list-raw", Some('l'), || Command::ListRaw, "List the ids of all resource instances"),
    plain("list-cts", Some('c'), || Command::ListForTests, "List resources for cluster tests"),
    plain(
        "list-operations",
        Some('O'),
        || Command::ListOperations { all: false },
        "List operations of active resources; --resource and --node limit them",
    ),
    plain(
        "list-all-operations",
        Some('o'),
        || Command::ListOperations { all: true },
        "List all operations; --resource and --node limit them",
    ),
    valued(
        "list-options",
        None,
        "KIND",
        Command::ListOptions,
        "List all options of a kind: primitive or fencing",
    ),
    plain("list-standards", None, || Command::ListStandards, "List the standards of agents"),
    plain(
        "list-ocf-providers",
        None,
        || Command::ListProviders,
        "List the providers of OCF agents",
    ),
    valued(
        "list-agents",
        None,
        "STD:PROV",
        Command::ListAgents,
        "List the agents of a standard, or of a standard and provider",
    ),
    valued(
        "list-ocf-alternatives",
        None,
        "AGENT",
        Command::ListAlternatives,
        "List the providers of an OCF agent",
    ),
    valued("show-metadata", None, "SPEC", Command::ShowMetadata, "Show the metadata of an agent"),
    plain(
        "query-xml",
        Some('q'),
        || Command::QueryXml { raw: false },
        "Show the resource's configuration",
    ),
    plain(
        "query-xml-raw",
        Some('w'),
        || Command::QueryXml { raw: true },
        "Show the resource's configuration as it was written",
    ),
    valued("get-parameter", Some('g'), "PARAM", Command::GetParameter, "Show a parameter"),
    plain("locate", Some('W'), || Command::Locate, "Show where the resource is"),
    plain(
        "constraints",
        Some('a'),
        || Command::Constraints { stack: false },
        "Show the constraints of the resource, with --recursive also of what they lead to",
    ),
    plain(
        "stack",
        Some('A'),
        || Command::Constraints { stack: true },
        "The same as --constraints --recursive",
    ),
    plain(
        "why",
        Some('Y'),
        || Command::Why,
        "Show why resources are not running; --resource and --node limit them",
    ),
    Spelling {
        long: "validate",
        short: None,
        takes: Takes::Level(Action::Validate),
        help: "Have the agent check the configuration of the resource, or of one made up with --class, --agent, \
               --provider and --option",
    },
    plain(
        "cleanup",
        Some('C'),
        || Command::Cleanup,
        "Forget failures, so that they have no more effect",
    ),
    plain(
        "refresh",
        Some('R'),
        || Command::Refresh,
        "Forget the history, so that the state is found out anew",
    ),
    valued("set-parameter", Some('p'), "PARAM", Command::SetParameter, "Set a parameter to -v"),
    valued("delete-parameter", Some('d'), "PARAM", Command::DeleteParameter, "Delete a parameter"),
    plain("move", Some('M'), || Command::Move, "Make the resource move, with a constraint"),
    plain(
        "ban",
        Some('B'),
        || Command::Ban,
        "Keep the resource away from a node, with a constraint",
    ),
    plain(
        "clear",
        Some('U'),
        || Command::Clear,
        "Remove the constraints that --move and --ban made",
    ),
    plain("delete", Some('D'), || Command::Delete, "Delete the resource from the configuration"),
    plain("fail", Some('F'), || Command::Fail, "Tell the cluster that the resource failed"),
    plain("restart", None, || Command::Restart, "Restart the resource and what depends on it"),
    plain("wait", None, || Command::Wait, "Wait until the cluster has nothing left to do"),
    plain(
        "digests",
        None,
        || Command::Digests,
        "Show the digests of the resource's parameters; NAME=VALUE puts one in the place of a configured one",
    ),
    plain(
        "force-demote",
        None,
        || Command::Execute { action: Action::Demote, level: None },
        "Demote the resource on this node, past the cluster",
    ),
    plain(
        "force-stop",
        None,
        || Command::Execute { action: Action::Stop, level: None },
        "Stop the resource on this node, past the cluster",
    ),
    plain(
        "force-start",
        None,
        || Command::Execute { action: Action::Start, level: None },
        "Start the resource on this node, past the cluster",
    ),
    plain(
        "force-promote",
        None,
        || Command::Execute { action: Action::Promote, level: None },
        "Promote the resource on this node, past the cluster",
    ),
    Spelling {
        long: "force-check",
        short: None,
        takes: Takes::Level(Action::Check),
        help: "Check the resource on this node, past the cluster",
    },
];

/// The command that was given last; the list of all resources if none was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen(pub(super) Command);

impl FromArgMatches for Chosen {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let last = SPELLINGS
            .iter()
            .filter_map(|spelling| given(spelling, matches))
            .max_by_key(|(position, _)| *position);
        Ok(Self(last.map_or(Command::List, |(_, command)| command)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Where on the command line the option stands last, and the command it means there.
fn given(spelling: &Spelling, matches: &ArgMatches) -> Option<(usize, Command)> {
    if matches.value_source(spelling.long) != Some(clap::parser::ValueSource::CommandLine) {
        return None;
    }
    let position = matches.indices_of(spelling.long)?.next_back()?;
    let command = match spelling.takes {
        Takes::Nothing(command) => command(),
        Takes::Value(_, command) => command(matches.get_one::<String>(spelling.long)?.clone()),
        Takes::Level(action) => {
            let level = matches.get_one::<Option<u32>>(spelling.long).copied().flatten();
            Command::Execute { action, level }
        }
    };
    Some((position, command))
}

impl clap::Args for Chosen {
    fn augment_args(mut parser: Parser) -> Parser {
        for spelling in SPELLINGS {
            let mut arg = Arg::new(spelling.long).long(spelling.long).help(spelling.help);
            if let Some(short) = spelling.short {
                arg = arg.short(short);
            }
            arg = match spelling.takes {
                Takes::Nothing(_) => arg.action(ArgAction::SetTrue),
                Takes::Value(name, _) if spelling.long == "list-options" => {
                    arg.value_name(name).value_parser(["primitive", "fencing"])
                }
                Takes::Value(name, _) => arg.value_name(name),
                Takes::Level(_) => arg
                    .value_name("LEVEL")
                    .num_args(0..=1)
                    .default_missing_value("")
                    .value_parser(level),
            };
            parser = parser.arg(arg.hide(spelling.long == "list-cts"));
        }
        parser
    }

    fn augment_args_for_update(parser: Parser) -> Parser {
        Self::augment_args(parser)
    }
}

/// How thorough a check is; nothing is said by nothing.
fn level(text: &str) -> Result<Option<u32>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("'{text}' is not a check level, a number from 0 up"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::{crm_resource, frame};

    fn chosen(args: &[&str]) -> Command {
        let args: Vec<OsString> = ["crm_resource"].iter().chain(args).map(OsString::from).collect();
        let options: crm_resource::Options =
            frame::parse(&crm_resource::TOOL, &args).expect("these are options");
        options.command.0
    }

    #[test]
    fn the_last_command_counts() {
        assert_eq!(chosen(&[]), Command::List);
        assert_eq!(chosen(&["-W", "-Y", "-r", "a"]), Command::Why);
        assert_eq!(chosen(&["-Y", "-r", "a", "-W"]), Command::Locate);
        assert_eq!(
            chosen(&["-p", "a", "-g", "b", "-L", "-p", "c"]),
            Command::SetParameter("c".into())
        );
    }

    #[test]
    fn a_level_is_given_with_the_option_or_not_at_all() {
        let check = |level| Command::Execute { action: Action::Check, level };
        assert_eq!(chosen(&["--force-check", "-r", "a"]), check(None));
        assert_eq!(chosen(&["--force-check=10", "-r", "a"]), check(Some(10)));
        assert_eq!(chosen(&["--force-check", "10", "-r", "a"]), check(Some(10)));
        let validate = Command::Execute { action: Action::Validate, level: None };
        assert_eq!(chosen(&["a=b", "--validate"]), validate);
    }
}
