use std::collections::BTreeSet;

use xml::Element;

/// A resource with what it takes over from its template: its own children behind, its own operations in front.
pub fn from_template(element: &Element, template: &Element) -> Element {
    let mut merged = template.clone();
    merged.rename(element.name());
    merged.set("id", element.id().unwrap_or_default());
    let own_operations = element.child("operations");
    let template_operations = template.child("operations");
    if let (Some(own), Some(theirs)) = (own_operations, template_operations) {
        let mut operations = own.clone();
        let taken: BTreeSet<(String, String)> = own.children().map(operation_name).collect();
        for operation in theirs.children() {
            if !taken.contains(&operation_name(operation)) {
                operations.push(operation.clone());
            }
        }
        merged.nodes_mut().retain(|node| !node.is_element("operations"));
        merged.push(operations);
    } else if let Some(own) = own_operations {
        merged.push(own.clone());
    }
    for child in element.children().filter(|child| child.name() != "operations") {
        merged.push(child.clone());
    }
    merged
}

/// The name under which an operation overrides that of a template.
fn operation_name(operation: &Element) -> (String, String) {
    let role = operation.attr("role").filter(|role| {
        !["started", "unpromoted", "slave"].iter().any(|other| other.eq_ignore_ascii_case(role))
    });
    (operation.attr("name").unwrap_or_default().to_owned(), role.unwrap_or_default().to_owned())
}
