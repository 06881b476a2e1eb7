use std::{
    env, fs, io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use client::cib::{Backend, CallOptions, Cib, CibError};
use vocab::ToolExit;
use xml::{Element, Node, patchset::Patchset};

use super::Options;
use crate::{
    frame::Stop,
    output::{Format, Output},
    patch_text,
};

const STOP_USING: &str = "Remember to unset the CIB_shadow variable by entering the following into your shell:\n\
                          \tunset CIB_shadow";
const LEAVE_SHELL: &str = "Press Ctrl+D to exit the crm_shadow shell";

pub(super) fn run(options: &Options, output: &mut Output) -> Result<ToolExit, Stop> {
    let command = &options.command;
    if let Some(name) = &command.create {
        let copy = Copy::named(name)?;
        if !options.force {
            copy.must_be_new()?;
        }
        copy.write(&cluster_cib()?, "create")?;
        return copy.work_on_it(options, false, output);
    }
    if let Some(name) = &command.create_empty {
        return create_empty(&Copy::named(name)?, options, output);
    }
    if let Some(name) = &command.reset {
        let copy = Copy::named(name)?;
        if !options.force {
            return Err(copy.danger(
                "The reset command overwrites the active shadow configuration",
                "shadow file",
            ));
        }
        copy.write(&cluster_cib()?, "reset")?;
        return copy.work_on_it(options, false, output);
    }
    if let Some(name) = &command.commit {
        return commit(&Copy::named(name)?, options);
    }
    if let Some(name) = &command.delete {
        return delete(&Copy::named(name)?, options, output);
    }
    if let Some(name) = &command.switch {
        let copy = Copy::named(name)?;
        copy.must_exist()?;
        return copy.work_on_it(options, true, output);
    }
    if command.which {
        let copy = Copy::active()?;
        output.line(&copy.name);
        output.element(copy.element());
        return Ok(ToolExit::Ok);
    }
    if command.file {
        let copy = Copy::active()?;
        output.line(copy.path.display().to_string());
        output.element(copy.element().with("file", copy.path.display()));
        return Ok(ToolExit::Ok);
    }
    if command.display {
        return display(&Copy::active()?, output);
    }
    if command.diff {
        return diff(&Copy::active()?, output);
    }
    if command.edit {
        return edit(&Copy::active()?);
    }
    Err(Stop::new("Must specify a query or command option".to_owned(), ToolExit::Usage))
}

/// A copy of the CIB.
struct Copy {
    name: String,
    path: PathBuf,
}

impl Copy {
    fn named(name: &str) -> Result<Self, Stop> {
        match Backend::shadow(name) {
            Ok(Backend::File(path)) => Ok(Self { name: name.to_owned(), path }),
            Ok(Backend::Live | Backend::LiveReadOnly | Backend::Remote(_)) => Err(Stop::new(
                format!("'{name}' cannot be the name of a shadow copy"),
                ToolExit::Usage,
            )),
            Err(error) => Err(Stop::new(error.to_string(), ToolExit::Usage)),
        }
    }

    fn active() -> Result<Self, Stop> {
        match active_name() {
            Some(name) => Self::named(&name),
            None => Err(Stop::new(
                "No active shadow configuration defined".to_owned(),
                ToolExit::NoSuch,
            )),
        }
    }

    fn element(&self) -> Element {
        Element::new("shadow").with("instance", &self.name)
    }

    fn must_exist(&self) -> Result<(), Stop> {
        fs::metadata(&self.path).map(drop).map_err(|error| {
            let text =
                format!("Could not access shadow instance '{}': {}", self.name, words(&error));
            Stop::new(text, exit_of(&error))
        })
    }

    fn must_be_new(&self) -> Result<(), Stop> {
        if self.path.exists() {
            let reason = format!("A shadow instance '{}' already exists", self.name);
            return Err(Stop::new(needs_force(&reason, "shadow file"), ToolExit::CannotCreate));
        }
        Ok(())
    }

    /// Why something is not done without `--force`.
    fn danger(&self, reason: &str, to_what: &str) -> Stop {
        let mut reason = reason.to_owned();
        if let Some(active) = active_name().filter(|active| *active != self.name) {
            reason.push_str(&format!(
                ".\nAdditionally, the supplied shadow instance ({}) is not the same as the active one ({active})",
                self.name
            ));
        }
        Stop::new(needs_force(&reason, to_what), ToolExit::Usage)
    }

    fn read(&self) -> Result<Element, Stop> {
        self.must_exist()?;
        disk::read_document(&self.path).map_err(|_| {
            let text = format!("Could not parse XML from input file '{}'", self.path.display());
            Stop::new(text, ToolExit::NoInput)
        })
    }

    fn write(&self, cib: &Element, doing: &str) -> Result<(), Stop> {
        let written = disk::atomic::replace(
            &self.path,
            cib.to_pretty().as_bytes(),
            disk::atomic::Permissions { mode: 0o600, owner: None },
        );
        written.map_err(|error| {
            let text =
                format!("Could not {doing} the shadow instance '{}': {}", self.name, words(&error));
            Stop::new(text, exit_of(&error))
        })
    }

    fn prompt(&self) -> String {
        let name: String = self.name.chars().take(40).collect();
        format!("shadow[{name}] # ")
    }

    /// Starts a shell in which tools work on this copy, or says how to tell one that runs.
    fn work_on_it(
        &self,
        options: &Options,
        is_switch: bool,
        output: &mut Output,
    ) -> Result<ToolExit, Stop> {
        let prompt = self.prompt();
        if active_name().as_deref() == Some(&self.name) && env::var("PS1").as_ref() == Ok(&prompt) {
            return Ok(ToolExit::Ok);
        }
        let shell = env::var_os("SHELL").filter(|_| !options.batch);
        let Some(shell) = shell else {
            let about = if is_switch {
                "To switch to the named shadow instance"
            } else {
                "A new shadow instance was created. To begin using it"
            };
            let how = format!(
                "{about}, enter the following into your shell:\n\texport CIB_shadow={}",
                self.name
            );
            instruct(output, &how);
            return Ok(ToolExit::Ok);
        };
        output.line("Setting up shadow instance");
        instruct(output, LEAVE_SHELL);
        output.flush();
        let mut command = Command::new(&shell);
        command.env("PS1", prompt).env("CIB_shadow", &self.name);
        if Path::new(&shell).file_name().is_some_and(|name| name == "bash") {
            command.args(["--norc", "--noprofile"]);
        }
        let error = command.exec();
        let text =
            format!("Failed to launch shell '{}': {}", shell.to_string_lossy(), words(&error));
        Err(Stop::new(text, exit_of(&error)))
    }
}

fn active_name() -> Option<String> {
    env::var("CIB_shadow").ok()
}

fn needs_force(reason: &str, to_what: &str) -> String {
    format!(
        "{reason}.\nTo prevent accidental destruction of the {to_what}, the --force flag is required in order to \
         proceed."
    )
}

fn instruct(output: &mut Output, text: &str) {
    output.line(text);
    let mut element = Element::new("instruction");
    element.push(Node::Text(text.into()));
    output.element(element);
}

/// The CIB that tools work on where there is no copy.
fn open_cluster() -> Result<Cib, Stop> {
    let backend = env::var_os("CIB_file").filter(|file| !file.is_empty());
    let backend = backend.map_or(Backend::Live, |file| Backend::File(file.into()));
    Cib::open_backend(super::TOOL.name, &backend).map_err(|error| {
        Stop::new(format!("Could not connect to CIB: {}", error.failure()), error.exit())
    })
}

fn cluster_cib() -> Result<Element, Stop> {
    let cib = open_cluster()?.query(None, CallOptions::SCOPE_LOCAL).map_err(|error| {
        Stop::new(format!("Could not query the non-shadow CIB: {}", error.failure()), error.exit())
    })?;
    Ok(Element::clone(&cib))
}

fn create_empty(copy: &Copy, options: &Options, output: &mut Output) -> Result<ToolExit, Stop> {
    if !options.force {
        copy.must_be_new()?;
    }
    let mut cib = cib::empty(0);
    if let Some(schema) = &options.validate_with {
        cib.set("validate-with", schema);
    }
    let schema = cib.attr("validate-with").unwrap_or_default().to_owned();
    output.line(format!("Created new {schema} configuration"));
    copy.write(&cib, "create")?;
    copy.work_on_it(options, false, output)
}

fn commit(copy: &Copy, options: &Options) -> Result<ToolExit, Stop> {
    if !options.force {
        let reason = "The commit command overwrites the active cluster configuration";
        return Err(copy.danger(reason, "cluster"));
    }
    copy.must_exist()?;
    let mut cluster = open_cluster()?;
    let cib = copy.read()?;
    let (section, data) = match cib.child("configuration") {
        Some(configuration) if !options.all => (Some("configuration"), configuration.clone()),
        Some(_) | None => (None, cib),
    };
    cluster.replace(section, data, CallOptions::NONE).map_err(|error: CibError| {
        let text = format!(
            "Could not commit shadow instance '{}' to the CIB: {}",
            copy.name,
            error.failure()
        );
        Stop::new(text, error.exit())
    })?;
    Ok(ToolExit::Ok)
}

fn delete(copy: &Copy, options: &Options, output: &mut Output) -> Result<ToolExit, Stop> {
    if !options.force {
        let reason = "The delete command removes the specified shadow file";
        return Err(copy.danger(reason, "shadow file"));
    }
    match fs::remove_file(&copy.path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let text =
                format!("Could not remove shadow instance '{}': {}", copy.name, words(&error));
            return Err(Stop::new(text, exit_of(&error)));
        }
        Ok(()) | Err(_) => {}
    }
    if active_name().as_deref() == Some(&copy.name) {
        let in_shell = env::var("PS1").as_ref() == Ok(&copy.prompt());
        instruct(output, if in_shell { LEAVE_SHELL } else { STOP_USING });
    }
    Ok(ToolExit::Ok)
}

