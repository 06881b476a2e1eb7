use std::collections::BTreeMap;

use messages::{
    executor::Parameters,
    fencing::{DeviceRegistration, Level, LevelTarget},
};
use regex_lite::Regex;
use vocab::NodeName;
use xml::Element;

/// What the CIB says about fencing, as one node sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The devices that this node may use.
    pub devices: Vec<DeviceRegistration>,
    /// The fencing levels.
    pub levels: Vec<Level>,
    /// Permanent attributes of nodes: node, name, value.
    pub attributes: Vec<(String, String, String)>,
    /// The numbers of the nodes.
    pub node_ids: BTreeMap<String, u32>,
}

impl Configuration {
    /// Reads a CIB. What makes no sense in it is left out: the schema is for others to keep.
    pub fn from_cib(cib: &Element, local: &NodeName) -> Self {
        let Some(configuration) = cib.child("configuration") else { return Self::default() };
        let section =
            |name: &str| configuration.child(name).into_iter().flat_map(Element::children);
        let resources = configuration.child("resources");
        let devices = resources
            .into_iter()
            .flat_map(Element::descendants)
            .filter(|element| element.name() == "primitive")
            .filter(|element| element.attr("class") == Some("stonith"))
            .filter(|device| is_enabled(resources, device, configuration))
            .filter(|device| is_allowed(device, configuration, local))
            .filter_map(device)
            .collect();
        let mut attributes = Vec::new();
        let mut node_ids = BTreeMap::new();
        for node in section("nodes") {
            let Some(name) = node.attr("uname") else { continue };
            if let Some(id) = node.id().and_then(|id| id.parse().ok()) {
                node_ids.insert(name.to_owned(), id);
            }
            for pair in node.children_named("instance_attributes").flat_map(Element::children) {
                if let (Some(key), Some(value)) = (pair.attr("name"), pair.attr("value")) {
                    attributes.push((name.to_owned(), key.to_owned(), value.to_owned()));
                }
            }
        }
        let levels = section("fencing-topology")
            .filter_map(|level| Level::from_element(level).ok())
            .collect();
        Self { devices, levels, attributes, node_ids }
    }

    /// Whether a level's target is this node.
    pub(crate) fn matches(&self, target: &LevelTarget, node: &str) -> bool {
        match target {
            LevelTarget::Name(name) => name.eq_ignore_ascii_case(node),
            LevelTarget::Pattern(pattern) => {
                Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(node))
            }
            LevelTarget::Attribute(name, value) => self.attributes.iter().any(|known| {
                known.0.eq_ignore_ascii_case(node) && known.1 == *name && known.2 == *value
            }),
        }
    }
}

/// The value of a meta-attribute, a resource's own before that of what contains it.
fn meta<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    element
        .children_named("meta_attributes")
        .flat_map(Element::children)
        .find(|pair| pair.attr("name") == Some(name))
        .and_then(|pair| pair.attr("value"))
}

/// Whether the device is not stopped by its target role, that of its group or clone, or the default.
fn is_enabled(resources: Option<&Element>, device: &Element, configuration: &Element) -> bool {
    let own = meta(device, "target-role");
    let around = || {
        let containers = resources.into_iter().flat_map(Element::children);
        let container = containers
            .filter(|element| element.descendants().any(|inner| inner.id() == device.id()));
        container.filter_map(|element| meta(element, "target-role")).next()
    };
    let default = || configuration.child("rsc_defaults").and_then(|all| meta(all, "target-role"));
    !own.or_else(around).or_else(default).is_some_and(|role| role.eq_ignore_ascii_case("stopped"))
}

/// Whether no location constraint keeps the device off this node. Constraints with rules are not looked into: a device
/// too many is tried in vain, one too few may be the only one.
fn is_allowed(device: &Element, configuration: &Element, local: &NodeName) -> bool {
    let mut score: i64 = 0;
    let constraints = configuration.child("constraints").into_iter().flat_map(Element::children);
    for constraint in constraints.filter(|element| element.name() == "rsc_location") {
        let here =
            constraint.attr("node").is_some_and(|node| local.as_str().eq_ignore_ascii_case(node));
        if here && constraint.attr("rsc") == device.id() {
            let value = constraint.attr("score").unwrap_or("0");
            let value = vocab::Score::parse(value).map_or(0, |score| i64::from(score.value()));
            score = score.saturating_add(value);
        }
    }
    score >= 0
}

fn device(primitive: &Element) -> Option<DeviceRegistration> {
    let pairs = primitive.children_named("instance_attributes").flat_map(Element::children);
    let mut parameters = Parameters::new();
    for pair in pairs {
        if let (Some(name), Some(value)) = (pair.attr("name"), pair.attr("value"))
            // The first of several sets wins.
            && parameters.value(name).is_none()
        {
            parameters.set(name, value);
        }
    }
    Some(DeviceRegistration {
        id: primitive.id()?.to_owned(),
        agent: primitive.attr("type")?.to_owned(),
        namespace: None,
        provides: meta(primitive, "provides").map(str::to_owned),
        parameters,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cib() {
        let cib = xml::parse(
            r#"<cib><configuration><nodes><node id="1" uname="n1"><instance_attributes id="a">
                 <nvpair id="b" name="rack" value="1"/></instance_attributes></node></nodes>
               <resources>
                 <primitive id="p" class="ocf" provider="x" type="y"/>
                 <primitive id="d1" class="stonith" type="fence_a"><instance_attributes id="c">
                   <nvpair id="e" name="ip" value="x"/></instance_attributes></primitive>
                 <primitive id="d2" class="stonith" type="fence_a"><meta_attributes id="f">
                   <nvpair id="g" name="target-role" value="Stopped"/></meta_attributes></primitive>
                 <primitive id="d3" class="stonith" type="fence_a"/>
                 <clone id="cl"><meta_attributes id="m"><nvpair id="n" name="target-role" value="stopped"/>
                   </meta_attributes><primitive id="d4" class="stonith" type="fence_a"/></clone>
               </resources>
               <constraints><rsc_location id="l" rsc="d3" node="n1" score="-INFINITY"/>
                 <rsc_location id="l2" rsc="d1" node="n2" score="-INFINITY"/></constraints>
               <fencing-topology><fencing-level id="x" target="n1" index="1" devices="d1,d3"/>
                 <fencing-level id="bad" index="1" devices="d1"/></fencing-topology>
               </configuration></cib>"#,
        );
        let configuration = Configuration::from_cib(&cib.unwrap(), &"n1".into());
        let ids: Vec<_> = configuration.devices.iter().map(|device| &*device.id).collect();
        assert_eq!(ids, ["d1"]);
        assert_eq!(configuration.devices[0].parameters.value("ip"), Some("x"));
        assert_eq!(configuration.levels.len(), 1);
        assert_eq!(configuration.node_ids["n1"], 1);
        let by = |target: LevelTarget| configuration.matches(&target, "n1");
        assert!(by(LevelTarget::Attribute("rack".into(), "1".into())));
        assert!(!by(LevelTarget::Attribute("rack".into(), "2".into())));
        assert!(by(LevelTarget::Pattern("^n[0-9]$".into())));
        assert!(!by(LevelTarget::Pattern("(".into())), "a broken pattern matches nothing");
    }
}
