//! XPath against libxml2. Needs `xmllint`; passes without a look where it is not installed, except under CI.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::{
    io::Write,
    process::{Command, Stdio},
};

use xml::{
    parse,
    xpath::{Expr, Value},
};

const DOCUMENT: &str = concat!(
    r#"<cib epoch="5" admin_epoch="0"><configuration><!-- c --><crm_config>"#,
    r#"<cluster_property_set id="cib-bootstrap-options"><nvpair id="o1" name="stonith-enabled" value="false"/>"#,
    r#"<nvpair id="o2" name="dc-version" value="2.1.5"/></cluster_property_set></crm_config><nodes>"#,
    r#"<node id="1" uname="a"/><node id="2" uname="b" type="member"/><node id="3" uname="c"/></nodes><resources>"#,
    r#"<group id="g"><primitive id="p1" class="ocf" type="IPaddr2"/><primitive id="p2" class="lsb"/></group>"#,
    r#"<clone id="c"><primitive id="p3" class="ocf"><operations><op id="x" name="monitor" interval="10s"/>"#,
    r#"<op id="y" name="start" interval="0s"/></operations></primitive></clone></resources></configuration>"#,
    r#"<status><node_state id="1" uname="a"><lrm id="1"><lrm_resources><lrm_resource id="p1">"#,
    r#"<lrm_rsc_op id="p1_last_0" rc-code="0" call-id="12"/><lrm_rsc_op id="p1_m" rc-code="7" call-id="3"/>"#,
    r#"</lrm_resource></lrm_resources></lrm></node_state><t>one<b>two</b>three</t></status></cib>"#,
);

/// Sets of nodes: compared by size, by the first and the last.
const SETS: [&str; 44] = [
    "/",
    "/cib",
    "//*",
    "//node",
    "//@id",
    "//node/@*",
    "//comment()",
    "//text()",
    "//node()",
    "//primitive[@class='ocf']",
    "//primitive[1]",
    "(//primitive)[2]",
    "//primitive[last()]",
    "//node[position()>1]",
    "//node[position()=last()]",
    "//node[2]/preceding-sibling::node",
    "//node[2]/preceding::*[2]",
    "//node[3]/preceding-sibling::node[1]",
    "//op/ancestor::*",
    "//op/ancestor::*[1]",
    "//op/ancestor-or-self::*[3]",
    "//op/..",
    "//op/../..",
    "//op/.",
    "//group/following::*",
    "//group/following-sibling::*",
    "//@id/..",
    "//@id[.='p1']",
    "//node_state[@id='1']/lrm/lrm_resources/lrm_resource[@id='p1']/lrm_rsc_op[@rc-code!=0]",
    "//lrm_rsc_op[@call-id > 5]",
    "//*[self::clone or self::group]/primitive",
    "//primitive | //node | //group",
    "//node_state | //cib",
    "//clone//op[@name='start']",
    "//primitive[operations/op[@name='monitor']]",
    "//*[count(*)=2]",
    "//*[not(*)][@name]",
    "/cib/configuration/resources//primitive[not(@type)]",
    "//primitive[../@id='g'][2]",
    "//crm_config/cluster_property_set/nvpair[@name='stonith-enabled' and @value='false']",
    "//*[@id=//lrm_resource/@id]",
    "//op/following::node_state",
    "descendant-or-self::node()[@id][3]",
    "//nodes/node[@uname='b']/self::node()/following-sibling::*[1]",
];

const SCALARS: [&str; 34] = [
    "count(//node)",
    "sum(//@call-id)",
    "string(//t)",
    "string(//node[2]/@uname)",
    "1 + 2 * 3",
    "7 mod 3",
    "-7 mod 3",
    "7 div 2",
    "1 div 0",
    "-1 div 0",
    "0 div 0",
    "round(2.5)",
    "round(-2.5)",
    "floor(2.9)",
    "ceiling(2.1)",
    "concat(1, 'x', 2 = 2)",
    "substring('12345', 2, 3)",
    "substring('12345', -42, 1 div 0)",
    "substring('12345', 1.5, 2.6)",
    "substring('12345', 2)",
    "translate('--aaa--', 'abc-', 'ABC')",
    "normalize-space('  a  b ')",
    "string-length('abc')",
    "boolean(//nothing)",
    "not(//node)",
    "//node/@uname = 'b'",
    "//node/@uname != 'b'",
    "//@rc-code < //@call-id",
    "name(//*[5])",
    "local-name(//@*[1])",
    "number('12') > '5'",
    "contains('abc', 'b') and starts-with('abc', 'ab')",
    "substring-before('1999/04', '/')",
    "substring-after('1999/04', '/')",
];

fn theirs(expression: &str) -> Option<String> {
    let started = Command::new("xmllint")
        .args(["--xpath", expression, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = started else {
        assert!(std::env::var_os("CI").is_none(), "xmllint has to be installed under CI");
        return None;
    };
    child.stdin.take().unwrap().write_all(DOCUMENT.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some(String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned())
}

fn ours(expression: &str) -> String {
    let root = parse(DOCUMENT).unwrap();
    match Expr::parse(expression).unwrap().evaluate(&root).unwrap() {
        Value::Nodes(_) => panic!("a set of nodes from {expression}"),
        Value::Number(number) if number.is_infinite() => {
            if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
        }
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text,
        Value::Boolean(boolean) => boolean.to_string(),
    }
}

#[test]
fn the_same_values_as_libxml2() {
    let sets = SETS.map(|set| {
        let end = |which| format!("name(({set})[{which}]), ({set})[{which}]/@id, ({set})[{which}]");
        format!("concat(count({set}), ' ', {}, ' ', {})", end("1"), end("last()"))
    });
    for expression in sets.iter().map(String::as_str).chain(SCALARS) {
        let Some(expected) = theirs(expression) else { return };
        assert_eq!(ours(expression), expected, "{expression}");
    }
}
