//! Facts about single conditions: what Pacemaker's own tests of its rules expect, as tables.

use std::collections::BTreeMap;

use rules::{Agent, CalendarTime, Facts, LocalTime, NextChange, Operation, Outcome, Rule};
use vocab::{Interval, Timestamp};

use Outcome::{Fails, Holds, Invalid, NoLonger, NotYet};

const UTC: LocalTime = LocalTime::utc(Timestamp(0));

/// The outcome of a rule's only condition.
fn outcome(condition: &str, facts: &Facts<'_>, next: &mut NextChange) -> Outcome {
    let document = xml::parse(&format!("<rule id='r'>{condition}</rule>")).unwrap();
    let mut problems = Vec::new();
    let rule = Rule::parse(&document, &|_| None, &mut problems);
    let outcome = rule.conditions[0].evaluate(facts, next);
    // Nothing is found to be wrong without somebody being told.
    assert_eq!(outcome == Invalid, !problems.is_empty(), "{condition}: {problems:?}");
    outcome
}

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn attribute_conditions() {
    let node = values(&[
        ("foo", "bar"),
        ("num", "10"),
        ("ver", "3.5.0"),
        ("prefer-north", "100"),
        ("empty", ""),
    ]);
    let parameters =
        values(&[("foo-param", "bar"), ("myparam", "different"), ("mymeta", "different")]);
    let meta = values(&[("foo-meta", "bar")]);
    let submatches = ["server-north".to_owned(), "north".to_owned()];
    let facts = Facts {
        node: Some(&node),
        parameters: Some(&parameters),
        meta: Some(&meta),
        submatches: &submatches,
        ..Facts::at(UTC)
    };
    for (expression, expected) in [
        ("attribute='foo' operation='eq' value='bar'", Holds),
        ("operation='eq' value='bar'", Invalid),
        // Submatches of the resource's pattern.
        ("attribute='prefer-%1' operation='defined'", Holds),
        ("attribute='undefined-%1' operation='defined'", Fails),
        // Where the value comes from.
        ("attribute='foo' operation='eq' value='bar' value-source='literal'", Holds),
        ("attribute='foo' operation='eq' value='bar' value-source='LITERAL'", Holds),
        ("attribute='foo' operation='eq' value='bar' value-source='not-a-source'", Invalid),
        ("attribute='foo' operation='eq' value='other' value-source='literal'", Fails),
        ("attribute='none' operation='eq' value='bar' value-source='literal'", Fails),
        ("attribute='foo' operation='eq' value='not-a-param' value-source='param'", Fails),
        ("attribute='foo' operation='eq' value='foo-param' value-source='param'", Holds),
        ("attribute='foo' operation='eq' value='myparam' value-source='param'", Fails),
        ("attribute='foo' operation='eq' value='not-a-meta' value-source='meta'", Fails),
        ("attribute='foo' operation='eq' value='foo-meta' value-source='meta'", Holds),
        ("attribute='foo' operation='eq' value='mymeta' value-source='meta'", Fails),
        ("attribute='num' operation='lt' value='none' value-source='meta'", Fails),
        // As what the values are compared.
        ("attribute='num' operation='gt' value='2.5'", Holds),
        ("attribute='num' operation='gt' value='2'", Holds),
        ("attribute='num' operation='eq' value='10.0'", Fails),
        ("attribute='foo' operation='eq' value='bar' type='not-a-type'", Invalid),
        ("attribute='foo' operation='eq' value='bar' type='string'", Holds),
        ("attribute='foo' operation='eq' value='bat' type='string'", Fails),
        ("attribute='num' operation='eq' value='10' type='integer'", Holds),
        ("attribute='num' operation='eq' value='11' type='integer'", Fails),
        ("attribute='num' operation='eq' value='10.5' type='integer'", Holds),
        ("attribute='num' operation='eq' value='10.0' type='number'", Holds),
        ("attribute='num' operation='eq' value='10.1' type='number'", Fails),
        ("attribute='foo' operation='eq' value='bar' type='number'", Holds),
        ("attribute='ver' operation='gt' value='3.4.9' type='version'", Holds),
        ("attribute='ver' operation='eq' value='3.5' type='Version'", Holds),
        ("attribute='ver' operation='gte' value='4.0' type='version'", NotYet),
        // How they are compared.
        ("attribute='foo' value='bar'", Invalid),
        ("attribute='foo' operation='not-an-operation' value='bar'", Invalid),
        ("attribute='foo' operation='EQ' value='bar'", Holds),
        ("attribute='num' operation='lt' value='20' type='integer'", Holds),
        ("attribute='num' operation='lt' value='2' type='integer'", NoLonger),
        ("attribute='num' operation='gt' value='2' type='integer'", Holds),
        ("attribute='num' operation='gt' value='20' type='integer'", NotYet),
        ("attribute='num' operation='lte' value='20' type='integer'", Holds),
        ("attribute='num' operation='lte' value='10' type='integer'", Holds),
        ("attribute='num' operation='lte' value='9' type='integer'", NoLonger),
        ("attribute='num' operation='gte' value='1' type='integer'", Holds),
        ("attribute='num' operation='gte' value='10' type='integer'", Holds),
        ("attribute='num' operation='gte' value='11' type='integer'", NotYet),
        ("attribute='none' operation='lt' value='1'", Fails),
        ("attribute='empty' operation='eq' value=''", Holds),
        ("attribute='none' operation='eq' value=''", Fails),
        ("attribute='num' operation='eq' value='bar' type='integer'", Fails),
        ("attribute='foo' operation='ne' value='bat'", Holds),
        ("attribute='none' operation='ne' value='bat'", Holds),
        ("attribute='num' operation='ne' value='10' type='integer'", Fails),
        ("attribute='foo' operation='defined'", Holds),
        ("attribute='empty' operation='defined'", Holds),
        ("attribute='none' operation='defined'", Fails),
        ("attribute='foo' operation='defined' value='bar'", Invalid),
        ("attribute='none' operation='not_defined'", Holds),
        ("attribute='foo' operation='not_defined'", Fails),
        ("attribute='empty' operation='not_defined'", Fails),
        ("attribute='none' operation='eq'", Invalid),
    ] {
        let found =
            outcome(&format!("<expression id='e' {expression}/>"), &facts, &mut NextChange(None));
        assert_eq!(found, expected, "{expression}");
    }
}

