use std::sync::Arc;

use xml::Element;

use super::{
    CallOptions, Failure, MessageError, Operation, Request,
    field::{self, attach, data, number, required, text},
    request::options,
};

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// What was asked for.
    pub operation: Operation,
    /// The request's number.
    pub call_id: i32,
    /// The client that asked.
    pub client_id: String,
    /// The request's options.
    pub options: CallOptions,
    /// How it went.
    pub result: Result<(), Failure>,
    /// What was found or, with some failures, what is wrong.
    pub output: Option<Arc<Element>>,
}

/// The answer to a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The client's token from now on.
    pub client_id: String,
}

impl Reply {
    /// A successful reply without output to `request`.
    pub fn to(request: &Request) -> Self {
        Self {
            operation: request.operation,
            call_id: request.call_id,
            client_id: request.client_id.clone(),
            options: request.options,
            result: Ok(()),
            output: None,
        }
    }

    /// The reply as it is sent.
    pub fn to_element(&self) -> Element {
        let code = self.result.err().map_or(0, Failure::code);
        let mut element = Element::new("cib-reply")
            .with(field::TYPE, field::TYPE_CIB)
            .with(field::OPERATION, self.operation)
            .with(field::CALL_ID, self.call_id)
            .with(field::CLIENT_ID, &self.client_id)
            .with(field::CALL_OPTIONS, self.options.bits())
            .with(field::RESULT, code);
        if let Some(output) = &self.output {
            attach(&mut element, field::CALL_DATA, output);
        }
        element
    }

    /// Reads a reply. Other daemons answer a synchronisation with the `cib_replace` itself, which has no result and
    /// means success.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        let name = required(element, field::OPERATION)?;
        let operation = Operation::from_name(name)
            .ok_or_else(|| MessageError::UnknownOperation(field::shorten(name)))?;
        let code: i32 = number(element, field::RESULT)?.unwrap_or(0);
        Ok(Self {
            operation,
            call_id: number(element, field::CALL_ID)?.unwrap_or(0),
            client_id: text(element, field::CLIENT_ID).unwrap_or_default().to_owned(),
            options: options(element)?,
            result: Failure::from_code(code).map_or(Ok(()), Err),
            output: data(element, field::CALL_DATA),
        })
    }
}

impl Registered {
    /// The answer as it is sent.
    pub fn to_element(&self) -> Element {
        Element::new("cib_common_callback_worker")
            .with(field::OPERATION, "register")
            .with(field::CLIENT_ID, &self.client_id)
    }

    /// Reads the answer.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        match required(element, field::OPERATION)? {
            "register" => Ok(Self { client_id: required(element, field::CLIENT_ID)?.to_owned() }),
            other => Err(MessageError::invalid(field::OPERATION, other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_go_both_ways() {
        let mut reply = Reply::to(&Request { call_id: 3, ..Request::new(Operation::Query) });
        reply.output = Some(Arc::new(Element::new("cib")));
        assert_eq!(Reply::from_element(&reply.to_element()), Ok(reply.clone()));
        reply.result = Err(Failure::OldData);
        let element = reply.to_element();
        assert_eq!(element.attr("cib_rc"), Some("-205"));
        assert_eq!(Reply::from_element(&element), Ok(reply));
    }
}
