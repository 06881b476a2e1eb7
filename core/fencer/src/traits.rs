use messages::fencing::Supports;
use vocab::parse_boolean;
use xml::Element;

/// What a fence agent says about itself, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// What it can do and how it is told the target.
    pub supports: Supports,
    /// Whether the cluster has to switch a node on with it before the node may run resources.
    pub automatic_unfencing: bool,
    /// Actions that only the target itself can carry out.
    pub on_target: Vec<String>,
    /// Whether it wants the target's number.
    pub wants_node_id: bool,
}

impl Traits {
    /// Reads an agent's description.
    pub fn from_metadata(metadata: &Element) -> Self {
        let is_set = |element: &Element, name: &str| {
            element.attr(name).is_some_and(|text| parse_boolean(text) == Ok(true))
        };
        let mut traits = Self::default();
        for action in metadata.descendants().filter(|element| element.name() == "action") {
            let Some(name) = action.attr("name") else { continue };
            let supports = match name {
                "list" => Supports::LIST,
                "status" => Supports::STATUS,
                "reboot" => Supports::REBOOT,
                "on" => Supports::ON,
                _ => Supports::default(),
            };
            traits.supports = traits.supports.and(supports);
            if name == "on" && (is_set(action, "automatic") || is_set(action, "required")) {
                traits.automatic_unfencing = true;
            }
            if is_set(action, "on_target") {
                traits.on_target.push(name.to_owned());
            }
        }
        for parameter in metadata.descendants().filter(|element| element.name() == "parameter") {
            match parameter.attr("name") {
                Some("plug") => traits.supports = traits.supports.and(Supports::PLUG),
                Some("port") => traits.supports = traits.supports.and(Supports::PORT),
                Some("nodeid") => traits.wants_node_id = true,
                _ => {}
            }
        }
        traits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description() {
        let metadata = xml::parse(
            r#"<resource-agent><parameters><parameter name="plug"/></parameters><actions>
               <action name="on" automatic="1"/><action name="off" on_target="1"/><action name="list"/>
               </actions></resource-agent>"#,
        );
        let traits = Traits::from_metadata(&metadata.unwrap());
        assert!(traits.supports.has(Supports::ON.and(Supports::LIST).and(Supports::PLUG)));
        assert!(!traits.supports.has(Supports::REBOOT) && !traits.wants_node_id);
        assert!(traits.automatic_unfencing);
        assert_eq!(traits.on_target, ["off"]);
    }
}
