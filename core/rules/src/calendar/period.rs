use super::{CalendarError, CalendarTime, Duration, Fault, Kind, LocalTime};

/// The time between two moments, of which the second may be earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// When it begins.
    pub start: LocalTime,
    /// When it ends.
    pub end: LocalTime,
}

impl Period {
    /// Reads `START/END`, `START/DURATION`, `DURATION/END`, or a duration alone, which begins `now`.
    pub fn parse(text: &str, now: LocalTime) -> Result<Self, CalendarError> {
        let bad = |fault| CalendarError { text: text.to_owned(), kind: Kind::Period, fault };
        if text.trim().is_empty() {
            return Err(bad(Fault::Empty));
        }
        let (first, second) = match text.split_once('/') {
            Some((first, second)) => (first, Some(second)),
            None => (text, None),
        };
        let first = part(first, now)?;
        let second = second.map(|second| part(second, now)).transpose()?;
        let (start, end) = match (first, second) {
            (Part::Moment(start), Some(Part::Moment(end))) => (Some(start), Some(end)),
            (Part::Moment(start), Some(Part::Lasts(duration))) => {
                (Some(start), start.plus(duration))
            }
            (Part::Lasts(duration), Some(Part::Moment(end))) => {
                (end.plus(duration.negated()), Some(end))
            }
            (Part::Lasts(duration), None) => (Some(now), now.plus(duration)),
            (Part::Lasts(_), Some(Part::Lasts(_))) => return Err(bad(Fault::TwoDurations)),
            (Part::Moment(_), None) => return Err(bad(Fault::NoEnd)),
        };
        Ok(Self {
            start: start.ok_or_else(|| bad(Fault::StartOutside))?,
            end: end.ok_or_else(|| bad(Fault::EndOutside))?,
        })
    }
}

enum Part {
    Moment(LocalTime),
    Lasts(Duration),
}

fn part(text: &str, now: LocalTime) -> Result<Part, CalendarError> {
    if text.trim_start().starts_with('P') {
        return Duration::parse(text).map(Part::Lasts);
    }
    CalendarTime::parse(text).map(|time| Part::Moment(time.at(now)))
}
