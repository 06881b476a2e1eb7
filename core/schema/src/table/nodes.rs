use super::{V1_2, V1_3, V2_4, V2_10, V3_2, V3_3, V3_10, sets};
use crate::{
    Schema,
    shape::{Attribute, ElementType, Span, any, element, form, may, must, one_of, some, word},
    value::{Target, Type},
};

pub(super) static NODES: ElementType = element("nodes", form(&[], &[any(&NODE)]));

static NODE: ElementType = element(
    "node",
    form(
        &[
            must("id", Type::Text),
            must("uname", Type::Text),
            Attribute {
                required: Some(Span { since: Schema::OLDEST, until: Schema::OLDEST }),
                ..may(
                    "type",
                    Type::OneOf(&[
                        word("normal").until(V2_10),
                        word("member"),
                        word("ping").until(V3_10),
                        word("remote").since(V1_3),
                    ]),
                )
            },
            may("description", Type::Text),
            may("score", Type::Score).since(V1_2),
        ],
        &[any(&sets::INSTANCE), any(&sets::UTILIZATION).since(V1_2)],
    ),
);

pub(super) static FENCING_TOPOLOGY: ElementType =
    element("fencing-topology", form(&[], &[any(&FENCING_LEVEL)]));

static FENCING_LEVEL: ElementType = element(
    "fencing-level",
    form(&[must("id", Type::Id), must("index", Type::Level), must("devices", Type::Devices)], &[])
        .choosing(&[one_of(&[
            form(&[must("target", Type::Text)], &[]),
            form(&[must("target-pattern", Type::Text)], &[]),
            form(&[must("target-attribute", Type::Text), must("target-value", Type::Text)], &[])
                .since(V2_4),
        ])]),
);

pub(super) static TAGS: ElementType = element("tags", form(&[], &[any(&TAG)]));

static TAG: ElementType = element("tag", form(&[must("id", Type::Id)], &[some(&OBJ_REF)]));

static OBJ_REF: ElementType = element(
    "obj_ref",
    form(
        &[
            must("id", Type::Reference(Target::Any)).until(V3_2),
            // What a tag names need not exist, and may be a node, whose id is no XML name.
            must("id", Type::Text).since(V3_3),
        ],
        &[],
    ),
);
