//! Takes out of outputs what is different in every run: times, versions, places, and where in a source a line came from.

use std::{path::Path, sync::OnceLock};

use regex_lite::Regex;

/// Patterns and what they are replaced by, one after another on each line.
const RULES: &[(&str, &str)] = &[
    (r"Created new pacemaker-.* configuration", "Created new pacemaker configuration"),
    (r"Device not configured", "No such device or address"),
    (r"^Entity: line [0-9]+: ", ""),
    (r"(Injecting attribute last-failure-ping#monitor_10000=)[0-9]*", "${1}"),
    (r"Last change: .*", "Last change:"),
    (r"Last updated: .*", "Last updated:"),
    (r"^Migration will take effect until: .*", "Migration will take effect until:"),
    (r"(\* Possible values.*: .*)\(default: [^)]*\)", "${1}(default: )"),
    (r"-X '.*'", "-X '...'"),
    (r#" api-version="[^"]*""#, r#" api-version="X""#),
    (r"\(apply_upgrade@.*\.c:[0-9]+\)", "apply_upgrade"),
    (r"\(invert_action@.*\.c:[0-9]+\)", "invert_action"),
    (r"\(pcmk__update_schema@.*\.c:[0-9]+\)", "pcmk__update_schema"),
    (r#"(<change-attr name="crm_feature_set" .* value=")[0-9.]*""#, r#"${1}""#),
    (r#"(<change-attr name="validate-with" .* value="pacemaker-)[0-9.]+""#, r#"${1}X""#),
    (r#"(<cib.*) cib-last-written="[^"]*""#, "${1}"),
    (r#"crm_feature_set="[^"]*" "#, ""),
    (r"@crm_feature_set=[0-9.]+, ", ""),
    (r"\(crm_time_parse_duration@.*\.c:[0-9]+\)", "crm_time_parse_duration"),
    (r"\(parse_hms@.*\.c:[0-9]+\)", "parse_hms"),
    (r#" default="[^"]*""#, r#" default="""#),
    (r#" end="[0-9][-+: 0-9]*Z*""#, r#" end="""#),
    (r#"last_change time=".*""#, r#"last_change time="""#),
    (r#"last_update time=".*""#, r#"last_update time="""#),
    (r#" last-rc-change=['"][-+A-Za-z0-9: ]*['"],?"#, ""),
    (r"\(parse_date@.*\.c:[0-9]+\)", "parse_date"),
    (r"\(parse_duration_element@.*\.c:[0-9]+\)", "parse_duration_element"),
    (r"\(parse_period@.*\.c:[0-9]+\)", "parse_period"),
    (r"\((pcmk__.*)@.*\.c:[0-9]+\)", "${1}"),
    (r".*Relax-NG validity error : ", ""),
    (r#"request=".*cibadmin"#, r#"request="cibadmin"#),
    (r#"request=".*(crm_?[a-zA-Z0-9]+) "#, r#"request="${1} "#),
    (r#"request=".*iso8601"#, r#"request="iso8601"#),
    (r#" start="[0-9][-+: 0-9]*Z*""#, r#" start="""#),
    (r"/\S*/?cts-cli\.\S*/shadow.cts-cli", "/tmp/cts-cli.shadow/shadow.cts-cli"),
    (r"^/tmp/cts-cli\.xmllint\.[^:]*:", "/tmp/cts-cli.xmllint:"),
    (r"^/tmp/cts-cli\.xmllint\.[^ ]* fails to validate", "/tmp/cts-cli.xmllint fails to validate"),
    (r".*\((unpack_.*)@.*\.c:[0-9]+\)", "${1}"),
    (r#" validate-with="[^"]*""#, ""),
    (r"(@validate-with=pacemaker-)[0-9.]+,", "${1}X,"),
    (r#" version="[^"]*""#, r#" version="""#),
    (r"\(version .*\)", "(version)"),
];

/// One line without what changes.
pub(super) fn line(text: &str, folder: &Path) -> String {
    static COMPILED: OnceLock<Vec<(Regex, &str)>> = OnceLock::new();
    let rules = COMPILED.get_or_init(|| {
        let compile = |(pattern, by): &(&str, &'static str)| Some((Regex::new(pattern).ok()?, *by));
        RULES.iter().filter_map(compile).collect()
    });
    let mut line = text.replace(&folder.display().to_string(), "CTS_CLI_DATA");
    for (pattern, by) in rules {
        if pattern.is_match(&line) {
            line = pattern.replace_all(&line, *by).into_owned();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        for (pattern, _) in RULES {
            assert!(Regex::new(pattern).is_ok(), "{pattern}");
        }
    }

    #[test]
    fn versions_times_and_places_are_taken_out() {
        let clean = |text: &str| line(text, Path::new("/some/data"));
        assert_eq!(
            clean(
                r#"<cib validate-with="x" crm_feature_set="3.20" epoch="1" cib-last-written="now">"#
            ),
            r#"<cib epoch="1">"#
        );
        assert_eq!(clean("  * Last updated: today"), "  * Last updated:");
        assert_eq!(clean("-x /some/data/a.xml"), "-x CTS_CLI_DATA/a.xml");
        assert_eq!(clean("(pcmk__check_acl@acl.c:12) trace"), "pcmk__check_acl trace");
    }
}
