use std::{
    io::{self, IsTerminal},
    sync::Arc,
};

use cib::{acl, acl::Form};
use vocab::ToolExit;
use xml::Element;

use super::tell_verbatim;
use crate::{frame::Stop, output::Output};

/// The oldest series of schemas whose permissions are understood.
const FIRST_SERIES: u32 = 2;

/// What a user may do is to be shown, not done.
#[derive(Debug)]
pub(super) struct ShownAccess {
    user: String,
    form: Form,
}

impl ShownAccess {
    /// What `--show-access` asks for.
    pub(super) fn wanted(
        form: &Option<String>,
        user: Option<&str>,
        output: &mut Output,
    ) -> Result<Self, Stop> {
        let form = match form.as_deref() {
            None | Some("auto") if io::stdout().is_terminal() => Form::Color,
            None | Some("auto" | "text") => Form::Text,
            Some("color") => Form::Color,
            Some("namespace") => Form::Namespace,
            Some(other) => {
                let message = format!("Invalid value '{other}' for option '--show-access'");
                return Err(Stop::usage(message));
            }
        };
        let user =
            user.ok_or_else(|| Stop::usage("-U/--user is required with -S/--show-access"))?;
        let number = rustix::process::geteuid().as_raw();
        let oneself = runtime::user_name(number).ok_or_else(|| {
            let message = format!(
                "Failed to get username from password database for effective user ID {number}"
            );
            Stop::new(message, ToolExit::NoSuch)
        })?;
        if acl::applies_to(Some(&oneself)) {
            output.remark(format!(
                "Warning: cibadmin is being run as user {oneself}, which is subject to ACLs. As a result, ACLs for user \
                 {user} may be incorrect or incomplete in the output. In a future release, running as a privileged user \
                 (root or hacluster) will be required for -S/--show-access."
            ));
        }
        Ok(Self { user: user.to_owned(), form })
    }

    /// Tells the document, with what the user may do with each part of it.
    pub(super) fn tell(&self, cib: &Arc<Element>, output: &mut Output) -> Result<(), Stop> {
        let user = &self.user;
        let refused = |reason: &str| {
            let message = format!("Could not evaluate ACLs for {user}: {reason}");
            Stop::new(message, ToolExit::Config)
        };
        if user.contains(['<', '>', '&']) {
            return Err(refused("Invalid argument"));
        }
        if !acl::applies_to(Some(user)) {
            return Err(refused("Already in requested state"));
        }
        if series(cib).is_some_and(|series| series < FIRST_SERIES) {
            return Err(refused("Update does not conform to the configured schema"));
        }
        let groups = runtime::group_names(user);
        let permissions = acl::Permissions::of(cib, user, &groups);
        let text = acl::render(cib, user, &permissions, self.form);
        output.line(&text);
        tell_verbatim(text, output);
        Ok(())
    }
}

/// The series of schemas that a document follows; `None` if it follows none.
fn series(cib: &Element) -> Option<u32> {
    let name = cib.attr("validate-with")?.strip_prefix("pacemaker-")?;
    name.split('.').next()?.parse().ok()
}
