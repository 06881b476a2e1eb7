use std::{os::fd::BorrowedFd, path::PathBuf, sync::Arc, time::Duration};

use ipc::xml::XmlClient;
use messages::cib::{
    CallOptions, ClientMessage, Failure, Notification, NotificationKind, Operation, Registered,
    Reply, Request,
};
use xml::Element;

use super::{CALL_TIMEOUT, CibError, READ_ONLY, READ_WRITE, file::FileCib, remote::RemoteCib};

/// Which CIB a tool works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The cluster's, to read and write.
    Live,
    /// The cluster's, to read only.
    LiveReadOnly,
    /// A file, which need not be the cluster's.
    File(PathBuf),
    /// That of a cluster to which this host does not belong.
    Remote(RemoteServer),
}

/// The daemon of another host.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteServer {
    /// The host's name or address.
    pub host: String,
    /// The daemon's port.
    pub port: u16,
    /// The user to log in as.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// Whether nobody on the way can read what is said.
    pub encrypted: bool,
}

impl std::fmt::Debug for RemoteServer {
    /// Shows all but the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, user, password: _, encrypted } = self;
        let mut shown = f.debug_struct("RemoteServer");
        shown.field("host", host).field("port", port).field("user", user);
        shown.field("encrypted", encrypted).finish_non_exhaustive()
    }
}

impl Backend {
    /// What the environment asks for: `CIB_shadow` (with `CIB_shadow_dir`), else `CIB_file`, else with `CIB_port` the cluster
    /// of `CIB_server` (with `CIB_user`, `CIB_passwd`, `CIB_encrypted`), else this cluster.
    pub fn from_environment() -> Result<Self, CibError> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        if let Some(name) = set("CIB_shadow") {
            return Ok(Self::File(shadow_file(&name.to_string_lossy())?));
        }
        if let Some(path) = set("CIB_file") {
            return Ok(Self::File(path.into()));
        }
        match set("CIB_port") {
            Some(port) => remote_server(&port.to_string_lossy()).map(Self::Remote),
            None => Ok(Self::Live),
        }
    }

    /// The file of a shadow copy.
    pub fn shadow(name: &str) -> Result<Self, CibError> {
        shadow_file(name).map(Self::File)
    }
}

/// Where the shadow copy of that name is: in `CIB_shadow_dir`, for root and the cluster's user beside the cluster's CIB,
/// for others in their home.
pub(super) fn shadow_file(name: &str) -> Result<PathBuf, CibError> {
    if name.is_empty() || name.contains('/') || name.contains('\0') {
        return Err(CibError::ShadowName(name.to_owned()));
    }
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = || std::env::var("USER").unwrap_or_default();
    let directory = match set("CIB_shadow_dir") {
        Some(directory) => directory,
        None if user() == "root" || user() == "hacluster" => "/var/lib/pacemaker/cib".into(),
        None => match set("HOME") {
            Some(home) => home.join(".cib"),
            None => "/var/lib/pacemaker/cib".into(),
        },
    };
    Ok(directory.join(format!("shadow.{name}")))
}

fn remote_server(port: &str) -> Result<RemoteServer, CibError> {
    let set = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    let number = port.trim().parse().ok().filter(|&port: &u16| port > 0);
    let port =
        number.ok_or_else(|| CibError::Setting { name: "CIB_port", value: port.to_owned() })?;
    let password = match set("CIB_passwd") {
        Some(password) => password,
        None => runtime::ask_password("Password")?,
    };
    Ok(RemoteServer {
        host: set("CIB_server").unwrap_or_else(|| "localhost".to_owned()),
        port,
        user: set("CIB_user").unwrap_or_else(|| "hacluster".to_owned()),
        password,
        encrypted: set("CIB_encrypted")
            .is_none_or(|value| vocab::parse_boolean(&value) == Ok(true)),
    })
}

/// A tool's connection to a CIB. Every call blocks until it is answered.
#[derive(Debug)]
pub struct Cib {
    connection: Connection,
    last_call: i32,
    timeout: Duration,
}

