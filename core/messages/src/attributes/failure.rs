use vocab::Interval;

use super::{
    MessageError,
    field::{self, Fields},
};
use xml::Element;

/// Which failures of resources are to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FailureFilter {
    /// Of this resource; of all if there is none, whatever else is said.
    pub resource: Option<String>,
    /// Of this operation; of all if there is none.
    pub operation: Option<(String, Interval)>,
}

impl FailureFilter {
    /// Whether an attribute of that name records such a failure: `fail-count-RESOURCE#OPERATION_INTERVAL` or the same with
    /// `last-failure`. What follows the resource may be missing, as in clusters of before 1.1.17.
    pub fn matches(&self, attribute: &str) -> bool {
        let Some(failure) = ["fail-count-", "last-failure-"]
            .iter()
            .find_map(|prefix| attribute.strip_prefix(prefix))
        else {
            return false;
        };
        let Some(resource) = &self.resource else { return true };
        let Some(rest) = failure.strip_prefix(resource.as_str()) else { return false };
        let Some(key) = rest.strip_prefix('#') else { return rest.is_empty() };
        match &self.operation {
            Some((name, interval)) => key == format!("{name}_{interval}"),
            None => key.rsplit_once('_').is_some_and(|(name, interval)| {
                !name.is_empty()
                    && !interval.is_empty()
                    && interval.bytes().all(|byte| byte.is_ascii_digit())
            }),
        }
    }

    pub(super) fn write(&self, element: &mut Element) {
        if let Some(resource) = &self.resource {
            element.set(field::RESOURCE, resource);
        }
        if let Some((name, interval)) = &self.operation {
            element.set(field::OPERATION, name);
            element.set(field::INTERVAL, format_args!("{interval}ms"));
        }
    }

    pub(super) fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let interval = match fields.get(field::INTERVAL) {
            None => Interval::ONCE,
            Some(text) => {
                Interval::parse(text).map_err(|_| MessageError::invalid(field::INTERVAL, text))?
            }
        };
        Ok(Self {
            resource: fields.text(field::RESOURCE),
            operation: fields.text(field::OPERATION).map(|name| (name, interval)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_failures_are_recognised() {
        let all = FailureFilter::default();
        assert!(all.matches("fail-count-ip#monitor_10000") && all.matches("last-failure-ip"));
        assert!(!all.matches("pingd") && !all.matches("fail-countip"));
        let ip = FailureFilter { resource: Some("ip".into()), operation: None };
        assert!(ip.matches("fail-count-ip#start_0") && ip.matches("last-failure-ip"));
        for other in ["fail-count-ip2#start_0", "fail-count-ip#start", "fail-count-ip#_0", "ip"] {
            assert!(!ip.matches(other), "{other}");
        }
        let start = FailureFilter {
            resource: Some("ip".into()),
            operation: Some(("start".into(), Interval::ONCE)),
        };
        assert!(start.matches("fail-count-ip#start_0") && start.matches("fail-count-ip"));
        assert!(!start.matches("fail-count-ip#start_10000"));
        // A resource whose name would mean something else in a regular expression.
        let dotted = FailureFilter { resource: Some("a.b".into()), operation: None };
        assert!(
            dotted.matches("fail-count-a.b#start_0") && !dotted.matches("fail-count-axb#start_0")
        );
    }
}
