//! Requests to the scheduler daemon and its answers.
//!
//! The envelope is that of the controller's messages; the task is `pe_calc`, the body of a request a CIB and that of an
//! answer a transition graph.

use xml::Element;

use crate::crmd::{Body, Message, MessageError, Subsystem};

/// The only thing that the scheduler does.
const TASK: &str = "pe_calc";

/// What a client of the scheduler sends.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    /// It introduces itself.
    Hello,
    /// It wants a plan.
    Plan(Box<PlanRequest>),
    /// Something that is not for the scheduler.
    Other(String),
}

/// A request for a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanRequest {
    message: Message,
    /// The CIB to plan for.
    pub cib: Element,
}

/// What came of planning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanOutcome {
    /// Whether something went wrong while planning.
    pub graph_errors: bool,
    /// Whether something worth a look came up while planning.
    pub graph_warnings: bool,
    /// Whether the configuration has errors.
    pub configuration_errors: bool,
    /// Whether something in the configuration is worth a look.
    pub configuration_warnings: bool,
    /// The file in which the CIB is kept, if it is.
    pub input_file: Option<String>,
}

impl ClientMessage {
    /// Reads an element.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        let message = Message::from_element(element)?;
        if matches!(message.body, Body::Hello { .. }) {
            return Ok(Self::Hello);
        }
        if message.is_response || message.to != Subsystem::Scheduler {
            return Ok(Self::Other(message.body.task().to_owned()));
        }
        match &message.body {
            Body::Unknown { task, data: Some(cib) } if task == TASK => {
                let cib = cib.clone();
                Ok(Self::Plan(Box::new(PlanRequest { message, cib })))
            }
            Body::Unknown { task, data: None } if task == TASK => {
                Err(MessageError::Missing("a CIB"))
            }
            body => Ok(Self::Other(body.task().to_owned())),
        }
    }
}

impl PlanRequest {
    /// What identifies the request.
    pub fn reference(&self) -> &str {
        &self.message.reference
    }

    /// The answer with a graph.
    pub fn answer(&self, graph: Element, outcome: &PlanOutcome) -> Element {
        let body = Body::Unknown { task: TASK.to_owned(), data: Some(graph) };
        let number = |flag: bool| i32::from(flag);
        self.message
            .response(body)
            .to_element()
            .with_some("crm-tgraph-in", outcome.input_file.as_ref())
            .with("graph-errors", number(outcome.graph_errors))
            .with("graph-warnings", number(outcome.graph_warnings))
            .with("config-errors", number(outcome.configuration_errors))
            .with("config-warnings", number(outcome.configuration_warnings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: Body) -> Element {
        Message::request("r-1".into(), Subsystem::Controller, Subsystem::Scheduler, body)
            .to_element()
    }

    #[test]
    fn a_plan_goes_back_to_who_asked_for_it() {
        let cib = Element::new("cib").with("epoch", 1);
        let element = request(Body::Unknown { task: TASK.into(), data: Some(cib.clone()) });
        let Ok(ClientMessage::Plan(request)) = ClientMessage::from_element(&element) else {
            panic!("{element} is a request for a plan")
        };
        assert_eq!(request.cib, cib);
        let outcome =
            PlanOutcome { input_file: Some("/x/pe-input-3.bz2".into()), ..PlanOutcome::default() };
        let answer = request.answer(Element::new("transition_graph"), &outcome);
        assert_eq!(answer.attr("reference"), Some("r-1"));
        assert_eq!(answer.attr("subt"), Some("response"));
        assert_eq!(answer.attr("crm-tgraph-in"), Some("/x/pe-input-3.bz2"));
        assert!(answer.descend(&["crm_xml", "transition_graph"]).is_some());
    }

    #[test]
    fn what_is_not_for_the_scheduler_is_told_apart() {
        let element = request(Body::Unknown { task: TASK.into(), data: None });
        assert!(ClientMessage::from_element(&element).is_err(), "a plan needs a CIB");
        let element = request(Body::Noop);
        assert_eq!(ClientMessage::from_element(&element), Ok(ClientMessage::Other("noop".into())));
        assert!(ClientMessage::from_element(&Element::new("x").with("t", "cib")).is_err());
    }
}