#[derive(Debug)]
enum Connection {
    Live { client: XmlClient, token: String },
    File(Box<FileCib>),
    Remote { connection: Box<RemoteCib>, token: String },
}

impl Cib {
    /// Opens the CIB that the environment asks for, under a name that shows up in the daemon's log and in
    /// `update-client`.
    pub fn open(client_name: &str) -> Result<Self, CibError> {
        Self::open_backend(client_name, &Backend::from_environment()?)
    }

    /// Opens a particular CIB.
    pub fn open_backend(client_name: &str, backend: &Backend) -> Result<Self, CibError> {
        let endpoint = match backend {
            Backend::Live => READ_WRITE,
            Backend::LiveReadOnly => READ_ONLY,
            Backend::File(path) => {
                let file = Box::new(FileCib::open(path)?);
                return Ok(Self::new(Connection::File(file)));
            }
            Backend::Remote(server) => {
                let (connection, token) = RemoteCib::connect(server, client_name)?;
                let connection = Box::new(connection);
                return Ok(Self::new(Connection::Remote { connection, token }));
            }
        };
        let mut client = XmlClient::connect_for_documents(endpoint)?;
        let hello = ClientMessage::Register { client_name: Some(client_name.to_owned()) };
        let answer = client.call(&hello.to_element(), CALL_TIMEOUT)?;
        let token = Registered::from_element(&answer)?.client_id;
        Ok(Self::new(Connection::Live { client, token }))
    }

    const fn new(connection: Connection) -> Self {
        Self { connection, last_call: 0, timeout: CALL_TIMEOUT }
    }

    /// How long each call may take from now on; two minutes unless said otherwise.
    pub const fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Reads a section; none is the whole CIB.
    pub fn query(
        &mut self,
        section: Option<&str>,
        options: CallOptions,
    ) -> Result<Arc<Element>, CibError> {
        self.answer(Request::query(section).with_options(options))
    }

    /// Reads what an XPath expression finds; several matches come inside one `<xpath-query>`.
    pub fn query_xpath(
        &mut self,
        expression: &str,
        options: CallOptions,
    ) -> Result<Arc<Element>, CibError> {
        self.answer(Request::query_xpath(expression).with_options(options))
    }

    /// Adds what must not be there yet.
    pub fn create(
        &mut self,
        section: Option<&str>,
        data: Element,
        options: CallOptions,
    ) -> Result<(), CibError> {
        self.change(Operation::Create, section, data, options)
    }

    /// Merges into what is there; with [`CallOptions::CAN_CREATE`] what is not there is added.
    pub fn modify(
        &mut self,
        section: Option<&str>,
        data: Element,
        options: CallOptions,
    ) -> Result<(), CibError> {
        self.change(Operation::Modify, section, data, options)
    }

    /// Puts `data` in the place of what is there.
    pub fn replace(
        &mut self,
        section: Option<&str>,
        data: Element,
        options: CallOptions,
    ) -> Result<(), CibError> {
        self.change(Operation::Replace, section, data, options)
    }

    /// Removes the first element like `data`; nothing to remove is success.
    pub fn delete(
        &mut self,
        section: Option<&str>,
        data: Element,
        options: CallOptions,
    ) -> Result<(), CibError> {
        self.change(Operation::Delete, section, data, options)
    }

    /// Removes what an XPath expression finds: the first match, or all with [`CallOptions::MULTIPLE`].
    pub fn delete_xpath(&mut self, expression: &str, options: CallOptions) -> Result<(), CibError> {
        let mut request = Request::query_xpath(expression).with_options(options);
        request.operation = Operation::Delete;
        self.call(request).map(drop)
    }

    /// Applies a patch set.
    pub fn apply_patch(&mut self, patch: Element, options: CallOptions) -> Result<(), CibError> {
        self.change(Operation::ApplyPatch, None, patch, options)
    }

    /// Empties the CIB.
    pub fn erase(&mut self, options: CallOptions) -> Result<(), CibError> {
        self.call(Request::new(Operation::Erase).with_options(options)).map(drop)
    }

