use jiff::tz::TimeZone;
use vocab::Timestamp;

/// A time in words and in the local time zone, as C's `ctime` has it: `Fri Nov 20 15:10:49 2026`.
pub fn time_in_words(at: Timestamp) -> String {
    in_zone(at, TimeZone::system())
}

/// How many seconds local time is ahead of UTC at a time.
pub fn utc_offset_seconds(at: Timestamp) -> i32 {
    let at = jiff::Timestamp::from_second(at.0).unwrap_or_default();
    TimeZone::system().to_offset(at).seconds()
}

fn in_zone(at: Timestamp, zone: TimeZone) -> String {
    let at = jiff::Timestamp::from_second(at.0).unwrap_or_default();
    at.to_zoned(zone).strftime("%a %b %e %H:%M:%S %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let words = |seconds| in_zone(Timestamp(seconds), TimeZone::UTC);
        assert_eq!(words(0), "Thu Jan  1 00:00:00 1970");
        assert_eq!(words(1_795_187_449), "Fri Nov 20 15:10:49 2026");
    }
}
