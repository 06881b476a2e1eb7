//! What every daemon's event loop stands on: the clock, timers, signals, the log and the user it runs as.
//!
//! A daemon is `run(name, main)`: one thread, one loop that waits for whatever comes next (a client's request, a ring
//! event, a timer), hands it to its machine and carries out the outputs in order.
//!
//! It knows no machine and no protocol.

mod clock;
mod log;
mod privilege;
mod run;
mod timers;
mod users;
mod words;

pub use clock::{Clock, processor_time};
pub use log::{LogSettings, init_log};
pub use privilege::{PrivilegeError, become_user};
pub use run::{Termination, run};
pub use timers::TimerQueue;
pub use users::user_name;
pub use words::time_in_words;
