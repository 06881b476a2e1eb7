//! Changes made up at random: whatever they are, nothing that is allowed touches what may not be written.

use xml::{Node, NodePath};

use super::*;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides.max(1)).unwrap()).unwrap()
    }
}

fn all_paths(element: &Element, path: &NodePath, paths: &mut Vec<NodePath>) {
    for (index, node) in element.nodes().iter().enumerate() {
        if let Some(child) = node.as_element() {
            let path = path.child(index);
            paths.push(path.clone());
            all_paths(child, &path, paths);
        }
    }
}

/// Some element, never the root.
fn somewhere(cib: &Element, dice: &mut Dice) -> NodePath {
    let mut paths = Vec::new();
    all_paths(cib, &NodePath::ROOT, &mut paths);
    paths.swap_remove(dice.throw(paths.len()))
}

/// Changes something somewhere.
fn disturb(cib: &mut Element, dice: &mut Dice) {
    let (path, other) = (somewhere(cib, dice), somewhere(cib, dice));
    match dice.throw(8) {
        0 => cib.at_mut(&path).unwrap().set("description", dice.throw(3)),
        1 => cib.at_mut(&path).unwrap().set("id", format!("new-{}", dice.throw(3))),
        2 => {
            let element = cib.at_mut(&path).unwrap();
            let names: Vec<String> = element.attrs().map(|(name, _)| name.to_owned()).collect();
            if let Some(name) = names.get(dice.throw(names.len())) {
                element.remove_attr(name);
            }
        }
        3 => drop(cib.remove_at(&path)),
        4 => {
            let nodes = cib.at_mut(&path).unwrap().nodes_mut();
            if nodes.len() > 1 {
                let (a, b) = (dice.throw(nodes.len()), dice.throw(nodes.len()));
                nodes.swap(a, b);
            }
        }
        5 => {
            // Somewhere else, or into itself and so gone.
            if let Some(taken) = cib.remove_at(&path)
                && let Some(element) = cib.at_mut(&other)
            {
                let at = dice.throw(element.nodes().len() + 1);
                element.nodes_mut().insert(at, taken);
            }
        }
        6 => cib.at_mut(&path).unwrap().push(Node::Comment("words".into())),
        _ => {
            let new = Element::new(["primitive", "acl_target", "role", "tag"][dice.throw(4)])
                .with("id", format!("made-{}", dice.throw(3)));
            cib.at_mut(&path).unwrap().push(new);
        }
    }
}

/// The document without what a user may write.
fn without(cib: &Element, expression: &str) -> Element {
    let expression = xml::xpath::Expr::parse(expression).unwrap();
    let mut rest = cib.clone();
    let found = expression.select_elements(cib).unwrap();
    for (path, _) in found.iter().rev() {
        rest.remove_at(path);
    }
    rest
}

fn guard(root: &Arc<Element>, user: &str) -> Guard {
    let now = LocalTime { moment: vocab::Timestamp(1_800_000_000), utc_offset_seconds: 0 };
    Guard::of(root, Some(user), Circumstances { now, groups: &[] }).unwrap()
}

#[test]
fn whatever_is_allowed_leaves_alone_what_may_not_be_written() {
    let old = Arc::new(xml::parse(CIB).unwrap());
    let guards = ["reader", "op", "builder", "oner", "chief"].map(|user| guard(&old, user));
    let target_roles = "//meta_attributes/nvpair[@name='target-role']";
    let fence = |cib: &Element| {
        let fence = xml::xpath::Expr::parse("//*[@id='fence']").unwrap();
        let found = fence.select_elements(cib).unwrap();
        found.iter().map(|(_, element)| element.to_compact()).collect::<Vec<_>>()
    };
    let mut allowed = [0; 5];
    for seed in 1..=3_000_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let mut new = Element::clone(&old);
        for _ in 0..=dice.throw(2) {
            disturb(&mut new, &mut dice);
        }
        let may: Vec<bool> = guards.iter().map(|guard| guard.judge(&new).1.is_ok()).collect();
        for (count, may) in allowed.iter_mut().zip(&may) {
            *count += u32::from(*may);
        }
        assert_eq!(may[0], new == *old, "seed {seed}: the reader\n{}", new.to_compact());
        if may[1] {
            let rest = |cib: &Element| without(cib, target_roles).to_compact();
            assert_eq!(rest(&new), rest(&old), "seed {seed}: the operator");
        }
        if may[2] {
            let rest = |cib: &Element| without(cib, "/cib/configuration/resources").to_compact();
            assert_eq!(rest(&new), rest(&old), "seed {seed}: the builder");
            assert_eq!(fence(&new), fence(&old), "seed {seed}: the builder");
        }
        if may[3] {
            let rest = |cib: &Element| without(cib, "//group/primitive[@id='one']").to_compact();
            assert_eq!(rest(&new), rest(&old), "seed {seed}: who may write one primitive");
        }
        assert!(may[4], "seed {seed}: the chief");
    }
    assert!(allowed.iter().all(|&count| count > 20), "each was tried: {allowed:?}");
}
