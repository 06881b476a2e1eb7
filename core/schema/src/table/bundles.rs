use super::{V2_8, V2_10, V3_0, V3_2, V3_10, resources, sets};
use crate::{
    shape::{
        ElementType, Form, any, at_most_one_of, element, form, may, must, one, one_of, optional,
    },
    value::Type,
};

pub(super) static BUNDLE: ElementType = element(
    "bundle",
    form(
        &[must("id", Type::Id), may("description", Type::Text)],
        &[
            any(&sets::INSTANCE),
            any(&sets::COLLECTIVE_META),
            optional(&NETWORK),
            optional(&STORAGE),
            optional(&resources::PRIMITIVE),
        ],
    )
    .choosing(&[one_of(&[
        form(&[], &[one(&DOCKER)]),
        form(&[], &[one(&RKT)]).since(V2_10).until(V3_10),
        form(&[], &[one(&PODMAN)]).since(V3_2),
    ])]),
);

static DOCKER: ElementType = element("docker", CONTAINER);
static RKT: ElementType = element("rkt", CONTAINER);
static PODMAN: ElementType = element("podman", CONTAINER);

const CONTAINER: Form = form(
    &[
        must("image", Type::Text),
        may("replicas", Type::Integer),
        may("replicas-per-host", Type::Integer),
        may("run-command", Type::Text),
        may("network", Type::Text),
        may("options", Type::Text),
    ],
    &[],
)
.choosing(&[at_most_one_of(&[
    form(&[must("promoted-max", Type::Integer)], &[]).since(V3_0),
    form(&[must("masters", Type::Integer)], &[]).since(V2_8).until(V3_10),
])]);

static NETWORK: ElementType = element(
    "network",
    form(
        &[
            may("ip-range-start", Type::Text),
            may("control-port", Type::Integer),
            may("host-interface", Type::Text),
            may("host-netmask", Type::Integer),
            may("add-host", Type::Boolean).since(V3_0),
        ],
        &[any(&PORT_MAPPING)],
    ),
);

static PORT_MAPPING: ElementType = element(
    "port-mapping",
    form(&[must("id", Type::Id)], &[]).choosing(&[one_of(&[
        form(&[must("port", Type::Integer), may("internal-port", Type::Integer)], &[]),
        form(&[must("range", Type::Ports)], &[]),
    ])]),
);

static STORAGE: ElementType = element("storage", form(&[], &[any(&STORAGE_MAPPING)]));

static STORAGE_MAPPING: ElementType = element(
    "storage-mapping",
    form(&[must("id", Type::Id), must("target-dir", Type::Text), may("options", Type::Text)], &[])
        .choosing(&[one_of(&[
            form(&[must("source-dir", Type::Text)], &[]),
            form(&[must("source-dir-root", Type::Text)], &[]),
        ])]),
);
