//! What the command line asks for.

use std::{path::PathBuf, time::Duration};

use clap::{ArgMatches, Args, Command, FromArgMatches, parser::ValueSource};
use present::{Sections, Show};

use crate::{frame, output::ApiVersion};

/// The options, and in which order those came that change what is shown.
#[derive(Debug)]
pub(super) struct Ordered {
    pub(super) options: Options,
    changes: Vec<Change>,
}

/// The options as they were given.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Form of the output: console (default on a terminal), text, html, xml or none
    #[arg(long, value_name = "FORMAT", default_value = "console")]
    output_as: Form,
    /// File to write to instead of standard output ("-")
    #[arg(long, value_name = "DEST")]
    output_to: Option<PathBuf>,
    /// Use more formatting in text output (always done)
    #[arg(long, hide = true)]
    text_fancy: bool,
    /// Put the head of a CGI answer before the page (with --output-as=html)
    #[arg(long)]
    html_cgi: bool,
    /// Link to this style sheet (with --output-as=html)
    #[arg(long, value_name = "URI")]
    pub(super) html_stylesheet: Option<String>,
    /// Title of the page (with --output-as=html)
    #[arg(long, value_name = "TITLE", default_value = "Cluster Status")]
    pub(super) html_title: String,
    /// Sections to show besides the usual ones; "list" names them
    #[arg(short = 'I', long, value_name = "SECTIONS")]
    include: Vec<String>,
    /// Sections to leave out
    #[arg(short = 'U', long, value_name = "SECTIONS")]
    exclude: Vec<String>,
    /// Show only this node, or the nodes with this tag
    #[arg(long, value_name = "NODE")]
    pub(super) node: Option<String>,
    /// Show only this resource, or the resources with this tag
    #[arg(long, value_name = "RSC")]
    pub(super) resource: Option<String>,
    /// Show resources below the node they run on
    #[arg(short = 'n', long)]
    group_by_node: bool,
    /// Show inactive resources
    #[arg(short = 'r', long)]
    inactive: bool,
    /// Show fail counts
    #[arg(short = 'f', long)]
    failcounts: bool,
    /// Show the history of operations
    #[arg(short = 'o', long)]
    operations: bool,
    /// Show the history of operations with their times
    #[arg(short = 't', long)]
    timing_details: bool,
    /// Show tickets
    #[arg(short = 'c', long)]
    tickets: bool,
    /// Show the history of fencing: 0 nothing, 1 failed and pending, 2 and succeeded, 3 everything
    #[arg(short = 'm', long, value_name = "LEVEL", num_args = 0..=1, default_missing_value = "2")]
    fence_history: Option<i64>,
    /// Show location constraints that forbid a node, those whose id begins so
    #[arg(short = 'L', long, value_name = "PREFIX", num_args = 0..=1, default_missing_value = "")]
    neg_locations: Option<String>,
    /// Show node attributes
    #[arg(short = 'A', long)]
    show_node_attributes: bool,
    /// Leave out the summary
    #[arg(short = 'D', long)]
    hide_headers: bool,
    /// Show ids of nodes and every instance of clones
    #[arg(short = 'R', long)]
    show_detail: bool,
    /// Show what the administrator wrote about resources
    #[arg(long)]
    show_description: bool,
    /// Count resources instead of listing them
    #[arg(short = 'b', long)]
    brief: bool,
    /// Show operations under way (always done)
    #[arg(short = 'j', long, hide = true)]
    pending: bool,
    /// Say in one line whether all is well
    #[arg(short = 's', long)]
    pub(super) simple_status: bool,
    /// Seconds, or a number with a unit, after which to look again at the latest
    #[arg(short = 'i', long, value_name = "TIMESPEC")]
    interval: Option<String>,
    /// Show the state once and end
    #[arg(short = '1', long)]
    one_shot: bool,
    /// Run in the background; needs --output-to or --external-agent
    #[arg(short = 'd', long)]
    daemonize: bool,
    /// File for the process's number, with --daemonize
    #[arg(short = 'p', long, value_name = "FILE", hide = true)]
    pub(super) pid_file: Option<PathBuf>,
    /// Program to run when operations on resources have ended
    #[arg(short = 'E', long, value_name = "FILE")]
    pub(super) external_agent: Option<PathBuf>,
    /// Whom that program is to tell
    #[arg(short = 'e', long, value_name = "RCPT")]
    pub(super) external_recipient: Option<String>,
    /// Run that program when nodes were fenced, too
    #[arg(short = 'W', long)]
    pub(super) watch_fencing: bool,
    /// Show the state in this file (use CIB_file)
    #[arg(short = 'x', long, value_name = "FILE", hide = true)]
    pub(super) xml_file: Option<PathBuf>,
    /// Show the state as XML (use --output-as=xml)
    #[arg(short = 'X', long, hide = true)]
    as_xml: bool,
    /// Write the state to a page (use --output-as=html --output-to=FILE)
    #[arg(short = 'h', long, value_name = "FILE", hide = true)]
    as_html: Option<PathBuf>,
    /// Show the state as the answer of a web server (use --output-as=html --html-cgi)
    #[arg(short = 'w', long, hide = true)]
    web_cgi: bool,
    /// Show the state as plain text (use --output-as=text)
    #[arg(short = 'N', long, hide = true)]
    disable_ncurses: bool,
    /// Leave out when the state was looked at
    #[arg(short = 'Q', long)]
    quiet: bool,
}

