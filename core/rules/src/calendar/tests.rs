//! Facts about dates, durations and periods. Most were taken from Pacemaker's `iso8601` and from its tests.

use super::*;

/// 2026-11-21 11:13:53 in a place one hour ahead of UTC.
const NOW: LocalTime = LocalTime { moment: Timestamp(1795256033), utc_offset_seconds: 3_600 };

fn read(text: &str) -> String {
    match CalendarTime::parse(text) {
        Ok(time) => time.at(NOW).to_text(DateForm::Calendar, Zone::Utc),
        Err(error) => error.fault.to_string(),
    }
}

#[track_caller]
fn assert_read(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(read(text), *expected, "{text:?}");
    }
}

#[test]
fn dates() {
    assert_read(&[
        ("2005-01-20", "2005-01-20 00:00:00Z"),
        ("20050120", "2005-01-20 00:00:00Z"),
        ("2005-020", "2005-01-20 00:00:00Z"),
        ("2005-W03-4", "2005-01-20 00:00:00Z"),
        ("2020-1-1", "2020-01-01 00:00:00Z"),
        ("2020-1", "2020-01-01 00:00:00Z"),
        ("1-1", "0001-01-01 00:00:00Z"),
        ("2020-366", "2020-12-31 00:00:00Z"),
        ("2020-060", "2020-02-29 00:00:00Z"),
        ("2020-W01-1", "2019-12-30 00:00:00Z"),
        ("2020-W53-7", "2021-01-03 00:00:00Z"),
        ("2009-W53-07", "2010-01-03 00:00:00Z"),
        ("epoch", "1970-01-01 00:00:00Z"),
        (" EPOCH ", "1970-01-01 00:00:00Z"),
        ("2020-01-01Z", "2020-01-01 00:00:00Z"),
        ("9999-12-31", "9999-12-31 00:00:00Z"),
    ]);
}

#[test]
fn first_weeks() {
    // The Monday of the first week of each year.
    for (year, monday) in [
        (2006, "2006-01-02"),
        (2007, "2007-01-01"),
        (2008, "2007-12-31"),
        (2009, "2008-12-29"),
        (2010, "2010-01-04"),
        (2013, "2012-12-31"),
        (2015, "2014-12-29"),
        (2040, "2040-01-02"),
    ] {
        assert_eq!(read(&format!("{year}-W01-1")), format!("{monday} 00:00:00Z"));
    }
}

#[test]
fn times_of_day() {
    assert_read(&[
        ("2020-01-01 10Z", "2020-01-01 10:00:00Z"),
        ("2020-01-01T10:30Z", "2020-01-01 10:30:00Z"),
        ("2020-01-01  10:30:15 Z", "2020-01-01 10:30:15Z"),
        ("2020-01-01T1030Z", "2020-01-01 10:30:00Z"),
        ("2020-01-01T103015Z", "2020-01-01 10:30:15Z"),
        ("2020-01-01T10305Z", "2020-01-01 10:30:05Z"),
        ("2020-01-01T1:2:3Z", "2020-01-01 01:02:03Z"),
        ("2020-01-01T10:30:15.5Z", "2020-01-01 10:30:15Z"),
        ("2020-01-01T10:30:15,25Z", "2020-01-01 10:30:15Z"),
        ("2019-12-31T24:00:00Z", "2020-01-01 00:00:00Z"),
        ("20191231T24Z", "2020-01-01 00:00:00Z"),
        // Without an offset it is the reader's time, also in summer.
        ("2020-07-01 10:00", "2020-07-01 09:00:00Z"),
        ("T10:30Z", "2026-11-21 10:30:00Z"),
        ("10:30", "2026-11-21 09:30:00Z"),
        ("T10", "2026-11-21 09:00:00Z"),
    ]);
}

#[test]
fn offsets() {
    assert_read(&[
        ("2019-04-25T21:42:54+0200", "2019-04-25 19:42:54Z"),
        ("2019-04-25T21:42:54+0420", "2019-04-25 17:22:54Z"),
        ("2019-04-25T21:42:54-0200", "2019-04-25 23:42:54Z"),
        ("2019-04-25T21:42:54 -0200", "2019-04-25 23:42:54Z"),
        ("2019-04-25 21:42:54 +02:00", "2019-04-25 19:42:54Z"),
        ("2020-01-01 10:00 UTC", "2020-01-01 10:00:00Z"),
        ("2020-01-01 10:00:00 gmt", "2020-01-01 10:00:00Z"),
        ("2020-01-01 10:00 5", "2020-01-01 05:00:00Z"),
        ("2020-01-01T10+5", "2020-01-01 05:00:00Z"),
        ("2020-01-01T10-0530", "2020-01-01 15:30:00Z"),
        ("2020-01-01T10:30:15 +24:00", "2019-12-31 10:30:15Z"),
    ]);
}

