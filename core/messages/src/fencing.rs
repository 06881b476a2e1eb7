//! Requests to the fencer, fencer to fencer traffic, and its reports.