/// Forms of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    Console,
    Text,
    Html,
    Xml,
    None,
}

/// How long to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Until it has been shown once.
    Once,
    /// Until the user has enough.
    Update,
    /// In the background, until somebody ends it.
    Background,
}

/// A change of what is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    Include(String),
    Exclude(String),
}

/// Why a command line makes no sense.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Wrong {
    /// A section that does not exist is to be shown.
    #[error(
        "--include options: all, attributes, bans[:PREFIX], counts, dc, default, failcounts, failures, fencing, \
         fencing-failed, fencing-pending, fencing-succeeded, maint-mode, nodes, none, operations, options, resources, \
         stack, summary, tickets, times"
    )]
    Include,
    /// A section that does not exist is to be left out.
    #[error(
        "--exclude options: all, attributes, bans, counts, dc, failcounts, failures, fencing, fencing-failed, \
         fencing-pending, fencing-succeeded, maint-mode, nodes, none, operations, options, resources, stack, summary, \
         tickets, times"
    )]
    Exclude,
    /// No such level.
    #[error("Fence history must be 0-3")]
    FenceHistory,
    /// No time.
    #[error("Invalid value for -i: {0}")]
    Interval(String),
    /// Nobody would notice what a daemon does.
    #[error(
        "--daemonize requires at least one of --output-to (with value not set to '-') and --external-agent"
    )]
    NoDestination,
    /// Nothing is written.
    #[error("--daemonize requires --external-agent if used with --output-as=none")]
    NothingToDo,
}

