//! The analysis of a report: what differs between nodes, and what is conspicuous in their logs.

use std::{fmt::Write, fs, io, path::Path};

use super::program;

/// Files that should be the same on all nodes.
const COMPARED: [&str; 4] = ["members.txt", "cib.xml", "crm_mon.txt", "sysinfo.txt"];

/// How much of a difference is shown, in lines.
const SHOWN_LINES: usize = 200;

/// Writes `analysis.txt` and `events.txt` of a report.
pub(super) fn write(base: &Path, nodes: &[String]) -> io::Result<()> {
    let mut analysis = String::new();
    for file in COMPARED {
        let _ = write!(analysis, "Diff {file}... ");
        analysis.push_str(&compared(base, nodes, file));
    }
    let mut events = String::new();
    for node in nodes {
        let of_node = |file: &str| fs::read_to_string(base.join(node).join(file)).ok();
        analysis.push('\n');
        analysis.push_str(&of_node("analysis.txt").unwrap_or_default());
        events.push_str(&of_node("events.txt").unwrap_or_default());
    }
    fs::write(base.join("analysis.txt"), analysis)?;
    if events.is_empty() { Ok(()) } else { fs::write(base.join("events.txt"), events) }
}

/// What is said of one file of all nodes.
fn compared(base: &Path, nodes: &[String], file: &str) -> String {
    let is_there = |node: &&String| base.join(node).join(file).is_file();
    let with: Vec<&String> = nodes.iter().filter(is_there).collect();
    let Some((first, others)) = with.split_first() else { return "not there\n".to_owned() };
    let mut text = String::new();
    for node in nodes.iter().filter(|node| !is_there(node)) {
        let _ = writeln!(text, "not there on {node}");
    }
    for other in others {
        if is_running(base, first) != is_running(base, other) {
            let _ = writeln!(text, "not compared: the cluster runs on one of {first} and {other}");
            continue;
        }
        let (one, two) = (base.join(first).join(file), base.join(other).join(file));
        let mut command = program::limited("diff");
        let same = fs::read(&one).ok() == fs::read(&two).ok();
        if !same {
            command.arg("-u").arg(&one).arg(&two);
            let difference = program::said(command);
            let lines: Vec<&str> = difference.lines().take(SHOWN_LINES).collect();
            let _ = writeln!(text, "{}", lines.join("\n"));
        }
    }
    if text.is_empty() { "OK\n".to_owned() } else { format!("\n{text}") }
}

fn is_running(base: &Path, node: &str) -> bool {
    base.join(node).join("RUNNING").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_between_nodes_are_shown() {
        let base = std::env::temp_dir().join(format!("crm-report-{}", std::process::id()));
        let nodes = ["a".to_owned(), "b".to_owned()];
        for (node, members) in [("a", "1 2\n"), ("b", "1\n")] {
            fs::create_dir_all(base.join(node)).unwrap();
            fs::write(base.join(node).join("members.txt"), members).unwrap();
            fs::write(base.join(node).join("sysinfo.txt"), "same\n").unwrap();
            fs::write(base.join(node).join("analysis.txt"), format!("lines of {node}\n")).unwrap();
        }
        write(&base, &nodes).unwrap();
        let text = fs::read_to_string(base.join("analysis.txt")).unwrap();
        fs::remove_dir_all(&base).unwrap();
        assert!(text.contains("-1 2\n+1\n"), "{text}");
        assert!(text.contains("Diff sysinfo.txt... OK\n"), "{text}");
        assert!(text.contains("Diff cib.xml... not there\n"), "{text}");
        assert!(text.contains("lines of a\n") && text.contains("lines of b\n"), "{text}");
    }
}
