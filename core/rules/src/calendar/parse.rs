use std::str::FromStr;

use jiff::civil::{Date, ISOWeekDate, Weekday};

use super::{CalendarTime, Fault, Field, local};

/// Reads date, time and offset of a text without blanks around it.
pub(super) fn date_time(text: &str) -> Result<CalendarTime, Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if text.eq_ignore_ascii_case("epoch") {
        return Ok(CalendarTime {
            date: Some(local::EPOCH),
            second_of_day: 0,
            utc_offset_seconds: Some(0),
        });
    }
    if let Some(time) = text.strip_prefix('T') {
        return time_and_offset(None, time);
    }
    if text.as_bytes().get(2) == Some(&b':') {
        return time_and_offset(None, text);
    }
    let (date, rest) = date(text)?;
    match rest.strip_prefix(['T', ' ']) {
        Some(time) => time_and_offset(Some(date), time),
        None if rest.is_empty() || rest == "Z" => Ok(CalendarTime {
            date: Some(date),
            second_of_day: 0,
            // Pacemaker has it so, and dates in configurations mean it.
            utc_offset_seconds: Some(0),
        }),
        None => Err(Fault::BehindDate(rest.to_owned())),
    }
}

/// Reads a date; what follows it remains.
fn date(text: &str) -> Result<(Date, &str), Fault> {
    let not_a_date = || Fault::Date(text.to_owned());
    if let Some((digits, _)) = text.strip_prefix('-').map(split_digits)
        && !digits.is_empty()
    {
        return Err(outside(Field::Year, &text[..=digits.len()], (1, 9_999)));
    }
    let (first, rest) = split_digits(text);
    let Some(rest) = rest.strip_prefix('-') else {
        if first.len() != 8 {
            return Err(not_a_date());
        }
        let (year, day) = first.split_at(4);
        let (month, day) = day.split_at(2);
        return Ok((gregorian(year, month, day)?, rest));
    };
    if first.is_empty() {
        return Err(not_a_date());
    }
    if let Some(rest) = rest.strip_prefix('W') {
        let (week, rest) = split_digits(rest);
        let (day, rest) = rest.strip_prefix('-').map(split_digits).unwrap_or_default();
        if week.is_empty() || day.is_empty() {
            return Err(not_a_date());
        }
        return Ok((week_date(first, week, day)?, rest));
    }
    let (second, rest) = split_digits(rest);
    if second.is_empty() {
        return Err(not_a_date());
    }
    match rest.strip_prefix('-').map(split_digits) {
        None => Ok((ordinal(first, second)?, rest)),
        Some(("", _)) => Err(not_a_date()),
        Some((day, rest)) => Ok((gregorian(first, second, day)?, rest)),
    }
}

fn gregorian(year: &str, month: &str, day: &str) -> Result<Date, Fault> {
    let month: i8 = within(Field::Month, month, (1, 12))?;
    let first = Date::new(self::year(year)?, month, 1).map_err(|_| Fault::Outside)?;
    let day = within(Field::DayOfMonth, day, (1, first.days_in_month()))?;
    Date::new(first.year(), month, day).map_err(|_| Fault::Outside)
}

fn ordinal(year: &str, day: &str) -> Result<Date, Fault> {
    let first = Date::new(self::year(year)?, 1, 1).map_err(|_| Fault::Outside)?;
    let day: i16 = within(Field::DayOfYear, day, (1, first.days_in_year()))?;
    local::plus_days(first, i64::from(day) - 1).ok_or(Fault::Outside)
}

fn week_date(year: &str, week: &str, day: &str) -> Result<Date, Fault> {
    let first =
        ISOWeekDate::new(self::year(year)?, 1, Weekday::Monday).map_err(|_| Fault::Outside)?;
    let week: i8 = within(Field::Week, week, (1, first.weeks_in_year()))?;
    let day: i8 = within(Field::Weekday, day, (1, 7))?;
    let days = (i64::from(week) - 1) * 7 + i64::from(day) - 1;
    local::plus_days(first.date(), days).ok_or(Fault::Outside)
}

fn year(digits: &str) -> Result<i16, Fault> {
    within(Field::Year, digits, (1, 9_999))
}

