use super::{V1_3, V2_0, V3_8};
use crate::{
    shape::{ElementType, Form, any, element, form, may, must, one_of, word},
    value::{Target, Type},
};

pub(super) static ACLS: ElementType = element(
    "acls",
    form(
        &[],
        &[
            any(&ACL_USER).until(V1_3),
            any(&ACL_TARGET).since(V2_0),
            any(&ACL_GROUP).since(V2_0),
            any(&ACL_ROLE),
        ],
    ),
);

static ACL_USER: ElementType = element(
    "acl_user",
    form(&[must("id", Type::Id)], &[]).choosing(&[one_of(&[
        form(&[], &[any(&ROLE_REF)]),
        form(&[], &[any(&READ), any(&WRITE), any(&DENY)]),
    ])]),
);

static ROLE_REF: ElementType = element("role_ref", TO_ROLE);

static ROLE: ElementType = element("role", TO_ROLE);

const TO_ROLE: Form = form(&[must("id", Type::Reference(Target::Role))], &[]);

static ACL_TARGET: ElementType = element(
    "acl_target",
    form(&[must("id", Type::Text), may("name", Type::Text).since(V3_8)], &[any(&ROLE)]),
);

static ACL_GROUP: ElementType = element(
    "acl_group",
    form(&[must("id", Type::Id), may("name", Type::Text).since(V3_8)], &[any(&ROLE)]),
);

static ACL_ROLE: ElementType = element(
    "acl_role",
    form(
        &[must("id", Type::Id), may("description", Type::Text).since(V2_0)],
        &[
            any(&READ).until(V1_3),
            any(&WRITE).until(V1_3),
            any(&DENY).until(V1_3),
            any(&ACL_PERMISSION).since(V2_0),
        ],
    ),
);

static READ: ElementType = element("read", RIGHT);
static WRITE: ElementType = element("write", RIGHT);
static DENY: ElementType = element("deny", RIGHT);

const RIGHT: Form =
    form(&[must("id", Type::Id), may("attribute", Type::Text)], &[]).choosing(&[one_of(&[
        form(&[must("tag", Type::Text)], &[]),
        form(&[must("ref", Type::Reference(Target::Any))], &[]),
        form(&[must("tag", Type::Text), must("ref", Type::Reference(Target::Any))], &[]),
        form(&[must("xpath", Type::Text)], &[]),
    ])]);

static ACL_PERMISSION: ElementType = element(
    "acl_permission",
    form(
        &[
            must("id", Type::Id),
            must("kind", Type::OneOf(&[word("read"), word("write"), word("deny")])),
            may("description", Type::Text),
        ],
        &[],
    )
    .choosing(&[one_of(&[
        form(&[must("xpath", Type::Text)], &[]),
        form(&[must("reference", Type::Reference(Target::Any))], &[]),
        form(&[must("object-type", Type::Text), may("attribute", Type::Text)], &[]),
    ])]),
);
