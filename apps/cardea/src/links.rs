//! Makes the links by which the programs are called.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::ExitCode,
};

use vocab::ToolExit;

use crate::{complain, exit_code, programs, say};

const USAGE: &str = "usage: cardea install-links DIRECTORY [--agents OCF_ROOT]";

/// The name that leads to what has no older name.
const OWN_NAME: &str = "cardea";

/// `cardea install-links`.
pub(crate) fn install(args: &[OsString]) -> ExitCode {
    let Some((directory, ocf_root)) = arguments(args) else { return complain(USAGE) };
    let binary = match std::env::current_exe() {
        Ok(binary) => binary,
        Err(error) => {
            complain(&format!("cannot tell where this program is: {error}"));
            return exit_code(ToolExit::OsError);
        }
    };
    let programs = programs::groups().into_iter().flat_map(|(_, programs)| programs);
    let programs = programs.map(|program| program.name);
    // Where another copy of the binary is, its own name is taken, and leads to the same questions.
    let is_copy = |name: &&str| {
        fs::symlink_metadata(directory.join(name)).is_ok_and(|there| !there.is_symlink())
    };
    let own = Some(OWN_NAME).filter(|name| !is_copy(name));
    let mut made = 0;
    for name in programs.chain(own) {
        if let Err(error) = link(&binary, &directory, name) {
            complain(&format!("{}: {error}", directory.join(name).display()));
            return exit_code(ToolExit::CannotCreate);
        }
        made += 1;
    }
    if let Some(root) = ocf_root {
        match agents::install(&root, &binary) {
            Ok(links) => made += links.len(),
            Err(error) => {
                complain(&format!("agents in {}: {error}", root.display()));
                return exit_code(ToolExit::CannotCreate);
            }
        }
    }
    say(&format!("{made} links to {}", binary.display()));
    ExitCode::SUCCESS
}

fn arguments(args: &[OsString]) -> Option<(PathBuf, Option<PathBuf>)> {
    let mut directory = None;
    let mut ocf_root = None;
    let mut rest = args.iter();
    while let Some(argument) = rest.next() {
        if argument == "--agents" {
            ocf_root = Some(PathBuf::from(rest.next()?));
        } else if directory.is_some() || argument.to_string_lossy().starts_with('-') {
            return None;
        } else {
            directory = Some(PathBuf::from(argument));
        }
    }
    Some((directory?, ocf_root))
}

/// Makes one link; one that is there is replaced, anything else is not touched.
fn link(binary: &Path, directory: &Path, name: &str) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let place = directory.join(name);
    if place == binary {
        return Ok(());
    }
    match fs::symlink_metadata(&place) {
        Ok(there) if there.is_symlink() => fs::remove_file(&place)?,
        Ok(_) => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "exists and is no link"));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    // A link beside the binary stays right when both are moved together.
    let beside = binary.parent() == fs::canonicalize(directory).ok().as_deref();
    match binary.file_name() {
        Some(file) if beside => symlink(file, &place),
        _ => symlink(binary, &place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of this test's own, removed at its end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("cardea-links-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(fs::canonicalize(path).unwrap())
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn links_are_made_replaced_and_files_left_alone() {
        let scratch = Scratch::new("all");
        let binary = scratch.0.join("cardea");
        fs::write(&binary, "").unwrap();
        link(&binary, &scratch.0, "crm_mon").unwrap();
        assert_eq!(fs::read_link(scratch.0.join("crm_mon")).unwrap(), Path::new("cardea"));
        let far = scratch.0.join("sbin");
        link(&binary, &far, "crm_mon").unwrap();
        link(&binary, &far, "crm_mon").unwrap();
        assert_eq!(fs::read_link(far.join("crm_mon")).unwrap(), binary);
        fs::write(far.join("pcs"), "precious").unwrap();
        assert!(link(&binary, &far, "pcs").is_err());
        assert_eq!(fs::read_to_string(far.join("pcs")).unwrap(), "precious");
    }

    #[test]
    fn arguments_are_understood() {
        let parse = |args: &[&str]| arguments(&args.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(parse(&["/a"]), Some(("/a".into(), None)));
        assert_eq!(parse(&["--agents", "/o", "/a"]), Some(("/a".into(), Some("/o".into()))));
        for bad in [&[][..], &["/a", "/b"], &["/a", "--agents"], &["--force", "/a"]] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