#[test]
fn resource_and_operation_conditions() {
    let agent = Agent { class: "ocf", provider: Some("heartbeat"), agent: "IPaddr2" };
    let operation = Operation { name: "monitor", interval: Interval { millis: 10_000 } };
    let facts = Facts { agent: Some(agent), operation: Some(operation), ..Facts::at(UTC) };
    for (condition, expected) in [
        ("<rsc_expression id='e' class='ocf' provider='heartbeat' type='IPaddr2'/>", Holds),
        ("<rsc_expression id='e'/>", Holds),
        ("<rsc_expression id='e' provider='heartbeat'/>", Holds),
        ("<rsc_expression id='e' class='lsb'/>", Fails),
        ("<rsc_expression id='e' class='OCF'/>", Fails),
        ("<rsc_expression id='e' class=''/>", Fails),
        ("<rsc_expression id='e' class='ocf' provider='pacemaker' type='IPaddr2'/>", Fails),
        ("<rsc_expression id='e' class='ocf' provider='' type='IPaddr2'/>", Fails),
        ("<rsc_expression id='e' class='ocf' provider='heartbeat' type='IPaddr3'/>", Fails),
        ("<op_expression id='e' name='monitor' interval='10s'/>", Holds),
        ("<op_expression id='e' name='monitor' interval='PT10S'/>", Holds),
        ("<op_expression id='e' name='monitor'/>", Holds),
        ("<op_expression id='e' name='monitor' interval='9s'/>", Fails),
        ("<op_expression id='e' name='start' interval='10s'/>", Fails),
        ("<op_expression id='e' name='' interval='10s'/>", Fails),
        ("<op_expression id='e' interval='10s'/>", Invalid),
        ("<op_expression id='e' name='start' interval='not-an-interval'/>", Invalid),
        ("<op_expression id='e' name='monitor' interval=''/>", Invalid),
        ("<not_a_condition id='e'/>", Invalid),
    ] {
        assert_eq!(outcome(condition, &facts, &mut NextChange(None)), expected, "{condition}");
    }
    // What is asked about is neither a resource nor an operation.
    let nothing = Facts::at(UTC);
    for condition in ["<rsc_expression id='e' class=''/>", "<op_expression id='e' name=''/>"] {
        assert_eq!(outcome(condition, &nothing, &mut NextChange(None)), Fails, "{condition}");
    }
}

