//! What is decided here in a daemon's place, told to who asks for it as of Pacemaker's library.

use std::io::{self, Write};

use cib::acl::Verdict;

/// The environment variable that lists what is to be told.
const VARIABLE: &str = "PCMK_trace_functions";

/// Tells verdicts of access control on standard error, if their kind is among what `PCMK_trace_functions` lists.
pub(super) fn verdicts(verdicts: &[Verdict]) {
    if verdicts.is_empty() {
        return;
    }
    let Ok(wanted) = std::env::var(VARIABLE) else { return };
    for verdict in verdicts {
        let name = verdict.trace_name();
        if wanted.split(',').any(|wanted| wanted.trim() == name) {
            // Without standard error there is nobody to tell.
            let _ = writeln!(io::stderr(), "{name} \ttrace: {verdict}");
        }
    }
}
