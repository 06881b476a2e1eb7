//! Clients that mean harm, run inside a node by the scenarios: whatever they send, the daemons must live.

use std::{
    io::Write,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixStream},
    },
    time::Duration,
};

use anyhow::{Context, Result, bail};

const LIMIT: Duration = Duration::from_secs(5);
/// What the C clients ask for at most.
const BIG: usize = 128 * 1_024;

/// `hostile-ipc ENDPOINT`: garbage before, in and after the handshake of a local connection.
pub(crate) fn local(words: &[String]) -> Result<()> {
    let [endpoint] = words else { bail!("usage: hostile-ipc ENDPOINT") };
    before_handshake(endpoint)?;
    for (what, message) in requests() {
        // Each on a connection of its own: the daemon may rightly close one that it gets garbage on.
        let mut client = ipc::Client::connect(endpoint, u32::try_from(BIG)?, LIMIT)
            .with_context(|| format!("{endpoint} refuses connections before {what}"))?;
        // The daemon may refuse it at once, or never answer; that it lives is what the scenario looks at.
        let _ = client.send(&message, LIMIT);
        let _ = client.next_event(Duration::from_millis(20));
    }
    let mut abandoned = Vec::new();
    for _ in 0..40 {
        abandoned.push(ipc::Client::connect(endpoint, u32::try_from(BIG)?, LIMIT)?);
    }
    Ok(())
}

/// What is sent instead of libqb's connection request: id, size and wanted message size, each in 8 bytes.
fn before_handshake(endpoint: &str) -> Result<()> {
    // libqb binds the whole field, zeros included.
    let mut name = [0; 107];
    name.get_mut(..endpoint.len()).context("too long a name")?.copy_from_slice(endpoint.as_bytes());
    let address = SocketAddr::from_abstract_name(name)?;
    let request = |id: i32, size: i32, wanted: u32| {
        let mut bytes = [[0; 8]; 3].concat();
        bytes[..4].copy_from_slice(&id.to_ne_bytes());
        bytes[8..12].copy_from_slice(&size.to_ne_bytes());
        bytes[16..20].copy_from_slice(&wanted.to_ne_bytes());
        bytes
    };
    for bytes in [
        vec![],
        vec![0],
        vec![0xff; 24],
        vec![b'A'; 4_096],
        request(-1, 24, u32::MAX),
        request(-1, -24, 0),
        request(-1, i32::MAX, 4_096),
        request(7, 24, 4_096),
        request(-1, 24, 4_096)[..20].to_vec(),
    ] {
        let mut stream = UnixStream::connect_addr(&address)
            .with_context(|| format!("{endpoint} refuses connections"))?;
        // A daemon that closes at once is right.
        let _ = stream.write_all(&bytes);
    }
    Ok(())
}

/// libqb's header (id and size in 8 bytes each, error in 8 more), then Pacemaker's (two sizes, flags, version).
fn framed(size: i32, uncompressed: u32, compressed: u32, version: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 40];
    bytes[8..12].copy_from_slice(&size.to_ne_bytes());
    bytes[24..28].copy_from_slice(&uncompressed.to_ne_bytes());
    bytes[28..32].copy_from_slice(&compressed.to_ne_bytes());
    bytes[36] = version;
    bytes.extend_from_slice(body);
    bytes
}

fn xml(text: &str) -> Vec<u8> {
    let body = [text.as_bytes(), b"\0"].concat();
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    framed(i32::try_from(body.len() + 40).unwrap_or(i32::MAX), length, 0, 1, &body)
}

