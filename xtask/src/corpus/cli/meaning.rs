//! Lines that are compared by what they mean: where the stored one is worded by a library of the original's and names the
//! function it comes from, and ours is worded by us. What differs is listed here line by line; values are compared.

use std::sync::OnceLock;

use regex_lite::Regex;

/// Stored lines and what they mean. A line is what the first pattern says that fits.
const THEIRS: &[(&str, &str)] = &[
    // libxml2 tells what breaks a schema there: of an element inside another it says, too, that it should not be there.
    (r"^Element constraints has extra content: rsc_order$", ""),
    (r"^Invalid attribute (\S+) for element (\S+)$", "wrong: ${1} in ${2}"),
    (r"^Element (\S+) has extra content: (\S+)$", "wrong: <${2}> in ${1}"),
    // A traced function says so of each direction of a constraint; here it is said once, with -VV.
    (r"^invert_action \twarning: Unknown action '.*' specified in order constraint$", ""),
    // What the log says of a recorded failure names the function and the record.
    (r"^unpack_rsc_op \terror: (Preventing .*) \| \S+$", "wrong: ${1}"),
    // Where parsing goes wrong is told in numbers of the machine there, and in those of the text here.
    (
        r"^parse_date \terror: '-0*([0-9]+)\S* .*because '42949[0-9]*' is not a valid year$",
        "wrong: year -${1}",
    ),
    (
        r"^parse_\w+ \terror: .* because '?([0-9]+)'? is not a valid (year|month|day of the month|hour|minute|second)$",
        "wrong: ${2} ${1}",
    ),
    // Years of five digits are read there, and refused when the period is complete.
    (
        r"^parse_period \terror: '.*' is not .* because the (start|end) is invalid \(must be between .*\)$",
        "wrong: no year of four digits",
    ),
    (r"^parse_(period|date) \terror: No ISO 8601 .* given$", "wrong: nothing given as ${1}"),
    (
        r"^parse_period \terror: '(.*)' is not .* because it has no duration or ending time$",
        "wrong: no end: ${1}",
    ),
    (
        r"^parse_period \terror: '(.*)' is not .* because it has two durations$",
        "wrong: two durations: ${1}",
    ),
    // What is quoted goes on behind the part of the period that is wrong there.
    (
        r"^crm_time_parse_duration \terror: '(.*)' is not .* because nothing follows 'P'$",
        "wrong: empty duration",
    ),
    (
        r"^parse_duration_element \terror: '(\w*).*' is not .* because '(.)' is not a valid time unit$",
        "wrong: ${1}, unit ${2}",
    ),
    (
        r"^parse_duration_element \terror: '(\w*).*' is not .* because no valid integer at '(\w*).*'$",
        "wrong: ${1}, number ${2}",
    ),
    // What is logged there with the function's name is said here without.
    (r"^unpack_resources \terror: (Resource start-up disabled .*)$", "error: ${1}"),
    // Parameters are in the order of a hash table there, and in that of their names here.
    (
        r#"^ *<parameters passwd="([^"]*)" fake="([^"]*)"( CRM_meta_timeout="[^"]*")?/>$"#,
        "parameters${3} fake=${2} passwd=${1}",
    ),
    // libxml2 shows the line and a mark under it.
    (
        r"^pcmk__log_xmllib_err \terror: XML Error: Entity: line 1: parser error : Start tag expected, '<' not found$",
        "wrong: no XML",
    ),
    (r"^pcmk__log_xmllib_err \terror: XML Error: (invalidxml|\s*\^)$", ""),
    // GLib reads the command line there.
    (r"^crm_resource: Error parsing option --list-options$", "wrong: value of --list-options"),
];

