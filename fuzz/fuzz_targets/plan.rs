//! A CIB: read, planned for, and the plan carried out by nobody. Mutations know what a CIB is made of; what is no CIB is
//! replaced by one, so that no corpus is needed to begin with.
#![no_main]

use std::{
    sync::{
        Mutex, OnceLock,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use model::Model;
use rules::LocalTime;
use scheduler::Request;
use simulate::Change;
use transition::codec;
use vocab::Timestamp;
use xml::{Element, Limits};

#[path = "../shapes/cib.rs"]
mod cib;
#[path = "../shapes/history.rs"]
mod history;
#[path = "../shapes/mutate.rs"]
mod mutate;

use mutate::{Chance, made_up, mutate};

fuzz_target!(|data: &[u8]| {
    let Ok(cib) = xml::parse_bytes(data, LIMITS) else { return };
    // Plans need more stack than the thread that runs this has.
    static WORKER: OnceLock<Mutex<(Sender<Element>, Receiver<()>)>> = OnceLock::new();
    let worker = WORKER.get_or_init(|| Mutex::new(worker()));
    let worker = worker.lock().expect("a panic ends the process");
    worker.0.send(cib).expect("a panic ends the process");
    worker.1.recv().expect("a panic ends the process");
});

const LIMITS: Limits = Limits { bytes_max: 1 << 20, depth_max: 256, nodes_max: 100_000 };

/// A moment in the time that the made-up histories are about.
const NOW: Timestamp = Timestamp(1_700_000_000);

fn worker() -> (Sender<Element>, Receiver<()>) {
    let (send_work, work) = channel::<Element>();
    let (send_done, done) = channel();
    let body = move || {
        for cib in work {
            plan(&cib);
            if send_done.send(()).is_err() {
                return;
            }
        }
    };
    let thread = thread::Builder::new().stack_size(scheduler::STACK_BYTES);
    let _ = thread.spawn(body).expect("there is room for one thread");
    (send_work, done)
}

fn plan(cib: &Element) {
    let (model, _) = Model::build_at(cib, LocalTime { moment: NOW, utc_offset_seconds: 3600 });
    let request = Request { dot: true, dot_all: true, reasons: true, ..Request::default() };
    let plan = scheduler::schedule(&model, &request);
    let graph = codec::to_element(&plan.graph);
    assert!(codec::from_element(&graph).is_ok(), "a graph of ours is read back");
    for change in simulate::changes(&model, &plan) {
        let _ = match change {
            Change::Node(change) => change.to_string(),
            Change::Resource(change) => change.details() + &change.note(),
        };
    }
    let after = simulate::carry_out(cib, &model, &plan, &[], NOW);
    let _ = Model::build_sanitized(&after.cib, LocalTime::utc(NOW));
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut chance = Chance(u64::from(seed) | 1 << 40);
    if chance.one_in(20) {
        return fuzzer_mutate(data, size, max_size);
    }
    let parsed = data.get(..size).and_then(|bytes| xml::parse_bytes(bytes, LIMITS).ok());
    let mut cib = match parsed {
        Some(cib) if !chance.one_in(50) => cib,
        _ => made_up(&mut chance),
    };
    for _ in 0..=chance.below(4) {
        mutate(&mut cib, &mut chance);
    }
    let text = cib.to_compact();
    if text.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data[..text.len()].copy_from_slice(text.as_bytes());
    text.len()
});
