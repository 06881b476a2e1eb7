use super::{V1_2, V1_3, V2_5, acls, alerts, constraints, nodes, options, resources};
use crate::{
    shape::{ElementType, element, form, may, must, one, optional},
    value::Type,
};

/// The root.
pub static CIB: ElementType = element(
    "cib",
    form(
        &[
            must("validate-with", Type::SchemaName),
            must("admin_epoch", Type::NonNegative),
            must("epoch", Type::NonNegative),
            must("num_updates", Type::NonNegative),
            may("crm_feature_set", Type::Text),
            may("remote-tls-port", Type::NonNegative),
            may("remote-clear-port", Type::NonNegative),
            may("have-quorum", Type::Boolean),
            may("dc-uuid", Type::Text),
            may("cib-last-written", Type::Text),
            may("no-quorum-panic", Type::Boolean),
            may("update-origin", Type::Text).since(V1_2),
            may("update-client", Type::Text).since(V1_2),
            may("update-user", Type::Text).since(V1_2),
            may("execution-date", Type::Text).since(V1_2),
        ],
        &[one(&CONFIGURATION), optional(&STATUS).at(1)],
    ),
)
.in_order();

static CONFIGURATION: ElementType = element(
    "configuration",
    form(
        &[],
        &[
            one(&options::CRM_CONFIG),
            optional(&options::RSC_DEFAULTS),
            optional(&options::OP_DEFAULTS),
            one(&nodes::NODES),
            one(&resources::RESOURCES),
            one(&constraints::CONSTRAINTS),
            optional(&nodes::FENCING_TOPOLOGY).since(V1_2),
            optional(&acls::ACLS).since(V1_2),
            optional(&nodes::TAGS).since(V1_3),
            optional(&alerts::ALERTS).since(V2_5),
        ],
    ),
);

/// What the cluster does: no schema says anything about it.
static STATUS: ElementType = ElementType { open: true, ..element("status", form(&[], &[])) };
