//! What an agent says about itself.

use std::fmt;

use xml::Element;

/// The full name of an agent: `ocf:heartbeat:IPaddr2`, `systemd:nginx`, `stonith:fence_xvm`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgentName {
    /// `ocf`, `systemd`, `service`, `lsb` or `stonith`.
    pub standard: String,
    /// Who provides it; only for `ocf`.
    pub provider: Option<String>,
    /// Its type.
    pub kind: String,
}

/// A description of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Its name.
    pub name: AgentName,
    /// Whether it is there; a resource can be made for an agent that is not, if the user insists.
    pub exists: bool,
    /// Whether it says all it can do: since OCF 1.1.
    pub complete_actions: bool,
    /// In one line what it does.
    pub short_description: String,
    /// What it does.
    pub long_description: String,
    /// What can be set.
    pub parameters: Vec<Parameter>,
    /// What it can do.
    pub actions: Vec<Action>,
}

/// What descriptions of parameters begin with that only few have a use for.
const ADVANCED: [&str; 2] = ["*** Advanced Use Only ***", "Advanced use only:"];

/// Something that can be set for an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// In one line what it is.
    pub short_description: String,
    /// What it is.
    pub long_description: String,
    /// The type of its value, as in `string`.
    pub content: String,
    /// The value if none is set.
    pub default: Option<String>,
    /// Values that are possible, if there are only some.
    pub choices: Vec<String>,
    /// Whether it has to be set.
    pub required: bool,
    /// Whether only few have a use for it.
    pub advanced: bool,
    /// Whether it is obsolete.
    pub deprecated: bool,
    /// What to use instead.
    pub deprecated_by: Vec<String>,
    /// Values of the parameters of one group must differ between two resources.
    pub unique_group: Option<String>,
}

/// Something an agent can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// Advised timeout.
    pub timeout: Option<String>,
    /// Advised interval.
    pub interval: Option<String>,
    /// The role it is for.
    pub role: Option<String>,
    /// How thorough it is.
    pub depth: Option<String>,
    /// Advised delay before its first run.
    pub start_delay: Option<String>,
}

/// An agent's name that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Invalid resource agent name '{0}'. Use standard:provider:type when standard is 'ocf' or standard:type otherwise. List of standards and providers can be obtained by using commands 'pcs resource standards' and 'pcs resource providers'."
)]
pub struct AgentNameError(pub String);

impl AgentName {
    /// Reads a full name. A name without a standard is no full name.
    pub fn parse(text: &str) -> Result<Self, AgentNameError> {
        let error = || AgentNameError(text.to_owned());
        let parts: Vec<&str> = text.split(':').collect();
        let (standard, provider, kind) = match parts.as_slice() {
            [standard, kind] if *standard != "ocf" => (*standard, None, *kind),
            ["ocf", provider, kind] => ("ocf", Some((*provider).to_owned()), *kind),
            // A systemd instance may have colons in its name.
            [standard @ ("systemd" | "service"), ..] if text.contains('@') => {
                (*standard, None, text.split_once(':').map_or("", |(_, kind)| kind))
            }
            _ => return Err(error()),
        };
        let known = ["lsb", "ocf", "service", "stonith", "systemd"];
        let empty = kind.is_empty() || provider.as_deref() == Some("");
        if !known.contains(&standard) || empty {
            return Err(error());
        }
        Ok(Self { standard: standard.to_owned(), provider, kind: kind.to_owned() })
    }

    /// The name that a resource's element has.
    pub fn of(primitive: &Element) -> Self {
        Self {
            standard: primitive.attr("class").unwrap_or_default().to_owned(),
            provider: primitive.attr("provider").map(str::to_owned),
            kind: primitive.attr("type").unwrap_or_default().to_owned(),
        }
    }

    /// Whether it is a fence agent.
    pub fn is_stonith(&self) -> bool {
        self.standard == "stonith"
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.provider {
            Some(provider) => write!(f, "{}:{provider}:{}", self.standard, self.kind),
            None => write!(f, "{}:{}", self.standard, self.kind),
        }
    }
}

impl Agent {
    /// An agent that nothing is known of.
    pub fn unknown(name: AgentName) -> Self {
        Self {
            name,
            exists: false,
            complete_actions: false,
            short_description: String::new(),
            long_description: String::new(),
            parameters: Vec::new(),
            actions: Vec::new(),
        }
    }

    /// Reads an agent's `<resource-agent>`, of OCF 1.0 or 1.1.
    pub fn from_metadata(name: AgentName, metadata: &Element) -> Self {
        let newer = metadata.child("version").is_some_and(|version| version.text().trim() == "1.1");
        let list = |outer: &str, inner: &'static str| {
            metadata
                .child(outer)
                .into_iter()
                .flat_map(move |list| list.children().filter(move |child| child.name() == inner))
                .collect::<Vec<_>>()
        };
        let elements = list("parameters", "parameter");
        let mut parameters: Vec<_> =
            elements.iter().map(|element| Parameter::from_element(element, newer)).collect();
        for element in &elements {
            if let (Some(old), Some(new)) = (element.attr("obsoletes"), element.attr("name"))
                && let Some(parameter) = parameters.iter_mut().find(|known| known.name == old)
            {
                parameter.deprecated_by.push(new.to_owned());
            }
        }
        let traced = name.standard == "ocf"
            && matches!(name.provider.as_deref(), Some("heartbeat" | "pacemaker"));
        if traced {
            for (trace, what) in TRACE_PARAMETERS {
                if parameters.iter().all(|known| known.name != trace) {
                    parameters.push(Parameter {
                        name: trace.to_owned(),
                        long_description: what.to_owned(),
                        short_description: what.to_owned(),
                        ..Parameter::default()
                    });
                }
            }
        }
        Self {
            name,
            exists: true,
            complete_actions: newer,
            short_description: metadata
                .attr("shortdesc")
                .map_or_else(|| text_of(metadata, "shortdesc"), str::to_owned),
            long_description: text_of(metadata, "longdesc"),
            parameters,
            actions: list("actions", "action").into_iter().map(Action::from_element).collect(),
        }
    }

    /// Adds what can be set for every fence device, if this is a fence agent.
    #[must_use]
    pub fn with_fencer_parameters(
        mut self,
        parameters: impl IntoIterator<Item = Parameter>,
    ) -> Self {
        if self.name.is_stonith() {
            self.parameters.extend(parameters);
        }
        self
    }

    /// Whether the agent can be promoted, as far as it says so.
    pub fn can_promote(&self) -> bool {
        if !self.complete_actions {
            return true;
        }
        ["promote", "demote"]
            .into_iter()
            .all(|wanted| self.actions.iter().any(|action| action.name == wanted))
    }
}

