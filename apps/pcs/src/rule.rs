use xml::Element;

/// A rule in words, with the ids of its parts if `full`.
pub(crate) fn lines(rule: &Element, full: bool) -> Vec<String> {
    let mut lines = Vec::new();
    push(rule, full, 0, &mut lines);
    lines
}

fn push(element: &Element, full: bool, depth: usize, lines: &mut Vec<String>) {
    let id =
        if full { format!(" (id:{})", element.id().unwrap_or_default()) } else { String::new() };
    let text = match element.name() {
        "rule" => {
            let parts: Vec<String> = ["boolean-op", "role", "score", "score-attribute"]
                .into_iter()
                .filter_map(|name| Some(format!("{name}={}", element.attr(name)?)))
                .collect();
            format!("Rule: {}", parts.join(" "))
        }
        "expression" => format!("Expression: {}", expression(element)),
        "date_expression" => format!("Expression: {}", date_expression(element)),
        "rsc_expression" | "op_expression" => {
            let kind = if element.name() == "op_expression" { "op" } else { "resource" };
            let get = |name| element.attr(name).unwrap_or_default();
            if kind == "op" {
                let interval =
                    element.attr("interval").map(|i| format!(" interval={i}")).unwrap_or_default();
                format!("Expression: op {}{interval}", get("name"))
            } else {
                format!("Expression: resource {}:{}:{}", get("class"), get("provider"), get("type"))
            }
        }
        _ => return,
    };
    lines.push(format!("{}{text}{id}", "  ".repeat(depth)));
    for child in element.children() {
        push(child, full, depth + 1, lines);
    }
}

fn expression(element: &Element) -> String {
    let get = |name| element.attr(name).unwrap_or_default();
    match element.attr("value") {
        None => format!("{} {}", get("operation"), get("attribute")),
        Some(value) => {
            let kind = element.attr("type").map(|kind| format!("{kind} ")).unwrap_or_default();
            let value = crate::defaults::quoted(value);
            format!("{} {} {kind}{value}", get("attribute"), get("operation"))
        }
    }
}

fn date_expression(element: &Element) -> String {
    let get = |name| element.attr(name).unwrap_or_default();
    let parts = |child: &str| {
        let all = element.child(child).into_iter().flat_map(Element::attrs);
        let parts: Vec<String> = all
            .filter(|(name, _)| *name != "id")
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        parts.join(" ")
    };
    match get("operation") {
        "date_spec" => format!("date-spec {}", parts("date_spec")),
        "in_range" if element.child("duration").is_some() => {
            format!("date in_range {} to duration {}", get("start"), parts("duration"))
        }
        "in_range" => format!("date in_range {} to {}", get("start"), get("end")),
        "gt" => format!("date gt {}", get("start")),
        operation => format!("date {operation} {}", get("end")),
    }
}
