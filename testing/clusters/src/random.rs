//! Clusters that look like anything people have: whatever the schema allows together, by seed.
//!
//! ```text
//! seed ─► configuration ─► nodes come ─► plans carried out ─► something happens, plans half carried out ─► CIB
//! ```
//!
//! The status is true: it comes from plans for this very configuration, carried out, and from faults that a cluster can have.
//! The same seed gives the same cluster for as long as neither this crate nor the scheduler is changed.

mod constraints;
mod draft;
mod faults;
mod numbers;
mod options;
mod part;
mod pieces;
mod play;
mod primitive;
mod resources;
mod status;

use vocab::{FEATURE_SET, Timestamp};
use xml::Element;

use self::{draft::Draft, numbers::Random};
pub use play::{is_deed, plan, play};
/// What [`cib()`] needs.
pub use scheduler::STACK_BYTES;

/// When the clusters are looked at.
pub const NOW: Timestamp = Timestamp(1_700_000_000);

/// The newest schema that Debian's Pacemaker 2.1.5 knows.
const SCHEMA: &str = "pacemaker-3.9";

/// The cluster of that seed, as a whole CIB. Plans are made on the way: needs as much stack as the scheduler does.
pub fn cib(seed: u64) -> Element {
    let mut draft = Draft::new(seed);
    options::draw(&mut draft);
    options::nodes(&mut draft);
    resources::draw(&mut draft);
    constraints::draw(&mut draft);
    let mut cib = Element::new("cib")
        .with("crm_feature_set", FEATURE_SET)
        .with("validate-with", SCHEMA)
        .with("epoch", 10)
        .with("num_updates", 0)
        .with("admin_epoch", 0)
        .with("have-quorum", 1)
        .with("dc-uuid", 1)
        .with("execution-date", NOW.0)
        .with_child(draft.configuration())
        .with_child(status::fresh(&draft));
    status::attributes(&draft, &mut cib);
    let random = &mut Random::stream(seed, "events");
    live(random, &draft, cib)
}

/// What the cluster goes through until it is looked at.
fn live(random: &mut Random, draft: &Draft, mut cib: Element) -> Element {
    // Some are looked at while they start for the first time.
    let rounds = if random.percent(8) { 0 } else { 3 };
    for _ in 0..rounds {
        let (model, plan) = plan(&cib);
        if !plan.graph.synapses.iter().any(|synapse| is_deed(&synapse.action)) {
            break;
        }
        cib = play(&cib, &model, &plan, &[]);
    }
    for number in 0..random.between(0, 3) {
        faults::happen(random, draft, number, &mut cib);
        match random.between(1, 10) {
            1 => {
                let (model, plan) = plan(&cib);
                cib = play(&cib, &model, &plan, &[]);
            }
            2..=4 => cib = part::play(random, &cib),
            _ => {}
        }
    }
    cib
}
