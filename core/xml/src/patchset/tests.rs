use proptest::prelude::*;

use super::*;
use crate::parse;

const OLD: &str = r#"<cib crm_feature_set="3.16.1" admin_epoch="0" epoch="5" num_updates="3">
  <configuration><crm_config/><resources>
    <primitive id="a" class="ocf" type="Dummy"/><primitive id="b" type="x"/><primitive id="c"/>
  </resources></configuration><status><!-- one --><node_state id="1"/></status></cib>"#;

const NEW: &str = r#"<cib crm_feature_set="3.16.1" admin_epoch="0" epoch="6" num_updates="0">
  <configuration><crm_config><nvpair id="n" value="it's"/></crm_config><resources>
    <primitive id="c"/><primitive id="a" class="lsb" description="d"/>
  </resources></configuration><status><node_state id="1"/></status></cib>"#;

/// The expected text is what `crm_diff` of Pacemaker 2.1.5 prints for the two.
const DIFF: &str = r#"<diff format="2">
  <version>
    <source admin_epoch="0" epoch="5" num_updates="3"/>
    <target admin_epoch="0" epoch="6" num_updates="0"/>
  </version>
  <change operation="delete" path="/cib/configuration/resources/primitive[@id='b']"/>
  <change operation="delete" path="/cib/status/comment" position="0"/>
  <change operation="modify" path="/cib">
    <change-list>
      <change-attr name="epoch" operation="set" value="6"/>
      <change-attr name="num_updates" operation="set" value="0"/>
    </change-list>
    <change-result>
      <cib crm_feature_set="3.16.1" admin_epoch="0" epoch="6" num_updates="0"/>
    </change-result>
  </change>
  <change operation="create" path="/cib/configuration/crm_config" position="0">
    <nvpair id="n" value="it's"/>
  </change>
  <change operation="move" path="/cib/configuration/resources/primitive[@id='c']" position="0"/>
  <change operation="modify" path="/cib/configuration/resources/primitive[@id='a']">
    <change-list>
      <change-attr name="class" operation="set" value="lsb"/>
      <change-attr name="description" operation="set" value="d"/>
      <change-attr name="type" operation="unset"/>
    </change-list>
    <change-result>
      <primitive id="a" class="lsb" description="d"/>
    </change-result>
  </change>
  <change operation="move" path="/cib/configuration/resources/primitive[@id='a']" position="1"/>
</diff>
"#;

#[test]
fn a_patch_set_reads_as_the_originals_and_leads_to_the_new_version() {
    let (old, new) = (parse(OLD).unwrap(), parse(NEW).unwrap());
    let patch = Patchset::between(&old, &new).unwrap().unwrap();
    assert_eq!(patch.to_element().to_pretty(), DIFF);
    assert_eq!(Patchset::from_element(&parse(DIFF).unwrap()).unwrap(), patch);
    assert!(patch.touches("/cib/configuration") && patch.touches("/cib/status"));
    assert!(!patch.touches("/cib/configuration/nodes") && !patch.touches("/cib/stat"));
    let mut document = old.clone();
    patch.clone().with_digest(&old, &new).apply(&mut document).unwrap();
    assert_eq!(document, new);
    assert_eq!(Patchset::between(&new, &document).unwrap(), None);
}

#[test]
fn a_patch_set_that_does_not_fit_changes_nothing() {
    let (old, new) = (parse(OLD).unwrap(), parse(NEW).unwrap());
    let patch = Patchset::between(&old, &new).unwrap().unwrap().with_digest(&old, &new);
    let refused = |mut document: Element, patch: &Patchset| {
        let before = document.clone();
        let error = patch.apply(&mut document).unwrap_err();
        assert_eq!(document, before);
        error
    };
    assert!(matches!(refused(new.clone(), &patch), PatchError::Outdated { .. }));
    let behind = old.clone().with("num_updates", 2);
    assert!(matches!(refused(behind, &patch), PatchError::Resync { .. }));
    let other = old.clone().with("dc-uuid", 1).with("validate-with", "none");
    let mut patch_of_nothing = patch.clone();
    patch_of_nothing.changes.remove(2);
    assert!(matches!(refused(other, &patch_of_nothing), PatchError::Digest { .. }));
    let mut gone = old.clone();
    gone.child_mut("configuration").unwrap().nodes_mut().clear();
    assert!(matches!(refused(gone, &patch), PatchError::NoMatch(_)));
    let mut same = patch;
    same.versions = Some((Generation::of(&old), Generation::of(&old)));
    assert!(matches!(refused(old, &same), PatchError::Outdated { .. }));
}

