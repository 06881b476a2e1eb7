//! Times as people write them, and as logs have them.

use jiff::{
    Zoned,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use vocab::Timestamp;

fn local(moment: DateTime) -> Option<Timestamp> {
    Some(Timestamp(moment.to_zoned(TimeZone::system()).ok()?.timestamp().as_second()))
}

/// `Y-M-D`
fn date(text: &str) -> Option<Date> {
    let mut parts = text.split(['-', '/']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// `H:M` or `H:M:S`, with or without a fraction, which does not count.
fn time(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    let second = parts.next().unwrap_or("0").split(['.', ',']).next()?;
    if parts.next().is_some() {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?, 0).ok()
}

/// A time of `--from` or `--to`: a date with a time, one of them alone (today, or from midnight on), or ISO 8601.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(moment.as_second()));
    }
    let today = Zoned::now().date();
    let moment = match text.split_once([' ', 'T']) {
        Some((day, clock)) => date(day)?.to_datetime(time(clock.trim())?),
        None => match time(text) {
            Some(clock) => today.to_datetime(clock),
            None => date(text)?.to_datetime(Time::midnight()),
        },
    };
    local(moment)
}

/// The time as `--from` and `--to` understand it.
pub(super) fn show(moment: Timestamp) -> String {
    let Ok(moment) = jiff::Timestamp::from_second(moment.0) else { return moment.to_string() };
    moment.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// What a report is called unless it is said.
pub(super) fn label() -> String {
    Zoned::now().strftime("pcmk-%a-%d-%b-%Y").to_string()
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The time at the beginning of a line of a log. Lines without a year are taken to be of the year before `latest`.
pub(super) fn of_line(line: &str, latest: Timestamp) -> Option<Timestamp> {
    let mut words = line.split_whitespace();
    let first = words.next()?;
    if let Some(month) = MONTHS.iter().position(|month| *month == first) {
        let (day, clock) = (words.next()?, time(words.next()?)?);
        let now = jiff::Timestamp::from_second(latest.0).ok()?.to_zoned(TimeZone::system());
        let of_year = |year: i16| {
            let month = i8::try_from(month + 1).ok()?;
            local(Date::new(year, month, day.parse().ok()?).ok()?.to_datetime(clock))
        };
        // A day ahead is allowed for: clocks differ.
        return of_year(now.year())
            .filter(|moment| moment.0 <= latest.0 + 86_400)
            .or_else(|| of_year(now.year() - 1));
    }
    if first.contains('T') {
        // With an offset, or in local time without.
        return match first.parse::<jiff::Timestamp>() {
            Ok(moment) => Some(Timestamp(moment.as_second())),
            Err(_) => {
                let (day, clock) = first.split_once('T')?;
                local(date(day)?.to_datetime(time(clock)?))
            }
        };
    }
    local(date(first)?.to_datetime(time(words.next()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_several_forms() {
        let whole = read("2026-1-5 7:03:09").expect("a time");
        assert_eq!(show(whole), "2026-01-05 07:03:09");
        assert_eq!(read("2026-01-05T07:03:09"), Some(whole));
        assert_eq!(show(read("2026-01-05").expect("a date")), "2026-01-05 00:00:00");
        assert_eq!(read("1970-01-01T00:00:10Z"), Some(Timestamp(10)));
        assert!(show(read("13:05:00").expect("a clock")).ends_with(" 13:05:00"));
        for wrong in ["", "yesterday", "2026-13-01", "25:00", "2026-01-01 x"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn lines_of_logs_begin_with_a_time() {
        let latest = read("2026-11-21 12:00:00").expect("a time");
        let of = |line: &str| of_line(line, latest).map(show);
        for line in [
            "Nov 21 10:31:05 node1 corosync[123]: x",
            "Nov 21 10:31:05.123 node1 pacemakerd [1] x",
            "2026-11-21T10:31:05.5 node1 x",
            "2026-11-21 10:31:05,250 x",
        ] {
            assert_eq!(of(line).as_deref(), Some("2026-11-21 10:31:05"), "{line}");
        }
        assert_eq!(of("Dec  3 10:00:00 node1 x").as_deref(), Some("2025-12-03 10:00:00"));
        assert_eq!(of("  continued"), None);
        assert_eq!(of("Nov x"), None);
    }
}
