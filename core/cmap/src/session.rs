use std::collections::BTreeMap;

use wire::corosync::{Status, cmap::Key};

use crate::{MapId, store::Store};

/// What a client has open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    pub(crate) map: MapId,
    iterations: BTreeMap<u64, Iteration>,
    last_handle: u64,
}

/// A walk through keys. It sees what is added ahead of it, and not what is deleted there.
#[derive(Clone, Debug)]
struct Iteration {
    prefix: String,
    last: Option<String>,
}

impl Session {
    /// A handle that this client never had.
    pub(crate) fn new_handle(&mut self) -> u64 {
        self.last_handle += 1;
        self.last_handle
    }

    pub(crate) fn is_iterating(&self) -> bool {
        !self.iterations.is_empty()
    }

    pub(crate) fn iterate(&mut self, prefix: &str, limit: usize) -> Result<u64, Status> {
        if self.iterations.len() >= limit {
            return Err(Status::NO_RESOURCES);
        }
        let handle = self.new_handle();
        self.iterations.insert(handle, Iteration { prefix: prefix.to_owned(), last: None });
        Ok(handle)
    }

    pub(crate) fn next(&mut self, handle: u64, store: &Store) -> Result<(Key, u64, u8), Status> {
        let iteration = self.iterations.get_mut(&handle).ok_or(Status::BAD_HANDLE)?;
        let (name, value) =
            store.next(&iteration.prefix, iteration.last.as_deref()).ok_or(Status::NO_SECTIONS)?;
        iteration.last = Some(name.to_owned());
        let key = Key::new(name).map_err(|_| Status::NAME_TOO_LONG)?;
        Ok((key, value.size() as u64, value.type_code()))
    }

    pub(crate) fn end_iteration(&mut self, handle: u64) -> Status {
        match self.iterations.remove(&handle) {
            Some(_) => Status::OK,
            None => Status::BAD_HANDLE,
        }
    }
}
