//! The names that the protocol gives to its attributes, and how their values are read.

use std::{str::FromStr, time::Duration};

use vocab::{Interval, ResourceId, Timestamp};
use xml::Element;

use super::{Agent, Standard};

pub(super) const ACTION: &str = "lrmd_rsc_action";
pub(super) const CALL: &str = "lrmd_callid";
pub(super) const CLASS: &str = "lrmd_class";
pub(super) const CLIENT_ID: &str = "lrmd_clientid";
pub(super) const INTERVAL: &str = "lrmd_rsc_interval";
pub(super) const OPERATION: &str = "lrmd_op";
pub(super) const ORIGIN: &str = "lrmd_origin";
pub(super) const PROTOCOL: &str = "lrmd_protocol_version";
pub(super) const PROVIDER: &str = "lrmd_provider";
pub(super) const RESOURCE: &str = "lrmd_rsc";
pub(super) const RESOURCE_ID: &str = "lrmd_rsc_id";
pub(super) const START_DELAY: &str = "lrmd_rsc_start_delay";
pub(super) const TIMEOUT: &str = "lrmd_timeout";
pub(super) const TYPE: &str = "lrmd_type";
pub(super) const USER_DATA: &str = "lrmd_rsc_userdata_str";

/// A value that is there but cannot be read.
pub(super) struct Unreadable(pub(super) &'static str);

/// The number in an attribute; `None` if the attribute is not there.
pub(super) fn number<T: FromStr>(
    element: &Element,
    name: &'static str,
) -> Result<Option<T>, Unreadable> {
    element.attr(name).map(|text| text.trim().parse().map_err(|_| Unreadable(name))).transpose()
}

/// Milliseconds as a duration, zero if missing or below zero.
pub(super) fn millis(element: &Element, name: &'static str) -> Result<Duration, Unreadable> {
    let millis = number::<i64>(element, name)?.unwrap_or(0);
    Ok(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
}

/// The interval of an operation, zero if missing.
pub(super) fn interval(element: &Element) -> Result<Interval, Unreadable> {
    Ok(Interval { millis: number(element, INTERVAL)?.unwrap_or(0) })
}

/// Seconds since the epoch, zero if missing.
pub(super) fn timestamp(element: &Element, name: &'static str) -> Result<Timestamp, Unreadable> {
    Ok(Timestamp(number(element, name)?.unwrap_or(0)))
}

/// The resource that an element is about, if it names one.
pub(super) fn resource(element: &Element) -> Option<ResourceId> {
    element.attr(RESOURCE_ID).filter(|id| !id.is_empty()).map(ResourceId::from)
}

/// The agent that an element names, if it does so completely.
pub(super) fn agent(element: &Element) -> Option<Agent> {
    let standard = Standard::from_name(element.attr(CLASS)?);
    let provider = element.attr(PROVIDER).filter(|text| !text.is_empty());
    if standard.has_providers() && provider.is_none() {
        return None;
    }
    Some(Agent::new(standard, provider, element.attr(TYPE)?))
}

/// The element with an agent's three attributes set.
pub(super) fn with_agent(element: Element, agent: &Agent) -> Element {
    element
        .with(CLASS, &agent.standard)
        .with_some(PROVIDER, agent.provider.as_ref())
        .with(TYPE, &agent.name)
}

/// A duration as a whole number of milliseconds that the other side can read into an `int`.
pub(super) fn as_millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
