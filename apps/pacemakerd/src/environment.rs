//! The settings of the host: `/etc/default/pacemaker` or `/etc/sysconfig/pacemaker`, and the same for SBD.
//!
//! A service manager has read them already; started by hand, the launcher reads them itself. What is set already wins.

use std::{env, ffi::OsString, fs, io, os::unix::process::CommandExt, process::Command};

/// Set once the files were read.
const DONE: &str = "CARDEA_environment_read";

/// Starts this program again with the settings of the host, if they say anything that is not set yet. Returns only if
/// nothing is to be done (`None`) or it failed.
pub(crate) fn take_over() -> Option<io::Error> {
    if env::var_os(DONE).is_some() {
        return None;
    }
    let missing: Vec<(String, String)> = ["pacemaker", "sbd"]
        .into_iter()
        .flat_map(read_settings)
        .filter(|(name, _)| env::var_os(name).is_none())
        .collect();
    if missing.is_empty() {
        return None;
    }
    let mut args = env::args_os();
    let name = args.next().unwrap_or_else(|| OsString::from("pacemakerd"));
    // The binary is called by name with "cardea NAME" too: then the name is among the arguments, which stay as they are.
    Some(Command::new("/proc/self/exe").arg0(name).args(args).envs(missing).env(DONE, "1").exec())
}

fn read_settings(name: &str) -> Vec<(String, String)> {
    ["/etc/default", "/etc/sysconfig"]
        .iter()
        .find_map(|directory| fs::read_to_string(format!("{directory}/{name}")).ok())
        .map(|text| parse(&text))
        .unwrap_or_default()
}

/// Reads `NAME=VALUE` lines, the value perhaps in quotes, as shells and service managers both understand them.
fn parse(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter_map(|line| {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line);
            let (name, value) = line.split_once('=')?;
            let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if name.is_empty() || !is_name || name.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            Some((name.to_owned(), unquote(value.trim())))
        })
        .collect()
}

fn unquote(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote)
            && let Some((inner, _)) = rest.split_once(quote)
        {
            return inner.to_owned();
        }
    }
    // Behind white space a comment begins.
    value.split_whitespace().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_shells_do() {
        let text = "# PCMK_debug=yes\nPCMK_logfile=/var/log/x.log # there\n\nexport PCMK_stderr='1'\n\
                    VALGRIND_OPTS=\"--a --b=c\"\n1BAD=x\nNOT A SETTING=1\nEMPTY=\n";
        let expected = [
            ("PCMK_logfile", "/var/log/x.log"),
            ("PCMK_stderr", "1"),
            ("VALGRIND_OPTS", "--a --b=c"),
            ("EMPTY", ""),
        ];
        let expected: Vec<_> =
            expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(parse(text), expected);
    }
}
