use std::sync::Arc;

use vocab::NodeName;
use xml::Element;

use super::{
    CallOptions, MessageError, NotificationKind, Operation,
    field::{self, attach, data, number, required, text},
};

/// One operation that a client asks for, on its way from the client to a daemon or, with the places filled in, from
/// one daemon to the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What is asked for.
    pub operation: Operation,
    /// How.
    pub options: CallOptions,
    /// The section's name or, with [`CallOptions::XPATH`], the expression. None is the whole CIB.
    pub section: Option<String>,
    /// The elements, or the patch set, that the operation works with.
    pub data: Option<Arc<Element>>,
    /// The client's number for the request; the reply carries the same.
    pub call_id: i32,
    /// The token that the daemon gave the client when it registered.
    pub client_id: String,
    /// The client's name, for logs and `update-client`.
    pub client_name: Option<String>,
    /// The user for whom the client asks. From a client it is a wish, from a daemon a fact.
    pub user: Option<String>,
    /// The one node that shall carry it out; none is every node or, for a read, this one.
    pub host: Option<NodeName>,
    /// The node whose client asks; set by that node's daemon.
    pub origin: Option<NodeName>,
    /// The node whose daemon passed the request on and answers the client.
    pub delegated_from: Option<NodeName>,
}

/// What a client may send.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    /// The first message: the client says its name.
    Register {
        /// The client's name.
        client_name: Option<String>,
    },
    /// The client wants notifications of a kind, or no longer.
    Subscribe {
        /// The kind; none is one that does not exist.
        kind: Option<NotificationKind>,
        /// Wanted or not.
        active: bool,
    },
    /// Everything else.
    Request(Request),
}

impl Request {
    /// A request with nothing but the operation.
    pub const fn new(operation: Operation) -> Self {
        Self {
            operation,
            options: CallOptions::NONE,
            section: None,
            data: None,
            call_id: 0,
            client_id: String::new(),
            client_name: None,
            user: None,
            host: None,
            origin: None,
            delegated_from: None,
        }
    }

    /// A request that reads a section; none is the whole CIB.
    pub fn query(section: Option<&str>) -> Self {
        Self { section: section.map(str::to_owned), ..Self::new(Operation::Query) }
    }

    /// A request that reads what an XPath expression finds.
    pub fn query_xpath(expression: &str) -> Self {
        Self {
            section: Some(expression.to_owned()),
            options: CallOptions::XPATH,
            ..Self::new(Operation::Query)
        }
    }

    /// A request that changes a section, or the whole CIB, by means of `data`.
    pub fn change(operation: Operation, section: Option<&str>, data: Element) -> Self {
        Self {
            section: section.map(str::to_owned),
            data: Some(Arc::new(data)),
            ..Self::new(operation)
        }
    }

    /// A request that carries out others in order, all or none.
    pub fn commit(requests: &[Self]) -> Self {
        let parts = requests.iter().map(|request| {
            let options = request.options | CallOptions::TRANSACTION;
            Self { options, ..request.clone() }.to_element()
        });
        let transaction = Element::new("cib_transaction").with_children(parts);
        Self::change(Operation::Commit, None, transaction)
    }

    /// The requests that this one carries out, if it is a transaction.
    pub fn parts(&self) -> Result<Vec<Self>, MessageError> {
        let transaction = self.data.as_deref().filter(|data| data.name() == "cib_transaction");
        let transaction = transaction.ok_or_else(|| MessageError::Missing {
            element: self.operation.to_string(),
            field: "cib_transaction",
        })?;
        transaction.children_named("cib_command").map(Self::from_element).collect()
    }

    /// The same request with more options.
    #[must_use]
    pub fn with_options(mut self, options: CallOptions) -> Self {
        self.options = self.options | options;
        self
    }

    /// The same request, for one node only.
    #[must_use]
    pub fn on(mut self, host: NodeName) -> Self {
        self.host = Some(host);
        self
    }

    /// The request as it is sent.
    pub fn to_element(&self) -> Element {
        let mut element = Element::new("cib_command")
            .with("__name__", "cib_command")
            .with(field::TYPE, field::TYPE_CIB)
            .with("cib_async_id", &self.client_id)
            .with(field::OPERATION, self.operation)
            .with_some(field::HOST, self.host.as_ref())
            .with_some(field::SECTION, self.section.as_ref())
            .with(field::CALL_ID, self.call_id)
            .with_some(field::USER, self.user.as_ref())
            .with(field::CALL_OPTIONS, self.options.bits())
            .with(field::CLIENT_ID, &self.client_id)
            .with_some(field::CLIENT_NAME, self.client_name.as_ref())
            .with_some(field::ORIGIN, self.origin.as_ref())
            .with_some(field::DELEGATED_FROM, self.delegated_from.as_ref());
        if let Some(user) = &self.user {
            element.set("acl_target", user);
        }
        if let Some(data) = &self.data {
            attach(&mut element, field::CALL_DATA, data);
        }
        element
    }

    /// Reads a request.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        let name = required(element, field::OPERATION)?;
        let operation = Operation::from_name(name)
            .ok_or_else(|| MessageError::UnknownOperation(field::shorten(name)))?;
        let owned = |field| text(element, field).map(str::to_owned);
        let node = |field| text(element, field).map(NodeName::from);
        Ok(Self {
            operation,
            options: options(element)?,
            section: owned(field::SECTION),
            data: data(element, field::CALL_DATA),
            call_id: number(element, field::CALL_ID)?.unwrap_or(0),
            client_id: owned(field::CLIENT_ID)
                .or_else(|| owned("cib_async_id"))
                .unwrap_or_default(),
            client_name: owned(field::CLIENT_NAME),
            user: owned("acl_target").or_else(|| owned(field::USER)),
            host: node(field::HOST),
            origin: node(field::ORIGIN),
            delegated_from: node(field::DELEGATED_FROM),
        })
    }
}

