//! Requests to the scheduler daemon and its answers.
