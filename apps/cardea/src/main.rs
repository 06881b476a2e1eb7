//! The multi-call binary: the name it is called by, or its first argument, says which program it is.
//!
//! `cardea` alone lists the programs; `cardea NAME ARGUMENTS` runs one; called through a link named like a program it is
//! that program. `cardea install-links DIRECTORY` makes such links.

mod links;
mod programs;

use std::{
    ffi::{CString, OsString},
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use vocab::{PRODUCT_VERSION, ToolExit};

use programs::Program;

fn main() -> ExitCode {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if let Some(agent) = args.first().and_then(|name| agents::find(Path::new(name))) {
        return (agent.main)(args);
    }
    if let Some(program) = args.first().and_then(called_by).and_then(|name| programs::find(&name)) {
        return run(&program, args);
    }
    if !args.is_empty() {
        args.remove(0);
    }
    let Some(command) = args.first().map(|arg| arg.to_string_lossy().into_owned()) else {
        return list();
    };
    match command.as_str() {
        "help" | "--help" | "-h" => list(),
        "--version" | "-V" => {
            say(&format!("Cardea {PRODUCT_VERSION}, speaks Pacemaker 2.1.5"));
            ExitCode::SUCCESS
        }
        "install-links" => links::install(&args[1..]),
        name => match programs::find(name).or_else(|| programs::question(name)) {
            Some(program) => run(&program, args),
            None => complain(&format!(
                "there is no program '{name}'; 'cardea help' lists those that there are"
            )),
        },
    }
}

/// The program's name in `argv[0]`. A login shell's leading dash does not count.
fn called_by(argument: &OsString) -> Option<String> {
    let name = Path::new(argument).file_name()?.to_str()?;
    Some(name.trim_start_matches('-').to_owned())
}

fn run(program: &Program, mut args: Vec<OsString>) -> ExitCode {
    // What ps and pidof show; the kernel took it from the file that was executed, which is this binary's for a child of
    // the launcher. Longer names are cut by the kernel.
    if let Ok(name) = CString::new(program.name) {
        // Only the looks of the process suffer if it fails.
        let _ = rustix::thread::set_name(&name);
    }
    args[0] = program.name.into();
    (program.main)(args)
}

fn list() -> ExitCode {
    let mut text = String::from(
        "Usage: cardea PROGRAM [ARGUMENT...]\n       cardea install-links DIRECTORY [--agents OCF_ROOT]\n\
         \x20      cardea --version\n",
    );
    let questions = ("Questions, behind 'cardea' only", programs::questions());
    for (title, programs) in programs::groups().into_iter().chain([questions]) {
        if programs.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{title}:\n"));
        let width = programs.iter().map(|program| program.name.len()).max().unwrap_or(0);
        for program in programs {
            text.push_str(&format!("  {:width$}  {}\n", program.name, program.summary));
        }
    }
    say(text.trim_end());
    ExitCode::SUCCESS
}

fn say(text: &str) {
    // A reader that has gone away is no error of ours.
    let _ = writeln!(io::stdout(), "{text}");
}

fn complain(text: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "cardea: {text}");
    exit_code(ToolExit::Usage)
}

fn exit_code(exit: ToolExit) -> ExitCode {
    ExitCode::from(u8::try_from(exit.code()).unwrap_or(1))
}
