use std::time::Duration;

use controller::Input;
use ipc::xml::AsyncXmlClient;
use messages::crmd::{Body, Message, Subsystem};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use transition::codec;
use xml::Element;

/// The name of the scheduler's endpoint.
const ENDPOINT: &str = "pengine";
/// How often, and after what time each, the scheduler is tried.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// A plan to be made: reference and CIB.
pub(crate) type Order = (String, Element);

/// Has plans made, one after the other. A request that a newer one has made superfluous is left out.
pub(crate) async fn serve(mut orders: UnboundedReceiver<Order>, inputs: UnboundedSender<Input>) {
    let mut connection = None;
    while let Some(mut order) = orders.recv().await {
        while let Ok(newer) = orders.try_recv() {
            order = newer;
        }
        let (reference, cib) = order;
        let message = Message::request(
            reference.clone(),
            Subsystem::Controller,
            Subsystem::Scheduler,
            Body::Unknown { task: "pe_calc".to_owned(), data: Some(cib) },
        )
        .to_element();
        let mut answer = Err("not tried".to_owned());
        for _ in 0..ATTEMPTS {
            answer = ask(&mut connection, &message, &reference).await;
            match &answer {
                Ok(_) => break,
                Err(reason) => {
                    tracing::debug!("the scheduler did not answer: {reason}");
                    connection = None;
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        let input = match answer.and_then(|answer| plan(&answer, reference.clone())) {
            Ok(input) => input,
            Err(reason) => Input::SchedulerFailed { reference, reason },
        };
        if inputs.send(input).is_err() {
            return;
        }
    }
}

/// Sends a request and waits for its answer; answers to earlier requests are passed over.
async fn ask(
    connection: &mut Option<AsyncXmlClient>,
    message: &Element,
    reference: &str,
) -> Result<Element, String> {
    let client = match connection {
        Some(client) => client,
        None => {
            let connected = AsyncXmlClient::connect_for_documents(ENDPOINT).await;
            connection.insert(connected.map_err(|error| error.to_string())?)
        }
    };
    client.send(message).await.map_err(|error| error.to_string())?;
    loop {
        match client.next_event().await {
            Some(event) if event.attr("reference") == Some(reference) => return Ok(event),
            Some(_) => {}
            None => return Err("the connection was lost".to_owned()),
        }
    }
}

/// Reads the plan out of an answer.
fn plan(answer: &Element, reference: String) -> Result<Input, String> {
    let graph = answer
        .descend(&["crm_xml", "transition_graph"])
        .ok_or_else(|| "the scheduler's answer has no graph".to_owned())?;
    let graph = codec::from_element(graph).map_err(|error| error.to_string())?;
    let source = answer.attr("crm-tgraph-in").unwrap_or("unknown").to_owned();
    Ok(Input::Scheduled { reference, graph: Box::new(graph), source })
}
