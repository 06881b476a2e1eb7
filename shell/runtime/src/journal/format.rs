use std::{fmt::Write, time::SystemTime};

use jiff::tz::TimeZone;

use super::{TimestampForm, queue::Line};

/// A line of a file, as `Nov 21 00:39:27.519 [7] ha-web1 corosync notice  [MAIN  ] text`.
///
/// C runs the program and the level together where there is no time; here they are apart.
pub(super) fn file_line(line: &Line, zone: &TimeZone) -> String {
    let mut text = time(line, zone);
    let settings = &line.settings;
    let (pid, host, program) = (std::process::id(), &settings.host, &settings.program);
    let _ = write!(text, "[{pid}] {host} {program} ");
    message(&mut text, line);
    text.push('\n');
    text
}

/// A line on standard error, as `Nov 21 00:39:27.519 notice  [MAIN  ] text`.
pub(super) fn stderr_line(line: &Line, zone: &TimeZone) -> String {
    let mut text = time(line, zone);
    message(&mut text, line);
    text.push('\n');
    text
}

/// A datagram for syslog, whose text is as C's: `  [MAIN  ] text` with a time, one space less without.
pub(super) fn syslog_message(line: &Line, zone: &TimeZone) -> String {
    // Debug messages count as infos, and traces as debug messages: few systems keep debug messages.
    let severity = match line.severity as u8 {
        severity @ 7.. => severity - 1,
        severity => severity,
    };
    let priority = line.settings.facility.with(severity);
    let at = local(line.time, zone).strftime("%b %e %H:%M:%S");
    let (program, pid) = (&line.settings.program, std::process::id());
    let mut text = format!("<{priority}>{at} {program}[{pid}]: ");
    if line.settings.timestamp != TimestampForm::Off {
        text.push(' ');
    }
    text.push(' ');
    tagged(&mut text, line);
    text
}

fn message(text: &mut String, line: &Line) {
    let _ = write!(text, "{:7} ", line.severity);
    tagged(text, line);
}

/// The subsystem, cut or filled up to six letters, and the text in one line.
fn tagged(text: &mut String, line: &Line) {
    let _ = write!(text, "[{:6.6}] ", line.subsystem);
    // Text may come from another node, which must not be able to fake lines.
    text.extend(line.text.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }));
}

fn time(line: &Line, zone: &TimeZone) -> String {
    let at = local(line.time, zone);
    match line.settings.timestamp {
        TimestampForm::Off => String::new(),
        TimestampForm::Seconds => at.strftime("%b %d %H:%M:%S ").to_string(),
        TimestampForm::Milliseconds => {
            format!("{}.{:03} ", at.strftime("%b %d %H:%M:%S"), at.subsec_nanosecond() / 1_000_000)
        }
    }
}

fn local(at: SystemTime, zone: &TimeZone) -> jiff::Zoned {
    jiff::Timestamp::try_from(at).unwrap_or_default().to_zoned(zone.clone())
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;
    use crate::{JournalSettings, Severity};

    fn line(timestamp: TimestampForm, severity: Severity, text: &str) -> Line {
        let settings =
            JournalSettings { host: "ha-web1".to_owned(), timestamp, ..JournalSettings::default() };
        Line {
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_221_567_519),
            severity,
            subsystem: "MAIN".to_owned(),
            text: text.to_owned(),
            settings: Arc::new(settings),
        }
    }

    #[test]
    fn lines_look_as_those_of_c() {
        let pid = std::process::id();
        let line = |timestamp| line(timestamp, Severity::Notice, "starting up\n");
        let milliseconds = line(TimestampForm::Milliseconds);
        let seconds = line(TimestampForm::Seconds);
        let off = line(TimestampForm::Off);
        let utc = TimeZone::UTC;
        assert_eq!(
            file_line(&milliseconds, &utc),
            format!("Nov 21 00:39:27.519 [{pid}] ha-web1 corosync notice  [MAIN  ] starting up\n")
        );
        assert_eq!(
            file_line(&seconds, &utc),
            format!("Nov 21 00:39:27 [{pid}] ha-web1 corosync notice  [MAIN  ] starting up\n")
        );
        assert_eq!(
            file_line(&off, &utc),
            format!("[{pid}] ha-web1 corosync notice  [MAIN  ] starting up\n")
        );
        assert_eq!(
            stderr_line(&milliseconds, &utc),
            "Nov 21 00:39:27.519 notice  [MAIN  ] starting up\n"
        );
        assert_eq!(stderr_line(&off, &utc), "notice  [MAIN  ] starting up\n");
        assert_eq!(
            syslog_message(&milliseconds, &utc),
            format!("<29>Nov 21 00:39:27 corosync[{pid}]:   [MAIN  ] starting up")
        );
        assert_eq!(
            syslog_message(&off, &utc),
            format!("<29>Nov 21 00:39:27 corosync[{pid}]:  [MAIN  ] starting up")
        );
    }

    #[test]
    fn nobody_can_fake_a_line() {
        let line = line(TimestampForm::Off, Severity::Error, "name 'x\nnotice  [MAIN  ] y\u{1b}'");
        let text = stderr_line(&line, &TimeZone::UTC);
        assert_eq!(text, "error   [MAIN  ] name 'x notice  [MAIN  ] y '\n");
    }

    #[test]
    fn debug_messages_are_infos_for_syslog() {
        let start = |severity| {
            syslog_message(&line(TimestampForm::Off, severity, "x"), &TimeZone::UTC)[..4].to_owned()
        };
        assert_eq!(start(Severity::Info), "<30>");
        assert_eq!(start(Severity::Debug), "<30>");
        assert_eq!(start(Severity::Trace), "<31>");
    }
}
