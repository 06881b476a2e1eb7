//! From old schemas to new ones.

use crate::Schema;
use xml::Element;
/// x
pub fn upgrade(_cib: &mut Element, _to: Schema) {}
