use super::{V1_2, V2_7, V2_8, V3_10, bundles, operations, sets};
use crate::{
    shape::{ElementType, Form, any, element, form, may, must, one, one_of, optional, some, word},
    value::{Target, Type},
};

pub(super) static RESOURCES: ElementType = element(
    "resources",
    form(
        &[],
        &[
            any(&PRIMITIVE),
            any(&TEMPLATE).since(V1_2),
            any(&GROUP),
            any(&CLONE),
            any(&MASTER).until(V3_10),
            any(&bundles::BUNDLE).since(V2_8),
        ],
    ),
);

pub(super) static PRIMITIVE: ElementType = element(
    "primitive",
    form(
        &[must("id", Type::Id), may("description", Type::Text)],
        &[
            any(&sets::PRIMITIVE_INSTANCE),
            any(&sets::PRIMITIVE_META),
            any(&sets::UTILIZATION).since(V1_2),
            optional(&operations::OPERATIONS),
        ],
    )
    .choosing(&[one_of(&[
        OCF,
        form(
            &[
                must(
                    "class",
                    Type::OneOf(&[
                        word("lsb"),
                        word("heartbeat"),
                        word("stonith"),
                        word("upstart").until(V3_10),
                        word("service").since(V1_2),
                        word("systemd").since(V1_2),
                        word("nagios").since(V1_2).until(V3_10),
                    ]),
                ),
                must("type", Type::Text),
            ],
            &[],
        ),
        form(&[must("template", Type::Reference(Target::Template))], &[]).since(V1_2),
    ])]),
);

static TEMPLATE: ElementType = element(
    "template",
    form(
        &[must("id", Type::Id), may("description", Type::Text)],
        &[
            any(&sets::PRIMITIVE_INSTANCE),
            any(&sets::PRIMITIVE_META),
            any(&sets::UTILIZATION),
            optional(&operations::OPERATIONS),
        ],
    )
    .choosing(&[one_of(&[
        OCF,
        form(
            &[
                must(
                    "class",
                    Type::OneOf(&[
                        word("lsb"),
                        word("heartbeat"),
                        word("stonith"),
                        word("upstart").until(V3_10),
                        word("service").since(V2_7),
                        word("systemd").since(V2_7),
                        word("nagios").since(V2_7).until(V3_10),
                    ]),
                ),
                must("type", Type::Text),
            ],
            &[],
        ),
    ])]),
);

/// The one class of agents that has providers.
const OCF: Form = form(
    &[
        must("class", Type::OneOf(&[word("ocf")])),
        must("provider", Type::Text),
        must("type", Type::Text),
    ],
    &[],
);

static GROUP: ElementType = element(
    "group",
    form(
        &[must("id", Type::Id), may("description", Type::Text)],
        &[any(&sets::INSTANCE), any(&sets::COLLECTIVE_META), some(&PRIMITIVE)],
    ),
);

/// What is there several times.
macro_rules! copies {
    ($type:ident, $name:literal) => {
        static $type: ElementType = element(
            $name,
            form(
                &[must("id", Type::Id), may("description", Type::Text)],
                &[any(&sets::INSTANCE), any(&sets::COLLECTIVE_META)],
            )
            .choosing(&[one_of(&[form(&[], &[one(&PRIMITIVE)]), form(&[], &[one(&GROUP)])])]),
        );
    };
}

copies!(CLONE, "clone");
copies!(MASTER, "master");
