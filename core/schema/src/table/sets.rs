//! Sets of names with values.

use super::{V1_3, V3_0, V3_10, V4_0, rules};
use crate::{
    shape::{
        ElementType, Word, any, at_most_one_of, element, form, may, must, one_of, optional, word,
    },
    value::{Target, Type},
};

/// A set and the pairs in it, which may stand for another's since a schema, and whose names cannot be some.
macro_rules! set {
    (
        $(#[$about:meta])*
        $set:ident = $name:literal, $pair:ident, $rule:ident,
        references since $since:expr, not $forbidden:expr
    ) => {
        set!(
            $(#[$about])*
            $set = $name, $pair, $rule, references since $since, not $forbidden, or
        );
    };
    (
        $(#[$about:meta])*
        $set:ident = $name:literal, $pair:ident, $rule:ident,
        references since $since:expr, not $forbidden:expr, or $($more:expr),*
    ) => {
        $(#[$about])*
        pub(super) static $set: ElementType = element(
            $name,
            form(&[], &[]).choosing(&[one_of(&[
                form(&[must("id-ref", Type::Reference(Target::Same))], &[]),
                form(
                    &[must("id", Type::Id), may("score", Type::Score)],
                    &[optional(&rules::$rule), any(&$pair)],
                ),
            ])]),
        );

        static $pair: ElementType = element(
            "nvpair",
            form(&[], &[]).choosing(&[one_of(&[
                form(&[must("id-ref", Type::Reference(Target::Same))], &[])
                    .choosing(&[at_most_one_of(&[
                        form(&[must("name", Type::Text)], &[]).until(V3_10),
                    ])])
                    .since($since),
                form(
                    &[
                        must("id", Type::Id),
                        must("name", Type::AllBut($forbidden)),
                        may("value", Type::Text).required_since(V4_0),
                    ],
                    &[],
                ),
                $($more),*
            ])]),
        );
    };
}

/// Not in resources: no longer supported since 4.0.
const RESTART_TYPE: Word = word("restart-type").since(V4_0);

set!(
    /// Cluster options.
    CLUSTER_PROPERTY_SET = "cluster_property_set", CLUSTER_PAIR, OF_OPTIONS,
    references since V3_0,
    not &[
        word("cluster-infrastructure").since(V3_0).until(V3_10),
        word("cluster_recheck_interval").since(V3_0).until(V3_10),
        word("dc_deadtime").since(V3_0).until(V3_10),
        word("default-action-timeout").since(V3_0).until(V3_10),
        word("default_action_timeout").since(V3_0).until(V3_10),
        word("default-migration-threshold").since(V3_0).until(V3_10),
        word("default_migration_threshold").since(V3_0).until(V3_10),
        word("default-resource-failure-stickiness").since(V3_0).until(V3_10),
        word("default_resource_failure_stickiness").since(V3_0).until(V3_10),
        word("default-resource-stickiness").since(V3_0).until(V3_10),
        word("default_resource_stickiness").since(V3_0).until(V3_10),
        word("election_timeout").since(V3_0).until(V3_10),
        word("expected-quorum-votes").since(V3_0).until(V3_10),
        word("is-managed-default").since(V3_0).until(V3_10),
        word("is_managed_default").since(V3_0).until(V3_10),
        word("no_quorum_policy").since(V3_0).until(V3_10),
        word("notification-agent").since(V3_0).until(V3_10),
        word("notification-recipient").since(V3_0).until(V3_10),
        word("remove_after_stop").since(V3_0).until(V3_10),
        word("shutdown_escalation").since(V3_0).until(V3_10),
        word("startup_fencing").since(V3_0).until(V3_10),
        word("stonith_action").since(V3_0).until(V3_10),
        word("stonith_enabled").since(V3_0).until(V3_10),
        word("stop_orphan_actions").since(V3_0).until(V3_10),
        word("stop_orphan_resources").since(V3_0).until(V3_10),
        word("symmetric_cluster").since(V3_0).until(V3_10),
        word("transition_idle_timeout").since(V3_0).until(V3_10),
        word("crmd-finalization-timeout").since(V4_0),
        word("crmd-integration-timeout").since(V4_0),
        word("crmd-transition-delay").since(V4_0),
        word("remove-after-stop").since(V4_0),
        word("stonith-action").since(V4_0),
    ],
    or form(
        &[
            must("id", Type::Id),
            must("name", Type::Exactly("cluster-infrastructure")),
            must(
                "value",
                Type::AllBut(&[
                    word("heartbeat"),
                    word("openais"),
                    word("classic openais"),
                    word("classic openais (with plugin)"),
                    word("cman"),
                ]),
            ),
        ],
        &[],
    )
    .since(V3_0)
    .until(V3_10),
    form(
        &[
            must("id", Type::Id),
            must("name", Type::Exactly("stonith-action")),
            must("value", Type::AllBut(&[word("poweroff")])),
        ],
        &[],
    )
    .since(V4_0)
);

set!(
    /// What resources have unless they say otherwise.
    RSC_DEFAULT_META = "meta_attributes", RSC_DEFAULT_PAIR, OF_OPTIONS,
    references since V3_0, not &[RESTART_TYPE]
);

set!(
    /// What operations have unless they say otherwise.
    OP_DEFAULT_META = "meta_attributes", OP_DEFAULT_PAIR, OF_OPTIONS,
    references since V3_0,
    not &[word("can_fail").since(V4_0), word("role_after_failure").since(V4_0)]
);

set!(
    /// Attributes of nodes, parameters of collective resources.
    INSTANCE = "instance_attributes", INSTANCE_PAIR, OF_OBJECTS,
    references since V1_3, not &[]
);

set!(
    /// What something takes of nodes or they have to give.
    UTILIZATION = "utilization", UTILIZATION_PAIR, OF_OBJECTS,
    references since V1_3, not &[]
);

set!(
    /// How the cluster treats a collective resource.
    COLLECTIVE_META = "meta_attributes", COLLECTIVE_META_PAIR, OF_OBJECTS,
    references since V1_3, not &[RESTART_TYPE]
);

set!(
    /// Parameters of a resource.
    PRIMITIVE_INSTANCE = "instance_attributes", PRIMITIVE_PAIR, OF_OBJECTS,
    references since V1_3,
    not &[
        word("pcmk_arg_map").since(V3_0).until(V3_0),
        word("pcmk_list_cmd").since(V3_0).until(V3_0),
        word("pcmk_monitor_cmd").since(V3_0).until(V3_0),
        word("pcmk_off_cmd").since(V3_0).until(V3_0),
        word("pcmk_on_cmd").since(V3_0).until(V3_0),
        word("pcmk_reboot_cmd").since(V3_0).until(V3_0),
        word("pcmk_status_cmd").since(V3_0).until(V3_0),
    ]
);

set!(
    /// How the cluster treats a resource.
    PRIMITIVE_META = "meta_attributes", PRIMITIVE_META_PAIR, OF_OBJECTS,
    references since V1_3,
    not &[
        word("isolation").since(V3_0).until(V3_10),
        word("isolation-host").since(V3_0).until(V3_10),
        word("isolation-instance").since(V3_0).until(V3_10),
        word("isolation-wrapper").since(V3_0).until(V3_10),
        RESTART_TYPE,
    ]
);

set!(
    /// Parameters of an operation.
    OP_INSTANCE = "instance_attributes", OP_PAIR, OF_OBJECTS,
    references since V1_3,
    not &[
        word("interval-origin").since(V3_0).until(V3_0),
        word("start-delay").since(V3_0).until(V3_0),
        word("enabled").since(V3_0).until(V3_0),
        word("on-fail").since(V3_0).until(V3_0),
        word("record-pending").since(V3_0).until(V3_0),
        word("role").since(V3_0).until(V3_0),
        word("timeout").since(V3_0).until(V3_0),
        word("requires").since(V3_0).until(V3_0),
    ]
);

set!(
    /// How the cluster treats an operation.
    OP_META = "meta_attributes", OP_META_PAIR, OF_OBJECTS,
    references since V1_3,
    not &[
        word("requires").since(V3_0).until(V3_10),
        word("can_fail").since(V4_0),
        word("role_after_failure").since(V4_0),
    ]
);

set!(
    /// Parameters of an alert.
    ALERT_INSTANCE = "instance_attributes", ALERT_PAIR, OF_OTHERS,
    references since V1_3, not &[]
);

set!(
    /// How the cluster treats an alert.
    ALERT_META = "meta_attributes", ALERT_META_PAIR, OF_OTHERS,
    references since V1_3, not &[]
);