/// Reads the flags, which C peers print as a signed number.
pub(super) fn options(element: &Element) -> Result<CallOptions, MessageError> {
    let bits: i64 = number(element, field::CALL_OPTIONS)?.unwrap_or(0);
    let invalid = || MessageError::invalid(field::CALL_OPTIONS, &bits.to_string());
    let bits = u32::try_from(bits)
        .or_else(|_| i32::try_from(bits).map(i32::cast_unsigned))
        .map_err(|_| invalid())?;
    Ok(CallOptions::from_bits(bits))
}

impl ClientMessage {
    /// The message as it is sent.
    pub fn to_element(&self) -> Element {
        match self {
            Self::Register { client_name } => Element::new("cib_command")
                .with(field::TYPE, field::TYPE_CIB)
                .with(field::OPERATION, "register")
                .with_some(field::CLIENT_NAME, client_name.as_ref())
                .with(field::CALL_OPTIONS, CallOptions::SYNC_CALL.bits()),
            Self::Subscribe { kind, active } => Element::new("cib-callback")
                .with(field::OPERATION, "cib_notify")
                .with_some("cib_notify_type", *kind)
                .with("cib_notify_activate", u8::from(*active)),
            Self::Request(request) => request.to_element(),
        }
    }

    /// Reads a message from a client.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        match required(element, field::OPERATION)? {
            "register" => Ok(Self::Register {
                client_name: text(element, field::CLIENT_NAME).map(str::to_owned),
            }),
            "cib_notify" => Ok(Self::Subscribe {
                kind: element.attr("cib_notify_type").and_then(NotificationKind::from_name),
                active: number::<i32>(element, "cib_notify_activate")?.unwrap_or(0) != 0,
            }),
            _ => Request::from_element(element).map(Self::Request),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What cibadmin 2.1.5 sends for `-M -o crm_config -X ...`.
    const SENT_BY_CIBADMIN: &str = "<cib_command __name__='cib_command' t='cib' \
        cib_async_id='f0b1' cib_op='cib_modify' cib_section='crm_config' cib_callid='2' \
        cib_callopt='4352'><cib_calldata><cluster_property_set id='x'/></cib_calldata></cib_command>";

    #[test]
    fn reads_what_tools_send() {
        let element = xml::parse(SENT_BY_CIBADMIN).unwrap();
        let ClientMessage::Request(request) = ClientMessage::from_element(&element).unwrap() else {
            panic!("a request")
        };
        assert_eq!(request.operation, Operation::Modify);
        assert_eq!(request.section.as_deref(), Some("crm_config"));
        assert_eq!(request.call_id, 2);
        assert!(request.options.has(CallOptions::SYNC_CALL | CallOptions::SCOPE_LOCAL));
        assert_eq!(request.data.as_deref().and_then(Element::id), Some("x"));
        assert_eq!(request.client_id, "f0b1");
    }

    #[test]
    fn requests_go_both_ways() {
        let request = Request {
            options: CallOptions::XPATH | CallOptions::MULTIPLE,
            section: Some("//nvpair[@name='x']".into()),
            data: Some(Arc::new(Element::new("nvpair").with("id", "a"))),
            call_id: 7,
            client_id: "token".into(),
            client_name: Some("crm_attribute".into()),
            user: Some("root".into()),
            host: Some("b".into()),
            origin: Some("a".into()),
            delegated_from: Some("a".into()),
            ..Request::new(Operation::Replace)
        };
        assert_eq!(Request::from_element(&request.to_element()), Ok(request));
    }

    #[test]
    fn transactions_go_both_ways() {
        let parts = [
            Request::new(Operation::Bump).with_options(CallOptions::TRANSACTION),
            Request::change(Operation::Create, Some("tags"), Element::new("tag"))
                .with_options(CallOptions::TRANSACTION),
        ];
        let sent = Request::commit(&parts).to_element();
        assert_eq!(Request::from_element(&sent).unwrap().parts().as_deref(), Ok(&parts[..]));
        assert!(Request::new(Operation::Commit).parts().is_err());
        let broken = xml::parse("<cib_transaction><cib_command cib_op='x'/></cib_transaction>");
        let broken = Request::change(Operation::Commit, None, broken.unwrap());
        assert_eq!(broken.parts(), Err(MessageError::UnknownOperation("x".into())));
    }

    #[test]
    fn nonsense_is_named() {
        let error =
            |text: &str| ClientMessage::from_element(&xml::parse(text).unwrap()).unwrap_err();
        assert!(matches!(error("<a/>"), MessageError::Missing { field: "cib_op", .. }));
        assert_eq!(error("<a cib_op='x'/>"), MessageError::UnknownOperation("x".into()));
        assert!(matches!(
            error("<a cib_op='cib_query' cib_callopt='many'/>"),
            MessageError::Invalid { field: "cib_callopt", .. }
        ));
        assert!(matches!(
            error("<a cib_op='cib_query' cib_callid='1.5'/>"),
            MessageError::Invalid { field: "cib_callid", .. }
        ));
    }

    #[test]
    fn flags_of_both_signs_are_read() {
        let element = Element::new("x").with(field::CALL_OPTIONS, -1);
        assert_eq!(options(&element).unwrap().bits(), u32::MAX);
        let element = Element::new("x").with(field::CALL_OPTIONS, 1_i64 << 40);
        assert!(options(&element).is_err());
    }
}
