use options::{Daemon, daemon_metadata};

/// The cluster options that this daemon reads, described as agents describe their parameters.
pub(crate) fn text() -> String {
    daemon_metadata(Daemon::Controller)
}
