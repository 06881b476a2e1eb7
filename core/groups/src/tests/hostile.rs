//! Bytes that nobody in his right mind sends.
