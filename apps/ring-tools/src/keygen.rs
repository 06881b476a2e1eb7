//! `corosync-keygen`: makes the key that the nodes of a cluster share.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    process::ExitCode,
};

use crate::{
    getopt::{self, Long},
    print::{base_name, complain, reason, say},
};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "corosync-keygen",
    summary: "make the key that the ring's nodes share",
    main,
};

const KEY_BYTES: std::ops::RangeInclusive<i64> = 128..=4096;
const USUAL_KEY_BYTES: usize = 256;
const USUAL_FILE: &str = "/etc/corosync/authkey";
const USUAL_SOURCE: &str = "/dev/urandom";

const LONG: &[Long] = &[
    Long { name: "key-file", letter: 'k' },
    Long { name: "less-secure", letter: 'l' },
    Long { name: "random-file", letter: 'r' },
    Long { name: "size", letter: 's' },
    Long { name: "help", letter: 'h' },
];

const USAGE: &str = "\
Usage: corosync-keygen [-k <keyfile>] [-s size] [-m <randomfile>] [-l] [-h]
     -k / --key-file=<filename> -  Write to the specified keyfile
            instead of the default /etc/corosync/authkey.
     -r / --random-file -  Random number source file. Default is 
            /dev/urandom. As an example /dev/random may be requested
            (that may require user input for entropy).
     -l / --less-secure - Not used, option is kept only
            for compatibility.
     -s / --size -  Length of key.
     -h / --help -  Print basic usage.
";

/// A failure: what is shown, and the exit code.
struct Failure(String, u8);

fn main(arguments: Vec<OsString>) -> ExitCode {
    let program = base_name(&arguments);
    let mut file = OsString::from(USUAL_FILE);
    let mut source = OsString::from(USUAL_SOURCE);
    let mut size = USUAL_KEY_BYTES;
    for option in getopt::parse(arguments, "k:r:s:lh", LONG).options {
        match option {
            Ok(('k', argument)) => file = argument,
            Ok(('r', argument)) => source = argument,
            Ok(('s', argument)) => {
                let Some(bytes) = argument.to_str().and_then(key_bytes) else {
                    let (least, most) = (KEY_BYTES.start(), KEY_BYTES.end());
                    complain(format_args!(
                        "{program}: Unsupported key size (supported <{least},{most}>)\n"
                    ));
                    return ExitCode::from(1);
                };
                size = bytes;
            }
            Ok(('h', _)) => {
                say(format_args!("{USAGE}"));
                return ExitCode::SUCCESS;
            }
            // Kept for those who still say that less will do.
            Ok(_) => {}
            Err(problem) => {
                complain(problem);
                say("Error parsing command line options.");
                return ExitCode::from(1);
            }
        }
    }
    match make_key(&file, &source, size) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(problem, exit)) => {
            complain(format_args!("{program}: {problem}"));
            ExitCode::from(exit)
        }
    }
}

/// A size in bytes that is allowed.
fn key_bytes(text: &str) -> Option<usize> {
    let bytes: i64 = text.trim_ascii_start().parse().ok()?;
    KEY_BYTES.contains(&bytes).then(|| usize::try_from(bytes).ok()).flatten()
}

fn make_key(file: &OsString, source: &OsString, size: usize) -> Result<(), Failure> {
    let shown_file = file.to_string_lossy();
    let shown_source = source.to_string_lossy();
    let failed = |what: &str, exit: u8| {
        let what = what.to_owned();
        move |error: io::Error| Failure(format!("{what}: {}", reason(&error)), exit)
    };
    say("Corosync Cluster Engine Authentication key generator.");
    say(format_args!("Gathering {} bits for key from {shown_source}.", size * 8));
    let mut random = File::open(source).map_err(failed("Failed to open random source", 1))?;
    if shown_source == "/dev/random" {
        say("Press keys on your keyboard to generate entropy.");
    }
    let mut key = vec![0; size];
    let mut gathered = 0;
    while gathered < size {
        // The original says this of every source.
        let read =
            random.read(&mut key[gathered..]).map_err(failed("Could not read /dev/random", 1))?;
        if read == 0 {
            // Where the original would ask for ever.
            let missing = (size - gathered) * 8;
            return Err(Failure(format!("{shown_source} ends {missing} bits too early"), 1));
        }
        gathered += read;
        if gathered < size {
            say(format_args!(
                "Press keys on your keyboard to generate entropy ({} bits still needed).",
                (size - gathered) * 8
            ));
        }
    }
    let mut target = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .map_err(failed(&format!("Could not create {shown_file}"), 2))?;
    target
        .set_permissions(Permissions::from_mode(0o400))
        .map_err(failed("Failed to set key file permissions to 0400", 3))?;
    say(format_args!("Writing corosync key to {shown_file}."));
    target.write_all(&key).map_err(failed(&format!("Could not write {shown_file}"), 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_limits() {
        let read = ["128", " +4096", "127", "4097", "", "256x", "-1"].map(key_bytes);
        assert_eq!(read, [Some(128), Some(4096), None, None, None, None, None]);
    }
}
