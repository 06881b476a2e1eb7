use std::collections::BTreeMap;

use super::{Event, Fate, Packet, Preparation, Recording, check::Property, replay};

/// A recording that was made smaller.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The smallest that was found.
    pub recording: Recording,
    /// How often something was tried.
    pub tries: usize,
}

/// One thing that can be left out.
#[derive(Clone, Debug)]
enum Part {
    Event(Event),
    Fate(Packet, Fate),
}

/// Looks for the smallest recording that violates the same property, by leaving out what is not needed. `None` if the
/// recording violates nothing.
///
/// Tries at most `tries_max` recordings.
pub fn shrink(recording: &Recording, tries_max: usize, preparation: Preparation) -> Option<Shrunk> {
    let violation = replay(recording, false, preparation).violation?;
    let mut search =
        Search { recording, property: violation.property, tries: 1, tries_max, preparation };
    let mut parts: Vec<Part> = recording.events.iter().cloned().map(Part::Event).collect();
    // What was to be done only after the violation is not needed.
    parts.retain(|part| !matches!(part, Part::Event(event) if event.at > violation.at));
    parts.extend(recording.fates.iter().map(|(packet, fate)| Part::Fate(*packet, *fate)));
    search.drop_weather(&mut parts);
    search.halve(&mut parts);
    Some(Shrunk { recording: search.assemble(&parts), tries: search.tries })
}

struct Search<'a> {
    recording: &'a Recording,
    property: Property,
    tries: usize,
    tries_max: usize,
    preparation: Preparation,
}

impl Search<'_> {
    fn assemble(&self, parts: &[Part]) -> Recording {
        let mut events = Vec::new();
        let mut fates = BTreeMap::new();
        for part in parts {
            match part {
                Part::Event(event) => events.push(event.clone()),
                Part::Fate(packet, fate) => {
                    fates.insert(*packet, *fate);
                }
            }
        }
        Recording { cluster: self.recording.cluster.clone(), events, fates }
    }

    fn still_fails(&mut self, parts: &[Part]) -> bool {
        self.tries += 1;
        let outcome = replay(&self.assemble(parts), false, self.preparation);
        outcome.violation.is_some_and(|violation| violation.property == self.property)
    }

    /// Often the weather has nothing to do with it.
    fn drop_weather(&mut self, parts: &mut Vec<Part>) {
        let dry: Vec<_> =
            parts.iter().filter(|part| matches!(part, Part::Event(_))).cloned().collect();
        if dry.len() < parts.len() && self.still_fails(&dry) {
            *parts = dry;
        }
    }

    /// Leaves out ever smaller slices until no single part can be left out any more.
    fn halve(&mut self, parts: &mut Vec<Part>) {
        let mut slice = parts.len().div_ceil(2);
        while slice > 0 {
            let mut left_out = false;
            let mut start = 0;
            while start < parts.len() {
                if self.tries >= self.tries_max {
                    return;
                }
                let end = (start + slice).min(parts.len());
                let rest: Vec<_> = parts[..start].iter().chain(&parts[end..]).cloned().collect();
                if self.still_fails(&rest) {
                    *parts = rest;
                    left_out = true;
                } else {
                    start = end;
                }
            }
            // One more round of the same size as long as it helps.
            if !left_out {
                slice = if slice == 1 { 0 } else { slice.div_ceil(2) };
            }
        }
    }
}
