//! Dates, durations and periods as configurations write them, and rules made of them.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use rules::{
    CalendarTime, DateForm, Duration, Facts, LocalTime, NextChange, Period, Range, Rule, Zone,
};
use vocab::Timestamp;
use xml::Element;

/// 2026-11-21 10:13:53 UTC.
const NOW: LocalTime = LocalTime::utc(Timestamp(1_795_256_033));

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if text.starts_with('<') {
        return rule(text);
    }
    let _ = Range::parse(text);
    let _ = Period::parse(text, NOW);
    let (time, duration) = text.split_once('\n').unwrap_or((text, text));
    let time = CalendarTime::parse(time).map(|time| time.at(NOW));
    let duration = Duration::parse(duration);
    if let Ok(time) = time {
        read_again(time);
    }
    if let Ok(duration) = duration {
        let _ = duration.to_string();
        let start = time.unwrap_or(NOW);
        if let Some(end) = start.plus(duration) {
            read_again(end);
            let _ = end.plus(duration.negated());
        }
    }
});

/// What is written is read as the same time.
fn read_again(time: LocalTime) {
    for form in [DateForm::Calendar, DateForm::Ordinal, DateForm::Week] {
        let again = |zone| CalendarTime::parse(&time.to_text(form, zone)).map(|t| t.at(NOW));
        assert_eq!(again(Zone::Utc), Ok(LocalTime::utc(time.moment)));
        // Offsets are written in minutes.
        if time.utc_offset_seconds % 60 == 0 {
            assert_eq!(again(Zone::Own), Ok(time));
        }
    }
}

fn rule(text: &str) {
    let Ok(document) = xml::parse(text) else { return };
    let find = |id: &str| -> Option<&Element> {
        document.descendants().find(|element| element.id() == Some(id))
    };
    // What the outermost element has as attributes, the node has, too.
    let node: BTreeMap<String, String> =
        document.attrs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let facts = Facts {
        node: Some(&node),
        parameters: Some(&node),
        submatches: &["whole".to_owned(), "group".to_owned()],
        ..Facts::at(NOW)
    };
    for element in document.descendants().take(20) {
        let mut problems = Vec::new();
        let rule = Rule::parse(element, &find, &mut problems);
        let _ = rule.evaluate(&facts, &mut NextChange::default());
        if let Some(id) = element.id() {
            let _ = rules::check(&document, id, NOW);
        }
    }
}
