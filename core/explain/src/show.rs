//! The text form: one sentence that answers, then what is behind it.

mod cause;
mod change;
mod words;

use std::fmt;

use crate::{
    Cause, Explanation, Kind, NodeAnswer, Remedy, Tie, Unknown, Verdict,
    cause::Part,
    show::words::{Signed, list, plural},
};

/// One line of details, and how far it is set in.
pub(crate) struct Line {
    pub(crate) depth: usize,
    pub(crate) text: String,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.answer())?;
        self.write_causes(f)?;
        if self.only_node.is_some() {
            self.write_tables(f)?;
        } else {
            self.write_parts(f)?;
            self.write_nodes(f)?;
        }
        self.write_remedies(f)
    }
}

impl Explanation {
    /// The sentence that answers.
    fn answer(&self) -> String {
        let name = &self.resource;
        if let Some(node) = &self.only_node {
            return self.answer_for(node);
        }
        let because = self.causes.first().map(Cause::headline);
        let tail = |because: Option<String>| because.map_or(String::new(), |b| format!(": {b}"));
        match &self.verdict {
            Verdict::Stays { node, role } => {
                let what = if role == "Started" { "runs".to_owned() } else { role.to_lowercase() };
                let what = if what == "runs" { what } else { format!("is {what}") };
                let tail = because.map_or_else(|| self.why_here(node), |b| format!(": {b}"));
                format!("{name} {what} on {node} and stays there{tail}")
            }
            Verdict::Changes { node, role, how } => {
                format!("{name} {}{}", how.text(node, role), self.why_here(node))
            }
            Verdict::Waits { node } => {
                format!("{name} is to run on {node} and cannot be started{}", tail(because))
            }
            Verdict::Stopped { until_stopped } => {
                let what = if until_stopped.is_empty() {
                    "is stopped".to_owned()
                } else {
                    format!("is being stopped on {}", list(until_stopped))
                };
                let because = because.or_else(|| self.why_nowhere());
                format!("{name} {what}{}", tail(because))
            }
            Verdict::LeftAlone { nodes } if nodes.is_empty() => {
                format!("{name} is stopped and the cluster does not start it{}", tail(because))
            }
            Verdict::LeftAlone { nodes } => {
                format!(
                    "{name} runs on {} and the cluster leaves it alone{}",
                    list(nodes),
                    tail(because)
                )
            }
            Verdict::Parts { .. } => self.answer_for_parts(because),
        }
    }

    fn answer_for(&self, node: &str) -> String {
        let name = &self.resource;
        let answer = self.nodes.iter().find(|answer| answer.node == *node);
        if answer.is_some_and(|answer| answer.chosen) {
            let is_there = self.now.iter().any(|activity| activity.node == node);
            let what = if is_there { "is on" } else { "will be on" };
            return format!("{name} {what} {node}{}", self.why_here(node));
        }
        let here = answer.and_then(|answer| answer.causes.first()).map(Cause::headline);
        let because = self.causes.first().map(Cause::headline).or(here);
        let tail = because.map_or(String::new(), |because| format!(": {because}"));
        format!("{name} will not be on {node}{tail}")
    }

    fn answer_for_parts(&self, because: Option<String>) -> String {
        let Verdict::Parts { running, of, nodes, promoted } = &self.verdict else {
            return String::new();
        };
        let name = &self.resource;
        let stopped = self.parts.iter().find(|part| part.is_stopped());
        let because = because.or_else(|| {
            let part = stopped.filter(|_| self.kind != Kind::Clone || *running == 0)?;
            Some(format!("{} has no node: {}", part.resource, part.why_nowhere()?))
        });
        let what = match self.kind {
            Kind::Group => "member",
            Kind::Clone => "instance",
            Kind::Bundle | Kind::Primitive => "part",
        };
        let tail = because.map_or(String::new(), |because| format!(": {because}"));
        let promoted = if promoted.is_empty() {
            String::new()
        } else {
            format!(", promoted on {}", list(promoted))
        };
        if *running == 0 {
            format!("{name} is stopped{tail}")
        } else if running == of && self.kind == Kind::Group {
            format!("{name} runs on {}, all {}", list(nodes), plural(*of, what))
        } else if running == of {
            format!("{name} runs {} on {}{promoted}", plural(*of, what), list(nodes))
        } else {
            format!(
                "{name} runs {running} of {} on {}{promoted}{tail}",
                plural(*of, what),
                list(nodes)
            )
        }
    }