#[test]
fn every_part_has_an_id() {
    for condition in [
        "<rule/>",
        "<expression attribute='a' operation='not_defined'/>",
        "<expression id='' attribute='a' operation='not_defined'/>",
        "<date_expression operation='lt' end='2024-02-01'/>",
        "<date_expression id='e' operation='date_spec'><date_spec months='1'/></date_expression>",
        "<date_expression id='e' start='1970-01-01'><duration hours='3'/></date_expression>",
        "<rsc_expression/>",
        "<op_expression name='monitor'/>",
    ] {
        let document = xml::parse(&format!("<rule id='r'>{condition}</rule>")).unwrap();
        let mut problems = Vec::new();
        let rule = Rule::parse(&document, &|_| None, &mut problems);
        let operation = Operation { name: "monitor", interval: Interval::ONCE };
        let facts = Facts { operation: Some(operation), ..Facts::at(UTC) };
        assert!(!rule.evaluate(&facts, &mut NextChange(None)).holds(), "{condition}");
        assert!(problems[0].to_string().ends_with("has no id"), "{problems:?}");
    }
}

/// At each time: what a `date_expression` comes to, and when that changes.
#[track_caller]
fn assert_date(expression: &str, times: &[(&str, Outcome, Option<&str>)]) {
    let moment = |text: &str| CalendarTime::parse(text).unwrap().at(UTC);
    for &(now, expected, change) in times {
        let mut next = NextChange(None);
        let found = outcome(expression, &Facts::at(moment(now)), &mut next);
        assert_eq!(found, expected, "{expression} at {now}");
        assert_eq!(next.0, change.map(|text| moment(text).moment), "{expression} at {now}");
    }
}

#[test]
fn dates_before_and_after() {
    assert_date(
        "<date_expression id='e' operation='lt' end='2024-02-01 15:00:00'/>",
        &[
            ("2023-01-01 05:00:00", Holds, Some("2024-02-01 15:00:00")),
            ("2024-02-01 14:59:59", Holds, Some("2024-02-01 15:00:00")),
            ("2024-02-01 15:00:00", NoLonger, None),
            ("2024-03-01 12:00:00", NoLonger, None),
        ],
    );
    assert_date(
        "<date_expression id='e' operation='gt' start='2024-02-01 12:00:00'/>",
        &[
            ("2024-01-01 04:30:05", NotYet, Some("2024-02-01 12:00:01")),
            ("2024-02-01 12:00:00", NotYet, Some("2024-02-01 12:00:01")),
            ("2024-02-01 12:00:01", Holds, None),
        ],
    );
}

#[test]
fn dates_in_a_range() {
    assert_date(
        "<date_expression id='e' operation='in_range' start='2024-02-01 12:00:00'/>",
        &[
            ("2024-02-01 11:59:59", NotYet, Some("2024-02-01 12:00:00")),
            ("2024-02-01 12:00:00", Holds, None),
        ],
    );
    assert_date(
        "<date_expression id='e' end='2024-02-01 15:00:00'/>",
        &[
            ("2024-02-01 14:59:59", Holds, Some("2024-02-01 15:00:01")),
            ("2024-02-01 15:00:00", Holds, Some("2024-02-01 15:00:01")),
            ("2024-02-01 15:00:01", NoLonger, None),
        ],
    );
    let three_hours = [
        ("2024-02-01 11:59:59", NotYet, Some("2024-02-01 12:00:00")),
        ("2024-02-01 12:00:00", Holds, Some("2024-02-01 15:00:01")),
        ("2024-02-01 15:00:00", Holds, Some("2024-02-01 15:00:01")),
        ("2024-02-01 15:00:01", NoLonger, None),
    ];
    let start = "<date_expression id='e' operation='IN_RANGE' start='2024-02-01 12:00:00'";
    assert_date(&format!("{start} end='2024-02-01 15:00:00'/>"), &three_hours);
    assert_date(&format!("{start}><duration id='d' hours='3'/></date_expression>"), &three_hours);
    // An end of its own counts.
    let both = "end='2024-02-01 15:00:00'><duration id='d' years='3'/></date_expression>";
    assert_date(&format!("{start} {both}"), &three_hours);
}