#[test]
fn malformed_patch_sets_are_refused() {
    let read = |text: &str| Patchset::from_element(&parse(text).unwrap());
    assert_eq!(read("<diff/>"), Err(PatchError::Format("1".into())));
    for text in [
        "<diff format='2'><change operation='create' path='/a'/></diff>",
        "<diff format='2'><change operation='create'><b/></change></diff>",
        "<diff format='2'><change operation='modify' path='/a'><change-result/></change></diff>",
        "<diff format='2'><change operation='move' path='/a' position='-1'/></diff>",
        "<diff format='2'><change operation='eat' path='/a'/></diff>",
    ] {
        assert!(matches!(read(text), Err(PatchError::Malformed { .. })), "{text}");
    }
}

#[test]
fn what_is_shared_is_not_looked_at() {
    let resources = (0..1000).map(|id| Element::new("primitive").with("id", format!("r{id}")));
    let old = Element::new("cib").with_child(Element::new("resources").with_children(resources));
    let mut new = old.clone();
    new.child_mut("resources").unwrap().element_mut(700).unwrap().set("class", "ocf");
    let patch = Patchset::between(&old, &new).unwrap().unwrap();
    assert_eq!(patch.changes.len(), 1);
}

#[test]
fn twins_and_text_are_replaced() {
    for (old, new) in [
        ("<a><b x='1'/><b x='2'/><c/></a>", "<a><b x='1'/><c/><b x='3'/><b/></a>"),
        ("<a><b id='1'/></a>", "<a><b/><b id='1'/></a>"),
        ("<a><b/></a>", "<a><b id='1'/></a>"),
        ("<a><b>one</b><c/></a>", "<a><c/><b>two</b></a>"),
        ("<a><!--1--><b/><!--2--></a>", "<a><b/><!--2--><!--1--></a>"),
        ("<a b='1' c='2'/>", "<a c='2' b='1'/>"),
    ] {
        assert_round_trip(&parse(old).unwrap(), &parse(new).unwrap());
    }
    let roots = Patchset::between(&parse("<a/>").unwrap(), &parse("<b/>").unwrap());
    assert!(matches!(roots, Err(Unpatchable::Root { .. })));
    let texts = Patchset::between(&parse("<a>1</a>").unwrap(), &parse("<a>2</a>").unwrap());
    assert_eq!(texts, Err(Unpatchable::Text));
}

fn assert_round_trip(old: &Element, new: &Element) {
    let mut document = old.clone();
    let patch = Patchset::between(old, new).unwrap();
    assert_eq!(patch.is_none(), old == new);
    if let Some(patch) = patch {
        let sent = parse(&patch.to_element().to_compact()).unwrap();
        let received = Patchset::from_element(&sent).unwrap();
        received.apply_unversioned(&mut document).unwrap();
        assert_eq!(&document, new, "patch: {}", patch.to_element().to_pretty());
    }
}

/// Elements with few names and ids, so that two random trees have much in common.
fn any_element() -> impl Strategy<Value = Element> {
    let attributes = prop::collection::vec(("[xyz]", "[12]"), 0..3);
    let id = prop::option::weighted(0.8, "[a-f]");
    let plain = (prop::sample::select(vec!["p", "q"]), id, attributes).prop_map(
        |(name, id, attributes)| {
            let mut element = Element::new(name).with_some("id", id);
            attributes.into_iter().for_each(|(name, value)| element.set(&name, value));
            element
        },
    );
    plain.prop_recursive(4, 48, 6, |inner| {
        let node = prop_oneof![
            8 => inner.prop_map(Node::from),
            1 => "[uv]".prop_map(|text| Node::Comment(text.into())),
        ];
        ("[ab]", prop::collection::vec(node, 0..7)).prop_map(|(id, nodes)| {
            let mut element = Element::new("s").with("id", id);
            nodes.into_iter().for_each(|node| element.push(node));
            element
        })
    })
}

proptest! {
    #[test]
    fn applying_a_difference_gives_the_new_version(
        old in prop::collection::vec(any_element(), 0..6),
        new in prop::collection::vec(any_element(), 0..6),
        kept in prop::collection::vec(0..6_usize, 0..6),
    ) {
        let before = Element::new("cib").with_children(old.clone());
        let mut after = Element::new("cib");
        kept.iter().filter_map(|&index| old.get(index)).for_each(|same| after.push(same.clone()));
        new.into_iter().for_each(|other| after.push(other));
        assert_round_trip(&before, &after);
    }

    #[test]
    fn any_order_of_siblings_can_be_reached(order in Just((0..12).collect::<Vec<u32>>()).prop_shuffle()) {
        let list = |ids: &[u32]| {
            Element::new("cib").with_children(ids.iter().map(|id| Element::new("n").with("id", id)))
        };
        assert_round_trip(&list(&(0..12).collect::<Vec<_>>()), &list(&order));
    }
}
