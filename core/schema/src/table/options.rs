use super::sets;
use crate::shape::{ElementType, any, element, form};

pub(super) static CRM_CONFIG: ElementType =
    element("crm_config", form(&[], &[any(&sets::CLUSTER_PROPERTY_SET)]));

pub(super) static RSC_DEFAULTS: ElementType =
    element("rsc_defaults", form(&[], &[any(&sets::RSC_DEFAULT_META)]));

pub(super) static OP_DEFAULTS: ElementType =
    element("op_defaults", form(&[], &[any(&sets::OP_DEFAULT_META)]));
