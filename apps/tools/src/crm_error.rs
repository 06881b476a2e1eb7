//! `crm_error`: what a number means that a tool or daemon reported.

mod codes;

use std::{ffi::OsString, process::ExitCode};

use vocab::ToolExit;
use xml::Element;

use crate::{
    frame,
    output::{Format, Output},
};
use codes::{EXIT_NAMES, LEGACY_CODES, RETURN_CODES, UNNAMED_ERRORS};

/// This tool.
pub(crate) const TOOL: crate::Tool =
    crate::Tool { name: "crm_error", summary: "Tell what a result code means", main };

#[derive(Debug, clap::Args)]
struct Options {
    /// Show the name too
    #[arg(short = 'n', long)]
    name: bool,
    /// Show all codes; the default if none is given
    #[arg(short = 'l', long)]
    list: bool,
    /// The codes are exit statuses
    #[arg(short = 'X', long, overrides_with = "rc")]
    exit: bool,
    /// The codes are return codes, not those of older functions
    #[arg(short = 'r', long, overrides_with = "exit")]
    rc: bool,
    /// The codes
    #[arg(value_name = "CODE", allow_negative_numbers = true)]
    codes: Vec<i32>,
}

/// Which family of numbers a code belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Legacy,
    ReturnCode,
    ExitStatus,
}

/// What is shown of a code.
#[derive(Clone, Copy)]
struct Shown {
    code: bool,
    name: bool,
}

fn main(args: Vec<OsString>) -> ExitCode {
    frame::run(&TOOL, &args, run)
}

fn run(options: &Options, output: &mut Output) {
    let family = match (options.exit, options.rc) {
        (true, _) => Family::ExitStatus,
        (false, true) => Family::ReturnCode,
        (false, false) => Family::Legacy,
    };
    if options.list || options.codes.is_empty() {
        for (code, name, text) in all(family) {
            show(output, Shown { code: true, name: options.name }, code, name, text);
        }
    } else {
        let shown = Shown { code: output.verbosity() > 0, name: options.name };
        for &code in &options.codes {
            let (name, text) = describe(family, code);
            show(output, shown, code, name, &text);
        }
    }
}

fn show(output: &mut Output, shown: Shown, code: i32, name: &str, text: &str) {
    if output.format() == Format::Xml {
        let element = Element::new("result-code")
            .with("code", code)
            .with_some("name", shown.name.then_some(name))
            .with("description", text);
        return output.element(element);
    }
    output.line(match (shown.code, shown.name) {
        (true, true) => format!("{code:>5}: {name:<26}  {text}"),
        (true, false) => format!("{code:>5}: {text}"),
        (false, true) => format!("{name} - {text}"),
        (false, false) => text.to_owned(),
    });
}

/// All codes of a family that have a name, in order.
fn all(family: Family) -> Vec<codes::Code> {
    match family {
        Family::ReturnCode => RETURN_CODES.to_vec(),
        Family::Legacy => {
            let system = RETURN_CODES.iter().filter(|(code, _, _)| *code >= 0);
            system.chain(LEGACY_CODES).copied().collect()
        }
        Family::ExitStatus => ToolExit::ALL
            .iter()
            .map(|exit| (exit.code(), exit_name(exit.code()), exit.as_str()))
            .collect(),
    }
}

fn exit_name(code: i32) -> &'static str {
    EXIT_NAMES.iter().find(|(known, _)| *known == code).map_or("CRM_EX_UNKNOWN", |(_, name)| name)
}

/// Name and text of a code.
fn describe(family: Family, code: i32) -> (&'static str, String) {
    if family == Family::ExitStatus {
        let text = match ToolExit::from_code(code) {
            Some(exit) => exit.as_str(),
            None if (129..256).contains(&code) => "Interrupted by signal",
            None => "Unknown exit status",
        };
        return (exit_name(code), text.to_owned());
    }
    // Older functions return the number negated.
    let code = if family == Family::Legacy { code.saturating_abs() } else { code };
    let known = all(family).into_iter().find(|(known, _, _)| *known == code);
    let unnamed = || UNNAMED_ERRORS.iter().find(|(known, _)| *known == code);
    match (known, code) {
        (Some((_, name, text)), _) => (name, text.to_owned()),
        (None, ..0) => ("Unknown", "Error".to_owned()),
        (None, 211) if family == Family::Legacy => {
            ("Unknown", "Schema is already the latest available".to_owned())
        }
        (None, _) => match unnamed() {
            Some((_, text)) => ("Unknown", (*text).to_owned()),
            None => ("Unknown", format!("Unknown error {code}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_described_as_pacemaker_does() {
        let check = |family, code, name: &str, text: &str| {
            assert_eq!(describe(family, code), (name, text.to_owned()));
        };
        check(Family::Legacy, 5, "EIO", "Input/output error");
        check(Family::Legacy, -5, "EIO", "Input/output error");
        check(Family::Legacy, 211, "Unknown", "Schema is already the latest available");
        check(Family::Legacy, 1005, "Unknown", "Unknown error 1005");
        check(Family::Legacy, 131, "Unknown", "State not recoverable");
        check(Family::ReturnCode, -1005, "pcmk_rc_node_unknown", "Node not found");
        check(Family::ReturnCode, -1, "Unknown", "Error");
        check(Family::ReturnCode, 211, "Unknown", "Unknown error 211");
        check(Family::ExitStatus, 105, "CRM_EX_NOSUCH", "No such object");
        check(Family::ExitStatus, 137, "CRM_EX_UNKNOWN", "Interrupted by signal");
        check(Family::ExitStatus, -5, "CRM_EX_UNKNOWN", "Unknown exit status");
    }

    #[test]
    fn every_exit_status_that_2_1_5_knows_has_its_name() {
        for (code, _) in EXIT_NAMES {
            assert!(ToolExit::from_code(*code).is_some(), "{code}");
        }
    }
}
