use std::{fmt, ops::Add, ops::AddAssign, ops::Neg};

/// A preference between minus and plus infinity (1,000,000), with Pacemaker's arithmetic: infinity absorbs every finite
/// score, and minus infinity absorbs plus infinity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Score(i32);

/// A text that is not a score.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a score: use a whole number, INFINITY or -INFINITY")]
pub struct ScoreError(pub String);

impl Score {
    /// Mandatory.
    pub const INFINITY: Self = Self(1_000_000);
    /// Forbidden.
    pub const MINUS_INFINITY: Self = Self(-1_000_000);
    /// No preference.
    pub const ZERO: Self = Self(0);

    /// The score nearest to `value`.
    pub const fn new(value: i64) -> Self {
        if value >= 1_000_000 {
            Self::INFINITY
        } else if value <= -1_000_000 {
            Self::MINUS_INFINITY
        } else {
            Self(value as i32)
        }
    }

    /// The number, infinity being 1,000,000.
    pub const fn value(self) -> i32 {
        self.0
    }

    /// Whether it is plus infinity.
    pub const fn is_infinite(self) -> bool {
        self.0 >= Self::INFINITY.0
    }

    /// Whether it is minus infinity.
    pub const fn is_minus_infinite(self) -> bool {
        self.0 <= Self::MINUS_INFINITY.0
    }

    /// Reads a score as the CIB spells it: a whole number (what follows its digits is ignored, as C's `strtol` does), or
    /// `INFINITY`, `+INFINITY`, `-INFINITY` in any case.
    pub fn parse(text: &str) -> Result<Self, ScoreError> {
        let trimmed = text.trim_start();
        if trimmed.eq_ignore_ascii_case("INFINITY") || trimmed.eq_ignore_ascii_case("+INFINITY") {
            return Ok(Self::INFINITY);
        }
        if trimmed.eq_ignore_ascii_case("-INFINITY") {
            return Ok(Self::MINUS_INFINITY);
        }
        let digits_from = usize::from(trimmed.starts_with(['+', '-']));
        let digits = trimmed[digits_from..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(ScoreError(text.to_owned()));
        }
        let number = &trimmed[..digits_from + digits];
        let saturated = if number.starts_with('-') { i64::MIN } else { i64::MAX };
        Ok(Self::new(number.parse().unwrap_or(saturated)))
    }
}

impl Add for Score {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        if self.is_minus_infinite() || other.is_minus_infinite() {
            Self::MINUS_INFINITY
        } else if self.is_infinite() || other.is_infinite() {
            Self::INFINITY
        } else {
            Self::new(i64::from(self.0) + i64::from(other.0))
        }
    }
}

impl AddAssign for Score {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Neg for Score {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl From<i32> for Score {
    fn from(value: i32) -> Self {
        Self::new(i64::from(value))
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1_000_000 => f.pad("INFINITY"),
            -1_000_000 => f.pad("-INFINITY"),
            value => fmt::Display::fmt(&value, f),
        }
    }
}

impl fmt::Debug for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinity_absorbs_and_minus_infinity_wins() {
        assert_eq!(Score::INFINITY + Score::from(-5), Score::INFINITY);
        assert_eq!(Score::INFINITY + Score::MINUS_INFINITY, Score::MINUS_INFINITY);
        assert_eq!(Score::from(999_999) + Score::from(999_999), Score::INFINITY);
    }

    #[test]
    fn spellings() {
        assert_eq!(Score::parse("infinity"), Ok(Score::INFINITY));
        assert_eq!(Score::parse("+INFINITY"), Ok(Score::INFINITY));
        assert_eq!(Score::parse("-INFINITY"), Ok(Score::MINUS_INFINITY));
        assert_eq!(Score::parse("-99999999999999999999"), Ok(Score::MINUS_INFINITY));
        assert_eq!(Score::parse("100s"), Ok(Score::from(100)));
        assert!(Score::parse("").is_err());
        assert!(Score::parse("red").is_err());
        assert_eq!(Score::INFINITY.to_string(), "INFINITY");
        assert_eq!(Score::from(-7).to_string(), "-7");
    }
}
