use std::fmt;

use super::{CalendarError, Fault, Kind, parse::split_digits};

/// How much of each unit something lasts; by the calendar, so that how long a month is depends on when it begins.
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

impl Duration {
    /// Reads `P1Y2M3W4DT5H6M7S` with any of its units, each of them once and in any order, each number with a sign of its
    /// own if it has one. `M` means minutes behind the `T`.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        read(text.trim()).map_err(|fault| CalendarError {
            text: text.to_owned(),
            kind: Kind::Duration,
            fault,
        })
    }

    /// The same in the other direction.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self {
            years: self.years.saturating_neg(),
            months: self.months.saturating_neg(),
            weeks: self.weeks.saturating_neg(),
            days: self.days.saturating_neg(),
            hours: self.hours.saturating_neg(),
            minutes: self.minutes.saturating_neg(),
            seconds: self.seconds.saturating_neg(),
        }
    }

    /// Whether it leads back in time: by a year of 365 days and a month of 30, since it is not known when it begins.
    pub(crate) fn is_backward(self) -> bool {
        let days = i128::from(self.years) * 365
            + i128::from(self.months) * 30
            + i128::from(self.weeks) * 7
            + i128::from(self.days);
        let minutes = i128::from(self.hours) * 60 + i128::from(self.minutes);
        days * 86_400 + minutes * 60 + i128::from(self.seconds) < 0
    }

    /// Weeks and days in days; `None` if they do not fit.
    pub(super) fn total_days(self) -> Option<i64> {
        self.weeks.checked_mul(7)?.checked_add(self.days)
    }

    /// Hours, minutes and seconds in seconds; `None` if they do not fit.
    pub(super) fn total_seconds(self) -> Option<i64> {
        let minutes = self.hours.checked_mul(60)?.checked_add(self.minutes)?;
        minutes.checked_mul(60)?.checked_add(self.seconds)
    }

    fn unit(&mut self, unit: char, behind_t: bool) -> Option<&mut i64> {
        Some(match (unit, behind_t) {
            ('Y', _) => &mut self.years,
            ('M', false) => &mut self.months,
            ('W', _) => &mut self.weeks,
            ('D', _) => &mut self.days,
            // Pacemaker needs the T for minutes only, and configurations have "P10S".
            ('H', _) => &mut self.hours,
            ('M', true) => &mut self.minutes,
            ('S', _) => &mut self.seconds,
            _ => return None,
        })
    }
}

fn read(text: &str) -> Result<Duration, Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    let mut rest = text.strip_prefix('P').ok_or(Fault::WithoutP)?;
    if rest.is_empty() {
        return Err(Fault::NothingBehindP);
    }
    let mut duration = Duration::default();
    let mut behind_t = false;
    let mut seen = Vec::new();
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T') {
            behind_t = true;
            rest = time;
            continue;
        }
        let digits_at = usize::from(rest.starts_with(['-', '+']));
        let length = digits_at + split_digits(&rest[digits_at..]).0.len();
        let (number, behind) = rest.split_at(length);
        // Pacemaker has no room for more; what it refuses is refused.
        let amount: i32 = number.parse().map_err(|_| Fault::Number(rest.to_owned()))?;
        let unit = behind.chars().next().ok_or_else(|| Fault::WithoutUnit(rest.to_owned()))?;
        let place = duration.unit(unit, behind_t).ok_or(Fault::Unit(unit))?;
        *place = i64::from(amount);
        let is_minutes = unit == 'M' && behind_t;
        if seen.contains(&(unit, is_minutes)) {
            return Err(Fault::UnitTwice(unit));
        }
        seen.push((unit, is_minutes));
        rest = &behind[unit.len_utf8()..];
    }
    let fits = |total: Option<i64>| total.is_some_and(|total| i32::try_from(total).is_ok());
    if !fits(duration.total_days()) || !fits(duration.total_seconds()) {
        return Err(Fault::TooLong);
    }
    if duration == Duration::default() {
        return Err(Fault::NoAmount);
    }
    Ok(duration)
}

impl fmt::Display for Duration {
    /// As Pacemaker's tools show it: `   2 years  5 months 360 seconds (6 minutes)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.total_days().unwrap_or(i64::MAX);
        let seconds = self.total_seconds().unwrap_or(i64::MAX);
        for (amount, width, unit) in
            [(self.years, 4, "year"), (self.months, 2, "month"), (days, 2, "day")]
        {
            if amount != 0 {
                write!(f, "{amount:width$} {unit}{} ", plural(amount))?;
            }
        }
        if seconds != 0 || (self.years, self.months, days) == (0, 0, 0) {
            write!(f, "{seconds} second{}", plural(seconds))?;
        }
        let magnitude = seconds.saturating_abs();
        if magnitude < 60 {
            return Ok(());
        }
        let parts = [
            (magnitude / 3_600, "hour", magnitude / 3_600),
            (magnitude / 60 % 60, "minute", magnitude / 60 % 60),
            // Whether Pacemaker uses the plural here depends on all the seconds.
            (magnitude % 60, "second", seconds),
        ];
        let mut before = " (";
        for (amount, unit, counted) in parts.into_iter().filter(|(amount, ..)| *amount != 0) {
            write!(f, "{before}{amount} {unit}{}", plural(counted))?;
            before = " ";
        }
        f.write_str(")")
    }
}

const fn plural(amount: i64) -> &'static str {
    if amount == 1 { "" } else { "s" }
}
