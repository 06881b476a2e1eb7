//! The life of a node in the cluster: it waits for a DC or becomes one, joins, carries out what the DC plans, and leaves.
//!
//! ```text
//!             S_STARTING ──► S_PENDING ◄──────────────┐
//!                 no DC │        │ taken in           │ lost
//!                       ▼        ▼                    │
//!                  S_ELECTION   S_NOT_DC ──DC lost──► S_ELECTION
//!                   won │
//!                       ▼
//!       S_INTEGRATION ──► S_FINALIZE_JOIN ──► S_POLICY_ENGINE ──► S_TRANSITION_ENGINE ──► S_IDLE
//!             ▲  a node comes                      ▲ something changed                      │
//!             └────────────────────────────────────┴────────────────────────────────────────┘
//! ```
//!
//! The states and what moves the controller between them are those of Pacemaker, since its tools show them; see [`State`]
//! and [`Trigger`] for the whole table. What the shell owes the machine: outputs are carried out in order, messages come
//! back in the order that the process group agreed on, and every request that says so is answered.
//!
//! It never plans: it asks for a plan and takes a graph. It knows no transport, no clock and no file. Start from
//! [`Controller`], [`Input`] and [`Output`].

mod act;
mod controller;
mod core;
mod desk;
mod drive;
mod executor;
mod fencing;
mod fsm;
mod input;
mod join;
mod membership;
mod metadata;
mod note;
mod office;
mod options;
mod output;
mod peers;
mod policy;
mod route;
mod shutdown;
mod timer;

pub use controller::Controller;
pub use fsm::{State, Trigger};
pub use input::{FencingNotice, Input, Now, Settings, StartState};
pub use metadata::{AgentMetadata, AgentParameter, Reload};
pub use note::{Note, Severity};
pub use options::Options;
pub use output::Output;
pub use timer::Timer;
