//! What the user sees while something works.

use std::io::IsTerminal;

fn style(code: &str, text: &str) -> String {
    if std::io::stdout().is_terminal() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// The beginning of a chapter.
pub(crate) fn title(text: &str) {
    println!("\n{}", style("1", &format!("== {text}")));
}

/// Something begins.
pub(crate) fn step(text: &str) {
    println!("{} {text}", style("36", "->"));
}

/// A fact about the current step.
pub(crate) fn detail(text: &str) {
    println!("   {text}");
}

/// Something was as expected.
pub(crate) fn good(text: &str) {
    println!("   {} {text}", style("32", "ok"));
}

/// Something was not.
pub(crate) fn bad(text: &str) {
    println!("   {} {text}", style("31", "FAILED"));
}

/// Output of a program, indented.
pub(crate) fn quote(text: &str) {
    for line in text.trim_end().lines() {
        println!("   {} {line}", style("2", "|"));
    }
}
