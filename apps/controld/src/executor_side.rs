use std::time::Duration;

use client::executor::{AsyncExecutor, ExecutorError};
use controller::Input;
use messages::executor::{Agent, Event, Execute};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use vocab::{Interval, ResourceId, Task};

/// How often, and after what time each, the executor is tried.
const ATTEMPTS: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// Something that the executor is asked for.
#[derive(Debug)]
pub(crate) enum Order {
    Register { resource: ResourceId, agent: Agent },
    Unregister { resource: ResourceId },
    Execute { ticket: u64, operation: Box<Execute> },
    Cancel { ticket: u64, resource: ResourceId, task: Task, interval: Interval },
}

/// Connects. Tries for a while, since the executor may still be starting.
pub(crate) async fn connect() -> Result<AsyncExecutor, ExecutorError> {
    let mut attempt = 1;
    loop {
        match AsyncExecutor::connect("crmd").await {
            Ok(executor) => return Ok(executor),
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(error) => tracing::debug!("the executor is not ready (attempt {attempt}): {error}"),
        }
        attempt += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Passes requests to the executor and its answers and results back, until there are no more requests or the connection is
/// lost.
pub(crate) async fn serve(
    mut executor: AsyncExecutor,
    mut orders: UnboundedReceiver<Order>,
    inputs: UnboundedSender<Input>,
) {
    loop {
        let input = tokio::select! {
            order = orders.recv() => match order {
                Some(order) => carry_out(&mut executor, order).await,
                None => return,
            },
            event = executor.next_event() => match event {
                Some(Event::Executed(result)) => Some(Input::Executed(result)),
                Some(_) => None,
                None => Some(Input::ConnectionLost { daemon: "executor" }),
            },
        };
        let lost = matches!(input, Some(Input::ConnectionLost { .. }));
        if let Some(input) = input
            && inputs.send(input).is_err()
        {
            return;
        }
        if lost {
            return;
        }
    }
}

async fn carry_out(executor: &mut AsyncExecutor, order: Order) -> Option<Input> {
    match order {
        Order::Register { resource, agent } => {
            // If it is not taken, the operation that follows will say so.
            if let Err(error) = executor.register(&resource, &agent, true).await {
                tracing::error!("{resource} could not be registered with the executor: {error}");
            }
            None
        }
        Order::Unregister { resource } => {
            let in_progress = match executor.unregister(&resource).await {
                Ok(in_progress) => in_progress,
                Err(error) => {
                    tracing::warn!("{resource} could not be removed from the executor: {error}");
                    false
                }
            };
            Some(Input::Unregistered { resource, in_progress })
        }
        Order::Execute { ticket, operation } => {
            let result = executor.execute(*operation).await.map_err(|error| error.to_string());
            Some(Input::Executing { ticket, result })
        }
        Order::Cancel { ticket, resource, task, interval } => {
            let found = match executor.cancel(&resource, &task, interval).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!("{task} of {resource} could not be cancelled: {error}");
                    false
                }
            };
            Some(Input::Cancelling { ticket, found })
        }
    }
}
