//! `iso8601`: reads dates, durations and periods as the CIB writes them, and adds them.

use std::{ffi::OsString, process::ExitCode};

use rules::{CalendarTime, DateForm, Duration, LocalTime, Period, Zone};
use vocab::ToolExit;
use xml::{Element, Node};

use crate::{
    frame::{self, Stop},
    output::Output,
};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "iso8601",
    summary: "Tell what a date, a duration or a period of a configuration means",
    main,
};

#[derive(Debug, clap::Args)]
struct Options {
    /// Show the time now
    #[arg(short = 'n', long, overrides_with = "date")]
    now: bool,
    /// Show a date with or without a time, such as "2019-09-24 00:30:00+01:00" or "2019-040"
    #[arg(
        short = 'd',
        long,
        value_name = "DATE",
        allow_hyphen_values = true,
        overrides_with = "now"
    )]
    date: Option<String>,
    /// Show a period, such as "2005-040/2005-043"
    #[arg(short = 'p', long, value_name = "PERIOD", allow_hyphen_values = true)]
    period: Option<String>,
    /// Show a duration, such as "P1M", and when it ends if it begins at the date
    #[arg(short = 'D', long, value_name = "DURATION", allow_hyphen_values = true)]
    duration: Option<String>,
    /// End with an error unless this is what becomes of the date
    #[arg(short = 'E', long, value_name = "TEXT", allow_hyphen_values = true)]
    expected: Option<String>,
    #[command(flatten)]
    style: Style,
}

/// How times are shown; where several are asked for, the first of these counts.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Style {
    /// Show times as seconds since the year 1 began
    #[arg(short = 's', long)]
    seconds: bool,
    /// Show times as seconds since 1970 began
    #[arg(short = 'S', long)]
    epoch: bool,
    /// Show times with the offset from UTC they were given with
    #[arg(short = 'L', long)]
    local: bool,
    /// Show dates as year and day of the year
    #[arg(short = 'O', long)]
    ordinal: bool,
    /// Show dates as year, week and day of the week
    #[arg(short = 'W', long)]
    week: bool,
}

impl Style {
    fn show(self, time: LocalTime) -> String {
        self.show_in(time, if self.local { Zone::Own } else { Zone::Utc })
    }

    fn show_in(self, time: LocalTime, zone: Zone) -> String {
        let form = match (self.week, self.ordinal) {
            (true, _) => DateForm::Week,
            (false, true) => DateForm::Ordinal,
            (false, false) => DateForm::Calendar,
        };
        match (self.seconds, self.epoch) {
            (true, _) => time.seconds_since_year_one().to_string(),
            (false, true) => time.moment.0.to_string(),
            (false, false) => time.to_text(form, zone),
        }
    }
}

fn main(args: Vec<OsString>) -> ExitCode {
    frame::run(&TOOL, &args, run)
}

fn run(options: &Options, output: &mut Output) -> Result<ToolExit, Stop> {
    let now = frame::local_time();
    let style = options.style;
    let is_now = |text: &str| text.eq_ignore_ascii_case("now");
    let mut result = match &options.date {
        _ if options.now => Some(show_now(now, style, output)),
        Some(text) if is_now(text) => Some(show_now(now, style, output)),
        Some(text) => {
            let time = CalendarTime::parse(text)
                .map_err(|error| invalid(output, "date/time", text, &error))?
                .at(now);
            say(output, "Date", "date", &style.show(time));
            Some(time)
        }
        None => None,
    };
    let mut lasts = None;
    if let Some(text) = &options.duration {
        let duration =
            Duration::parse(text).map_err(|error| invalid(output, "duration", text, &error))?;
        say(output, "Duration", "duration", &duration.to_string());
        lasts = Some(duration);
    }
    if let Some(text) = &options.period {
        let period =
            Period::parse(text, now).map_err(|error| invalid(output, "interval", text, &error))?;
        let (start, end) = (style.show(period.start), style.show(period.end));
        output.line(format!("Period: {start} to {end}"));
        let element = Element::new("period");
        output
            .element(element.with_child(holding("start", &start)).with_child(holding("end", &end)));
    }
    if let (Some(start), Some(duration)) = (result, lasts) {
        let end = start.plus(duration).ok_or_else(|| {
            let start = style.show(start);
            let message = format!("{start} and the duration add up to no year from 1 to 9999");
            Stop::new(message, ToolExit::InvalidParameter)
        })?;
        say(output, "Duration ends at", "duration_ends", &style.show_in(end, Zone::Own));
        result = Some(end);
    }
    Ok(match (result, &options.expected) {
        (Some(time), Some(expected)) if !style.show(time).eq_ignore_ascii_case(expected) => {
            ToolExit::Error
        }
        (Some(_) | None, _) => ToolExit::Ok,
    })
}

fn show_now(now: LocalTime, style: Style, output: &mut Output) -> LocalTime {
    say(output, "Current date/time", "date", &style.show(now));
    now
}

fn say(output: &mut Output, title: &str, element: &str, text: &str) {
    output.line(format!("{title}: {text}"));
    output.element(holding(element, text));
}

/// An element with nothing but text.
fn holding(name: &str, text: &str) -> Element {
    let mut element = Element::new(name);
    element.push(Node::Text(text.into()));
    element
}

/// Says why a text is none; what remains to be said is which.
fn invalid(output: &mut Output, what: &str, text: &str, why: &rules::CalendarError) -> Stop {
    output.aside(format!("error: {why}"));
    Stop::new(format!("Invalid {what} specified: {text}"), ToolExit::InvalidParameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_style_counts() {
        let plain =
            Style { seconds: false, epoch: false, local: false, ordinal: false, week: false };
        let time = LocalTime { moment: vocab::Timestamp(0), utc_offset_seconds: -3_600 };
        assert_eq!(plain.show(time), "1970-01-01 00:00:00Z");
        assert_eq!(Style { local: true, ..plain }.show(time), "1969-12-31 23:00:00 -01:00");
        let week = Style { week: true, ordinal: true, ..plain };
        assert_eq!(week.show(time), "1970-W01-4 00:00:00Z");
        assert_eq!(Style { epoch: true, ..week }.show(time), "0");
        assert_eq!(Style { seconds: true, epoch: true, ..week }.show(time), "62135596800");
    }
}
