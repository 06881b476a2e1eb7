//! XPath as clients ask for it and access control is written in, on a CIB that is made up by the seed in front of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xml::xpath::Expr;

#[path = "../shapes/cib.rs"]
mod cib;
#[path = "../shapes/history.rs"]
mod history;
#[path = "../shapes/mutate.rs"]
mod mutate;

use mutate::{Chance, made_up};

fuzz_target!(|data: &[u8]| {
    let Some((seed, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(expression) = Expr::parse(text) else { return };
    let document = made_up(&mut Chance(u64::from(*seed)));
    if let Ok(found) = expression.select_elements(&document) {
        for (path, _) in found {
            let shown = xml::node_path_string(&document, &path);
            assert!(shown.starts_with('/'), "{shown}");
        }
    }
});
