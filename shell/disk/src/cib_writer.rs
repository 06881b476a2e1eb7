use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use xml::Element;

use crate::{CibStore, StoreError};

/// What became of a configuration that was to be written.
#[derive(Debug)]
pub struct Stored {
    /// The configuration.
    pub cib: Arc<Element>,
    /// How it went.
    pub result: Result<(), StoreError>,
}

/// Writes configurations in the background, one at a time. Of those that wait, only the latest is written; after each it rests
/// for as long as it wrote, so that a stream of changes leaves half of the time to others.
#[derive(Debug)]
pub struct CibWriter {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Option<Arc<Element>>,
    ending: bool,
}

impl CibWriter {
    /// Starts the writer's thread. `report` is called there, after each write; `prepare` makes of a configuration what goes
    /// into the file.
    pub fn start(
        mut store: CibStore,
        prepare: impl Fn(&Element) -> Element + Send + 'static,
        report: impl Fn(Stored) + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("cib-writer".to_owned()).spawn(move || {
                while let Some(cib) = theirs.take() {
                    let begun = Instant::now();
                    let result = store.save(&prepare(&cib));
                    let took = begun.elapsed();
                    report(Stored { cib, result });
                    theirs.rest(took);
                }
            })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Has a configuration written as soon as the one before it is. Returns at once.
    pub fn write(&self, cib: Arc<Element>) {
        self.shared.lock().waiting = Some(cib);
        self.shared.changed.notify_one();
    }

    /// Waits until what is to be written is written, and ends.
    pub fn finish(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.lock().ending = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic over there was reported where it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for CibWriter {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to write; none when it is time to end.
    fn take(&self) -> Option<Arc<Element>> {
        let mut state = self.lock();
        loop {
            if let Some(cib) = state.waiting.take() {
                return Some(cib);
            }
            if state.ending {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets time pass, unless it is time to end.
    fn rest(&self, duration: Duration) {
        // The guard and whether the time was over: neither matters.
        drop(self.changed.wait_timeout_while(self.lock(), duration, |state| !state.ending));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::atomic::tests::Directory;

    fn cib(epoch: u32) -> Arc<Element> {
        Arc::new(Element::new("cib").with("epoch", epoch))
    }

    #[test]
    fn the_latest_wins_and_the_end_waits() {
        let directory = Directory::new();
        let (sender, receiver) = mpsc::channel();
        let report = move |stored: Stored| sender.send(stored).unwrap();
        let store = CibStore::new(&directory.0);
        let writer = CibWriter::start(store, Element::clone, report).unwrap();
        (1..=50).for_each(|epoch| writer.write(cib(epoch)));
        writer.finish();
        let written: Vec<_> = receiver.iter().collect();
        assert!(written.iter().all(|stored| stored.result.is_ok()));
        assert_eq!(written.last().unwrap().cib, cib(50));
        assert_eq!(CibStore::new(&directory.0).load().cib, Some(Element::clone(&cib(50))));
    }

    #[test]
    fn failures_are_reported_and_it_goes_on() {
        let directory = Directory::new();
        let place = directory.0.join("later");
        let (sender, receiver) = mpsc::channel();
        let report = move |stored: Stored| sender.send(stored.result.is_ok()).unwrap();
        let writer = CibWriter::start(CibStore::new(&place), Element::clone, report).unwrap();
        writer.write(cib(1));
        assert!(!receiver.recv().unwrap());
        std::fs::create_dir(&place).unwrap();
        writer.write(cib(2));
        assert!(receiver.recv().unwrap());
    }
}
