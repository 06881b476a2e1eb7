//! Requests to the executor and what it reports.
