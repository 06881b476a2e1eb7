use std::{fmt, time::Duration};

/// How often a recurring operation runs, in milliseconds; zero means once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Interval {
    /// Milliseconds from the end of one run to the start of the next.
    pub millis: u32,
}

/// A text that is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a duration: use a number with ms, s, min or h behind it, or ISO 8601 as in PT1M30S"
)]
pub struct IntervalError(pub String);

impl Interval {
    /// Not recurring.
    pub const ONCE: Self = Self { millis: 0 };

    /// Whether operations of this interval recur.
    pub const fn is_recurring(self) -> bool {
        self.millis > 0
    }

    /// Reads an interval in the duration grammar of the CIB; see [`parse_duration`].
    pub fn parse(text: &str) -> Result<Self, IntervalError> {
        let millis = parse_duration(text)?.as_millis();
        Ok(Self { millis: u32::try_from(millis).unwrap_or(u32::MAX) })
    }

    /// The time between runs.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.millis as u64)
    }
}

impl fmt::Display for Interval {
    /// The number of milliseconds, as in operation keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.millis.fmt(f)
    }
}

/// Reads a duration as the CIB spells it: a number with an optional unit (`us`/`usec`, `ms`/`msec`, `s`/`sec`, `m`/`min`,
/// `h`/`hr`; seconds if there is none), or an ISO 8601 duration (`PT1M30S`; a month is 30 days, a year 365).
pub fn parse_duration(text: &str) -> Result<Duration, IntervalError> {
    let bad = || IntervalError(text.to_owned());
    let trimmed = text.trim();
    if let Some(iso) = trimmed.strip_prefix('P') {
        return parse_iso(iso).ok_or_else(bad);
    }
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = match trimmed[..digits].parse() {
        Ok(number) => number,
        Err(_) if digits > 0 => u64::MAX,
        Err(_) => return Err(bad()),
    };
    // C reads "1.5s" as 1 followed by an unknown unit; refusing it is kinder than rounding it.
    let unit = trimmed[digits..].trim_start();
    let micros_per_unit: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "s" | "sec" => 1_000_000,
        "ms" | "msec" => 1_000,
        "us" | "usec" => 1,
        "m" | "min" => 60_000_000,
        "h" | "hr" => 3_600_000_000,
        _ => return Err(bad()),
    };
    Ok(Duration::from_micros(number.saturating_mul(micros_per_unit)))
}

/// The part of an ISO 8601 duration behind its `P`.
fn parse_iso(text: &str) -> Option<Duration> {
    const DAY: u64 = 86_400;
    let mut seconds: u64 = 0;
    let mut in_time = false;
    let mut number: Option<u64> = None;
    let mut fields = 0;
    for byte in text.bytes() {
        if byte.is_ascii_digit() {
            let digit = u64::from(byte - b'0');
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
            continue;
        }
        if byte == b'T' && !in_time && number.is_none() {
            in_time = true;
            continue;
        }
        let unit = match (byte, in_time) {
            (b'Y', false) => 365 * DAY,
            (b'M', false) => 30 * DAY,
            (b'W', false) => 7 * DAY,
            (b'D', false) => DAY,
            // Pacemaker has always taken "P10S", and configurations have it.
            (b'H', _) => 3_600,
            (b'M', true) => 60,
            (b'S', _) => 1,
            _ => return None,
        };
        seconds = seconds.saturating_add(number.take()?.saturating_mul(unit));
        fields += 1;
    }
    (number.is_none() && fields > 0).then(|| Duration::from_secs(seconds))
}

/// A duration as the tools print it: `2d3h`, `1m30s`, `20s`, `1.500s`, `250ms`. A unit is used for more than one of it, so a
/// whole minute is `60s` and a whole second `1000ms`.
pub fn readable_duration(duration: Duration) -> String {
    use fmt::Write;
    let mut millis = duration.as_millis();
    let mut text = String::new();
    for (size, unit) in [(86_400_000, 'd'), (3_600_000, 'h'), (60_000, 'm')] {
        if millis > size {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}{unit}", millis / size);
            millis %= size;
        }
    }
    let _ = match (millis / 1_000, millis % 1_000) {
        (0, 0) if !text.is_empty() => Ok(()),
        (0, 0) => text.write_str("0s"),
        (0, millis) => write!(text, "{millis}ms"),
        (1, 0) => text.write_str("1000ms"),
        (seconds, 0) => write!(text, "{seconds}s"),
        (seconds, millis) => write!(text, "{seconds}.{millis:03}s"),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_for_people() {
        for (millis, text) in [
            (0, "0s"),
            (30, "30ms"),
            (1_000, "1000ms"),
            (1_500, "1.500s"),
            (60_000, "60s"),
            (90_000, "1m30s"),
            (120_000, "2m"),
            (3_600_001, "1h1ms"),
            (183_900_000, "2d3h5m"),
        ] {
            assert_eq!(readable_duration(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn units() {
        let ms = |text| parse_duration(text).map(|d| d.as_millis());
        assert_eq!(ms("30s"), Ok(30_000));
        assert_eq!(ms("1min"), Ok(60_000));
        assert_eq!(ms(" 20 "), Ok(20_000));
        assert_eq!(ms("250ms"), Ok(250));
        assert_eq!(ms("2 hr"), Ok(7_200_000));
        assert_eq!(ms("PT1M30S"), Ok(90_000));
        assert_eq!(ms("P1DT1S"), Ok(86_401_000));
        assert_eq!(ms("P1M"), Ok(30 * 86_400_000));
        assert_eq!(ms("P10S"), Ok(10_000));
        for bad in ["", "s", "1.5s", "-3s", "10 parsecs", "P", "PT", "P5", "PT5D"] {
            assert!(parse_duration(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn too_long_an_interval_saturates() {
        assert_eq!(Interval::parse("99999999999999999999999h").unwrap().millis, u32::MAX);
    }
}