impl FromArgMatches for Ordered {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self { changes: changes(matches), options: Options::from_arg_matches(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Ordered {
    fn augment_args(command: Command) -> Command {
        Options::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Options::augment_args_for_update(command)
    }
}

/// The changes of what is shown, in the order of the command line.
fn changes(matches: &ArgMatches) -> Vec<Change> {
    let mut found: Vec<(usize, Change)> = Vec::new();
    let indices = |id: &str| -> Vec<usize> {
        let given = matches.value_source(id) == Some(ValueSource::CommandLine);
        matches.indices_of(id).filter(|_| given).into_iter().flatten().collect()
    };
    let values = |id: &str| -> Vec<(usize, String)> {
        let values = matches.get_many::<String>(id).into_iter().flatten().cloned();
        indices(id).into_iter().zip(values).collect()
    };
    found.extend(values("include").into_iter().map(|(at, list)| (at, Change::Include(list))));
    found.extend(values("exclude").into_iter().map(|(at, list)| (at, Change::Exclude(list))));
    for (at, prefix) in values("neg_locations") {
        let name = if prefix.is_empty() { "bans".to_owned() } else { format!("bans:{prefix}") };
        found.push((at, Change::Include(name)));
    }
    for (id, list) in [
        ("failcounts", "failcounts"),
        ("operations", "failcounts,operations"),
        ("timing_details", "operations"),
        ("tickets", "tickets"),
        ("show_node_attributes", "attributes"),
    ] {
        found.extend(indices(id).into_iter().map(|at| (at, Change::Include(list.to_owned()))));
    }
    let hidden = indices("hide_headers").into_iter();
    found.extend(hidden.map(|at| (at, Change::Exclude("summary".to_owned()))));
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, change)| change).collect()
}

impl Ordered {
    /// What is to be shown, before names and tags are looked up.
    pub(super) fn show(&self) -> Result<Show, Wrong> {
        let options = &self.options;
        let form = options.form();
        let mut sections = usual(form);
        // What follows from other options comes first, so that a list of sections overrules it.
        match options.fence_history {
            None | Some(1) => {
                sections.fencing_failed = true;
                sections.fencing_pending = true;
            }
            Some(0) => sections.set_fencing(false),
            Some(2 | 3) => sections.set_fencing(true),
            Some(_) => return Err(Wrong::FenceHistory),
        }
        if options.watch_fencing {
            sections.set_fencing(false);
        }
        sections.times &= !options.quiet;
        let mut ban_prefix = String::new();
        for change in &self.changes {
            match change {
                Change::Include(list) => include(&mut sections, &mut ban_prefix, list, form)?,
                Change::Exclude(list) => exclude(&mut sections, list, form)?,
            }
        }
        let is_xml = form == Form::Xml;
        let mut show = Show::new(sections, frame::utc_offset_seconds());
        show.detail.group_by_node = options.group_by_node;
        show.detail.inactive = options.inactive || is_xml;
        show.detail.timing = options.timing_details || is_xml;
        show.detail.brief = options.brief;
        show.detail.full = options.show_detail;
        show.detail.description = options.show_description;
        show.detail.failure_detail = options.show_detail;
        show.detail.always_list_resources = !is_xml;
        // Whoever asks for a version that there is not has been told when the output was opened.
        let api = ApiVersion::from_environment().unwrap_or_default();
        show.detail.newer_words = !is_xml || api == ApiVersion::V2_42;
        show.ban_prefix = ban_prefix;
        Ok(show)
    }
}

fn usual(form: Form) -> Sections {
    match form {
        Form::Xml => Sections::ALL,
        Form::Console | Form::Text | Form::Html => {
            Sections { fencing_failed: false, fencing_pending: false, ..Sections::TEXT }
        }
        Form::None => Sections::NONE,
    }
}

fn all(form: Form) -> Sections {
    match form {
        // Options are for those who ask for them by name.
        Form::Console | Form::Text => Sections { options: false, ..Sections::ALL },
        Form::Html | Form::Xml | Form::None => Sections::ALL,
    }
}

fn include(
    sections: &mut Sections,
    ban_prefix: &mut String,
    list: &str,
    form: Form,
) -> Result<(), Wrong> {
    for name in list.split(',') {
        match name {
            "all" => *sections = all(form),
            "none" => *sections = Sections::NONE,
            "default" | "defaults" => *sections = sections.union(usual(form)),
            name if name.starts_with("bans") => {
                sections.bans = true;
                *ban_prefix = name.strip_prefix("bans:").unwrap_or_default().to_owned();
            }
            name if sections.set(name, true) => {}
            _ => return Err(Wrong::Include),
        }
    }
    Ok(())
}

fn exclude(sections: &mut Sections, list: &str, form: Form) -> Result<(), Wrong> {
    for name in list.split(',') {
        match name {
            "all" => *sections = Sections::NONE,
            "none" => *sections = all(form),
            name if sections.set(name, false) => {}
            _ => return Err(Wrong::Exclude),
        }
    }
    Ok(())
}

impl Options {
    /// The form of the output.
    pub(super) fn form(&self) -> Form {
        if self.as_xml {
            Form::Xml
        } else if self.as_html.is_some() || self.web_cgi {
            Form::Html
        } else if self.disable_ncurses && self.output_as == Form::Console {
            Form::Text
        } else {
            self.output_as
        }
    }

    /// The file to write to, if not standard output.
    pub(super) fn destination(&self) -> Option<&PathBuf> {
        let named = self.as_html.as_ref().or(self.output_to.as_ref());
        named.filter(|path| path.as_os_str() != "-")
    }

    /// Whether the head of a CGI answer goes before the page.
    pub(super) fn is_cgi(&self) -> bool {
        self.html_cgi || self.web_cgi
    }

