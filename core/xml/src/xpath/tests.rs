use super::*;
use crate::parse;

pub(super) const DOCUMENT: &str = r#"<cib epoch="5"><configuration><!-- c --><nodes>
<node id="1" uname="a"/><node id="2" uname="b" type="member"/></nodes><resources>
<group id="g"><primitive id="p1" class="ocf" type="IPaddr2"/><primitive id="p2" class="lsb"/></group>
<primitive id="p3" class="ocf"><meta_attributes id="m"><nvpair id="m-x" name="x" value="10"/>
<nvpair id="m-y" name="y" value="-2.5"/></meta_attributes></primitive></resources></configuration>
<status><text>one<b>two</b>three</text></status></cib>"#;

fn value(expression: &str) -> String {
    let root = parse(DOCUMENT).unwrap();
    match Expr::parse(expression).unwrap().evaluate(&root).unwrap() {
        Value::Nodes(matches) => matches
            .iter()
            .map(|matched| match matched {
                Match::Document => "/".to_owned(),
                Match::Element { element, .. } => element.id().unwrap_or(element.name()).to_owned(),
                Match::Attribute { name, value, .. } => format!("{name}={value}"),
                Match::Text { text, .. } | Match::Comment { text, .. } => (*text).to_owned(),
            })
            .collect::<Vec<_>>()
            .join(" "),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text,
        Value::Boolean(boolean) => boolean.to_string(),
    }
}