#[test]
fn durations_of_a_range() {
    let date = |duration: &str| {
        format!(
            "<date_expression id='e' start='2024-01-01 15:00:00'><duration id='d' {duration}/>\
             </date_expression>"
        )
    };
    let (before, start) = ("2024-01-01 14:59:59", "2024-01-01 15:00:00");
    for (duration, end, next) in [
        ("years='1'", "2025-01-01 15:00:00", "2025-01-01 15:00:01"),
        ("months='2'", "2024-03-01 15:00:00", "2024-03-01 15:00:01"),
        ("weeks='3'", "2024-01-22 15:00:00", "2024-01-22 15:00:01"),
        ("hours='1'", "2024-01-01 16:00:00", "2024-01-01 16:00:01"),
        ("minutes='1'", "2024-01-01 15:01:00", "2024-01-01 15:01:01"),
        (
            "years='1' months='2' weeks='3' days='-1' hours='1' minutes='1' seconds='1'",
            "2025-03-21 16:01:01",
            "2025-03-21 16:01:02",
        ),
        // What follows a number does not count.
        ("hours='1x'", "2024-01-01 16:00:00", "2024-01-01 16:00:01"),
    ] {
        assert_date(
            &date(duration),
            &[(start, Holds, Some(next)), (end, Holds, Some(next)), (next, NoLonger, None)],
        );
    }
    assert_date(&date("days='-1'"), &[(before, NotYet, Some(start)), (start, NoLonger, None)]);
    // Longer than the calendar: never over, or always.
    assert_date(
        &date("years='2147483647'"),
        &[(before, NotYet, Some(start)), (start, Holds, None)],
    );
    assert_date(&date("years='-2147483647'"), &[(start, NoLonger, None)]);
    for wrong in ["years='not-a-number'", "years='2147483648'", "seconds='-2147483649'", "days=''"]
    {
        assert_date(&date(wrong), &[(start, Invalid, None)]);
    }
}

#[test]
fn dates_by_their_fields() {
    let spec = |fields: &str| {
        let spec = format!("<date_spec id='s' {fields}/>");
        format!("<date_expression id='e' operation='date_spec'>{spec}</date_expression>")
    };
    for (fields, now, expected) in [
        ("months='2'", "2024-01-01 23:59:59", NotYet),
        ("months='2'", "2024-02-01 00:00:00", Holds),
        ("months='2'", "2024-02-29 23:59:59", Holds),
        ("months='2'", "2024-03-01 00:00:00", NoLonger),
        ("years='2020'", "2020-01-01", Holds),
        ("years='2019'", "2020-01-01", NoLonger),
        ("years='2010-2030'", "2000-01-01", NotYet),
        ("years='-2020'", "2010-01-01", Holds),
        ("years='2000-'", "2010-01-01", Holds),
        ("yeardays='60'", "2016-02-29", Holds),
        ("yearsdays='60'", "2016-02-29", Holds),
        ("yeardays='40'", "2020-02-15", NoLonger),
        ("years='2001' months='12' monthdays='30'", "2001-12-31", NoLonger),
        ("years='2001' months='6' monthdays='11-15'", "2001-06-10", NotYet),
        ("weekyears='2009' weeks='53' weekdays='7'", "2010-01-03", Holds),
        ("moon='4'", "2023-12-27", Holds),
        ("", "2023-12-27", Holds),
        ("years='not-a-year' months='1'", "2020-01-01", Invalid),
        ("months='1,3,5,7'", "2020-01-01", Invalid),
        ("moon='full'", "2020-01-01", Invalid),
    ] {
        assert_date(&spec(fields), &[(now, expected, None)]);
    }
}

#[test]
fn dates_that_cannot_be_read() {
    for expression in [
        "operation='not-a-choice'/>",
        "operation='lt'/>",
        "operation='lt' end='not-a-datetime'/>",
        "operation='gt'/>",
        "operation='gt' start='not-a-datetime'/>",
        "/>",
        "start='not-a-date' end='2024-02-01 15:00:00'/>",
        "start='2024-02-01 12:00:00' end='not-a-date'/>",
        "><duration id='d' hours='3'/></date_expression>",
        "operation='date_spec'/>",
    ] {
        let expression = format!("<date_expression id='e' {expression}");
        assert_date(&expression, &[("2024-01-01", Invalid, None)]);
    }
}

#[test]
fn a_time_alone_is_of_the_day_it_is_read_on() {
    assert_date(
        "<date_expression id='e' operation='gt' start='12:00Z'/>",
        &[
            ("2024-01-01 11:00:00", NotYet, Some("2024-01-01 12:00:01")),
            ("2024-01-01 13:00:00", Holds, None),
            ("2024-01-02 11:00:00", NotYet, Some("2024-01-02 12:00:01")),
        ],
    );
}
