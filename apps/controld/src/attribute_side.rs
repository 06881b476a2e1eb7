use std::time::Duration;

use client::attributes::{AsyncAttributes, AttributesError};
use messages::attributes::{FailureFilter, Update};
use tokio::sync::mpsc::UnboundedReceiver;
use vocab::NodeName;

/// How often, and after what time each, a request is tried before it is given up.
const ATTEMPTS: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// Something that the attribute manager is asked for.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    Set { node: NodeName, attributes: Vec<(String, Option<String>)> },
    Clear { node: NodeName, filter: FailureFilter },
}

/// Passes requests to the attribute manager in order, connecting anew whenever it was gone.
pub(crate) async fn serve(mut orders: UnboundedReceiver<Order>) {
    let mut connection = None;
    while let Some(order) = orders.recv().await {
        let mut attempt = 1;
        while let Err(error) = carry_out(&mut connection, order.clone()).await {
            connection = None;
            if attempt == ATTEMPTS {
                tracing::error!("gave up on node attributes ({order:?}): {error}");
                break;
            }
            tracing::debug!("the attribute manager is not ready (attempt {attempt}): {error}");
            attempt += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn carry_out(
    connection: &mut Option<AsyncAttributes>,
    order: Order,
) -> Result<(), AttributesError> {
    let attributes = match connection {
        Some(attributes) => attributes,
        None => connection.insert(AsyncAttributes::connect("crmd").await?),
    };
    match order {
        Order::Set { node, attributes: values } => {
            let updates = values
                .into_iter()
                .map(|(name, value)| Update::set(name, value).on(node.clone(), false))
                .collect();
            attributes.update(updates).await
        }
        Order::Clear { node, filter } => attributes.clear_failure(filter, Some(node), false).await,
    }
}