#[test]
fn what_is_wrong_is_said() {
    let date = "the date must be YYYY-MM-DD, YYYYMMDD, YYYY-DDD or YYYY-Www-D, not";
    for text in ["20", "2020", "foo", "2020-W01", "2020W011", "2020060", "12-", "+2020-01-01", "-"]
    {
        assert_eq!(read(text), format!("{date} '{text}'"));
    }
    let edges = "it must be between 0001-01-01T00:00:00 and 9999-12-31T23:59:59";
    assert_read(&[
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("2019-13-01", "month 13 is not 1 to 12"),
        ("2019-00-01", "month 0 is not 1 to 12"),
        ("20191077T15", "day of the month 77 is not 1 to 31"),
        ("2019-02-29", "day of the month 29 is not 1 to 28"),
        ("2019-366", "day of the year 366 is not 1 to 365"),
        ("2020-W54-1", "week 54 is not 1 to 53"),
        ("2019-W53-1", "week 53 is not 1 to 52"),
        ("2020-W10-8", "day of the week 8 is not 1 to 7"),
        ("0000-10-01", "year 0 is not 1 to 9999"),
        ("-0001-10-01", "year -1 is not 1 to 9999"),
        ("10000-10-01", "year 10000 is not 1 to 9999"),
        ("99999999999999999999-01-01", "year 99999999999999999999 is not 1 to 9999"),
        ("2019-10-01T25:00:00Z", "hour 25 is not 0 to 23"),
        ("2019-10-01T24:00:01Z", "hour 24 is not 0 to 23"),
        ("20191001T007000Z", "minute 70 is not 0 to 59"),
        ("2019-10-01 23:59:60Z", "second 60 is not 0 to 59"),
        ("2019-10-01 00:00:10 +25:00", "hour 25 is not 0 to 23"),
        ("20191001T000010 -00:61", "minute 61 is not 0 to 59"),
        ("epochs", &format!("{date} 'epochs'")),
        ("2020-01-01foo", "a time must follow the date behind 'T' or a space, not 'foo'"),
        ("2020-01-01T", "the time must be hh, hh:mm, hh:mm:ss, hhmm or hhmmss, not ''"),
        ("2020-01-01Tx", "the time must be hh, hh:mm, hh:mm:ss, hhmm or hhmmss, not 'x'"),
        ("2020-01-01T10:", "the time must be hh, hh:mm, hh:mm:ss, hhmm or hhmmss, not '10:'"),
        ("2020-01-01 10:00 CET", "the offset must be Z, +hh:mm or -hh:mm, not 'CET'"),
        ("2020-01-01 10:00 +1:00x", "the offset must be Z, +hh:mm or -hh:mm, not '+1:00x'"),
        ("9999-12-31T24:00:00Z", edges),
        ("9999-12-31T24:00:00", edges),
        ("9999-12-31T24:00:00 +01:00", edges),
        ("9999-12-31T23:00 -02:00", edges),
        ("0001-01-01T00:00 +01:00", edges),
    ]);
    let error = CalendarTime::parse("2019-13-01").unwrap_err();
    assert_eq!(
        error.to_string(),
        "'2019-13-01' is not an ISO 8601 date and time: month 13 is not 1 to 12"
    );
}

#[test]
fn a_time_is_shown_in_each_form() {
    let time = CalendarTime::parse("2010-01-03 10:00 +01:30").unwrap().at(NOW);
    let shown = |form, zone| time.to_text(form, zone);
    assert_eq!(shown(DateForm::Calendar, Zone::Utc), "2010-01-03 08:30:00Z");
    assert_eq!(shown(DateForm::Calendar, Zone::Own), "2010-01-03 10:00:00 +01:30");
    assert_eq!(shown(DateForm::Ordinal, Zone::Own), "2010-003 10:00:00 +01:30");
    assert_eq!(shown(DateForm::Week, Zone::Utc), "2009-W53-7 08:30:00Z");
    assert_eq!(time.seconds_since_year_one(), 63_398_104_200);
    let epoch = CalendarTime::parse("epoch").unwrap().at(NOW);
    assert_eq!(epoch.to_text(DateForm::Calendar, Zone::Own), "1970-01-01 00:00:00Z");
    assert_eq!(epoch.seconds_since_year_one(), 62_135_596_800);
    let far = LocalTime { moment: Timestamp(i64::MAX), utc_offset_seconds: -3_600 };
    assert_eq!(far.to_text(DateForm::Calendar, Zone::Own), "9999-12-31 23:59:59 -01:00");
}

