//! The live view: what keys change in it, and the lines that it has. Knows no terminal.

mod lines;
mod view;

pub use lines::{Line, Style};
pub use view::{Connection, Key, Picture, Reaction, Size, View};

#[cfg(test)]
mod tests;
