//! 3.0: names of old options get their present form, options that moved are where they belong, and what has no effect any
//! more is gone.

mod convert;
mod defaults;
mod fold;
mod operations;
mod replacements;

use super::Part;

pub(super) const PARTS: [Part; 3] = [
    Part { name: "upgrade-2.10-0.xsl", run: fold::unfold },
    Part { name: "upgrade-2.10-1.xsl", run: convert::run },
    Part { name: "upgrade-2.10-2.xsl", run: fold::fold },
];