    /// Why the chosen node is better than others.
    fn why_here(&self, node: &str) -> String {
        let chosen = self.nodes.iter().find(|answer| answer.node == node);
        let others: Vec<&NodeAnswer> = self.nodes.iter().filter(|a| a.node != node).collect();
        let kept = others.iter().flat_map(|answer| &answer.causes).find_map(|cause| match cause {
            Cause::Stickiness { .. } => Some(cause.headline()),
            _ => None,
        });
        if let Some(kept) = kept {
            return format!(": {kept}");
        }
        let best = others
            .iter()
            .filter(|answer| {
                answer.causes.iter().all(|cause| matches!(cause, Cause::LowerScore { .. }))
            })
            .max_by_key(|answer| answer.score);
        match (chosen.and_then(|answer| answer.score), best) {
            (Some(_), None) if others.is_empty() => String::new(),
            (Some(_), None) => ": no other node may run it".to_owned(),
            (Some(score), Some(best)) => {
                let other = best.score.unwrap_or_default();
                if score == other {
                    let tie = best.causes.iter().find_map(|cause| match cause {
                        Cause::LowerScore { tie, .. } => *tie,
                        _ => None,
                    });
                    let how = match tie {
                        Some(Tie::AlreadyThere) => "and it is there already",
                        _ => "and of equals the one with less to do, or first by name, is taken",
                    };
                    format!(": {} is no better (both {}), {how}", best.node, Signed(score))
                } else {
                    format!(
                        ": its score is {} there, and at most {} elsewhere ({})",
                        Signed(score),
                        Signed(other),
                        best.node
                    )
                }
            }
            (None, _) => String::new(),
        }
    }

    /// What to say of a resource that has another reason on each node.
    fn why_nowhere(&self) -> Option<String> {
        match self.nodes.as_slice() {
            [] => None,
            [one] => {
                Some(format!("{}, and there is no other node", one.causes.first()?.headline()))
            }
            several => Some(format!("none of the {} nodes can run it", several.len())),
        }
    }

    fn write_causes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.causes.is_empty() {
            return Ok(());
        }
        let answer = self.answer();
        for (index, cause) in self.causes.iter().enumerate() {
            let told = index == 0 && answer.ends_with(&cause.headline());
            if told && (self.causes.len() == 1 || !cause.notes(0).is_empty()) {
                write_notes(f, cause, 2)?;
            } else if !told {
                write_cause(f, cause, 2, "also because ")?;
            }
        }
        Ok(())
    }

    fn write_parts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.parts.is_empty() {
            return Ok(());
        }
        let title = match self.kind {
            Kind::Group => "members",
            Kind::Clone => "instances",
            Kind::Bundle | Kind::Primitive => "parts",
        };
        writeln!(f, "\n{title}:")?;
        for part in &self.parts {
            writeln!(f, "  {}", part.answer())?;
            for cause in part.causes.iter().filter(|cause| !self.causes.contains(cause)) {
                if self.is_told_of_another_part(part, cause) {
                    continue;
                }
                if part.answer().ends_with(&cause.headline()) {
                    write_notes(f, cause, 4)?;
                } else {
                    write_cause(f, cause, 4, "also because ")?;
                }
            }
            let has_no_node = part.causes.is_empty() && part.is_stopped();
            if self.kind == Kind::Bundle || (self.kind == Kind::Group && has_no_node) {
                part.write_nodes_at(f, 4)?;
            }
        }
        Ok(())
    }

    /// Whether the answer for a part only leads to an earlier one, which has been told already.
    fn is_told_of_another_part(&self, part: &Self, cause: &Cause) -> bool {
        let (Cause::GroupMember { with, .. } | Cause::After { first: with, .. }) = cause else {
            return false;
        };
        let mut earlier = self.parts.iter().take_while(|other| other.resource != part.resource);
        part.answer().ends_with(&cause.headline()) && earlier.any(|other| other.resource == *with)
    }

    fn is_stopped(&self) -> bool {
        matches!(self.verdict, Verdict::Stopped { .. })
    }

    fn write_nodes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.nodes.iter().any(|answer| answer.chosen || !answer.causes.is_empty());
        if !told || self.kind == Kind::Bundle || matches!(self.verdict, Verdict::LeftAlone { .. }) {
            return Ok(());
        }
        writeln!(f, "\nnodes:")?;
        self.write_nodes_at(f, 2)
    }

    fn write_nodes_at(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        let width = self.nodes.iter().map(|answer| answer.node.len()).max().unwrap_or(0);
        let scores: Vec<String> = self
            .nodes
            .iter()
            .map(|answer| answer.score.map_or("-".to_owned(), |score| Signed(score).to_string()))
            .collect();
        let score_width = scores.iter().map(String::len).max().unwrap_or(0);
        for (answer, score) in self.nodes.iter().zip(&scores) {
            let lead = format!("{:indent$}{:width$}  {score:>score_width$}  ", "", answer.node);
            let rest = " ".repeat(lead.len());
            let mut first = true;
            let mut head = || if std::mem::take(&mut first) { lead.clone() } else { rest.clone() };
            if answer.chosen {
                writeln!(f, "{}runs here", head())?;
            }
            for cause in &answer.causes {
                writeln!(f, "{}{}", head(), cause.headline())?;
                for line in cause.notes(0) {
                    writeln!(f, "{rest}{:1$}= {2}", "", 2 + line.depth * 2, line.text)?;
                }
            }
            if !answer.chosen && answer.causes.is_empty() {
                let text = match (&self.verdict, self.causes.is_empty()) {
                    (Verdict::Waits { node }, _) if *node == answer.node => "is to run here",
                    (_, false) => "see above",
                    (_, true) => "nothing forbids it",
                };
                writeln!(f, "{}{text}", head())?;
            }
        }
        Ok(())
    }

    fn write_tables(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for answer in &self.nodes {
            let told = self.answer();
            for cause in answer.causes.iter().filter(|cause| !self.causes.contains(cause)) {
                if told.ends_with(&cause.headline()) {
                    write_notes(f, cause, 2)?;
                } else {
                    let lead = if answer.chosen { "" } else { "also because " };
                    write_cause(f, cause, 2, lead)?;
                }
            }
            write_table(f, answer)?;
        }
        Ok(())
    }

    fn write_remedies(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.remedies.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nwhat would change that (planned again with each):")?;
        for remedy in &self.remedies {
            self.write_remedy(f, remedy)?;
        }
        Ok(())
    }

    fn write_remedy(&self, f: &mut fmt::Formatter<'_>, remedy: &Remedy) -> fmt::Result {
        let changes: Vec<String> = remedy.changes.iter().map(ToString::to_string).collect();
        writeln!(f, "  {}:", changes.join(", and "))?;
        let effect = &remedy.effect;
        let alone = matches!(self.verdict, Verdict::LeftAlone { .. });
        let place = match (effect.nodes.as_slice(), self.kind) {
            ([], _) => "it would be stopped".to_owned(),
            (nodes, Kind::Primitive) => format!("it would run on {}", list(nodes)),
            (nodes, Kind::Group) => {
                format!("{} would run on {}", plural(effect.running, "member"), list(nodes))
            }
            (nodes, Kind::Clone) => {
                format!("{} would run on {}", plural(effect.running, "instance"), list(nodes))
            }
            (nodes, Kind::Bundle) => {
                format!("{} would run on {}", plural(effect.running, "part"), list(nodes))
            }
        };
        let managed = if alone && effect.managed > 0 {
            "the cluster would look after it again, and "
        } else {
            ""
        };
        writeln!(f, "    {managed}{place}")?;
        for change in &remedy.changes {
            if let Some(command) = change.command() {
                writeln!(f, "    $ {command}")?;
            }
        }
        Ok(())
    }
}