#[test]
fn durations_are_shown_as_they_are_read() {
    for (text, shown) in [
        ("P2Y5MT6M", "   2 years  5 months 360 seconds (6 minutes)"),
        ("P1M", " 1 month "),
        ("P-1M", "-1 months "),
        ("P1Y", "   1 year "),
        ("P-1Y", "  -1 years "),
        ("P1W2D", " 9 days "),
        ("P-1W2D", "-5 days "),
        ("P90D", "90 days "),
        ("P100D", "100 days "),
        ("P-1H", "-3600 seconds (1 hour)"),
        ("PT1S", "1 second"),
        ("PT-1S", "-1 seconds"),
        ("PT60S", "60 seconds (1 minute)"),
        ("PT-61S", "-61 seconds (1 minute 1 seconds)"),
        ("PT90M", "5400 seconds (1 hour 30 minutes)"),
        ("P1Y1M1DT1H1M1S", "   1 year  1 month  1 day 3661 seconds (1 hour 1 minute 1 seconds)"),
        ("P2147483647D", "2147483647 days "),
        ("PTT1S", "1 second"),
        ("P1DT+1M", " 1 day 60 seconds (1 minute)"),
        ("P10S", "10 seconds"),
    ] {
        assert_eq!(Duration::parse(text).map(|duration| duration.to_string()), Ok(shown.into()));
    }
    assert_eq!(Duration::default().to_string(), "0 seconds");
}

#[test]
fn durations_that_are_none() {
    for (text, fault) in [
        ("", "it is empty"),
        ("1D", "it does not begin with 'P'"),
        ("p1d", "it does not begin with 'P'"),
        ("P", "nothing follows 'P'"),
        ("P 1D", "there is no whole number that fits at ' 1D'"),
        ("PT", "it has no amount other than zero"),
        ("P0D", "it has no amount other than zero"),
        ("PX3Y", "there is no whole number that fits at 'X3Y'"),
        ("P1YM", "there is no whole number that fits at 'M'"),
        ("P.5D", "there is no whole number that fits at '.5D'"),
        ("P--1D", "there is no whole number that fits at '--1D'"),
        ("P2147483648D", "there is no whole number that fits at '2147483648D'"),
        ("P3Y6M4DT12H30M5", "no unit follows '5'"),
        ("P1.5D", "'.' is not a unit: use Y, M, W, D and behind a T also H, M, S"),
        ("P1Z", "'Z' is not a unit: use Y, M, W, D and behind a T also H, M, S"),
        ("P1d", "'d' is not a unit: use Y, M, W, D and behind a T also H, M, S"),
        ("P1\u{e9}", "'\u{e9}' is not a unit: use Y, M, W, D and behind a T also H, M, S"),
        ("P1Y1Y", "unit 'Y' is there twice"),
        ("P2147483647W", "it is too long"),
        ("PT2147483647H", "it is too long"),
    ] {
        let found = Duration::parse(text).map_err(|error| error.fault.to_string());
        assert_eq!(found, Err(fault.to_owned()), "{text:?}");
    }
}

fn sum(time: &str, duration: &str) -> Option<String> {
    let time = CalendarTime::parse(time).unwrap().at(NOW);
    let later = time.plus(Duration::parse(duration).unwrap())?;
    Some(later.to_text(DateForm::Calendar, Zone::Own))
}

