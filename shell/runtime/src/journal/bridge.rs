use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{Layer, layer::Context, prelude::*};

use super::{Journal, Severity};
use crate::log::Message;

/// The subsystem of whatever does not say to which it belongs.
const DEFAULT: &str = "MAIN";

/// Hands what the process says through `tracing` to the log.
struct Bridge(Journal);

pub(super) fn install(journal: Journal) {
    // A second call in one process (tests do that) keeps the first log.
    let _ = tracing_subscriber::registry().with(Bridge(journal)).try_init();
}

impl<S: Subscriber> Layer<S> for Bridge {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        self.0.is_enabled(subsystem(metadata.target()), severity(*metadata.level()))
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut message = Message::default();
        event.record(&mut message);
        self.0.log(subsystem(metadata.target()), severity(*metadata.level()), message.0);
    }
}

/// Targets in capitals are subsystems; others are the paths of modules.
fn subsystem(target: &str) -> &str {
    let is_subsystem = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    if target.chars().all(is_subsystem) { target } else { DEFAULT }
}

fn severity(level: Level) -> Severity {
    match level {
        Level::ERROR => Severity::Error,
        Level::WARN => Severity::Warning,
        Level::INFO => Severity::Notice,
        Level::DEBUG => Severity::Info,
        Level::TRACE => Severity::Debug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_capitals_name_a_subsystem() {
        assert_eq!(subsystem("TOTEM"), "TOTEM");
        assert_eq!(subsystem("ipc::server"), "MAIN");
    }
}