    /// Raises the epoch.
    pub fn bump(&mut self, options: CallOptions) -> Result<(), CibError> {
        self.call(Request::new(Operation::Bump).with_options(options)).map(drop)
    }

    /// Upgrades to the latest schema.
    pub fn upgrade(&mut self, options: CallOptions) -> Result<(), CibError> {
        self.call(Request::new(Operation::Upgrade).with_options(options)).map(drop)
    }

    /// Carries out changes in order, all or none.
    pub fn commit(&mut self, changes: &[Request]) -> Result<(), CibError> {
        self.call(Request::commit(changes)).map(drop)
    }

    /// Carries out any request and gives its output. For whom it is done says the request or, if it does not, the
    /// environment variable `CIB_user`; a daemon lets only root and hacluster act for others.
    pub fn call(&mut self, mut request: Request) -> Result<Option<Arc<Element>>, CibError> {
        self.last_call = self.last_call.checked_add(1).unwrap_or(1);
        request.call_id = self.last_call;
        request.options = request.options | CallOptions::SYNC_CALL;
        if request.user.is_none() {
            request.user = std::env::var("CIB_user").ok().filter(|user| !user.is_empty());
        }
        let reply = match &mut self.connection {
            Connection::Live { client, token } => {
                request.client_id.clone_from(token);
                Reply::from_element(&client.call(&request.to_element(), self.timeout)?)?
            }
            Connection::File(file) => file.perform(&request)?,
            Connection::Remote { connection, token } => {
                request.client_id.clone_from(token);
                Reply::from_element(&connection.call(&request.to_element(), self.timeout)?)?
            }
        };
        if reply.call_id != request.call_id {
            let answered = reply.call_id;
            return Err(CibError::Unexpected { asked: request.call_id, answered });
        }
        match reply.result {
            Ok(()) => Ok(reply.output),
            Err(failure) => Err(CibError::Failed { failure, output: reply.output }),
        }
    }

    /// Asks for notifications of a kind, to be taken with [`Self::next_notification`].
    pub fn subscribe(&mut self, kind: NotificationKind) -> Result<(), CibError> {
        let message = ClientMessage::Subscribe { kind: Some(kind), active: true };
        match &mut self.connection {
            Connection::Live { client, .. } => {
                client.call(&message.to_element(), self.timeout)?;
                Ok(())
            }
            // The other side does not say that it heard; what is asked next is answered later.
            Connection::Remote { connection, .. } => {
                let mut message = message.to_element();
                message.rename("cib_command");
                connection.send(&message)
            }
            Connection::File(_) => Err(CibError::NeedsCluster("a notification")),
        }
    }

    /// Waits for a notification; `None` if none comes within `timeout`.
    pub fn next_notification(
        &mut self,
        timeout: Duration,
    ) -> Result<Option<Notification>, CibError> {
        let event = match &mut self.connection {
            Connection::Live { client, .. } => client.next_event(timeout)?,
            Connection::Remote { connection, .. } => connection.next_event(timeout)?,
            Connection::File(_) => None,
        };
        match event {
            Some(event) if Notification::is_one(&event) => Ok(Notification::from_element(&event)?),
            Some(_) | None => Ok(None),
        }
    }

    /// Readable when a notification may have come; `None` for a file.
    pub fn event_fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.connection {
            Connection::Live { client, .. } => Some(client.event_fd()),
            Connection::Remote { connection, .. } => Some(connection.event_fd()),
            Connection::File(_) => None,
        }
    }

    fn change(
        &mut self,
        operation: Operation,
        section: Option<&str>,
        data: Element,
        options: CallOptions,
    ) -> Result<(), CibError> {
        self.call(Request::change(operation, section, data).with_options(options)).map(drop)
    }

    fn answer(&mut self, request: Request) -> Result<Arc<Element>, CibError> {
        self.call(request)?.ok_or(CibError::Failed { failure: Failure::NoMessage, output: None })
    }
}