fn requests() -> Vec<(&'static str, Vec<u8>)> {
    let deep = "<a>".repeat(20_000);
    let wide = format!("<a b=\"{}\"/>", "x".repeat(BIG - 200));
    vec![
        ("a bare header", framed(16, 0, 0, 1, b"")[..16].to_vec()),
        ("half of Pacemaker's header", framed(30, 0, 0, 1, b"")[..30].to_vec()),
        ("a newer version", framed(45, 5, 0, 99, b"<a/>\0")),
        ("a size that is a lie", framed(45, u32::MAX, 0, 1, b"<a/>\0")),
        ("text without its end", framed(44, 4, 0, 1, b"<a/>")),
        ("compression that is none", framed(56, 1_000_000, 16, 1, b"BZh91AY&SYgarbag")),
        ("a huge promise", framed(56, u32::MAX, 16, 1, b"BZh91AY&SYgarbag")),
        ("broken XML", xml("<cib_command t='cib'")),
        ("bytes that are no text", xml("\u{1}\u{2}<\u{3}")),
        ("XML that is nothing", xml("<nonsense/>")),
        ("a request without its parts", xml("<cib_command/>")),
        (
            "a numberless number",
            xml(r#"<cib_command t="cib" cib_op="cib_query" cib_callid="x" cib_callopt="y"/>"#),
        ),
        (
            "an unknown operation",
            xml(r#"<cib_command t="cib" cib_op="explode" cib_callid="1" cib_callopt="0"/>"#),
        ),
        ("an unknown task", xml(r#"<lrmd_command lrmd_op="explode" lrmd_callid="1"/>"#)),
        (
            "a message to nobody",
            xml(r#"<create_request_adv subt="request" crm_task="explode" crm_sys_to="nobody"/>"#),
        ),
        ("XML of many levels", xml(&deep)),
        ("as much as fits", xml(&wide)),
    ]
}

/// `hostile-cpg GROUP`: joins a group of the daemons and sends what no daemon sends.
pub(crate) fn group(words: &[String]) -> Result<()> {
    let [name] = words else { bail!("usage: hostile-cpg GROUP") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let work = async {
        let mut cpg = ring::Cpg::join(name).await.context("cannot join")?;
        let messages = multicasts();
        let own = std::process::id();
        let mut returned = 0;
        for message in &messages {
            cpg.multicast(message)?;
        }
        // Agreed order: when our last message is back, every member has had it.
        while returned < messages.len() {
            match cpg.next().await? {
                ring::CpgEvent::Delivered { sender, .. }
                    if sender.pid == own && sender.node == cpg.local_node() =>
                {
                    returned += 1;
                }
                ring::CpgEvent::Delivered { .. } | ring::CpgEvent::Membership { .. } => {}
            }
        }
        Ok(())
    };
    let local = tokio::task::LocalSet::new();
    let limited = async { tokio::time::timeout(Duration::from_secs(30), work).await };
    local.block_on(&runtime, limited).context("the group did not take our messages")?
}

/// Pacemaker's header of group messages: libqb's 24 bytes, compressed or not, id, two peers of 276 bytes, two sizes.
fn multicasts() -> Vec<Vec<u8>> {
    const HEADER: usize = 24 + 8 + 2 * 276 + 8;
    let header = |is_compressed: u32, size: u32, compressed: u32| {
        let mut bytes = vec![0; HEADER];
        bytes[24..28].copy_from_slice(&is_compressed.to_ne_bytes());
        bytes[HEADER - 8..HEADER - 4].copy_from_slice(&size.to_ne_bytes());
        bytes[HEADER - 4..].copy_from_slice(&compressed.to_ne_bytes());
        bytes
    };
    let with = |mut bytes: Vec<u8>, body: &[u8]| {
        bytes.extend_from_slice(body);
        bytes
    };
    vec![
        vec![0],
        vec![0xff; 23],
        vec![0; 24],
        vec![0xff; 300],
        header(0, 0, 0)[..HEADER - 1].to_vec(),
        header(0, 0, 0),
        header(0, u32::MAX, 0),
        with(header(0, 5, 0), b"<a/>\0"),
        with(header(0, 4, 0), b"<a/>"),
        with(header(0, 10, 0), b"<a b='c' \0"),
        with(header(1, 1_000_000, 16), b"BZh91AY&SYgarbag"),
        with(header(1, u32::MAX, u32::MAX), b"BZh91AY&SYgarbag"),
    ]
}
