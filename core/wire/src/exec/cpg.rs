//! Closed process groups, from daemon to daemon.
