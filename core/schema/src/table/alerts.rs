use super::{V2_9, V2_10, sets};
use crate::{
    shape::{ElementType, any, element, form, may, must, optional},
    value::Type,
};

pub(super) static ALERTS: ElementType = element("alerts", form(&[], &[any(&ALERT)]));

static ALERT: ElementType = element(
    "alert",
    form(
        &[must("id", Type::Id), may("description", Type::Text), must("path", Type::Text)],
        &[
            any(&sets::ALERT_META),
            any(&sets::ALERT_INSTANCE),
            optional(&SELECT).since(V2_10),
            any(&RECIPIENT).at(1),
        ],
    ),
)
.in_order_until(V2_9);

static RECIPIENT: ElementType = element(
    "recipient",
    form(
        &[must("id", Type::Id), may("description", Type::Text), must("value", Type::Text)],
        &[any(&sets::ALERT_META), any(&sets::ALERT_INSTANCE)],
    ),
);

static SELECT: ElementType = element(
    "select",
    form(
        &[],
        &[
            optional(&SELECT_ATTRIBUTES),
            optional(&SELECT_FENCING),
            optional(&SELECT_NODES),
            optional(&SELECT_RESOURCES),
        ],
    ),
);

static SELECT_ATTRIBUTES: ElementType = element("select_attributes", form(&[], &[any(&ATTRIBUTE)]));

static SELECT_FENCING: ElementType = element("select_fencing", form(&[], &[]));
static SELECT_NODES: ElementType = element("select_nodes", form(&[], &[]));
static SELECT_RESOURCES: ElementType = element("select_resources", form(&[], &[]));

static ATTRIBUTE: ElementType =
    element("attribute", form(&[must("id", Type::Id), must("name", Type::Text)], &[]));
