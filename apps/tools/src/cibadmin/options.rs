use std::path::PathBuf;

use client::cib::Operation;

use super::Command;

/// The command line. Of several commands the last one counts, as does the last of `--scope` and `--xpath`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    commands: Commands,
    /// File with the XML to use
    #[arg(short = 'x', long, value_name = "FILE")]
    pub(super) xml_file: Option<PathBuf>,
    /// XML to use, unless there is --xml-file
    #[arg(short = 'X', long, value_name = "XML")]
    pub(super) xml_text: Option<String>,
    /// Read the XML to use from standard input, unless there is --xml-file or --xml-text
    #[arg(short = 'p', long)]
    pub(super) xml_pipe: bool,
    /// Print an empty CIB, for the given schema if one is given
    #[arg(
        short = 'a',
        long,
        value_name = "SCHEMA",
        num_args = 0..=1,
        require_equals = true,
        overrides_with_all = COMMANDS
    )]
    pub(super) empty: Option<Option<String>>,
    /// Work on one section: configuration, nodes, resources, constraints, crm_config, rsc_defaults, op_defaults, acls,
    /// fencing-topology, tags, alerts or status
    #[arg(
        short = 'o',
        long,
        visible_alias = "obj_type",
        value_name = "SECTION",
        overrides_with = "xpath"
    )]
    pub(super) scope: Option<String>,
    /// Work on what this XPath expression finds
    #[arg(short = 'A', long, value_name = "XPATH", overrides_with = "scope")]
    pub(super) xpath: Option<String>,
    /// With --query and --xpath, print the paths of what is found
    #[arg(short = 'e', long)]
    pub(super) node_path: bool,
    /// With --query, leave out what is inside
    #[arg(short = 'n', long)]
    pub(super) no_children: bool,
    /// With --modify, create what is not there
    #[arg(short = 'c', long)]
    pub(super) allow_create: bool,
    /// Do it although it is dangerous
    #[arg(short = 'f', long)]
    pub(super) force: bool,
    /// Seconds to wait for an answer
    #[arg(short = 't', long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub(super) timeout: Option<i32>,
    /// Do it with what this user may (root and hacluster only)
    #[arg(short = 'U', long, value_name = "USER")]
    pub(super) user: Option<String>,
    /// With --query and --user, show what the user may read and write: in "color", as "text", by XML "namespace", or
    /// "auto", which is color on a terminal and else text
    #[arg(short = 'S', long, value_name = "FORM", num_args = 0..=1, require_equals = true)]
    pub(super) show_access: Option<Option<String>>,
    /// Ask the local node only
    #[arg(short = 'l', long)]
    pub(super) local: bool,
    /// Ask this node
    #[arg(short = 'N', long, visible_alias = "host", value_name = "NODE")]
    pub(super) node: Option<String>,
    /// Wait for the answer (always done)
    #[arg(short = 's', long, hide = true)]
    sync_call: bool,
    /// With --modify, take NAME="NAME++" and NAME="NAME+=N" for a sum (always done)
    #[arg(long)]
    score: bool,
}

const COMMANDS: [&str; 13] = [
    "empty",
    "query",
    "create",
    "modify",
    "patch",
    "replace",
    "delete",
    "delete_all",
    "erase",
    "bump",
    "upgrade",
    "md5_sum",
    "md5_sum_versioned",
];

#[derive(Debug, clap::Args)]
struct Commands {
    /// Print the CIB, a section, or what --xpath finds (this is what happens without a command)
    #[arg(short = 'Q', long, overrides_with_all = COMMANDS)]
    query: bool,
    /// Add what must not be there yet
    #[arg(short = 'C', long, overrides_with_all = COMMANDS)]
    create: bool,
    /// Merge into what is there
    #[arg(short = 'M', long, overrides_with_all = COMMANDS)]
    modify: bool,
    /// Apply a patch set
    #[arg(short = 'P', long, overrides_with_all = COMMANDS)]
    patch: bool,
    /// Put something in the place of what is there
    #[arg(short = 'R', long, overrides_with_all = COMMANDS)]
    replace: bool,
    /// Remove the first object like the given one, or what --xpath finds first
    #[arg(short = 'D', long, overrides_with_all = COMMANDS)]
    delete: bool,
    /// Remove all that --xpath finds
    #[arg(short = 'd', long, overrides_with_all = COMMANDS)]
    delete_all: bool,
    /// Empty the CIB
    #[arg(short = 'E', long, overrides_with_all = COMMANDS)]
    erase: bool,
    /// Raise the epoch
    #[arg(short = 'B', long, overrides_with_all = COMMANDS)]
    bump: bool,
    /// Upgrade to the latest schema
    #[arg(short = 'u', long, overrides_with_all = COMMANDS)]
    upgrade: bool,
    /// Print the digest that stands beside the CIB on disk
    #[arg(short = '5', long, overrides_with_all = COMMANDS)]
    md5_sum: bool,
    /// Print the digest that nodes compare
    #[arg(short = '6', long, overrides_with_all = COMMANDS)]
    md5_sum_versioned: bool,
}

impl Options {
    /// What is to be done.
    pub(super) fn command(&self) -> Command {
        let of = &self.commands;
        let asked = [
            (of.create, Command::Ask(Operation::Create)),
            (of.modify, Command::Ask(Operation::Modify)),
            (of.patch, Command::Ask(Operation::ApplyPatch)),
            (of.replace, Command::Ask(Operation::Replace)),
            (of.delete, Command::Ask(Operation::Delete)),
            (of.delete_all, Command::DeleteAll),
            (of.erase, Command::Ask(Operation::Erase)),
            (of.bump, Command::Ask(Operation::Bump)),
            (of.upgrade, Command::Ask(Operation::Upgrade)),
            (of.md5_sum, Command::DigestOnDisk),
            (of.md5_sum_versioned, Command::DigestOnWire),
            (self.empty.is_some(), Command::Empty),
        ];
        let found = asked.into_iter().find_map(|(is_asked, command)| is_asked.then_some(command));
        found.unwrap_or(Command::Ask(Operation::Query))
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command as Parser, FromArgMatches};

    use super::*;

    fn parse(arguments: &str) -> Options {
        let parser = Options::augment_args(Parser::new("cibadmin")).args_override_self(true);
        let arguments = std::iter::once("cibadmin").chain(arguments.split_whitespace());
        Options::from_arg_matches(&parser.try_get_matches_from(arguments).unwrap()).unwrap()
    }

    #[test]
    fn the_last_command_counts() {
        for (arguments, command) in [
            ("", Command::Ask(Operation::Query)),
            ("-Q -B", Command::Ask(Operation::Bump)),
            ("-B -Q", Command::Ask(Operation::Query)),
            ("-E -f -C", Command::Ask(Operation::Create)),
            ("-C -a", Command::Empty),
            ("--empty=pacemaker-3.0", Command::Empty),
            ("-a -5", Command::DigestOnDisk),
            ("-D -d", Command::DeleteAll),
            ("-u -u", Command::Ask(Operation::Upgrade)),
        ] {
            assert_eq!(parse(arguments).command(), command, "{arguments}");
        }
        assert_eq!(parse("--empty=x").empty, Some(Some("x".to_owned())));
    }

    #[test]
    fn the_last_of_scope_and_expression_counts() {
        let options = parse("-Q -o nodes -A //x");
        assert_eq!((options.scope, options.xpath.as_deref()), (None, Some("//x")));
        let options = parse("-Q -A //x -o nodes");
        assert_eq!((options.scope.as_deref(), options.xpath), (Some("nodes"), None));
    }
}
