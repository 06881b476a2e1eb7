use model::Model;
use scheduler::{Amounts, CapacityLine, Schedule, ScoreLine};
use xml::Element;

use super::{Options, report::Report};

/// The function that puts a resource on a node, by the name that listings give it.
const ASSIGN: &str = "pcmk__assign_resource";

/// Tells the scores behind a plan and who takes which capacity, as far as is asked for, in the order in which it came up.
pub(super) fn tell(options: &Options, report: &mut Report<'_>, model: &Model, plan: &Schedule) {
    let (heading, name) = match (options.show_scores, options.show_utilization) {
        (true, true) => {
            ("Assignment Scores and Utilization Information", "allocations_utilizations")
        }
        (false, true) => ("Utilization Information", "utilizations"),
        (_, false) => ("Assignment Scores", "allocations"),
    };
    let (mut texts, mut xml) = (Vec::new(), Element::new(name));
    let mut capacities = plan.capacities.iter().peekable();
    let scores = if options.show_scores { plan.scores.as_slice() } else { &[] };
    for (position, line) in scores.iter().enumerate() {
        while let Some(capacity) = capacities.next_if(|capacity| comes_before(capacity, position)) {
            texts.push(capacity_text(model, capacity));
            xml.push(capacity_xml(model, capacity));
        }
        texts.push(line.display(model).to_string());
        xml.push(score_xml(model, *line));
    }
    for capacity in capacities {
        texts.push(capacity_text(model, capacity));
        xml.push(capacity_xml(model, capacity));
    }
    let remarks = secrets(model, plan);
    report.numbers(heading, &remarks, &texts, xml);
}

const fn comes_before(capacity: &CapacityLine, position: usize) -> bool {
    match capacity {
        CapacityLine::Original { .. } => true,
        CapacityLine::Taken { scores_before, .. } => *scores_before <= position,
        CapacityLine::Remaining { .. } => false,
    }
}

fn secrets(model: &Model, plan: &Schedule) -> Vec<String> {
    plan.secrets
        .iter()
        .map(|secret| {
            format!(
                "Only 'private' parameters to {}-interval {} for {} on {} changed: {}",
                present::readable_interval(u64::from(secret.interval.millis)),
                secret.task,
                model.resources[secret.resource].id,
                model.nodes[secret.node].name,
                secret.transition
            )
        })
        .collect()
}

fn capacity_text(model: &Model, line: &CapacityLine) -> String {
    let (mut text, amounts) = match line {
        CapacityLine::Original { node, amounts } => {
            (format!("Original: {} capacity:", model.nodes[*node].name), amounts)
        }
        CapacityLine::Remaining { node, amounts } => {
            (format!("Remaining: {} capacity:", model.nodes[*node].name), amounts)
        }
        CapacityLine::Taken { resource, node, amounts, .. } => {
            let (resource, node) = (&model.resources[*resource].id, &model.nodes[*node].name);
            (format!("{ASSIGN}: {resource} utilization on {node}:"), amounts)
        }
    };
    for (name, amount) in amounts {
        text.push_str(&format!(" {name}={amount}"));
    }
    text
}

fn capacity_xml(model: &Model, line: &CapacityLine) -> Element {
    let capacity = |node, comment, amounts: &Amounts| {
        let node: &model::Node = &model.nodes[node];
        let element = Element::new("capacity").with("node", &node.name).with("comment", comment);
        with_amounts(element, amounts)
    };
    match line {
        CapacityLine::Original { node, amounts } => capacity(*node, "Original", amounts),
        CapacityLine::Remaining { node, amounts } => capacity(*node, "Remaining", amounts),
        CapacityLine::Taken { resource, node, amounts, .. } => {
            let element = Element::new("utilization")
                .with("resource", &model.resources[*resource].id)
                .with("node", &model.nodes[*node].name)
                .with("function", ASSIGN);
            with_amounts(element, amounts)
        }
    }
}

fn with_amounts(element: Element, amounts: &Amounts) -> Element {
    element.with_children(amounts.iter().map(|(name, amount)| {
        let mut child = Element::new(name);
        child.push(xml::Node::Text(amount.to_string().into()));
        child
    }))
}

fn score_xml(model: &Model, line: ScoreLine) -> Element {
    match line {
        ScoreLine::Allocation { stage, resource, node, score } => Element::new("node_weight")
            .with("function", stage.text())
            .with("node", &model.nodes[node].name)
            .with("score", score)
            .with("id", &model.resources[resource].id),
        ScoreLine::Promotion { resource, node, score } => Element::new("promotion_score")
            .with("id", &model.resources[resource].id)
            .with("score", score)
            .with_some("node", node.map(|node| &model.nodes[node].name)),
    }
}
