use jiff::{Timestamp as Moment, tz};
use vocab::Timestamp;

/// The moment as C's `ctime` writes it, in local time: `Fri Nov 20 15:10:49 2026`.
pub fn ctime(moment: Timestamp, utc_offset_seconds: i32) -> String {
    format(moment, utc_offset_seconds, "%a %b %e %H:%M:%S %Y")
}

/// The moment in UTC: `2026-11-20 15:10:49Z`.
pub fn iso_utc(moment: Timestamp) -> String {
    format(moment, 0, "%Y-%m-%d %H:%M:%SZ")
}

/// The moment in local time with its offset: `2026-11-20 16:10:49 +01:00`.
pub fn iso_local(moment: Timestamp, utc_offset_seconds: i32) -> String {
    if utc_offset_seconds == 0 {
        return format(moment, 0, "%Y-%m-%d %H:%M:%SZ");
    }
    format(moment, utc_offset_seconds, "%Y-%m-%d %H:%M:%S %:z")
}

fn format(moment: Timestamp, utc_offset_seconds: i32, form: &str) -> String {
    let moment = Moment::from_second(moment.0).unwrap_or(Moment::MAX);
    let offset = tz::Offset::from_seconds(utc_offset_seconds).unwrap_or(tz::Offset::UTC);
    moment.to_zoned(offset.to_time_zone()).strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let moment = Timestamp(1_793_547_049);
        assert_eq!(ctime(moment, 0), "Sun Nov  1 15:30:49 2026");
        assert_eq!(ctime(moment, 3_600), "Sun Nov  1 16:30:49 2026");
        assert_eq!(iso_utc(moment), "2026-11-01 15:30:49Z");
        assert_eq!(iso_local(moment, 3_600), "2026-11-01 16:30:49 +01:00");
    }
}
