//! Rules. They learned the same things in different places at different times.

use super::{V2_9, V3_0, V3_4, V3_5, V3_8, V3_9, V3_10};
use crate::{
    shape::{
        ElementType, any, at_most_one_of, element, form, may, must, one, one_of, one_of_until,
        optional, word,
    },
    value::{Target, Type},
};

/// Rules where values may come from a resource's parameters since one schema, and resources and operations may be asked
/// about since another.
macro_rules! rules {
    ($(#[$about:meta])* $rule:ident, $expression:ident, $values_since:expr, $resources_since:expr) => {
        $(#[$about])*
        pub(super) static $rule: ElementType = element(
            "rule",
            form(&[], &[]).choosing(&[one_of(&[
                form(&[must("id-ref", Type::Reference(Target::Same))], &[]),
                form(
                    &[
                        must("id", Type::Id),
                        may("boolean-op", Type::OneOf(&[word("or"), word("and")])),
                        may("role", Type::Text),
                    ],
                    &[
                        any(&$expression),
                        any(&DATE_EXPRESSION),
                        any(&RSC_EXPRESSION).since($resources_since),
                        any(&OP_EXPRESSION).since($resources_since),
                        any(&$rule),
                    ],
                )
                .filled()
                .choosing(&[one_of_until(
                    V3_8,
                    &[
                        form(&[must("score", Type::Score)], &[]),
                        form(&[must("score-attribute", Type::Text)], &[]),
                    ],
                )]),
            ])]),
        );

        static $expression: ElementType = element(
            "expression",
            form(
                &[
                    must("id", Type::Id),
                    must("attribute", Type::Text),
                    must(
                        "operation",
                        Type::OneOf(&[
                            word("lt"),
                            word("gt"),
                            word("lte"),
                            word("gte"),
                            word("eq"),
                            word("ne"),
                            word("defined"),
                            word("not_defined"),
                        ]),
                    ),
                    may("value", Type::Text),
                    may(
                        "type",
                        Type::OneOf(&[
                            word("string"),
                            word("integer").since(V3_5),
                            word("number"),
                            word("version"),
                        ]),
                    ),
                    may(
                        "value-source",
                        Type::OneOf(&[word("literal"), word("param"), word("meta")]),
                    )
                    .since($values_since),
                ],
                &[],
            ),
        );
    };
}

rules!(
    /// In cluster options and defaults.
    OF_OPTIONS, OPTION_EXPRESSION, V3_0, V3_4
);
rules!(
    /// In what nodes and resources have.
    OF_OBJECTS, OBJECT_EXPRESSION, V2_9, V3_4
);
rules!(
    /// In constraints and alerts.
    OF_OTHERS, OTHER_EXPRESSION, V2_9, V3_5
);

static RSC_EXPRESSION: ElementType = element(
    "rsc_expression",
    form(
        &[
            must("id", Type::Id),
            may("class", Type::Text),
            may("provider", Type::Text),
            may("type", Type::Text),
        ],
        &[],
    ),
);

static OP_EXPRESSION: ElementType = element(
    "op_expression",
    form(&[must("id", Type::Id), must("name", Type::Text), may("interval", Type::Text)], &[]),
);

static DATE_EXPRESSION: ElementType = element(
    "date_expression",
    form(&[must("id", Type::Id)], &[]).choosing(&[one_of(&[
        form(&[IN_RANGE, may("start", Type::Text), must("end", Type::Text)], &[]).until(V3_8),
        form(&[IN_RANGE, must("start", Type::Text)], &[one(&DURATION)]).until(V3_8),
        form(&[IN_RANGE, must("start", Type::Text)], &[optional(&DURATION)])
            .choosing(&[at_most_one_of(&[form(&[must("end", Type::Text)], &[])])])
            .since(V3_9),
        form(&[IN_RANGE, must("end", Type::Text)], &[optional(&DURATION)]).since(V3_9),
        form(&[must("operation", Type::OneOf(&[word("gt")])), must("start", Type::Text)], &[]),
        form(&[must("operation", Type::OneOf(&[word("lt")])), must("end", Type::Text)], &[]),
        form(&[must("operation", Type::OneOf(&[word("date_spec")]))], &[one(&DATE_SPEC)]),
    ])]),
);

const IN_RANGE: crate::shape::Attribute = must("operation", Type::OneOf(&[word("in_range")]));

static DURATION: ElementType = element(
    "duration",
    form(
        &[
            must("id", Type::Id),
            may("years", Type::Text),
            may("months", Type::Text),
            may("weeks", Type::Text),
            may("days", Type::Text).since(V3_9),
            may("hours", Type::Text),
            may("minutes", Type::Text).since(V3_9),
            may("seconds", Type::Text).since(V3_9),
            // These mean nothing here, and are allowed.
            may("monthdays", Type::Text),
            may("weekdays", Type::Text),
            may("yearsdays", Type::Text),
            may("weekyears", Type::Text),
            may("moon", Type::Text),
        ],
        &[],
    ),
);

static DATE_SPEC: ElementType = element(
    "date_spec",
    form(
        &[
            must("id", Type::Id),
            may("years", Type::Text),
            may("months", Type::Text),
            may("monthdays", Type::Text),
            may("hours", Type::Text),
            may("minutes", Type::Text).since(V3_9),
            may("seconds", Type::Text).since(V3_9),
            may("yeardays", Type::Text).since(V3_9),
            may("weekyears", Type::Text),
            may("weeks", Type::Text),
            may("weekdays", Type::Text),
            may("moon", Type::Text).until(V3_10),
            // A slip of the pen that stayed.
            may("yearsdays", Type::Text),
        ],
        &[],
    ),
);