#[test]
fn sums_follow_the_calendar() {
    for (time, duration, later) in [
        ("2009-01-31 00:00:00Z", "P1M", "2009-02-28 00:00:00Z"),
        ("2009-01-31 00:00:00Z", "P2M", "2009-03-31 00:00:00Z"),
        ("2009-01-31 00:00:00Z", "P3M", "2009-04-30 00:00:00Z"),
        ("2009-03-31 01:00:00 +01:00", "P-1M", "2009-02-28 01:00:00 +01:00"),
        ("2020-03-31", "P-1M", "2020-02-29 00:00:00Z"),
        ("2038-01-01 00:00:00Z", "P3M", "2038-04-01 00:00:00Z"),
        ("epoch", "P2Y5MT6M", "1972-06-01 00:06:00Z"),
        ("2014-01-01 00:30:00Z", "P-1H", "2013-12-31 23:30:00Z"),
        ("2020-03-15", "P1Y", "2021-03-15 00:00:00Z"),
        ("2020-02-29", "P1Y", "2021-02-28 00:00:00Z"),
        ("2020-02-29", "P4Y", "2024-02-29 00:00:00Z"),
        ("2020-12-31", "P1Y", "2021-12-31 00:00:00Z"),
        ("2020-01-01", "P-13M", "2018-12-01 00:00:00Z"),
        ("2024-02-28 11:45:11 +03:00", "P1D", "2024-02-29 11:45:11 +03:00"),
        ("2024-02-28 12:59:59 -03:00", "P2D", "2024-03-01 12:59:59 -03:00"),
        ("2025-01-01 00:00:00 +00:00", "P28000D", "2101-08-31 00:00:00Z"),
        ("2025-01-01 00:00:00 +00:00", "P150000D", "2435-09-09 00:00:00Z"),
        ("1990-01-01 00:00:00 +00:00", "P-150000D", "1579-04-26 00:00:00Z"),
        ("2024-02-28 00:05:00 +04:00", "PT86200S", "2024-02-29 00:01:40 +04:00"),
        ("2024-03-03 00:00:00 -02:00", "PT-172801S", "2024-02-29 23:59:59 -02:00"),
        ("2019-01-01T23:00:00Z", "PT1H", "2019-01-02 00:00:00Z"),
        ("2024-01-01 15:00:00", "P1Y2M3W-1DT1H1M1S", "2025-03-21 16:01:01 +01:00"),
        // Years and months are one step.
        ("2020-02-29", "P1Y-1M", "2021-01-29 00:00:00Z"),
    ] {
        assert_eq!(sum(time, duration).as_deref(), Some(later), "{time} + {duration}");
    }
}

#[test]
fn no_sum_leaves_the_years_there_are() {
    for (time, duration) in [
        ("9999-12-31", "P1D"),
        ("9999-12-31", "P1M"),
        ("0001-01-01", "P-1M"),
        ("0001-01-01", "PT-1S"),
        ("2020-01-01", "P2147483647D"),
        ("2020-01-01", "P-2147483647M"),
        ("2020-01-01", "P2147483647Y2147483647M"),
    ] {
        assert_eq!(sum(time, duration), None, "{time} + {duration}");
    }
    let endless = Duration { years: i64::MAX, months: 1, ..Duration::default() };
    assert_eq!(NOW.plus(endless), None);
    let hours = Duration { hours: i64::MIN, ..Duration::default() };
    assert_eq!(NOW.plus(hours), None);
}

#[test]
fn periods() {
    for (text, start, end) in [
        ("2005-040/2005-043", "2005-02-09 00:00:00Z", "2005-02-12 00:00:00Z"),
        ("2020-01-02/2020-01-01", "2020-01-02 00:00:00Z", "2020-01-01 00:00:00Z"),
        ("2020-01-01/P1Y", "2020-01-01 00:00:00Z", "2021-01-01 00:00:00Z"),
        ("P1M/2020-03-31", "2020-02-29 00:00:00Z", "2020-03-31 00:00:00Z"),
        ("P-1Y/2020-01-01", "2021-01-01 00:00:00Z", "2020-01-01 00:00:00Z"),
        ("P1D", "2026-11-21 11:13:53 +01:00", "2026-11-22 11:13:53 +01:00"),
        ("epoch/2020-01-01", "1970-01-01 00:00:00Z", "2020-01-01 00:00:00Z"),
    ] {
        let period = Period::parse(text, NOW).unwrap();
        let shown = [period.start, period.end].map(|t| t.to_text(DateForm::Calendar, Zone::Own));
        assert_eq!(shown, [start, end], "{text}");
    }
}

#[test]
fn periods_that_are_none() {
    let start = "its start must be between 0001-01-01T00:00:00 and 9999-12-31T23:59:59";
    let end = "its end must be between 0001-01-01T00:00:00 and 9999-12-31T23:59:59";
    for (text, error) in [
        ("", "'' is not an ISO 8601 period: it is empty"),
        ("2019-01-01", "'2019-01-01' is not an ISO 8601 period: it has no duration and no end"),
        ("2019-01-01/", "'' is not an ISO 8601 date and time: it is empty"),
        ("PT2S/P1M", "'PT2S/P1M' is not an ISO 8601 period: it has two durations"),
        ("2019-01-01/P", "'P' is not an ISO 8601 duration: nothing follows 'P'"),
        (
            "P1YM/2019-13-01",
            "'P1YM' is not an ISO 8601 duration: there is no whole number that fits at 'M'",
        ),
        ("P1D/0001-01-01", &format!("'P1D/0001-01-01' is not an ISO 8601 period: {start}")),
        ("9999-12-31/P1D", &format!("'9999-12-31/P1D' is not an ISO 8601 period: {end}")),
    ] {
        let found = Period::parse(text, NOW).map_err(|error| error.to_string());
        assert_eq!(found, Err(error.to_owned()), "{text:?}");
    }
}
