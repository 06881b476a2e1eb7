use std::{
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
};

/// Tells the service manager that the daemon is ready. False if there is none that wants to know.
pub fn notify_ready() -> io::Result<bool> {
    notify("READY=1")
}

/// Tells the service manager that the daemon is about to end. False if there is none that wants to know.
pub fn notify_stopping() -> io::Result<bool> {
    notify("STOPPING=1")
}

fn notify(message: &str) -> io::Result<bool> {
    match std::env::var("NOTIFY_SOCKET") {
        Ok(name) if !name.is_empty() => send(&name, message).map(|()| true),
        Ok(_) | Err(_) => Ok(false),
    }
}

fn send(name: &str, message: &str) -> io::Result<()> {
    let address = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.send_to_addr(message.as_bytes(), &address).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_to_a_path_or_to_a_name() {
        let path = std::env::temp_dir().join(format!("notify-{}", std::process::id()));
        let name = format!("notify-{}", std::process::id());
        let by_path = UnixDatagram::bind(&path).unwrap();
        let by_name =
            UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        let mut bytes = [0; 20];
        send(path.to_str().unwrap(), "READY=1").unwrap();
        assert_eq!(by_path.recv(&mut bytes).unwrap(), 7);
        send(&format!("@{name}"), "READY=1").unwrap();
        assert_eq!(by_name.recv(&mut bytes).unwrap(), 7);
        assert_eq!(&bytes[..7], b"READY=1");
        std::fs::remove_file(&path).unwrap();
    }
}