fn write_cause(
    f: &mut fmt::Formatter<'_>,
    cause: &Cause,
    indent: usize,
    lead: &str,
) -> fmt::Result {
    writeln!(f, "{:indent$}{lead}{}", "", cause.headline())?;
    write_notes(f, cause, indent + 2)
}

fn write_notes(f: &mut fmt::Formatter<'_>, cause: &Cause, indent: usize) -> fmt::Result {
    for line in cause.notes(0) {
        writeln!(f, "{:1$}= {2}", "", indent + line.depth * 2, line.text)?;
    }
    Ok(())
}

fn write_table(f: &mut fmt::Formatter<'_>, answer: &NodeAnswer) -> fmt::Result {
    writeln!(f, "\nscore on {}:", answer.node)?;
    let mut rows: Vec<(String, String, String)> = Vec::new();
    for row in &answer.table {
        let text = match &row.because {
            Cause::Score { part: Part::Base, .. } => "what it starts from".to_owned(),
            cause => cause.headline(),
        };
        rows.push((Signed(row.score).to_string(), Signed(row.after).to_string(), text));
    }
    let width = |pick: fn(&(String, String, String)) -> &String, title: &str| {
        rows.iter().map(|row| pick(row).len()).max().unwrap_or(0).max(title.len())
    };
    let (by, sum) = (width(|row| &row.0, "change"), width(|row| &row.1, "score"));
    writeln!(f, "  {:>by$}  {:>sum$}", "change", "score")?;
    for (change, after, text) in &rows {
        writeln!(f, "  {change:>by$}  {after:>sum$}  {text}")?;
    }
    match answer.decided.or(answer.score) {
        Some(score) if answer.adds_up => {
            writeln!(f, "  the scheduler says {}: the table adds up", Signed(score))
        }
        Some(score) => {
            let score = Signed(score);
            writeln!(f, "  the scheduler says {score}: the table does not say everything")
        }
        None => writeln!(f, "  the scheduler did not consider the node"),
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, asked, nearest, all) = match self {
            Self::Resource { asked, nearest, all } => ("resource", asked, nearest, all),
            Self::Node { asked, nearest, all } => ("node", asked, nearest, all),
        };
        write!(f, "there is no {what} '{asked}'")?;
        if !nearest.is_empty() {
            write!(f, "; did you mean {}?", nearest.join(" or "))?;
        }
        if all.is_empty() {
            write!(f, "\n  = there are none at all")
        } else {
            write!(f, "\n  = there are: {}", all.join(", "))
        }
    }
}

impl std::error::Error for Unknown {}
