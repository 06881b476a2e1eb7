use std::{
    fs,
    io::Read,
    path::{Component, Path},
};

use executor::Failure;
use md5::{Digest, Md5};
use messages::executor::Parameters;

/// Where values are that are not to stand in the CIB: a file per resource and parameter, and one with its digest.
pub const SECRETS_DIRECTORY: &str = "/var/lib/pacemaker/lrm/secrets";

/// The value in the CIB that stands for one in a file.
const PLACEHOLDER: &str = "lrm://";

/// How long a secret may be.
const MAX_BYTES: u64 = 4096;

/// The parameters with the secret ones replaced by their values.
pub fn with_secrets(
    directory: &Path,
    resource: &str,
    parameters: &Parameters,
) -> Result<Parameters, Failure> {
    let read = |(name, value): (&str, &str)| {
        if value != PLACEHOLDER {
            return Ok((name.to_owned(), value.to_owned()));
        }
        let secret = secret(directory, resource, name);
        secret.map(|secret| (name.to_owned(), secret)).map_err(Failure::NoSecrets)
    };
    parameters.iter().map(read).collect()
}

/// Reads a secret; the error says why there is none, without saying what it is.
fn secret(directory: &Path, resource: &str, name: &str) -> Result<String, String> {
    let problem = |what: &str| format!("Unable to load CIB secrets: {what} of {name}");
    let is_plain = |text: &str| {
        matches!(Path::new(text).components().collect::<Vec<_>>()[..], [Component::Normal(_)])
    };
    if !is_plain(resource) || !is_plain(name) {
        return Err(problem("the name"));
    }
    let file = |name: &str| first_line(&directory.join(resource).join(name));
    let secret = file(name).ok_or_else(|| problem("no value"))?;
    let signature = file(&format!("{name}.sign")).ok_or_else(|| problem("no digest"))?;
    let digest: String =
        Md5::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    if signature.eq_ignore_ascii_case(&digest) {
        Ok(secret)
    } else {
        Err(problem("the digest does not match the value"))
    }
}

fn first_line(path: &Path) -> Option<String> {
    let mut text = String::new();
    fs::File::open(path).ok()?.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    Some(text.lines().next().unwrap_or_default().trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_needs_its_digest() {
        let root = std::env::temp_dir().join(format!("process-secrets-{}", std::process::id()));
        let directory = root.join("r");
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("passwd"), "abc \n").unwrap();
        let parameters: Parameters = [("ip", "x"), ("passwd", "lrm://")].into_iter().collect();
        let read = || with_secrets(&root, "r", &parameters);
        assert!(matches!(read(), Err(Failure::NoSecrets(_))));
        fs::write(directory.join("passwd.sign"), "900150983cd24fb0d6963f7d28e17f72\n").unwrap();
        let secret = read().unwrap();
        assert_eq!((secret.value("passwd"), secret.value("ip")), (Some("abc"), Some("x")));
        fs::write(directory.join("passwd"), "abd\n").unwrap();
        assert!(read().is_err());
        let outside: Parameters = [("../r/passwd", "lrm://")].into_iter().collect();
        assert!(with_secrets(&root, "r", &outside).is_err());
        fs::remove_dir_all(root).unwrap();
    }
}