    /// How long to go on. Deprecated forms of output show the state once.
    pub(super) fn mode(&self) -> Result<Mode, Wrong> {
        if self.daemonize {
            if self.external_agent.is_none() {
                if self.destination().is_none() {
                    return Err(Wrong::NoDestination);
                }
                if self.form() == Form::None {
                    return Err(Wrong::NothingToDo);
                }
            }
            return Ok(Mode::Background);
        }
        let once = self.one_shot || self.simple_status || self.web_cgi || self.xml_file.is_some();
        let follows = self.interval.is_some() || self.external_agent.is_some();
        Ok(match (self.form(), self.destination()) {
            _ if once => Mode::Once,
            (Form::Console, None) => Mode::Update,
            (_, Some(_)) if self.interval.is_some() => Mode::Update,
            (Form::None, None) if follows => Mode::Update,
            (_, Some(_) | None) => Mode::Once,
        })
    }

    /// How long to wait before looking again.
    pub(super) fn interval(&self) -> Result<Duration, Wrong> {
        const USUAL: Duration = Duration::from_secs(5);
        const LEAST: Duration = Duration::from_millis(100);
        let Some(text) = &self.interval else { return Ok(USUAL) };
        let interval = vocab::parse_duration(text).map_err(|_| Wrong::Interval(text.clone()))?;
        Ok(interval.max(LEAST))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[derive(clap::Parser)]
    struct Bare;

    fn parsed(words: &[&str]) -> Ordered {
        let command = Ordered::augment_args(Bare::command()).disable_help_flag(true);
        let words = ["crm_mon"].iter().chain(words);
        Ordered::from_arg_matches(&command.get_matches_from(words)).expect("valid")
    }

    fn sections(words: &[&str]) -> Sections {
        parsed(words).show().expect("valid").sections
    }

    #[test]
    fn lists_of_sections_apply_from_left_to_right() {
        let nodes = sections(&["-1", "--exclude=all", "--include=nodes"]);
        assert_eq!(nodes, Sections { nodes: true, ..Sections::NONE });
        let nothing = sections(&["-1", "--include=nodes", "--exclude=all"]);
        assert_eq!(nothing, Sections::NONE);
        let hidden = sections(&["-1", "-A", "-D", "-U", "attributes", "-I", "dc"]);
        assert!(hidden.dc && !hidden.times && !hidden.attributes);
    }

    #[test]
    fn what_is_usual_depends_on_the_form() {
        assert!(!sections(&["-1"]).options && !sections(&["-1"]).operations);
        assert!(sections(&["-1"]).fencing_failed && !sections(&["-1"]).fencing_succeeded);
        assert!(!sections(&["-1", "-I", "all"]).options);
        assert!(sections(&["--output-as=xml"]).options);
        assert!(sections(&["--output-as=html", "-I", "all"]).options);
        assert!(!sections(&["-m0", "-1"]).fencing_failed);
        assert!(sections(&["-m", "-1"]).fencing_succeeded);
    }

    #[test]
    fn bans_may_be_told_by_their_beginning() {
        let show = parsed(&["-1", "-I", "bans:cli-"]).show().expect("valid");
        assert_eq!((show.sections.bans, show.ban_prefix.as_str()), (true, "cli-"));
        let show = parsed(&["-1", "-Lcli-", "-I", "bans"]).show().expect("valid");
        assert_eq!(show.ban_prefix, "");
    }

    #[test]
    fn what_does_not_exist_is_told_with_what_does() {
        assert_eq!(parsed(&["--include=list"]).show().expect_err("no section"), Wrong::Include);
        assert_eq!(parsed(&["-U", "default"]).show().expect_err("no section"), Wrong::Exclude);
        assert_eq!(parsed(&["-m", "4"]).show().expect_err("no level"), Wrong::FenceHistory);
    }

    #[test]
    fn how_long_it_goes_on_follows_from_where_it_writes() {
        let mode = |words: &[&str]| parsed(words).options.mode();
        assert_eq!(mode(&[]), Ok(Mode::Update));
        assert_eq!(mode(&["-1"]), Ok(Mode::Once));
        assert_eq!(mode(&["--output-as=xml"]), Ok(Mode::Once));
        assert_eq!(mode(&["--output-as=xml", "-i", "3"]), Ok(Mode::Once));
        assert_eq!(mode(&["--output-as=xml", "-i", "3", "--output-to=f"]), Ok(Mode::Update));
        assert_eq!(mode(&["-d", "-h", "page"]), Ok(Mode::Background));
        assert_eq!(mode(&["-d"]), Err(Wrong::NoDestination));
        assert_eq!(mode(&["-d", "--output-as=none", "--output-to=f"]), Err(Wrong::NothingToDo));
        assert_eq!(mode(&["-d", "-E", "agent", "--output-as=none"]), Ok(Mode::Background));
    }
}
