use super::{PROMOTED, UNPROMOTED, V1_2, V1_3, V2_10, V3_4, sets};
use crate::{
    shape::{ElementType, any, at_most_one_of, element, form, may, must, word},
    value::{Target, Type},
};

pub(super) static OPERATIONS: ElementType = element(
    "operations",
    form(&[may("id", Type::Id), may("id-ref", Type::Reference(Target::Same))], &[any(&OP)]),
);

static OP: ElementType = element(
    "op",
    form(
        &[
            must("id", Type::Id),
            must("name", Type::Text),
            must("interval", Type::Text),
            may("description", Type::Text),
            may("timeout", Type::Text),
            may("enabled", Type::Boolean),
            may("record-pending", Type::Boolean),
            may(
                "role",
                Type::OneOf(&[
                    word("Stopped"),
                    word("Started"),
                    PROMOTED,
                    UNPROMOTED,
                    word("Slave"),
                    word("Master"),
                ]),
            ),
            may(
                "requires",
                Type::OneOf(&[
                    word("nothing"),
                    word("quorum"),
                    word("fencing"),
                    word("unfencing").since(V1_3),
                ]),
            )
            .until(V2_10),
            may(
                "on-fail",
                Type::OneOf(&[
                    word("ignore"),
                    word("block"),
                    word("demote").since(V3_4),
                    word("stop"),
                    word("restart"),
                    word("standby"),
                    word("fence"),
                    word("restart-container").since(V1_2),
                ]),
            ),
        ],
        &[any(&sets::OP_INSTANCE), any(&sets::OP_META)],
    )
    .choosing(&[at_most_one_of(&[
        form(&[must("start-delay", Type::Text)], &[]),
        form(&[must("interval-origin", Type::Text)], &[]),
    ])]),
);