fn time_and_offset(date: Option<Date>, text: &str) -> Result<CalendarTime, Fault> {
    let (second_of_day, rest) = clock(text.trim_start())?;
    let utc_offset_seconds = offset(rest.trim_start())?;
    let time = CalendarTime { date, second_of_day, utc_offset_seconds };
    if let Some(date) = date {
        let local = local::seconds_since_epoch(date) + i64::from(second_of_day);
        // What has no offset of its own depends on who reads it.
        let moment = local - i64::from(utc_offset_seconds.unwrap_or_default());
        if !local::has_four_digit_year(local) || !local::has_four_digit_year(moment) {
            return Err(Fault::Outside);
        }
    }
    Ok(time)
}

/// Seconds since midnight, a whole day's for 24:00:00, and what follows.
fn clock(text: &str) -> Result<(i32, &str), Fault> {
    let not_a_time = || Fault::TimeOfDay(text.to_owned());
    let (first, rest) = split_digits(text);
    let (hour, minute, second, rest) = if let Some(rest) = rest.strip_prefix(':') {
        let (minute, rest) = split_digits(rest);
        let (second, rest) = match rest.strip_prefix(':').map(split_digits) {
            Some(("", _)) => return Err(not_a_time()),
            Some((second, rest)) => (second, rest),
            None => ("", rest),
        };
        if minute.is_empty() {
            return Err(not_a_time());
        }
        (first, minute, second, rest)
    } else if first.len() <= 6 {
        let (hour, rest_of_digits) = first.split_at(first.len().min(2));
        let (minute, second) = rest_of_digits.split_at(rest_of_digits.len().min(2));
        (hour, minute, second, rest)
    } else {
        return Err(not_a_time());
    };
    if hour.is_empty() {
        return Err(not_a_time());
    }
    let rest = if second.is_empty() { rest } else { without_fraction(rest) };
    let is_midnight =
        number(hour) == Some(24_i8) && [minute, second].map(number) == [Some(0_i8); 2];
    let hours: i8 = if is_midnight { 24 } else { within(Field::Hour, hour, (0, 23))? };
    let minutes: i8 = within(Field::Minute, minute, (0, 59))?;
    let seconds: i8 = within(Field::Second, second, (0, 59))?;
    Ok((i32::from(hours) * 3_600 + i32::from(minutes) * 60 + i32::from(seconds), rest))
}

/// Fractions of a second are allowed and mean nothing.
fn without_fraction(text: &str) -> &str {
    match text.strip_prefix(['.', ',']).map(split_digits) {
        Some((digits, rest)) if !digits.is_empty() => rest,
        Some(_) | None => text,
    }
}

/// Seconds that the time is ahead of UTC, if it says so.
fn offset(text: &str) -> Result<Option<i32>, Fault> {
    match text {
        "" => return Ok(None),
        "Z" => return Ok(Some(0)),
        // Pacemaker takes every word for UTC; these two are.
        _ if ["UTC", "GMT"].iter().any(|name| text.eq_ignore_ascii_case(name)) => {
            return Ok(Some(0));
        }
        _ => {}
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(Fault::Offset(text.to_owned()));
    }
    let (seconds, rest) = clock(unsigned)?;
    if !rest.is_empty() {
        return Err(Fault::Offset(text.to_owned()));
    }
    Ok(Some(if text.starts_with('-') { -seconds } else { seconds }))
}

/// The digits that a text begins with, and the rest.
pub(super) fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// The number that digits spell, zero without any; `None` if it does not fit.
fn number<T: FromStr + Default>(digits: &str) -> Option<T> {
    if digits.is_empty() { Some(T::default()) } else { digits.parse().ok() }
}

fn within<T>(field: Field, digits: &str, (low, high): (T, T)) -> Result<T, Fault>
where
    T: FromStr + Default + PartialOrd + Copy + Into<i16>,
{
    number(digits)
        .filter(|number| (low..=high).contains(number))
        .ok_or_else(|| outside(field, digits, (low.into(), high.into())))
}

fn outside(field: Field, value: &str, (low, high): (i16, i16)) -> Fault {
    // As one says the number, whatever zeros are in front.
    let sign = if value.starts_with('-') { "-" } else { "" };
    let digits = value.trim_start_matches('-').trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    Fault::Field { field, value: format!("{sign}{digits}"), low, high }
}
