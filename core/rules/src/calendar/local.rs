use std::fmt::Write;

use jiff::{
    SignedDuration,
    civil::{Date, DateTime},
};
use vocab::Timestamp;

use super::Duration;

/// The day that timestamps count from.
pub(super) const EPOCH: Date = Date::constant(1970, 1, 1);

/// The first moment with a year that has a number here: midnight that begins the year 1, in seconds since the epoch.
const FIRST_SECOND: i64 = -62_135_596_800;

/// The last one: the end of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// A moment as the clock on the wall shows it: seconds since the epoch and how far that clock is ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// The moment.
    pub moment: Timestamp,
    /// Seconds that local time is ahead of UTC.
    pub utc_offset_seconds: i32,
}

/// How a date is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateForm {
    /// Year, month and day: `2005-01-20`.
    #[default]
    Calendar,
    /// Year and day of the year: `2005-020`.
    Ordinal,
    /// Year of the ISO week, week, and day of the week: `2005-W03-4`.
    Week,
}

/// Whose clock a time is written by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    /// UTC's.
    #[default]
    Utc,
    /// The time's own, with the offset behind it.
    Own,
}

impl LocalTime {
    /// The moment in UTC.
    pub const fn utc(moment: Timestamp) -> Self {
        Self { moment, utc_offset_seconds: 0 }
    }

    /// Seconds since the year 1 began.
    pub const fn seconds_since_year_one(self) -> i64 {
        self.moment.0.saturating_sub(FIRST_SECOND)
    }

    /// The time `duration` later by this clock and the calendar: first the years and months, of which the 31st plus one is
    /// the last day of the next; then days and seconds. `None` outside the years 1 to 9999.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Option<Self> {
        let civil = self.civil();
        let months = i64::from(civil.year())
            .checked_add(duration.years)?
            .checked_mul(12)?
            .checked_add(i64::from(civil.month()) - 1)?
            .checked_add(duration.months)?;
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        let year = i16::try_from(year).ok().filter(|year| (1..=9_999).contains(year))?;
        let first = Date::new(year, i8::try_from(month).ok()?, 1).ok()?;
        let date = Date::new(year, first.month(), civil.day().min(first.days_in_month())).ok()?;
        let passed = date.duration_since(civil.date()).as_secs();
        let moment = self
            .moment
            .0
            .checked_add(passed)?
            .checked_add(duration.total_days()?.checked_mul(86_400)?)?
            .checked_add(duration.total_seconds()?)?;
        let local = moment.checked_add(i64::from(self.utc_offset_seconds))?;
        let inside = has_four_digit_year(moment) && has_four_digit_year(local);
        inside.then_some(Self { moment: Timestamp(moment), ..self })
    }

    /// Date and time as text: `2005-01-20 11:30:00Z`, or by its own clock `2005-01-20 13:30:00 +02:00`.
    pub fn to_text(self, form: DateForm, zone: Zone) -> String {
        let shown = match zone {
            Zone::Utc => Self::utc(self.moment),
            Zone::Own => self,
        };
        let civil = shown.civil();
        let (date, time) = (civil.date(), civil.time());
        let mut text = match form {
            DateForm::Calendar => {
                format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
            }
            DateForm::Ordinal => format!("{}-{:03}", date.year(), date.day_of_year()),
            DateForm::Week => {
                let week = date.iso_week_date();
                let weekday = week.weekday().to_monday_one_offset();
                format!("{}-W{:02}-{weekday}", week.year(), week.week())
            }
        };
        // Writing to a String cannot fail.
        let _ = write!(text, " {:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
        let offset = shown.utc_offset_seconds;
        if offset == 0 {
            text.push('Z');
        } else {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs() / 60;
            let _ = write!(text, " {sign}{:02}:{:02}", minutes / 60, minutes % 60);
        }
        text
    }

    /// Date and time of day as shown on the wall; the first or last there is if the calendar does not go that far.
    pub(crate) fn civil(self) -> DateTime {
        let seconds = self.moment.0.saturating_add(i64::from(self.utc_offset_seconds));
        let seconds = seconds.clamp(FIRST_SECOND, LAST_SECOND);
        EPOCH.at(0, 0, 0, 0).saturating_add(SignedDuration::from_secs(seconds))
    }
}

/// Seconds from the epoch to midnight of the date, as if it were UTC's.
pub(super) fn seconds_since_epoch(date: Date) -> i64 {
    date.duration_since(EPOCH).as_secs()
}

/// Whether the seconds since the epoch lie in the years 1 to 9999.
pub(super) fn has_four_digit_year(seconds: i64) -> bool {
    (FIRST_SECOND..=LAST_SECOND).contains(&seconds)
}

/// The date so many days later, if it lies in the years 1 to 9999.
pub(super) fn plus_days(date: Date, days: i64) -> Option<Date> {
    let seconds = seconds_since_epoch(date).checked_add(days.checked_mul(86_400)?)?;
    has_four_digit_year(seconds).then(|| LocalTime::utc(Timestamp(seconds)).civil().date())
}
