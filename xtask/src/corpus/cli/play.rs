//! Runs the tests of a group one after another, each in what the one before left behind.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
};

use anyhow::{Context, Result, bail};
use vocab::ToolExit;

use super::{
    recipe::{self, Forms, Item, Scope, Shadow, Test},
    sanitize,
};

/// The name of the shadow CIB.
const SHADOW: &str = "cts-cli";

/// What a test printed, in the form of the stored results.
pub(super) struct Block {
    pub(super) name: String,
    pub(super) lines: Vec<String>,
}

/// One group under way.
pub(super) struct Player<'a> {
    /// The folder of the corpus.
    pub(super) data: &'a Path,
    /// A folder for this group alone, in which nothing is yet.
    pub(super) work: PathBuf,
    pub(super) environment: BTreeMap<String, String>,
    /// The beginning of a time of tomorrow.
    pub(super) tomorrow: String,
    pub(super) blocks: Vec<Block>,
    /// So that every file has a name of its own.
    pub(super) files: usize,
}

impl Player<'_> {
    pub(super) fn items(&mut self, items: &[Item]) -> Result<()> {
        for item in items {
            match item {
                Item::Scope(scope) => self.scope(scope)?,
                Item::Test(test) => {
                    for (name, command) in test.runs() {
                        self.test(test, &name, &command)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn scope(&mut self, scope: &Scope) -> Result<()> {
        if let Some(shadow) = scope.shadow {
            self.begin_shadow(shadow, scope.validate_with.as_deref())?;
        }
        let outer = self.enter(&scope.environment)?;
        if let Some(cib) = self.cib_file(scope)? {
            self.environment.insert("CIB_file".to_owned(), cib);
        }
        self.prepare(&scope.before)?;
        let played = self.items(&scope.tests);
        if scope.cib.is_some() || scope.cib_copy.is_some() {
            self.environment.remove("CIB_file");
        }
        self.leave(outer);
        if scope.shadow.is_some() {
            self.environment.remove("CIB_shadow_dir");
            self.environment.remove("CIB_shadow");
        }
        played
    }

    fn cib_file(&mut self, scope: &Scope) -> Result<Option<String>> {
        let text = match (&scope.cib, &scope.cib_copy) {
            (Some(cib), _) => self.fill_in(&cib.text())?,
            (None, Some(file)) => {
                let path = self.fill_in(file)?;
                fs::read_to_string(&path).context(path)?
            }
            (None, None) => return Ok(None),
        };
        let path = self.new_file("cib.xml");
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        Ok(Some(path.display().to_string()))
    }

    fn begin_shadow(&mut self, shadow: Shadow, schema: Option<&str>) -> Result<()> {
        let directory = self.new_file("shadow");
        fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
        let directory = directory.display().to_string();
        self.environment.insert("CIB_shadow_dir".to_owned(), directory);
        self.environment.insert("CIB_shadow".to_owned(), SHADOW.to_owned());
        if shadow == Shadow::Directory {
            return Ok(());
        }
        let mut command = format!("crm_shadow --batch --force --create-empty {SHADOW}");
        if let Some(schema) = schema {
            command.push_str(&format!(" --validate-with {schema}"));
        }
        self.prepare(&[command, "{delete-resource-defaults}".to_owned()])
    }

    /// Some builds put a default for resources into every new CIB; without it, and with the versions of a new one, all
    /// begin alike.
    fn delete_resource_defaults(&self) -> Result<()> {
        let output = self.shell("cibadmin --delete --xml-text '<rsc_defaults/>'", None)?;
        succeeded("cibadmin --delete", &output)?;
        let path = self.environment.get("CIB_shadow_dir").context("no shadow CIB")?;
        let path = Path::new(path).join(format!("shadow.{SHADOW}"));
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let text = with_number(&text, " admin_epoch=\"", "0");
        let text = with_number(&with_number(&text, " epoch=\"", "1"), " num_updates=\"", "0");
        fs::write(&path, text).with_context(|| path.display().to_string())
    }

    fn test(&mut self, test: &Test, name: &str, command: &str) -> Result<()> {
        let mut command = self.fill_in(command)?;
        if test.forms == Forms::Both {
            // The scripts whose results are stored take such commands apart into words, contents of files too.
            command = command.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        let mut lines = Vec::new();
        let outer = self.enter(&test.environment)?;
        let played = if test.on_copy {
            self.on_copy(test, name, &command, &mut lines)
        } else {
            self.in_place(test, name, &command, &mut lines)
        };
        self.leave(outer);
        let exit = played?;
        if test.shows_cib {
            lines.push(format!("=#=#=#= Current cib after: {name} =#=#=#="));
            lines.extend(self.current_cib()?.lines().map(str::to_owned));
        }
        lines.push(format!("=#=#=#= End test: {name} - {} ({exit}) =#=#=#=", exit_text(exit)));
        let tool = command.split(' ').next().unwrap_or_default();
        lines.push(match exit == test.exit {
            true => format!("* Passed: {tool:<21} - {name}"),
            false => format!("* Failed (rc={exit:03}): {tool:<23} - {name}"),
        });
        let lines = lines.iter().map(|line| sanitize::line(line, self.data)).collect();
        self.blocks.push(Block { name: name.to_owned(), lines });
        Ok(())
    }

    fn in_place(
        &mut self,
        test: &Test,
        name: &str,
        command: &str,
        lines: &mut Vec<String>,
    ) -> Result<i32> {
        lines.push(begin(name));
        self.prepare(&test.before)?;
        let input = match (&test.input, &test.input_file, &test.input_from) {
            (Some(input), ..) => Some(self.fill_in(&input.text())?),
            (None, Some(file), _) => {
                let path = self.fill_in(file)?;
                Some(fs::read_to_string(&path).context(path)?)
            }
            (None, None, Some(command)) => {
                Some(String::from_utf8_lossy(&self.shell(command, None)?.stdout).into_owned())
            }
            (None, None, None) => None,
        };
        let output = self.shell(command, input)?;
        say(&output, lines);
        self.prepare(&test.after)?;
        Ok(status(&output))
    }

    fn on_copy(
        &mut self,
        test: &Test,
        name: &str,
        command: &str,
        lines: &mut Vec<String>,
    ) -> Result<i32> {
        let path = self.new_file("copy.xml");
        let written = path.display().to_string();
        fs::write(&path, self.current_cib()?).context(written.clone())?;
        let as_root = BTreeMap::from([
            ("CIB_user".to_owned(), Some("root".to_owned())),
            ("CIB_file".to_owned(), Some(written.clone())),
            ("CIB_shadow".to_owned(), None),
        ]);
        let outer = self.environment.clone();
        self.enter(&as_root)?;
        self.prepare(&test.before)?;
        lines.extend(self.current_cib()?.lines().map(str::to_owned));
        self.environment.clone_from(&outer);
        lines.push(begin(name));
        let input = fs::read_to_string(&path).context(written)?;
        let output = self.shell(command, Some(input))?;
        say(&output, lines);
        self.enter(&as_root)?;
        self.prepare(&test.after)?;
        self.environment = outer;
        Ok(status(&output))
    }

    fn current_cib(&self) -> Result<String> {
        let mut environment = self.environment.clone();
        environment.insert("CIB_user".to_owned(), "root".to_owned());
        let output = run_shell("cibadmin -Q", &environment, None)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Takes variables in; gives the environment as it was.
    fn enter(
        &mut self,
        changes: &BTreeMap<String, Option<String>>,
    ) -> Result<BTreeMap<String, String>> {
        let outer = self.environment.clone();
        for (name, value) in changes {
            match value {
                Some(value) => {
                    let value = self.fill_in(value)?;
                    self.environment.insert(name.clone(), value);
                }
                None => {
                    self.environment.remove(name);
                }
            }
        }
        Ok(outer)
    }

    /// Gives variables that there were their old values; new ones stay, as in the scripts whose results are stored.
    fn leave(&mut self, outer: BTreeMap<String, String>) {
        self.environment.extend(outer);
    }

    fn prepare(&self, commands: &[String]) -> Result<()> {
        for command in commands {
            if command == "{delete-resource-defaults}" {
                self.delete_resource_defaults()?;
            } else {
                succeeded(command, &self.shell(&self.fill_in(command)?, None)?)?;
            }
        }
        Ok(())
    }

    fn shell(&self, command: &str, input: Option<String>) -> Result<Output> {
        run_shell(command, &self.environment, input)
    }

    fn fill_in(&self, text: &str) -> Result<String> {
        recipe::fill_in(text, self.data, &self.tomorrow)
    }

    /// Names are like those of the scripts whose results are stored: some are in the results.
    fn new_file(&mut self, name: &str) -> PathBuf {
        self.files += 1;
        self.work.join(format!("{}-{name}", self.files))
    }
}

fn begin(name: &str) -> String {
    format!("=#=#=#= Begin test: {name} =#=#=#=")
}

fn succeeded(command: &str, output: &Output) -> Result<()> {
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        bail!("to prepare: {command}: {}: {}", output.status, text.trim());
    }
    Ok(())
}

/// What went to standard error comes first.
fn say(output: &Output, lines: &mut Vec<String>) {
    for stream in [&output.stderr, &output.stdout] {
        let text = String::from_utf8_lossy(stream);
        let kept =
            text.lines().filter(|line| !line.starts_with("Warning: cibadmin is being run as user"));
        lines.extend(kept.map(str::to_owned));
    }
}

/// The exit status as a shell gives it.
fn status(output: &Output) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    output.status.code().or_else(|| Some(128 + output.status.signal()?)).unwrap_or(-1)
}

fn exit_text(exit: i32) -> String {
    ToolExit::from_code(exit)
        .map_or_else(|| format!("Unknown exit status {exit}"), |exit| exit.as_str().to_owned())
}

fn run_shell(
    command: &str,
    environment: &BTreeMap<String, String>,
    input: Option<String>,
) -> Result<Output> {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).env_clear().envs(environment);
    shell.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    shell.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = shell.spawn().context("cannot run /bin/sh")?;
    let writer = input.zip(child.stdin.take()).map(|(text, mut pipe)| {
        // A command that does not read its input ends before all of it is written.
        thread::spawn(move || pipe.write_all(text.as_bytes()).is_ok())
    });
    let output = child.wait_with_output().context("cannot wait for /bin/sh")?;
    if let Some(writer) = writer {
        let _ = writer.join();
    }
    Ok(output)
}

/// The text with another number in the first attribute that begins so.
fn with_number(text: &str, start: &str, number: &str) -> String {
    let Some((before, rest)) = text.split_once(start) else { return text.to_owned() };
    let Some((_, after)) = rest.split_once('"') else { return text.to_owned() };
    format!("{before}{start}{number}\"{after}")
}
