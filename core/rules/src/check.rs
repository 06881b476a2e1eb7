use xml::Element;

use crate::{Condition, DateCondition, Facts, LocalTime, NextChange, Outcome, Problem};

/// What a rule's date says of a moment, as `crm_rule` asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The moment lies between the rule's start and its end.
    InEffect,
    /// The moment fits the fields the rule asks for.
    Satisfied,
    /// The rule takes effect later.
    NotYet,
    /// The rule's time is over.
    Expired,
}

/// Why it cannot be said whether a rule is in effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// There is no such rule.
    #[error("Rule not found")]
    NotFound,
    /// Several rules have the id.
    #[error("Found more than one rule with matching ID")]
    Ambiguous,
    /// The rule does not depend on the time.
    #[error("Rule does not have a date expression")]
    WithoutDate,
    /// The rule depends on the time in several ways.
    #[error("Rule has more than one date expression")]
    SeveralDates,
    /// The rule comes and goes, so that it is never over.
    #[error("Rule must either not use date_spec, or use date_spec with years=")]
    Recurring,
    /// The rule depends on the moon.
    #[error("Rule must not use date_spec with moon=")]
    Moon,
    /// The rule's date is wrong.
    #[error("{0}")]
    Unreadable(Problem),
}

/// Whether the rule with that id, wherever it is in the document, is in effect. What can be said is only of rules with one
/// date, and if that is a `date_spec`, with one that names years; other conditions of the rule do not count.
///
/// Pacemaker's `crm_rule` says the same, but refuses a date without `operation`, which rules read as `in_range`, and notices
/// a wrong field of a `date_spec` only if those before it fit.
pub fn check(document: &Element, id: &str, now: LocalTime) -> Result<Standing, CheckError> {
    let mut rules = document.descendants().filter(|e| e.name() == "rule" && e.id() == Some(id));
    let rule = rules.next().ok_or(CheckError::NotFound)?;
    if rules.next().is_some() {
        return Err(CheckError::Ambiguous);
    }
    let mut dates = rule.descendants().filter(|element| element.name() == "date_expression");
    let date = dates.next().ok_or(CheckError::WithoutDate)?;
    if dates.next().is_some() {
        return Err(CheckError::SeveralDates);
    }
    if date.attr("operation").is_some_and(|name| name.eq_ignore_ascii_case("date_spec")) {
        let spec = |field: &str| date.child("date_spec").is_some_and(|s| s.attr(field).is_some());
        if !spec("years") {
            return Err(CheckError::Recurring);
        }
        if spec("moon") {
            return Err(CheckError::Moon);
        }
    }
    let condition = DateCondition::parse(date).map_err(CheckError::Unreadable)?;
    let is_spec = matches!(condition, DateCondition::Spec(_));
    let outcome = Condition::Date(condition).evaluate(&Facts::at(now), &mut NextChange::default());
    Ok(match outcome {
        Outcome::Holds if is_spec => Standing::Satisfied,
        Outcome::Holds => Standing::InEffect,
        Outcome::NotYet => Standing::NotYet,
        // A date neither fails otherwise nor is it invalid once it could be read.
        Outcome::NoLonger | Outcome::Fails | Outcome::Invalid => Standing::Expired,
    })
}

#[cfg(test)]
mod tests {
    use xml::parse;

    use super::*;
    use crate::CalendarTime;

    fn check_at(rule: &str, time: &str) -> Result<Standing, CheckError> {
        let now = LocalTime::utc(vocab::Timestamp(0));
        let now = CalendarTime::parse(time).unwrap().at(now);
        let document = parse(&format!("<cib><rsc_location id='l'>{rule}</rsc_location></cib>"));
        check(&document.unwrap(), "r", now)
    }

    fn rule(date: &str) -> String {
        format!("<rule id='r'><expression id='e' attribute='a' operation='defined'/>{date}</rule>")
    }

    #[test]
    fn before_in_and_after() {
        let start = "start='2020-01-01 12:00:00Z'";
        let end = "end='2020-02-01 12:00:00Z'";
        let range = rule(&format!("<date_expression id='d' {start} {end}/>"));
        assert_eq!(check_at(&range, "2020-01-01T11:59:59Z"), Ok(Standing::NotYet));
        assert_eq!(check_at(&range, "2020-01-01T12:00:00Z"), Ok(Standing::InEffect));
        assert_eq!(check_at(&range, "2020-02-01T12:00:00Z"), Ok(Standing::InEffect));
        assert_eq!(check_at(&range, "2020-02-01T12:00:01Z"), Ok(Standing::Expired));
        let after = rule(&format!("<date_expression id='d' operation='gt' {start}/>"));
        assert_eq!(check_at(&after, "2020-01-01T12:00:00Z"), Ok(Standing::NotYet));
        let nested = format!("<rule id='r'>{}</rule>", after.replace("'r'", "'inner'"));
        assert_eq!(check_at(&nested, "2020-01-01T12:00:01Z"), Ok(Standing::InEffect));
        let spec = |fields: &str| {
            let spec = format!("<date_spec id='s' {fields}/>");
            rule(&format!("<date_expression id='d' operation='date_spec'>{spec}</date_expression>"))
        };
        let years = spec("years='2019' hours='20'");
        assert_eq!(check_at(&years, "2019-02-01T20:00:00Z"), Ok(Standing::Satisfied));
        assert_eq!(check_at(&years, "2018-02-01"), Ok(Standing::NotYet));
        assert_eq!(check_at(&years, "2020-02-01"), Ok(Standing::Expired));
        assert_eq!(check_at(&spec("hours='20'"), "2019-02-01"), Err(CheckError::Recurring));
        assert_eq!(check_at(&spec("years='2019' moon='4'"), "2019-02-01"), Err(CheckError::Moon));
    }

    #[test]
    fn not_every_rule_can_be_checked() {
        let date = "<date_expression id='d' operation='lt' end='2020-01-01'/>";
        assert_eq!(check_at("<rule id='q'/>", "2020-01-01"), Err(CheckError::NotFound));
        assert_eq!(check_at(&rule("").repeat(2), "2020-01-01"), Err(CheckError::Ambiguous));
        assert_eq!(check_at(&rule(""), "2020-01-01"), Err(CheckError::WithoutDate));
        assert_eq!(check_at(&rule(&date.repeat(2)), "2020-01-01"), Err(CheckError::SeveralDates));
        let bad = rule(&date.replace("2020-01-01", "soon"));
        assert_eq!(
            check_at(&bad, "2020-01-01").unwrap_err().to_string(),
            "Treating date_expression d as not passing because 'soon' is not an ISO 8601 date and time: \
             the date must be YYYY-MM-DD, YYYYMMDD, YYYY-DDD or YYYY-Www-D, not 'soon'"
        );
    }
}