const TRACE_PARAMETERS: [(&str, &str); 2] = [
    ("trace_ra", "Set to 1 to turn on resource agent tracing (expect large output)"),
    ("trace_file", "Path to a file to store resource agent tracing log"),
];

fn text_of(element: &Element, child: &str) -> String {
    element.child(child).map(|child| child.text().trim().to_owned()).unwrap_or_default()
}

fn is_true(text: Option<&str>) -> bool {
    matches!(text, Some("1" | "true"))
}

impl Parameter {
    fn from_element(element: &Element, newer: bool) -> Self {
        let name = element.attr("name").unwrap_or_default().to_owned();
        let content = element.child("content");
        let attribute = |name| content.and_then(|content| content.attr(name)).map(str::to_owned);
        let choices = content
            .into_iter()
            .flat_map(|content| content.children_named("option"))
            .filter_map(|option| option.attr("value").map(str::to_owned))
            .collect();
        let replaced = element
            .child("deprecated")
            .into_iter()
            .flat_map(|deprecated| deprecated.children_named("replaced-with"))
            .filter_map(|by| by.attr("name").map(str::to_owned))
            .collect();
        let unique_group = if newer {
            element.attr("unique-group").map(str::to_owned)
        } else {
            is_true(element.attr("unique")).then(|| format!("pcs-generated-unique-group-{name}"))
        };
        let said = text_of(element, "shortdesc");
        let behind_mark = ADVANCED.iter().find_map(|mark| said.strip_prefix(mark));
        Self {
            advanced: behind_mark.is_some(),
            short_description: behind_mark.map_or(said.as_str(), str::trim_start).to_owned(),
            long_description: text_of(element, "longdesc"),
            content: attribute("type").unwrap_or_else(|| "string".to_owned()),
            default: attribute("default"),
            choices,
            required: is_true(element.attr("required")),
            deprecated: is_true(element.attr("deprecated"))
                || element.child("deprecated").is_some(),
            deprecated_by: replaced,
            unique_group,
            name,
        }
    }
}

impl Action {
    fn from_element(element: &Element) -> Self {
        let attribute = |name| element.attr(name).map(str::to_owned);
        let role = attribute("role").map(|role| match role.as_str() {
            "Master" => "Promoted".to_owned(),
            "Slave" => "Unpromoted".to_owned(),
            _ => role,
        });
        Self {
            name: element.attr("name").unwrap_or_default().to_owned(),
            timeout: attribute("timeout"),
            interval: attribute("interval"),
            role,
            depth: attribute("depth"),
            start_delay: attribute("start-delay"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let name = AgentName::parse("ocf:heartbeat:IPaddr2").unwrap();
        assert_eq!(name.provider.as_deref(), Some("heartbeat"));
        assert_eq!(name.to_string(), "ocf:heartbeat:IPaddr2");
        assert_eq!(AgentName::parse("systemd:a@b:c").unwrap().kind, "a@b:c");
        for bad in ["Dummy", "ocf:Dummy", "ocf::x", "lsb:a:b", "foo:bar", "systemd:"] {
            assert!(AgentName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn metadata_of_both_versions() {
        let old = xml::parse(
            "<resource-agent name='x'><longdesc>\nlong\n</longdesc><shortdesc>short</shortdesc>\
             <parameters><parameter name='ip' unique='1' required='1'><content type='string' default='d'/></parameter>\
             <parameter name='new' obsoletes='old'/><parameter name='old' deprecated='1'/></parameters>\
             <actions><action name='monitor' role='Master' interval='10s' timeout='20s' depth='0'/>\
             <action name='promote'/><action name='demote'/></actions></resource-agent>",
        )
        .unwrap();
        let agent = Agent::from_metadata(AgentName::parse("ocf:heartbeat:x").unwrap(), &old);
        assert_eq!(agent.short_description, "short");
        assert_eq!(agent.long_description, "long");
        assert!(agent.parameters[0].required && agent.parameters[0].unique_group.is_some());
        assert_eq!(agent.parameters[2].deprecated_by, ["new"]);
        assert_eq!(agent.actions[0].role.as_deref(), Some("Promoted"));
        assert!(agent.can_promote());
        assert!(agent.parameters.iter().any(|parameter| parameter.name == "trace_ra"));
        let new = xml::parse(
            "<resource-agent><version>1.1</version><parameters><parameter name='a' unique='1' unique-group='g'/>\
             </parameters></resource-agent>",
        )
        .unwrap();
        let agent = Agent::from_metadata(AgentName::parse("stonith:x").unwrap(), &new);
        assert_eq!(agent.parameters[0].unique_group.as_deref(), Some("g"));
    }
}
