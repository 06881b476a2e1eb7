//! Lists of options as documents.

use vocab::PRODUCT_VERSION;
use xml::{Element, Node};

use crate::{
    CLUSTER, FENCING, PRIMITIVE,
    setting::{Setting, Standing},
};

/// Options that are listed together, in the form of an agent's description.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The name that stands where an agent's would.
    pub name: &'static str,
    /// What is listed, in a few words.
    pub short: &'static str,
    /// What is listed, in sentences.
    pub long: &'static str,
    /// The options.
    pub settings: &'static [Setting],
}

/// The options of the whole cluster.
pub const CLUSTER_LIST: List = List {
    name: "cluster-options",
    short: "Options of the cluster",
    long: "They hold for the cluster as a whole, are also called properties, and are kept in cluster_property_set elements \
           of the crm_config section of the CIB.",
    settings: CLUSTER,
};

/// What every fence device has.
pub const FENCING_LIST: List = List {
    name: "fence-attributes",
    short: "Parameters of every fence device",
    long: "Every fence device has these, whatever its agent: the fencer reads them, and the agent never sees them.",
    settings: FENCING,
};

/// What every primitive resource has.
pub const PRIMITIVE_LIST: List = List {
    name: "primitive-meta",
    short: "Meta-attributes of primitives",
    long: "What can be set for every primitive resource, whatever its agent",
    settings: PRIMITIVE,
};

/// An element with words in English.
pub(crate) fn words(name: &str, text: &str) -> Element {
    let mut element = Element::new(name).with("lang", "en");
    element.push(Node::Text(text.into()));
    element
}

/// The list in the form in which agents describe their parameters. Everything is in it, marked where it is advanced,
/// deprecated or set by the cluster.
pub fn to_xml(list: &List) -> Element {
    let mut version = Element::new("version");
    version.push(Node::Text("1.1".into()));
    let mut parameters = Element::new("parameters");
    for setting in list.settings.iter().filter(|setting| setting.standing != Standing::Removed) {
        // An older name of an advanced option is as advanced.
        let advanced = setting.standing == Standing::Advanced;
        parameters.push(parameter(setting, advanced, None));
        if let Some(alias) = setting.alias() {
            parameters.push(parameter(&alias, advanced, Some(setting.name)));
        }
    }
    Element::new("resource-agent")
        .with("name", list.name)
        .with("version", PRODUCT_VERSION)
        .with_child(version)
        .with_child(words("longdesc", list.long))
        .with_child(words("shortdesc", list.short))
        .with_child(parameters)
}

/// One option; with the name that has replaced it, if it is an older one.
fn parameter(setting: &Setting, advanced: bool, replaced_by: Option<&str>) -> Element {
    let digit = |set: bool| u8::from(set);
    let mut parameter = Element::new("parameter")
        .with("name", setting.name)
        .with("advanced", digit(advanced))
        .with("generated", digit(setting.is_generated));
    if setting.standing == Standing::Deprecated {
        let replacement = replaced_by.map(|name| Element::new("replaced-with").with("name", name));
        parameter.push(Element::new("deprecated").with_children(replacement));
    }
    let alias = replaced_by.map(alias_text);
    let short = alias.as_deref().unwrap_or(setting.short);
    let long = setting.long.unwrap_or(short);
    parameter
        .with_child(words("longdesc", long))
        .with_child(words("shortdesc", short))
        .with_child(content(setting, setting.kind.name()))
}

/// What is said about an older name.
pub(crate) fn alias_text(name: &str) -> String {
    format!("The older name of {name}")
}

/// Type, default and words.
pub(crate) fn content(setting: &Setting, kind: &str) -> Element {
    Element::new("content")
        .with("type", kind)
        .with_some("default", setting.default)
        .with_children(setting.kind.words().map(|word| Element::new("option").with("value", word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_names_say_what_replaced_them() {
        let list = to_xml(&CLUSTER_LIST);
        let parameters = list.child("parameters").expect("parameters");
        let of = |name: &str| parameters.children().find(|p| p.attr("name") == Some(name));
        let alias = of("stonith-enabled").expect("the older name is listed");
        let replaced = alias.descend(&["deprecated", "replaced-with"]).expect("a replacement");
        assert_eq!(replaced.attr("name"), Some("fencing-enabled"));
        assert_eq!(alias.attr("advanced"), Some("1"));
        let ignored = of("cluster-ipc-limit").expect("listed");
        assert_eq!(ignored.child("deprecated").map(|d| d.children().count()), Some(0));
        assert_eq!(of("dc-version").and_then(|p| p.attr("generated")), Some("1"));
        assert!(of("remove-after-stop").is_none() && of("crmd-transition-delay").is_none());
    }
}
