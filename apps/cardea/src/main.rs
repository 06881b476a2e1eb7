//! The multi-call binary: the name it is called by, or its first argument, says which program it is.

fn main() {}
