//! Requests to the attribute manager and attribute manager to attribute manager traffic.
