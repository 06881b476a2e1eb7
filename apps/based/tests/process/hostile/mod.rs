//! Clients that mean harm, or know no better: the daemon refuses or survives them, its memory stays bounded, the CIB stays as
//! it was and others are served.

mod access;
mod deaf;
mod documents;
mod large;
mod privileges;
mod writers;

use std::{sync::Arc, time::Duration};

use client::cib::{Backend, CallOptions, Cib, CibError, Request};
use wire::{Frame, IpcFlags, Writer};
use xml::Element;

use crate::world::Daemon;

/// Longer than any step takes on any machine: it only ends a test that would never end.
const LONG: Duration = Duration::from_secs(60);
/// Bytes of the biggest message that the test's own connections ask for.
const BUFFER: u32 = 1 << 20;
const DUMMY: &str = "<primitive id=\"d\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"/>";

/// A client whose messages need not be XML.
struct Raw {
    client: ipc::Client,
    number: i32,
}

impl Raw {
    fn connect(buffer: u32) -> Self {
        Self { client: ipc::Client::connect("cib_rw", buffer, LONG).unwrap(), number: 0 }
    }

    /// Sends a text as it is, compressed if it does not fit otherwise, and waits for the answer.
    fn call(&mut self, text: &str) -> Element {
        self.number += 1;
        let limit = self.client.message_limit();
        let message = Frame::encode(self.number, IpcFlags::CLIENT_RESPONSE, text, limit).unwrap();
        self.exchange(&message)
    }

    /// The same for bytes that need not be text.
    fn call_bytes(&mut self, body: &[u8]) -> Element {
        self.number += 1;
        let message = message(self.number, body.len() + 1, &[], body);
        self.exchange(&message)
    }

    fn exchange(&mut self, message: &[u8]) -> Element {
        self.client.send(message, LONG).unwrap();
        let answer = Frame::decode(&self.client.receive(LONG).unwrap()).unwrap();
        assert_eq!(answer.id, self.number);
        xml::parse_bytes(&answer.body, xml::Limits::DOCUMENT).unwrap()
    }
}

/// A request with a header that need not be true: `plain` is the size that it claims to have once decompressed. What is not
/// compressed gets a NUL at its end.
fn message(number: i32, plain: usize, packed: &[u8], body: &[u8]) -> Vec<u8> {
    let flags = IpcFlags::CLIENT_RESPONSE;
    let flags = if packed.is_empty() { flags } else { flags | IpcFlags::COMPRESSED };
    let size = |length: usize| u32::try_from(length).unwrap();
    let mut writer = Writer::response(number, 0);
    writer.u32(size(plain)).u32(size(packed.len())).u32(flags.0).u8(1);
    writer.fill_to(wire::FRAME_HEADER_SIZE).bytes(packed).bytes(body);
    if packed.is_empty() {
        writer.u8(0);
    }
    writer.finish_message()
}

/// A request that would merge a piece of text into the options, if it were XML.
fn request(piece: &str) -> String {
    let (front, back) = request_around();
    format!("{front}{piece}{back}")
}

/// What is before and behind that piece.
fn request_around() -> (String, String) {
    let options = (CallOptions::SYNC_CALL | CallOptions::CAN_CREATE).bits();
    let front = format!(
        "<cib_command t='cib' cib_op='cib_modify' cib_callid='1' cib_callopt='{options}' \
         cib_section='crm_config'><cib_calldata><cluster_property_set id='s'>"
    );
    (front, "</cluster_property_set></cib_calldata></cib_command>".to_owned())
}

fn open() -> Cib {
    Cib::open_backend("test", &Backend::Live).unwrap()
}

/// The CIB as a client sees it that behaves.
fn whole() -> Arc<Element> {
    let mut cib = Cib::open_backend("good", &Backend::LiveReadOnly).unwrap();
    cib.query(None, CallOptions::NONE).unwrap()
}

/// A number of the CIB's version.
fn number(cib: &Element, name: &str) -> u32 {
    cib.attr(name).unwrap().parse().unwrap()
}

/// Whether an answer says that the request was no message at all.
fn is_nack(answer: &Element) -> bool {
    answer.name() == "nack" && answer.attr("status") == Some("76")
}

/// An answer as a failed test should show it.
fn shortened(answer: &Element) -> String {
    answer.to_compact().chars().take(400).collect()
}

/// A daemon with a resource, and the CIB that must not change.
async fn started() -> (Daemon, Arc<Element>) {
    let daemon = Daemon::start(&[]).await;
    open().create(Some("resources"), xml::parse(DUMMY).unwrap(), CallOptions::NONE).unwrap();
    daemon.forget_peak();
    (daemon, whole())
}
