use std::time::Duration;

use controller::Input;
use ipc::{ConnectError, xml::AsyncXmlClient};
use messages::crmd::{Body, Message, Subsystem};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use transition::codec;
use xml::Element;

/// The name of the scheduler's endpoint.
const ENDPOINT: &str = "pengine";
/// How often, and after what time each, the scheduler is tried.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// The most bytes that a message may have without being compressed; three times that is reserved in memory.
const ROOM_MAX: u32 = 32 << 20;

/// A plan to be made: reference and CIB.
pub(crate) type Order = (String, Element);

/// Has plans made, one after the other. A request that a newer one has made superfluous is left out.
pub(crate) async fn serve(mut orders: UnboundedReceiver<Order>, inputs: UnboundedSender<Input>) {
    let mut scheduler = Scheduler::default();
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
            answer = scheduler.ask(&message, &reference).await;
            match &answer {
                Ok(_) => break,
                Err(reason) => {
                    tracing::debug!("the scheduler did not answer: {reason}");
                    scheduler.connection = None;
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

/// The connection to the scheduler.
#[derive(Default)]
struct Scheduler {
    connection: Option<AsyncXmlClient>,
    /// Bytes that a message over the connection may have without being compressed.
    room: u32,
}

impl Scheduler {
    /// Sends a request and waits for its answer; answers to earlier requests are passed over.
    async fn ask(&mut self, message: &Element, reference: &str) -> Result<Element, String> {
        let client = self.connected().await.map_err(|error| error.to_string())?;
        client.send(message).await.map_err(|error| error.to_string())?;
        loop {
            match client.next_event().await {
                Some(event) if event.attr("reference") == Some(reference) => return Ok(event),
                Some(_) => {}
                None => return Err("the connection was lost".to_owned()),
            }
        }
    }

    /// The connection, made anew if there is none or if it has become too small: to compress the CIB of a large cluster takes
    /// longer than to make a plan for it.
    async fn connected(&mut self) -> Result<&mut AsyncXmlClient, ConnectError> {
        if let Some(bytes) = self.connection.as_ref().and_then(AsyncXmlClient::outgrown)
            && self.room < ROOM_MAX
        {
            self.room = bytes.checked_next_power_of_two().unwrap_or(ROOM_MAX).min(ROOM_MAX);
            self.connection = None;
        }
        match &mut self.connection {
            Some(client) => Ok(client),
            none => Ok(none.insert(AsyncXmlClient::connect_with_room(ENDPOINT, self.room).await?)),
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
