use std::cmp::Ordering;

use jiff::civil::Date;

use super::LocalTime;

/// A range of whole numbers, both ends included; an open end is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The smallest number in it.
    pub low: Option<i64>,
    /// The greatest number in it.
    pub high: Option<i64>,
}

impl Range {
    /// Reads `n`, `n-`, `-n` or `n-m`.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| -> Option<Option<i64>> {
            // Pacemaker takes blanks before a number and none behind it.
            match text.trim_start() {
                "" if text.is_empty() => Some(None),
                // A minus would have been the middle of the range.
                number if number.contains('-') => None,
                number => number.parse().ok().map(Some),
            }
        };
        let range = match text.split_once('-') {
            Some((low, high)) => Self { low: number(low)?, high: number(high)? },
            None => {
                let value = number(text)?;
                Self { low: value, high: value }
            }
        };
        (range.low.is_some() || range.high.is_some()).then_some(range)
    }

    /// Whether the number lies below (`Less`), in (`Equal`) or above (`Greater`) the range.
    pub fn position(self, value: i64) -> Ordering {
        if self.low.is_some_and(|low| value < low) {
            Ordering::Less
        } else if self.high.is_some_and(|high| value > high) {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }
}

/// A `date_spec` element: for each calendar field the range it has to lie in, if any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DateSpec {
    /// Year.
    pub years: Option<Range>,
    /// Month, 1 to 12.
    pub months: Option<Range>,
    /// Day of the month, from 1.
    pub monthdays: Option<Range>,
    /// Hour, 0 to 23.
    pub hours: Option<Range>,
    /// Minute, 0 to 59.
    pub minutes: Option<Range>,
    /// Second, 0 to 59.
    pub seconds: Option<Range>,
    /// Day of the year, from 1.
    pub yeardays: Option<Range>,
    /// Year of the ISO week.
    pub weekyears: Option<Range>,
    /// ISO week of the year, 1 to 53.
    pub weeks: Option<Range>,
    /// Day of the week, 1 (Monday) to 7.
    pub weekdays: Option<Range>,
    /// Phase of the moon, from 0 (new) over 4 (full) to 7. Pacemaker looks at it before 2.1.6 only.
    pub moon: Option<Range>,
}

impl DateSpec {
    /// Whether local time is before, in or after the specified fields; the first field that does not fit decides.
    pub fn position(&self, now: LocalTime) -> Ordering {
        let civil = now.civil();
        let week = civil.date().iso_week_date();
        let fields = [
            (self.years, i64::from(civil.year())),
            (self.months, i64::from(civil.month())),
            (self.monthdays, i64::from(civil.day())),
            (self.hours, i64::from(civil.hour())),
            (self.minutes, i64::from(civil.minute())),
            (self.seconds, i64::from(civil.second())),
            (self.yeardays, i64::from(civil.date().day_of_year())),
            (self.weekyears, i64::from(week.year())),
            (self.weeks, i64::from(week.week())),
            (self.weekdays, i64::from(week.weekday().to_monday_one_offset())),
            (self.moon, phase_of_the_moon(civil.date())),
        ];
        fields
            .into_iter()
            .filter_map(|(range, value)| range.map(|range| range.position(value)))
            .find(|&position| position != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    }
}

/// The phase by the table that games have used since 1984: the moon's age on New Year's Day (its epact), which repeats
/// every 19 years, and six rounds in 177 days from then on.
fn phase_of_the_moon(date: Date) -> i64 {
    let golden_number = i64::from(date.year()) % 19 + 1;
    let epact = match ((11 * golden_number + 18) % 30, golden_number) {
        (24, _) => 25,
        (25, 12..) => 26,
        (epact, _) => epact,
    };
    let day = i64::from(date.day_of_year());
    ((day + epact) * 6 + 11) % 177 / 22 % 8
}

#[cfg(test)]
mod tests {
    use vocab::Timestamp;

    use super::*;

