//! Lists of options that can be configured, as `--list-options` shows them.

use options::List;

use crate::output::{Format, Output};

/// Shows a list; as text only with `all` also what is advanced or deprecated, as XML always.
pub(crate) fn show(list: &List, all: bool, output: &mut Output) {
    match output.format() {
        Format::Text => output.text(&options::to_text(list, all)),
        Format::Xml => output.element(options::to_xml(list)),
        Format::None | Format::Html => {}
    }
}