fn display(copy: &Copy, output: &mut Output) -> Result<ToolExit, Stop> {
    let text = copy.read()?.to_pretty();
    output.line(text.trim_end());
    output.element(copy.element().with_child(verbatim("content", &text)));
    Ok(ToolExit::Ok)
}

fn diff(copy: &Copy, output: &mut Output) -> Result<ToolExit, Stop> {
    copy.must_exist()?;
    let old = cluster_cib()?;
    let new = copy.read()?;
    let patch = Patchset::between(&old, &new)
        .map_err(|error| Stop::new(format!("Could not compare: {error}"), ToolExit::Error))?;
    let Some(patch) = patch else {
        output.element(copy.element());
        return Ok(ToolExit::Ok);
    };
    if output.format() == Format::Text {
        patch_text::lines(&patch).iter().for_each(|line| output.line(line));
    }
    let text = patch.to_element().to_pretty();
    output.element(copy.element().with_child(verbatim("xml-patchset", &text)));
    Ok(ToolExit::Error)
}

fn verbatim(name: &str, text: &str) -> Element {
    let mut element = Element::new(name);
    element.push(Node::Text(text.into()));
    element
}

fn edit(copy: &Copy) -> Result<ToolExit, Stop> {
    copy.must_exist()?;
    let Some(editor) = env::var_os("EDITOR") else {
        return Err(Stop::new("No value for EDITOR defined".to_owned(), ToolExit::NotConfigured));
    };
    let error = Command::new(&editor).arg(&copy.path).exec();
    let text = format!(
        "Could not invoke EDITOR ({} {}): {}",
        editor.to_string_lossy(),
        copy.path.display(),
        words(&error)
    );
    Err(Stop::new(text, ToolExit::OsFile))
}

/// What the system calls the error, without its number.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

fn exit_of(error: &io::Error) -> ToolExit {
    match error.kind() {
        io::ErrorKind::NotFound => ToolExit::NoSuch,
        io::ErrorKind::PermissionDenied => ToolExit::InsufficientPrivileges,
        io::ErrorKind::AlreadyExists => ToolExit::Exists,
        _ => ToolExit::OsError,
    }
}