    #[test]
    fn ranges() {
        let range = |low, high| Some(Range { low, high });
        assert_eq!(Range::parse("5"), range(Some(5), Some(5)));
        assert_eq!(Range::parse("5-"), range(Some(5), None));
        assert_eq!(Range::parse("-5"), range(None, Some(5)));
        assert_eq!(Range::parse("1-5"), range(Some(1), Some(5)));
        assert_eq!(Range::parse(" 1-+5"), range(Some(1), Some(5)));
        for bad in
            ["", "-", "a", "1-b", "1-2-3", "5--3", "1,3", "5 ", "1 -5", "99999999999999999999"]
        {
            assert_eq!(Range::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn office_hours_include_their_last_minute() {
        let spec = DateSpec {
            hours: Range::parse("9-16"),
            weekdays: Range::parse("1-5"),
            ..DateSpec::default()
        };
        // 2026-11-20 is a Friday; 1,795,132,800 is its midnight.
        let at = |seconds: i64| spec.position(LocalTime::utc(Timestamp(1_795_132_800 + seconds)));
        assert_eq!(at(9 * 3_600 - 1), Ordering::Less);
        assert_eq!(at(9 * 3_600), Ordering::Equal);
        assert_eq!(at(17 * 3_600 - 1), Ordering::Equal);
        assert_eq!(at(17 * 3_600), Ordering::Greater);
        assert_eq!(at(86_400 + 12 * 3_600), Ordering::Greater);
    }

    #[test]
    fn each_field_is_looked_at() {
        let range = Range::parse;
        let spec = DateSpec::default();
        let (before, within, after) = (Ordering::Less, Ordering::Equal, Ordering::Greater);
        // 2010-01-03 08:30:15 UTC was the Sunday of the last week of 2009, three days after a full moon.
        let now = LocalTime::utc(Timestamp(1_262_507_415));
        let table = [
            (DateSpec { years: range("2010"), ..spec.clone() }, within),
            (DateSpec { years: range("2009"), ..spec.clone() }, after),
            (DateSpec { years: range("2011-"), ..spec.clone() }, before),
            (DateSpec { years: range("-2010"), ..spec.clone() }, within),
            (DateSpec { months: range("2"), ..spec.clone() }, before),
            (DateSpec { monthdays: range("1-3"), ..spec.clone() }, within),
            (DateSpec { hours: range("9-"), ..spec.clone() }, before),
            (DateSpec { minutes: range("30"), ..spec.clone() }, within),
            (DateSpec { seconds: range("0-14"), ..spec.clone() }, after),
            (DateSpec { yeardays: range("3"), ..spec.clone() }, within),
            (DateSpec { weekyears: range("2009"), ..spec.clone() }, within),
            (DateSpec { weekyears: range("2010"), ..spec.clone() }, before),
            (DateSpec { weeks: range("53"), ..spec.clone() }, within),
            (DateSpec { weekdays: range("7"), ..spec.clone() }, within),
            (DateSpec { weekdays: range("1-5"), ..spec.clone() }, after),
            (DateSpec { moon: range("5"), ..spec.clone() }, within),
            (DateSpec { moon: range("6-7"), ..spec.clone() }, before),
            // The first field that does not fit decides.
            (DateSpec { years: range("2009"), months: range("2"), ..spec.clone() }, after),
            (spec, within),
        ];
        for (spec, position) in table {
            assert_eq!(spec.position(now), position, "{spec:?}");
        }
    }

    #[test]
    fn the_moon_has_the_phase_that_pacemaker_gives_it() {
        for (date, phase) in [
            (Date::constant(2000, 1, 6), 0),
            (Date::constant(2000, 1, 19), 4),
            (Date::constant(2000, 1, 21), 5),
            (Date::constant(2006, 12, 31), 3),
            (Date::constant(2012, 2, 29), 2),
            (Date::constant(2019, 5, 4), 0),
            (Date::constant(2023, 12, 12), 0),
            (Date::constant(2023, 12, 27), 4),
        ] {
            assert_eq!(phase_of_the_moon(date), phase, "{date}");
        }
    }
}
