//! Requests, replies and notifications of the CIB daemon.
