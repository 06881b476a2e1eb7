//! ISO 8601 as the CIB uses it: calendar, ordinal and week dates, times of day, durations, periods, and ranges of calendar
//! fields.
//!
//! Every text that Pacemaker reads is read, and means the same, with these exceptions, where what Pacemaker reads is not
//! what the text says:
//! - a sign behind a time without colons is where the offset begins (`T10-0530`), not part of the minutes;
//! - blanks around a text and several blanks in it mean nothing (there, one at the end stands for UTC);
//! - text that is part of nothing is refused instead of ignored, as are offsets that are none (`10:00 CET`), numbers that
//!   do not fit, dates of seven digits, and a unit that is twice in a duration;
//! - years are 1 to 9999 everywhere, and a sum that leaves them is no time;
//! - a year later is the same day of the same month (there, the same day of the year), or the last day of that month;
//! - midnight at the end of a day is 00:00:00 of the next one, also as a sum (there, 24:00:00).

mod duration;
mod fault;
mod local;
mod parse;
mod period;
mod spec;

use jiff::civil::Date;
use vocab::Timestamp;

pub use duration::Duration;
pub use fault::{CalendarError, Fault, Field, Kind};
pub use local::{DateForm, LocalTime, Zone};
pub use period::Period;
pub use spec::{DateSpec, Range};

/// A date and time as written in the configuration. Without an offset of its own it means local time, without a date the
/// day on which it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarTime {
    date: Option<Date>,
    /// Seconds since midnight; a whole day's for 24:00:00.
    second_of_day: i32,
    utc_offset_seconds: Option<i32>,
}

impl CalendarTime {
    /// Reads a date (`2005-01-20`, `20050120`, `2005-020`, `2005-W03-4` or `epoch`), optionally followed by `T` or a space
    /// and a time (`11`, `11:30`, `11:30:00`, `113000`, `24:00:00`) and that by an offset (`Z`, `UTC`, `+01:00`, `-0130`, `+2`).
    /// A date alone is its midnight in UTC; a time alone (`11:30` or `T11`) is of today.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        parse::date_time(text.trim()).map_err(|fault| CalendarError {
            text: text.to_owned(),
            kind: Kind::Time,
            fault,
        })
    }

    /// The moment it names to who reads it `now`, with its own offset if it has one.
    pub fn at(self, now: LocalTime) -> LocalTime {
        let utc_offset_seconds = self.utc_offset_seconds.unwrap_or(now.utc_offset_seconds);
        let date = self.date.unwrap_or_else(|| now.civil().date());
        let local = local::seconds_since_epoch(date) + i64::from(self.second_of_day);
        LocalTime { moment: Timestamp(local - i64::from(utc_offset_seconds)), utc_offset_seconds }
    }

    /// The moment it names to who reads it `now`.
    pub fn moment(self, now: LocalTime) -> Timestamp {
        self.at(now).moment
    }
}

#[cfg(test)]
mod tests;
