use std::io;

use ring::blocking::{ChangeKind, Cmap};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::{Errno, read},
};

use super::Shape;
use crate::print::{complain, say};

/// The original reads pieces of this size, and a `q` at the beginning of one of them ends it.
const PIECE_BYTES: usize = 2;

/// Shows the changes of keys until a `q` or the end of standard input.
pub(super) fn follow(
    cmap: &mut Cmap,
    shape: Shape,
    keys: &[String],
    is_prefix: bool,
) -> Result<(), String> {
    for key in keys {
        cmap.follow(key, is_prefix).map_err(|error| {
            format!("Failed to add tracking function. Error {}", error.status())
        })?;
    }
    say("Type \"q\" to finish");
    let stdin = io::stdin();
    let mut listens = true;
    loop {
        let (input, changes) = {
            let changes = cmap.change_fd();
            let mut fds =
                [PollFd::new(&changes, PollFlags::IN), PollFd::new(&stdin, PollFlags::IN)];
            let watched = if listens { &mut fds[..] } else { &mut fds[..1] };
            match poll(watched, None) {
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(error) => {
                    complain(format_args!("poll: {}", crate::print::reason(&error.into())));
                    return Ok(());
                }
            }
            (fds[1].revents(), fds[0].revents())
        };
        // A pipe that nobody writes to any longer ends nothing, but would be ready for ever.
        listens = listens && (input.is_empty() || input.contains(PollFlags::IN));
        let is_over = input.contains(PollFlags::IN) && reads_end();
        if !changes.is_empty() && !show_changes(cmap, shape) {
            return Ok(());
        }
        if is_over {
            return Ok(());
        }
    }
}

/// Reads what there is of standard input; whether it says that this is the end.
fn reads_end() -> bool {
    let mut buffer = [0; 4096];
    match read(io::stdin(), &mut buffer) {
        Ok(0) => true,
        Ok(bytes) => {
            let mut lines = buffer[..bytes].split_inclusive(|&byte| byte == b'\n');
            lines.any(|line| line.chunks(PIECE_BYTES).any(|piece| piece.starts_with(b"q")))
        }
        Err(Errno::INTR | Errno::AGAIN) => false,
        Err(_) => true,
    }
}

/// Shows the changes that are there; false if there will be no more.
fn show_changes(cmap: &mut Cmap, shape: Shape) -> bool {
    loop {
        match cmap.try_change() {
            Ok(Some(change)) => {
                let what = match change.kind {
                    ChangeKind::Added => "create",
                    ChangeKind::Modified => "modify",
                    ChangeKind::Deleted => "delete",
                };
                if let Some(value) = change.value {
                    say(format_args!("{what}> {}", shape.show(&change.key, &value)));
                }
            }
            Ok(None) => return true,
            Err(error) => {
                complain(format_args!("Dispatch error {}", error.status()));
                return false;
            }
        }
    }
}
