use xml::Element;

/// What an agent says about its parameters, as far as it matters for the history of operations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentMetadata {
    /// How the agent can take changed parameters without a restart.
    pub reload: Reload,
    /// Its parameters, in the agent's order.
    pub parameters: Vec<AgentParameter>,
}

/// How an agent can take changed parameters without a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reload {
    /// Not at all.
    #[default]
    Unsupported,
    /// By `reload-agent` (OCF 1.1).
    Agent,
    /// By `reload`, as before OCF 1.1.
    Legacy,
}

/// One parameter of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentParameter {
    /// Its name.
    pub name: String,
    /// Differs between any two resources.
    pub unique: bool,
    /// May change without a restart.
    pub reloadable: bool,
    /// Must not be shown to everybody.
    pub private: bool,
}

impl AgentMetadata {
    /// Reads an agent's answer to `meta-data`. Only agents of the standard `ocf` are believed to speak OCF 1.1.
    pub fn from_element(element: &Element, is_ocf: bool) -> Self {
        let modern = is_ocf && speaks_ocf_1_1(element);
        let has_action = |name: &str| {
            let mut actions =
                element.child("actions").into_iter().flat_map(|a| a.children_named("action"));
            actions.any(|action| action.attr("name") == Some(name))
        };
        // What OCF 1.1 calls "reload" has nothing to do with parameters.
        let reload = if modern && has_action("reload-agent") {
            Reload::Agent
        } else if !modern && has_action("reload") {
            Reload::Legacy
        } else {
            Reload::Unsupported
        };
        let mut parameters: Vec<_> = element
            .child("parameters")
            .into_iter()
            .flat_map(|parameters| parameters.children_named("parameter"))
            .filter_map(AgentParameter::from_element)
            .collect();
        // Old agents do not say what is private; these names always were.
        if !parameters.iter().any(|parameter| parameter.private) {
            for parameter in &mut parameters {
                parameter.private = matches!(&*parameter.name, "password" | "passwd" | "user");
            }
        }
        Self { reload, parameters }
    }
}

impl AgentParameter {
    fn from_element(element: &Element) -> Option<Self> {
        let flag = |name: &str| {
            element.attr(name).is_some_and(|value| vocab::parse_boolean(value) == Ok(true))
        };
        Some(Self {
            name: element.attr("name")?.to_owned(),
            unique: flag("unique"),
            reloadable: flag("reloadable"),
            private: flag("private"),
        })
    }
}

fn speaks_ocf_1_1(element: &Element) -> bool {
    let version = element.child("version").map(Element::text).unwrap_or_default();
    let mut numbers = version.trim().split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (1, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_ways_to_reload() {
        let text = r#"<resource-agent name="x"><version>1.0</version><parameters>
            <parameter name="ip" unique="1"/><parameter name="pw" private="true" reloadable="1"/></parameters>
            <actions><action name="start"/><action name="reload"/></actions></resource-agent>"#;
        let metadata = AgentMetadata::from_element(&xml::parse(text).unwrap(), true);
        assert_eq!(metadata.reload, Reload::Legacy);
        assert!(metadata.parameters[0].unique && !metadata.parameters[0].private);
        assert!(metadata.parameters[1].private && metadata.parameters[1].reloadable);
        let modern = text.replace("1.0", "1.1").replace("\"reload\"", "\"reload-agent\"");
        let metadata = AgentMetadata::from_element(&xml::parse(&modern).unwrap(), true);
        assert_eq!(metadata.reload, Reload::Agent);
    }
}