/// Our lines and what they mean.
const OURS: &[(&str, &str)] = &[
    (r#"^<([\w-]+)[^>]*>: (\S+)="[^"]*" is not .*$"#, "wrong: ${2} in ${1}"),
    (r"^<([\w-]+)[^>]*>: <(\S+)> must not be in it; .*$", "wrong: <${2}> in ${1}"),
    // What exactly breaks the schema is in the log there, and told to whoever asked here.
    (r"^wrong: <[\w-]+[^>]*>: .+$", ""),
    (r"^error: (Preventing .*)$", "wrong: ${1}"),
    (
        r#"^ *<parameters( CRM_meta_timeout="[^"]*")? fake="([^"]*)" passwd="([^"]*)"/>$"#,
        "parameters${1} fake=${2} passwd=${3}",
    ),
    (
        r"^error: '.*' is not an ISO 8601 date and time: year [0-9]{5,} is not 1 to 9999$",
        "wrong: no year of four digits",
    ),
    (
        r"^error: '.*' is not an ISO 8601 date and time: (year|month|day of the month|hour|minute|second) (-?[0-9]+) is not [0-9]+ to [0-9]+$",
        "wrong: ${1} ${2}",
    ),
    (r"^error: '' is not an ISO 8601 (period): it is empty$", "wrong: nothing given as ${1}"),
    (
        r"^error: '' is not an ISO 8601 (date) and time: it is empty$",
        "wrong: nothing given as ${1}",
    ),
    (
        r"^error: '(.*)' is not an ISO 8601 period: it has no duration and no end$",
        "wrong: no end: ${1}",
    ),
    (
        r"^error: '(.*)' is not an ISO 8601 period: it has two durations$",
        "wrong: two durations: ${1}",
    ),
    (r"^error: 'P' is not an ISO 8601 duration: nothing follows 'P'$", "wrong: empty duration"),
    (
        r"^error: '(.*)' is not an ISO 8601 duration: '(.)' is not a unit: .*$",
        "wrong: ${1}, unit ${2}",
    ),
    (
        r"^error: '(.*)' is not an ISO 8601 duration: there is no whole number that fits at '(.*)'$",
        "wrong: ${1}, number ${2}",
    ),
    (
        r"^error: not well-formed XML at line [0-9]+, column [0-9]+: there is text outside the root element$",
        "wrong: no XML",
    ),
    // clap reads ours, and says more.
    (
        r"^crm_resource: error: invalid value '.*' for '--list-options <KIND>'$",
        "wrong: value of --list-options",
    ),
    (r"^  \[possible values: primitive, fencing\]$", ""),
    (r"^For more information, try '--help'.$", ""),
];

/// A stored line, or what it means if only its meaning counts.
pub(super) fn of_theirs(line: &str) -> String {
    static COMPILED: OnceLock<Vec<(Regex, &str)>> = OnceLock::new();
    of(line, COMPILED.get_or_init(|| compiled(THEIRS)))
}

/// A line of ours, or what it means if only its meaning counts.
pub(super) fn of_ours(line: &str) -> String {
    static COMPILED: OnceLock<Vec<(Regex, &str)>> = OnceLock::new();
    of(line, COMPILED.get_or_init(|| compiled(OURS)))
}

fn compiled(rules: &[(&str, &'static str)]) -> Vec<(Regex, &'static str)> {
    rules.iter().filter_map(|(pattern, by)| Some((Regex::new(pattern).ok()?, *by))).collect()
}

fn of(line: &str, rules: &[(Regex, &str)]) -> String {
    match rules.iter().find(|(pattern, _)| pattern.is_match(line)) {
        Some((pattern, by)) => pattern.replace(line, *by).into_owned(),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        for (pattern, _) in THEIRS.iter().chain(OURS) {
            assert!(Regex::new(pattern).is_ok(), "{pattern}");
        }
    }

    #[test]
    fn two_lines_mean_the_same_only_with_the_same_values() {
        let theirs = of_theirs(
            "parse_date \terror: '2019-13-01/P1M' is not a valid ISO 8601 date/time specification because '13' is \
             not a valid month",
        );
        let ours = |month: u32| {
            of_ours(&format!(
                "error: '2019-{month}-01' is not an ISO 8601 date and time: month {month} is not 1 to 12"
            ))
        };
        assert_eq!(theirs, ours(13));
        assert_ne!(theirs, ours(14));
        assert_eq!(of_ours("Date: 2019-01-01"), "Date: 2019-01-01");
    }
}
