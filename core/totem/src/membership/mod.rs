//! Who is in the ring: what nodes tell each other until they agree, and the token that makes the agreement a ring.

pub(crate) mod commit_token;
pub(crate) mod consensus;
pub(crate) mod join;
pub(crate) mod member_set;
pub(crate) mod merge;

pub(crate) use consensus::Membership;
pub(crate) use member_set::MemberSet;
