//! Meta-attributes of groups, clones and bundles. They pass those of primitives on to what is in them.

use crate::setting::{Kind, Setting, setting};

/// Meta-attributes that are the group's own.
pub const GROUP: &[Setting] = &[
    setting("ordered", Kind::Boolean, "Whether members start one after the other")
        .default("true")
        .deprecated(),
    setting("collocated", Kind::Boolean, "Whether members run on the same node")
        .default("true")
        .deprecated(),
];

/// Meta-attributes that are the clone's own.
pub const CLONE: &[Setting] = &[
    setting("clone-max", Kind::Count, "How many instances there are")
        .long("Unless set, as many as there are nodes. 0 is none."),
    setting("clone-node-max", Kind::Count, "How many instances a node may have").default("1"),
    setting("clone-min", Kind::Count, "How many instances must run before what depends on the clone may start")
        .default("0")
        .long("0 means all that can run."),
    setting("globally-unique", Kind::Boolean, "Whether instances differ from each other")
        .long("Unless set, true if a node may have more than one of them. Instances that do not differ are the same everywhere and need no number."),
    setting("ordered", Kind::Boolean, "Whether instances start one after the other instead of all at once").default("false"),
    setting("interleave", Kind::Boolean, "Whether an instance waits only for the other clone's instance on its own node")
        .default("false")
        .long("If false, an ordering between clones lets each instance wait for all instances of the other clone."),
    setting("notify", Kind::Boolean, "Whether instances are told before and after something is done to one of them").default("false"),
    setting("promotable", Kind::Boolean, "Whether instances have two roles").default("false").since(2, 0, 0),
    setting("promoted-max", Kind::Count, "How many instances are promoted").oldest("master-max").default("1").since(2, 0, 0),
    setting("promoted-node-max", Kind::Count, "How many instances a node may have promoted")
        .oldest("master-node-max")
        .default("1")
        .since(2, 0, 0),
];

/// Meta-attributes that are the bundle's own: none but those that it passes on.
pub const BUNDLE: &[Setting] = &[];
