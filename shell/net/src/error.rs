use std::{io, net::SocketAddr};

/// Why a socket could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{step} for {local}: {source}")]
pub struct NetError {
    /// What was tried.
    pub step: &'static str,
    /// The address that the socket was to have.
    pub local: SocketAddr,
    /// What the system said.
    pub source: io::Error,
}

impl NetError {
    /// Makes an error of what the system said.
    pub(crate) fn at<E: Into<io::Error>>(
        step: &'static str,
        local: SocketAddr,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self { step, local, source: source.into() }
    }
}
