use conf::Document;

use crate::{
    cluster,
    session::{Done, Session, Stop, print},
};

pub(crate) fn run(session: &mut Session, words: &[&str]) -> Done {
    match words {
        [] | ["config"] => {
            session.only(&["--corosync_conf"])?;
            print("Options:");
            option_lines(session)?.iter().for_each(|line| print(&format!("  {line}")));
            Ok(())
        }
        ["status"] => {
            session.only(&[])?;
            status()
        }
        ["device" | "expected-votes" | "unblock" | "update", ..] => {
            Err(Stop::not_built(&format!("pcs quorum {}", words[0])))
        }
        [command, ..] => Err(Stop::usage(&["quorum", command])),
    }
}

/// Quorum options that are set, a line each.
pub(crate) fn option_lines(session: &Session) -> Result<Vec<String>, Stop> {
    let document: Document = cluster::corosync_conf(session)?;
    let known =
        ["auto_tie_breaker", "last_man_standing", "last_man_standing_window", "wait_for_all"];
    Ok(known
        .into_iter()
        .filter_map(|name| Some(format!("{name}: {}", document.root.value_in("quorum", name)?)))
        .collect())
}

/// How votes stand, as the ring's own tool tells it.
pub(crate) fn status() -> Done {
    match cluster::quorum_tool(&["-p"]) {
        Ok(text) => {
            print(text.trim_end_matches('\n'));
            print("");
            Ok(())
        }
        Err(reason) => Err(Stop::message(format!("Unable to get quorum status: {reason}"))),
    }
}