#[test]
fn paths() {
    for (expression, expected) in [
        ("/", "/"),
        ("/cib/configuration/nodes/node", "1 2"),
        ("//primitive", "p1 p2 p3"),
        ("//primitive[1]", "p1 p3"),
        ("(//primitive)[1]", "p1"),
        ("//primitive[last()]", "p2 p3"),
        ("//primitive[@class='ocf'][2]", ""),
        ("//primitive[@class='ocf' and not(@type)]", "p3"),
        ("//nvpair/..", "m"),
        ("//nvpair/@value", "value=10 value=-2.5"),
        ("//node/@*", "id=1 uname=a id=2 uname=b type=member"),
        ("//*[@id='g']/*", "p1 p2"),
        ("//primitive[@id='p3']/preceding::node", "1 2"),
        ("//primitive[@id='p2']/preceding-sibling::*", "p1"),
        ("//primitive[@id='p1']/following::primitive", "p2 p3"),
        ("//nvpair[1]/ancestor::*[1]", "m"),
        ("//nvpair/ancestor-or-self::*", "cib configuration resources p3 m m-x m-y"),
        ("//p | //node[2] | //group", "2 g"),
        ("//comment()", " c "),
        ("//status//text()", "one two three"),
        ("id('p2 m')", "p2 m"),
        ("//primitive[starts-with(@id, 'p') and contains(@type, 'addr')]", "p1"),
        ("//nvpair[@value > 9]", "m-x"),
        ("//nvpair[@value<=-2.5]", "m-y"),
        ("//node[position()=2]", "2"),
        ("//node[@type]", "2"),
        ("descendant::group", "g"),
        ("//self::node[@id='1']", "1"),
        ("//attribute::uname", "uname=a uname=b"),
        ("//primitive[../@id='g']", "p1 p2"),
        ("//*[name()='group']/primitive[2]", "p2"),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn functions_and_operators() {
    for (expression, expected) in [
        ("count(//primitive)", "3"),
        ("sum(//nvpair/@value)", "7.5"),
        ("string(//status)", "onetwothree"),
        ("concat('a', 1, true())", "a1true"),
        ("substring('12345', 1.5, 2.6)", "234"),
        ("substring('12345', 0 div 0, 3)", ""),
        ("substring-before('a=b', '=')", "a"),
        ("substring-after('a=b', '=')", "b"),
        ("translate('bar', 'abc', 'AB')", "BAr"),
        ("normalize-space('  a  b ')", "a b"),
        ("string-length('é')", "1"),
        ("round(-2.5)", "-2"),
        ("floor(-2.5)", "-3"),
        ("ceiling(2.1)", "3"),
        ("7 mod -3", "1"),
        ("2 + 3 * 4 - 6 div 2", "11"),
        ("- - 2", "2"),
        ("1 = 1.0 and 2 != 3", "true"),
        ("//primitive/@class = 'lsb'", "true"),
        ("//primitive/@class != 'lsb'", "true"),
        ("//nothing = 'x' or boolean(//nothing)", "false"),
        ("true() = //primitive", "true"),
        ("string(1 div 0)", "Infinity"),
        ("number('x')", "NaN"),
        ("name(//*[@class])", "primitive"),
        ("local-name(//@epoch)", "epoch"),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn matches_know_where_they_are() {
    let root = parse(DOCUMENT).unwrap();
    let found = Expr::parse("//nvpair[@name='y']").unwrap().select_elements(&root).unwrap();
    let [(path, element)] = found.as_slice() else { panic!("one match: {found:?}") };
    assert_eq!(root.at(path), Some(*element));
    assert_eq!(
        crate::node_path_string(&root, path),
        "/cib/configuration/resources/primitive[@id='p3']/meta_attributes[@id='m']/nvpair[@id='m-y']"
    );
    let shared = Element::new("a").with_child(root.clone()).with_child(root);
    let twins = Expr::parse("//node[@id='1']").unwrap().select_elements(&shared).unwrap();
    assert_eq!(twins.len(), 2, "equal subtrees at two places are two matches");
}

#[test]
fn bad_expressions_are_refused() {
    let error = |text: &str| Expr::parse(text).unwrap_err();
    for text in [
        "", "//", "a[", "a]", "a b", "'x", "@", "a::b", "$v", "1 +", "()", "a/", "foo:", "!",
        "a||b",
    ] {
        assert!(matches!(error(text), XPathError::Syntax { .. }), "{text}: {:?}", error(text));
    }
    assert_eq!(error("document('x')"), XPathError::Function("document".into()));
    assert_eq!(error("count()"), XPathError::Arguments("count"));
    let syntax = error("//a[@b=]");
    assert_eq!(syntax.to_string(), "not an XPath expression at character 8: unexpected ']'");
    assert!(matches!(error(&"(".repeat(1000)), XPathError::TooDeep(_)));
    assert!(matches!(error(&"a[".repeat(1000)), XPathError::TooDeep(_)));
    assert!(matches!(error(&format!("1{}", "+1".repeat(2000))), XPathError::TooDeep(_)));
    assert!(matches!(error(&"a".repeat(20_000)), XPathError::TooLong(_)));
    let root = parse("<a/>").unwrap();
    assert_eq!(Expr::parse("1").unwrap().select(&root), Err(XPathError::NotNodes));
    assert_eq!(Expr::parse("'a'/b").unwrap().select(&root), Err(XPathError::NotNodes));
    assert_eq!(Expr::parse("1 | a").unwrap().select(&root), Err(XPathError::NotNodes));
}

#[test]
fn names_may_be_operators() {
    let root = parse("<or><and div='2' mod='3'/><div/></or>").unwrap();
    let number = Expr::parse("/or/and/@div * /or/and/@mod div 2").unwrap().evaluate(&root);
    assert_eq!(number, Ok(Value::Number(3.0)));
    let both = Expr::parse("or/and and or/div").unwrap().evaluate(&root);
    assert_eq!(both, Ok(Value::Boolean(true)));
    assert_eq!(Expr::parse("or/*[self::and or self::x]").unwrap().select(&root).unwrap().len(), 1);
}

#[test]
fn an_evaluation_cannot_run_away() {
    let root = Element::new("a").with_children((0..3000).map(|_| Element::new("b")));
    let expression = Expr::parse("//*[//*[//*[.='x']]]").unwrap();
    assert_eq!(expression.select(&root), Err(XPathError::TooExpensive));
}

#[test]
fn texts_of_whole_trees_count_for_what_is_in_them() {
    let mut root = Element::new("a");
    for _ in 0..5_000 {
        root.push(Element::new("b"));
    }
    for expression in
        ["//*[/* = 'x']", "//*[/* = 1]", "//*[string(/*) = 'x']", "//*[id('x')]", "//*[. = /*]"]
    {
        let result = Expr::parse(expression).unwrap().select(&root);
        assert_eq!(result, Err(XPathError::TooExpensive), "{expression}");
    }
    assert_eq!(Expr::parse("//*[. = 'x']").unwrap().select(&root), Ok(Vec::new()));
}
