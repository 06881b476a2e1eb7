//! The table of all programs in the binary.

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use vocab::ToolExit;

/// One program: the name it is called by, what it is for, and what it does.
#[derive(Clone, Copy)]
pub(crate) struct Program {
    /// The name it is called by.
    pub(crate) name: &'static str,
    /// What it is for, in half a sentence.
    pub(crate) summary: &'static str,
    /// Runs it; the first argument is its name.
    pub(crate) main: fn(Vec<OsString>) -> ExitCode,
}

const DAEMONS: &[Program] = &[
    Program {
        name: "corosync",
        summary: "the ring: who is there, who has quorum, messages in one order",
        main: corosync::main,
    },
    Program {
        name: "corosync-watcher",
        summary: "says goodbye for a corosync that was killed; started by corosync itself",
        main: corosync::watcher,
    },
    Program {
        name: "pacemakerd",
        summary: "launcher: starts the other daemons and looks after them",
        main: pacemakerd::main,
    },
    Program {
        name: "pacemaker-based",
        summary: "keeps the CIB the same on all nodes",
        main: based::main,
    },
    Program { name: "pacemaker-fenced", summary: "fences nodes", main: fenced::main },
    Program { name: "pacemaker-execd", summary: "runs agents on this node", main: execd::main },
    Program {
        name: "pacemaker-attrd",
        summary: "keeps transient node attributes the same on all nodes",
        main: attrd::main,
    },
    Program { name: "pacemaker-schedulerd", summary: "makes plans", main: schedulerd::main },
    Program {
        name: "pacemaker-controld",
        summary: "controller: gives the node its place in the cluster",
        main: controld::main,
    },
];

/// Programs that people will look for and that cannot be had yet.
const MISSING: &[&str] = &["pacemaker-remoted", "pcsd"];

/// Tools that are crates of their own.
const TOOLS: &[Program] = &[Program {
    name: "pcs",
    summary: "one command for the whole cluster, for people",
    main: pcs::main,
}];

/// Names from before Pacemaker 2.0, and what they are called since.
const OLD_NAMES: &[(&str, &str)] = &[
    ("cib", "pacemaker-based"),
    ("stonithd", "pacemaker-fenced"),
    ("lrmd", "pacemaker-execd"),
    ("attrd", "pacemaker-attrd"),
    ("pengine", "pacemaker-schedulerd"),
    ("crmd", "pacemaker-controld"),
    ("pacemaker_remoted", "pacemaker-remoted"),
];

/// The program that is called by `name`, be it an old one.
pub(crate) fn find(name: &str) -> Option<Program> {
    let current =
        OLD_NAMES.iter().find(|(old, _)| *old == name).map_or(name, |(_, current)| *current);
    if let Some(missing) = MISSING.iter().find(|missing| **missing == current) {
        return Some(Program { name: missing, summary: "", main: not_implemented });
    }
    groups().into_iter().flat_map(|(_, programs)| programs).find(|program| program.name == current)
}

/// All programs, under titles.
pub(crate) fn groups() -> [(&'static str, Vec<Program>); 2] {
    let tools = tools::TOOLS.iter().map(|tool| Program {
        name: tool.name,
        summary: tool.summary,
        main: tool.main,
    });
    let ring_tools = ring_tools::TOOLS.iter().map(|tool| Program {
        name: tool.name,
        summary: tool.summary,
        main: tool.main,
    });
    let tools = tools.chain(ring_tools).chain(TOOLS.iter().copied());
    [("Daemons", DAEMONS.to_vec()), ("Tools", tools.collect())]
}

/// What only this binary answers. No links are made to these: their names are common words.
pub(crate) fn questions() -> Vec<Program> {
    let questions = ask::TOOLS.iter().map(|tool| Program {
        name: tool.name,
        summary: tool.summary,
        main: tool.main,
    });
    let plan = Program {
        name: ask::plan::NAME,
        summary: ask::plan::SUMMARY,
        main: |args| ask::plan::main(args, pcs::edit),
    };
    let tools::Tool { name, summary, main } = tools::TOP;
    questions.chain([plan, Program { name, summary, main }]).collect()
}

/// The question that is called by `name`.
pub(crate) fn question(name: &str) -> Option<Program> {
    questions().into_iter().find(|program| program.name == name)
}

fn not_implemented(args: Vec<OsString>) -> ExitCode {
    let name = args.first().map_or_else(Default::default, |name| name.to_string_lossy());
    let _ = writeln!(io::stderr(), "{name}: not implemented yet");
    crate::exit_code(ToolExit::UnimplementedFeature)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let mut seen = BTreeSet::new();
        for (_, programs) in groups() {
            for program in programs {
                assert!(seen.insert(program.name), "{} is there twice", program.name);
                assert!(!program.summary.is_empty(), "{} needs a summary", program.name);
                assert!(!MISSING.contains(&program.name), "{} is there", program.name);
            }
        }
    }

    #[test]
    fn questions_have_names_of_their_own() {
        for question in questions() {
            assert!(find(question.name).is_none(), "{} is a program", question.name);
            assert!(super::question(question.name).is_some());
        }
    }

    #[test]
    fn old_names_lead_to_programs() {
        for (old, current) in OLD_NAMES {
            assert_eq!(find(old).map(|program| program.name), Some(*current), "{old}");
        }
        assert!(find("no-such-program").is_none());
    }
}
