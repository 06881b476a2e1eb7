//! ISO 8601 as the CIB uses it: calendar, ordinal and week dates, times of day, ranges of calendar fields.

mod parse;
mod spec;

use jiff::{
    SignedDuration, Span,
    civil::{Date, DateTime},
};
use vocab::Timestamp;

pub use spec::{DateSpec, Range};

/// A text that is not a date and time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not an ISO 8601 date and time: {reason}")]
pub struct CalendarError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// A moment as the clock on the wall shows it: seconds since the epoch and how far that clock is ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// The moment.
    pub moment: Timestamp,
    /// Seconds that local time is ahead of UTC.
    pub utc_offset_seconds: i32,
}

impl LocalTime {
    /// The moment in UTC.
    pub const fn utc(moment: Timestamp) -> Self {
        Self { moment, utc_offset_seconds: 0 }
    }

    /// Date and time of day as shown on the wall.
    pub(crate) fn civil(self) -> DateTime {
        let seconds = self.moment.0.saturating_add(i64::from(self.utc_offset_seconds));
        epoch().saturating_add(SignedDuration::from_secs(seconds))
    }
}

/// A date and time as written in the configuration. Without an offset of its own it means local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarTime {
    civil: DateTime,
    utc_offset_seconds: Option<i32>,
}

impl CalendarTime {
    /// Reads a date (`2005-01-20`, `20050120`, `2005-020`, `2005-W03-4` or `epoch`), optionally followed by `T` or a space
    /// and a time (`11`, `11:30`, `11:30:00`, `113000`, `24:00:00`) and that by an offset (`Z`, `+01:00`, `-0130`, `+2`).
    /// Without a time it is midnight.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        parse::date_time(text).map_err(|reason| CalendarError { text: text.to_owned(), reason })
    }

    /// The moment it names where local time is `utc_offset_seconds` ahead of UTC.
    pub fn moment(self, utc_offset_seconds: i32) -> Timestamp {
        let offset = self.utc_offset_seconds.unwrap_or(utc_offset_seconds);
        let local = self.civil.duration_since(epoch()).as_secs();
        Timestamp(local - i64::from(offset))
    }

    /// The time `duration` later, by the calendar: the 31st plus a month is the last day of the next month.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let Duration { years, months, weeks, days, hours, minutes, seconds } = duration;
        // One unit after the other, since months and years depend on where one stands.
        let steps = [
            Span::new().try_years(years),
            Span::new().try_months(months),
            Span::new().try_weeks(weeks),
            Span::new().try_days(days),
            Span::new().try_hours(hours),
            Span::new().try_minutes(minutes),
            Span::new().try_seconds(seconds),
        ];
        let civil = steps.into_iter().fold(self.civil, |time, step| match step {
            Ok(span) => time.saturating_add(span),
            Err(_) => DateTime::MAX,
        });
        Self { civil, ..self }
    }
}

/// A `duration` element: how much of each unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Duration {
    /// Years.
    pub years: i64,
    /// Months.
    pub months: i64,
    /// Weeks.
    pub weeks: i64,
    /// Days.
    pub days: i64,
    /// Hours.
    pub hours: i64,
    /// Minutes.
    pub minutes: i64,
    /// Seconds.
    pub seconds: i64,
}

const fn epoch() -> DateTime {
    Date::constant(1970, 1, 1).at(0, 0, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> i64 {
        CalendarTime::parse(text).unwrap().moment(0).0
    }

    #[test]
    fn all_spellings_of_one_day() {
        let day = 1_106_179_200;
        for text in ["2005-01-20", "20050120", "2005-020", "2005-W03-4", "2005-01-20T00:00Z"] {
            assert_eq!(moment(text), day, "{text}");
        }
        assert_eq!(moment("2005-01-19T24:00:00Z"), day);
        assert_eq!(moment("2005-01-20 02:00:00 +02:00"), day);
        assert_eq!(moment("2005-01-19T22:30-0130"), day);
        assert_eq!(moment("2005-01-20T113000Z"), day + 41_400);
        assert_eq!(moment("epoch"), 0);
    }

    #[test]
    fn local_time_is_what_a_time_without_an_offset_means() {
        let time = CalendarTime::parse("1970-01-01 02:00:00").unwrap();
        assert_eq!(time.moment(7_200), Timestamp(0));
        assert_eq!(LocalTime { moment: Timestamp(0), utc_offset_seconds: 7_200 }.civil().hour(), 2);
    }

    #[test]
    fn durations_follow_the_calendar() {
        let end_of_january = CalendarTime::parse("2023-01-31").unwrap();
        let month = Duration { months: 1, ..Duration::default() };
        assert_eq!(end_of_january.plus(month), CalendarTime::parse("2023-02-28").unwrap());
        let forever = Duration { years: i64::MAX, ..Duration::default() };
        assert_eq!(end_of_january.plus(forever).civil, DateTime::MAX);
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        for text in [
            "",
            "20",
            "2005-13-01",
            "2005-02-30",
            "2005-366",
            "2005-W54-1",
            "2005-W01-8",
            "0000-01-01",
            "2005-01-01T25:00",
            "2005-01-01T10:61",
            "2005-01-01Tx",
        ] {
            assert!(CalendarTime::parse(text).is_err(), "{text:?}");
        }
    }
}
