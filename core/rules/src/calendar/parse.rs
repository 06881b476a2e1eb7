use jiff::{
    ToSpan,
    civil::{Date, DateTime, ISOWeekDate, Weekday},
};

use super::{CalendarTime, epoch};

const SECONDS_PER_DAY: i32 = 86_400;

/// Reads date, time and offset; the error says which part is wrong.
pub(super) fn date_time(text: &str) -> Result<CalendarTime, &'static str> {
    let text = text.trim();
    if text.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("epoch")) {
        return match text.len() {
            5 => Ok(CalendarTime { civil: epoch(), utc_offset_seconds: Some(0) }),
            _ => Err("nothing may follow 'epoch'"),
        };
    }
    let date_end =
        text.find(|c: char| !c.is_ascii_digit() && c != '-' && c != 'W').unwrap_or(text.len());
    let (date_text, rest) = text.split_at(date_end);
    let midnight = date(date_text)?.at(0, 0, 0, 0);
    if rest.is_empty() {
        return Ok(CalendarTime { civil: midnight, utc_offset_seconds: None });
    }
    let time_text =
        rest.strip_prefix(['T', ' ']).ok_or("a time must follow the date behind 'T' or a space")?;
    let time_end = time_text.find(['Z', ' ', '+', '-']).unwrap_or(time_text.len());
    let (time_text, offset_text) = time_text.split_at(time_end);
    let seconds = clock(time_text).ok_or("the time of day is not valid")?;
    let utc_offset_seconds = offset(offset_text.trim())?;
    let civil = midnight.saturating_add(i64::from(seconds).seconds());
    if civil == DateTime::MAX {
        return Err("the year is too large");
    }
    Ok(CalendarTime { civil, utc_offset_seconds })
}

fn date(text: &str) -> Result<Date, &'static str> {
    let fields: Vec<&str> = text.split('-').collect();
    match fields[..] {
        [year, week, day] if week.starts_with('W') => {
            let week = number(&week[1..]).ok_or("the week is not a number")?;
            let weekday = number(day)
                .and_then(|day| Weekday::from_monday_one_offset(day).ok())
                .ok_or("the day of the week must be 1 to 7")?;
            ISOWeekDate::new(self::year(year)?, week, weekday)
                .map(ISOWeekDate::date)
                .map_err(|_| "the year has no such week")
        }
        [year, month, day] => gregorian(year, month, day),
        [year, day] => {
            let day: i64 = number(day).ok_or("the day of the year is not a number")?;
            let first = Date::new(self::year(year)?, 1, 1).map_err(|_| "the year is too large")?;
            if day < 1 || day > i64::from(first.days_in_year()) {
                return Err("the year has no such day");
            }
            Ok(first.saturating_add((day - 1).days()))
        }
        [compact] if compact.len() == 8 && compact.is_ascii() => {
            gregorian(&compact[..4], &compact[4..6], &compact[6..])
        }
        _ => Err("the date must be YYYY-MM-DD, YYYYMMDD, YYYY-DDD or YYYY-Www-D"),
    }
}

fn gregorian(year: &str, month: &str, day: &str) -> Result<Date, &'static str> {
    let month = number(month).ok_or("the month is not a number")?;
    let day = number(day).ok_or("the day of the month is not a number")?;
    Date::new(self::year(year)?, month, day).map_err(|_| "there is no such day")
}

fn year(text: &str) -> Result<i16, &'static str> {
    match number(text) {
        Some(year @ 1..=9_999) => Ok(year),
        _ => Err("the year must be 1 to 9999"),
    }
}

/// Seconds since midnight of `h`, `h:m`, `h:m:s` or `hhmmss`; the whole day's for 24:00:00.
fn clock(text: &str) -> Option<i32> {
    let fields: Vec<&str> = if text.contains(':') || text.len() <= 2 {
        text.split(':').collect()
    } else {
        (0..text.len())
            .step_by(2)
            .map(|at| text.get(at..(at + 2).min(text.len())))
            .collect::<Option<_>>()?
    };
    let mut parts = [0_i32; 3];
    if fields.len() > parts.len() {
        return None;
    }
    for (index, (part, field)) in parts.iter_mut().zip(fields).enumerate() {
        // Fractions of a second are allowed and mean nothing.
        let whole = if index == 2 { field.split(['.', ',']).next()? } else { field };
        *part = number(whole)?;
    }
    match parts {
        [24, 0, 0] => Some(SECONDS_PER_DAY),
        [hour @ 0..24, minute @ 0..60, second @ 0..60] => Some(hour * 3_600 + minute * 60 + second),
        _ => None,
    }
}

fn offset(text: &str) -> Result<Option<i32>, &'static str> {
    const BAD: &str = "the offset must be Z, +hh:mm or -hh:mm";
    match text.as_bytes().first() {
        None => Ok(None),
        Some(b'Z') if text.len() == 1 => Ok(Some(0)),
        Some(b'+') => clock(&text[1..]).map(Some).ok_or(BAD),
        Some(b'-') => clock(&text[1..]).map(|seconds| Some(-seconds)).ok_or(BAD),
        Some(_) => Err(BAD),
    }
}

/// A number of digits alone: signs and blanks, which `parse` would take, are not part of ISO 8601.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}
