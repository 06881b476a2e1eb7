//! Documents that nobody would write: what looks at them agrees with itself, and nothing breaks.

use proptest::prelude::*;
use xml::Element;

use crate::{CIB, Content, ElementType, Schema, is_valid, upgrade, validate};

/// What has some of everything.
const SEED: &str = "<cib validate-with='pacemaker-3.9' admin_epoch='0' epoch='1' num_updates='0'><configuration>\
    <crm_config><cluster_property_set id='c'><nvpair id='c-a' name='stonith-action' value='off'/>\
    <rule id='c-r' score='1'><expression id='c-e' attribute='a' operation='defined'/></rule></cluster_property_set>\
    </crm_config><nodes><node id='1' uname='n' type='ping'/></nodes><resources>\
    <primitive id='p' class='ocf' provider='x' type='y'><operations><op id='p-m' name='monitor' interval='0'/>\
    </operations><meta_attributes id='p-a'><nvpair id='p-a-x' name='x' value='1'/></meta_attributes></primitive>\
    <master id='m'><meta_attributes id-ref='p-a'/><primitive id='q' class='lsb' type='y'/></master></resources>\
    <constraints><rsc_location id='l' rsc='p'><rule id='l-a' score='1'>\
    <date_expression id='l-d' operation='gt' start='2005'/></rule><rule id-ref='c-r'/></rsc_location>\
    <rsc_order id='o'><lifetime><rule id-ref='l-a'/></lifetime><resource_set id='o-s'><resource_ref id='p'/>\
    </resource_set></rsc_order></constraints><acls><acl_role id='r'><acl_permission id='r-p' kind='read' reference='l'/>\
    </acl_role></acls></configuration><status/></cib>";

/// One thing done to a document: which element, what, and with which of the names or values.
type Edit = (usize, u8, usize, usize);

const VALUES: [&str; 12] =
    ["", "p", "l", "x", "5", "-INFINITY", "ocf", "true", "in_range", "poweroff", "1a", "start"];

fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = crate::walk().iter().map(|entry| entry.element.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn attributes(kind: &'static ElementType) -> Vec<&'static str> {
    let mut forms = vec![&kind.form];
    let mut names = vec!["id", "id-ref"];
    while let Some(form) = forms.pop() {
        names.extend(form.attributes.iter().map(|known| known.name));
        forms.extend(form.choices.iter().flat_map(|choice| choice.forms));
    }
    names
}

/// Does one thing to the element with that number.
fn edit(root: &mut Element, (number, what, a, b): Edit, names: &[&str]) {
    let count = root.descendants().count();
    let target = number % count;
    let copies: Vec<Element> = root.descendants().skip(1).cloned().collect();
    let mut change = |element: &mut Element| {
        let inside = element.nodes().len();
        match what % 7 {
            0 => {
                let name = element.attrs().nth(a % 4).map(|(name, _)| name.to_owned());
                name.and_then(|name| element.remove_attr(&name));
            }
            1 => {
                let known = crate::walk();
                let kind = known.iter().find(|entry| entry.element.name == element.name());
                let known = attributes(kind.map_or(&CIB, |entry| entry.element));
                element.set(known[a % known.len()], VALUES[b % VALUES.len()]);
            }
            2 if inside > 0 => drop(element.nodes_mut().remove(a % inside)),
            3 => element.rename(names[a % names.len()]),
            4 => element
                .push(Element::new(names[a % names.len()]).with("id", VALUES[b % VALUES.len()])),
            5 => element.push(copies[a % copies.len()].clone()),
            6 if inside > 1 => element.nodes_mut().swap(a % inside, b % inside),
            _ => {}
        }
    };
    let mut number = target;
    at(root, &mut number, &mut change);
}

fn at(element: &mut Element, number: &mut usize, change: &mut impl FnMut(&mut Element)) -> bool {
    if *number == 0 {
        change(element);
        return true;
    }
    *number -= 1;
    (0..element.nodes().len())
        .any(|place| element.element_mut(place).is_some_and(|child| at(child, number, change)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_document(edits in prop::collection::vec(any::<Edit>(), 1..8)) {
        let names = names();
        let mut cib = xml::parse(SEED).unwrap();
        let mut content = Content::check(&cib).unwrap();
        for step in edits {
            let old = cib.clone();
            edit(&mut cib, step, &names);
            let valid = matches!(crate::Follows::of(&cib), crate::Follows::Schema(schema)
                if is_valid(&cib, schema));
            let nothing = crate::Follows::of(&cib) == crate::Follows::Nothing;
            prop_assert_eq!(content.change(&old, &cib).is_ok(), valid || nothing, "{}", &cib);
            if !valid {
                cib = old;
            }
            for schema in [Schema::OLDEST, Schema::new(2, 10), Schema::NEWEST] {
                prop_assert_eq!(validate(&cib, schema).is_empty(), is_valid(&cib, schema));
            }
        }
        if let Ok((new, reached)) = upgrade(&cib, Schema::NEWEST).result {
            prop_assert!(is_valid(&new, reached), "{}", new);
        }
    }
}
