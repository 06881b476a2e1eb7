//! Requests to the launcher: ping and shutdown.
