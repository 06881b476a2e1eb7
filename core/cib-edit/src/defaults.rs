//! Defaults of all resources or all operations.

use xml::Element;

use crate::{Ids, Outcome, Pairs, Refused, Report, find, nvset};

const META: &str = "meta_attributes";

/// Which defaults are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defaults {
    /// Those of resources.
    Resources,
    /// Those of operations.
    Operations,
}

impl Defaults {
    /// The section of the configuration they are in.
    pub fn section(self) -> &'static str {
        match self {
            Self::Resources => "rsc_defaults",
            Self::Operations => "op_defaults",
        }
    }
}

/// Sets defaults in the first block. An empty value removes.
pub fn update(cib: &mut Element, which: Defaults, values: &Pairs) -> Outcome {
    let name = which.section();
    let blocks = cib
        .descend(&["configuration", name])
        .map_or(0, |section| section.children_named(META).count());
    if blocks > 1 {
        let message = "Several options sets exist, please use the 'pcs resource defaults set update' command and specify an option set ID";
        return Err(Refused::because("CIB_NVSET_AMBIGUOUS_PROVIDE_NVSET_ID", message));
    }
    let mut ids = Ids::of(cib);
    if blocks == 0 && values.iter().any(|(_, value)| !value.is_empty()) {
        let id = ids.take(&format!("{name}-{META}"));
        find::section_mut(cib, name).push(Element::new(META).with("id", id));
    }
    let wanted = blocks > 0 || values.iter().any(|(_, value)| !value.is_empty());
    if wanted && let Some(block) = find::section_mut(cib, name).child_mut(META) {
        nvset::update_in_order(block, values, &mut ids);
    }
    let message =
        "Defaults do not apply to resources which override them with their own defined values";
    Ok(vec![Report::warning("DEFAULTS_CAN_BE_OVERRIDDEN", message)])
}

/// The blocks of defaults, in order.
pub fn blocks(cib: &Element, which: Defaults) -> Vec<&Element> {
    let section = cib.descend(&["configuration", which.section()]);
    section.into_iter().flat_map(|section| section.children_named(META)).collect()
}
