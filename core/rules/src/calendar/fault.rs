use std::fmt;

/// A text that is not a date and time, a duration or a period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not {kind}: {fault}")]
pub struct CalendarError {
    /// What was given.
    pub text: String,
    /// What it should have been.
    pub kind: Kind,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What a text is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A date and time.
    Time,
    /// A duration.
    Duration,
    /// A period.
    Period,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "an ISO 8601 date and time",
            Self::Duration => "an ISO 8601 duration",
            Self::Period => "an ISO 8601 period",
        })
    }
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// No date and no time can be seen.
    #[error("the date must be YYYY-MM-DD, YYYYMMDD, YYYY-DDD or YYYY-Www-D, not '{0}'")]
    Date(String),
    /// A time of day should be here.
    #[error("the time must be hh, hh:mm, hh:mm:ss, hhmm or hhmmss, not '{0}'")]
    TimeOfDay(String),
    /// An offset should be here.
    #[error("the offset must be Z, +hh:mm or -hh:mm, not '{0}'")]
    Offset(String),
    /// What follows a complete date belongs to nothing.
    #[error("a time must follow the date behind 'T' or a space, not '{0}'")]
    BehindDate(String),
    /// A field is not in its range.
    #[error("{field} {value} is not {low} to {high}")]
    Field {
        /// Which field.
        field: Field,
        /// Its digits, with the sign if it has one.
        value: String,
        /// The smallest number it may have there.
        low: i16,
        /// The greatest number it may have there.
        high: i16,
    },
    /// The moment has no year of four digits.
    #[error("it must be between 0001-01-01T00:00:00 and 9999-12-31T23:59:59")]
    Outside,
    /// A duration does not begin with a P.
    #[error("it does not begin with 'P'")]
    WithoutP,
    /// A duration has nothing behind its P.
    #[error("nothing follows 'P'")]
    NothingBehindP,
    /// A duration is as long as nothing.
    #[error("it has no amount other than zero")]
    NoAmount,
    /// A number should be here.
    #[error("there is no whole number that fits at '{0}'")]
    Number(String),
    /// A number has no unit.
    #[error("no unit follows '{0}'")]
    WithoutUnit(String),
    /// There is no such unit.
    #[error("'{0}' is not a unit: use Y, M, W, D and behind a T also H, M, S")]
    Unit(char),
    /// A unit is there twice.
    #[error("unit '{0}' is there twice")]
    UnitTwice(char),
    /// Days or seconds of a duration do not fit into what Pacemaker has for them.
    #[error("it is too long")]
    TooLong,
    /// A period consists of two durations.
    #[error("it has two durations")]
    TwoDurations,
    /// A period is a time alone.
    #[error("it has no duration and no end")]
    NoEnd,
    /// A period begins too early or too late.
    #[error("its start must be between 0001-01-01T00:00:00 and 9999-12-31T23:59:59")]
    StartOutside,
    /// A period ends too early or too late.
    #[error("its end must be between 0001-01-01T00:00:00 and 9999-12-31T23:59:59")]
    EndOutside,
}

/// A field of a date or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Year.
    Year,
    /// Month.
    Month,
    /// Day of the month.
    DayOfMonth,
    /// Day of the year.
    DayOfYear,
    /// ISO week.
    Week,
    /// Day of the week.
    Weekday,
    /// Hour.
    Hour,
    /// Minute.
    Minute,
    /// Second.
    Second,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::DayOfMonth => "day of the month",
            Self::DayOfYear => "day of the year",
            Self::Week => "week",
            Self::Weekday => "day of the week",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
        })
    }
}
