//! The table: every element of a CIB, in every schema since 1.0.
//!
//! An element is an [`ElementType`](crate::ElementType); where the same name means different things in different places there are
//! several. What says nothing of schemas holds in all of them; `since` and `until` name the first and the last schema.

mod acls;
mod alerts;
mod bundles;
mod constraints;
mod nodes;
mod operations;
mod options;
mod resources;
mod root;
mod rules;
mod sets;

pub use root::CIB;

use crate::{
    Schema,
    shape::{Word, word},
    value::Type,
};

const V1_2: Schema = Schema::new(1, 2);
const V1_3: Schema = Schema::new(1, 3);
const V2_0: Schema = Schema::new(2, 0);
const V2_1: Schema = Schema::new(2, 1);
const V2_2: Schema = Schema::new(2, 2);
const V2_3: Schema = Schema::new(2, 3);
const V2_4: Schema = Schema::new(2, 4);
const V2_5: Schema = Schema::new(2, 5);
const V2_6: Schema = Schema::new(2, 6);
const V2_7: Schema = Schema::new(2, 7);
const V2_8: Schema = Schema::new(2, 8);
const V2_9: Schema = Schema::new(2, 9);
const V2_10: Schema = Schema::new(2, 10);
const V3_0: Schema = Schema::new(3, 0);
const V3_2: Schema = Schema::new(3, 2);
const V3_3: Schema = Schema::new(3, 3);
const V3_4: Schema = Schema::new(3, 4);
const V3_5: Schema = Schema::new(3, 5);
const V3_6: Schema = Schema::new(3, 6);
const V3_7: Schema = Schema::new(3, 7);
const V3_8: Schema = Schema::new(3, 8);
const V3_9: Schema = Schema::new(3, 9);
const V3_10: Schema = Schema::new(3, 10);
const V4_0: Schema = Schema::new(4, 0);

/// What a resource's instance can be doing.
const ROLES: Type = Type::OneOf(&[
    word("Stopped"),
    word("Started"),
    PROMOTED,
    UNPROMOTED,
    word("Master"),
    word("Slave"),
]);

const PROMOTED: Word = word("Promoted").since(V3_7);
const UNPROMOTED: Word = word("Unpromoted").since(V3_7);
