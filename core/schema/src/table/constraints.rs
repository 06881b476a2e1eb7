use super::{ROLES, V1_2, V2_1, V2_2, V2_3, V2_6, V2_10, V3_0, V3_6, V3_10, V4_0, rules};
use crate::{
    shape::{
        ElementType, any, at_most_one_of, element, form, may, must, one_of, optional, some, word,
    },
    value::{Target, Type},
};

pub(super) static CONSTRAINTS: ElementType = element(
    "constraints",
    form(
        &[],
        &[any(&RSC_LOCATION), any(&RSC_COLOCATION), any(&RSC_ORDER), any(&RSC_TICKET).since(V1_2)],
    ),
);

const RESOURCE: Type = Type::Reference(Target::Constrainable);

static RSC_LOCATION: ElementType = element(
    "rsc_location",
    form(
        &[
            must("id", Type::Id),
            may(
                "resource-discovery",
                Type::OneOf(&[word("always"), word("never"), word("exclusive")]),
            )
            .since(V2_2),
        ],
        &[optional(&LIFETIME).at(2).until(V3_10)],
    )
    .choosing(&[
        one_of(&[
            form(&[must("rsc", RESOURCE), may("role", ROLES).since(V1_2)], &[]),
            form(&[must("rsc-pattern", Type::Text), may("role", ROLES)], &[]).since(V2_6),
            form(&[], &[some(&RESOURCE_SET)]).since(V1_2),
        ]),
        one_of(&[
            form(&[must("score", Type::Score), must("node", Type::Text)], &[]),
            form(&[], &[some(&rules::OF_OTHERS).at(1).one_since(V4_0)]),
        ]),
    ]),
)
.in_order();

static RSC_COLOCATION: ElementType = element(
    "rsc_colocation",
    form(
        &[must("id", Type::Id), may("influence", Type::Text).since(V3_6)],
        &[optional(&LIFETIME).until(V3_10)],
    )
    .choosing(&[
        at_most_one_of(&[
            form(&[must("score", Type::Score)], &[]),
            form(&[must("score-attribute", Type::Text)], &[]).until(V2_10),
            form(&[must("score-attribute-mangle", Type::Text)], &[]).until(V2_10),
        ]),
        one_of(&[
            form(&[], &[some(&RESOURCE_SET).at(1)]),
            form(
                &[
                    must("rsc", RESOURCE),
                    must("with-rsc", RESOURCE),
                    may("node-attribute", Type::Text),
                    may("rsc-role", ROLES),
                    may("with-rsc-role", ROLES),
                ],
                &[],
            ),
        ]),
    ]),
)
.in_order();

static RSC_ORDER: ElementType = element(
    "rsc_order",
    form(
        &[
            must("id", Type::Id),
            may("symmetrical", Type::Boolean),
            may("require-all", Type::Boolean).since(V2_3),
        ],
        &[optional(&LIFETIME).until(V3_10)],
    )
    .choosing(&[
        at_most_one_of(&[
            form(&[must("score", Type::Score)], &[]),
            form(&[must("kind", KINDS)], &[]),
        ]),
        one_of(&[
            form(&[], &[some(&RESOURCE_SET).at(1)]),
            form(
                &[
                    must("first", RESOURCE),
                    must("then", RESOURCE),
                    may("first-action", ACTIONS),
                    may("then-action", ACTIONS),
                ],
                &[],
            ),
        ]),
    ]),
)
.in_order();

static RSC_TICKET: ElementType = element(
    "rsc_ticket",
    form(
        &[
            must("id", Type::Id),
            must("ticket", Type::Text),
            may(
                "loss-policy",
                Type::OneOf(&[word("stop"), word("demote"), word("fence"), word("freeze")]),
            ),
        ],
        &[],
    )
    .choosing(&[one_of(&[
        form(&[], &[some(&RESOURCE_SET)]),
        form(&[must("rsc", RESOURCE), may("rsc-role", ROLES)], &[]),
    ])]),
);

static RESOURCE_SET: ElementType = element(
    "resource_set",
    form(&[], &[]).choosing(&[one_of(&[
        form(&[must("id-ref", Type::Reference(Target::Same))], &[]),
        form(
            &[
                must("id", Type::Id),
                may("sequential", Type::Boolean),
                may("require-all", Type::Boolean).since(V1_2),
                may("ordering", Type::OneOf(&[word("group"), word("listed")])).since(V2_1),
                may("action", ACTIONS),
                may("role", ROLES),
            ],
            &[some(&RESOURCE_REF)],
        )
        .choosing(&[at_most_one_of(&[
            form(&[must("score", Type::Score)], &[]),
            form(&[must("kind", KINDS)], &[]).since(V3_0),
        ])]),
    ])]),
);

static RESOURCE_REF: ElementType = element("resource_ref", form(&[must("id", RESOURCE)], &[]));

static LIFETIME: ElementType = element("lifetime", form(&[], &[some(&rules::OF_OTHERS)]));

const ACTIONS: Type = Type::OneOf(&[word("start"), word("promote"), word("demote"), word("stop")]);

const KINDS: Type = Type::OneOf(&[word("Optional"), word("Mandatory"), word("Serialize")]);
