use std::time::Duration;

use vocab::Timestamp;

use super::*;

fn header() -> CallHeader {
    CallHeader {
        call: 3,
        options: CallOptions::SYNC_CALL.and(CallOptions::ALLOW_SELF),
        token: Some("t".into()),
        client_id: Some("c".into()),
        client_name: Some("stonith_admin.7".into()),
        client_node: Some("n1".into()),
        timeout: Duration::from_secs(120),
        delay: Some(-1),
    }
}

fn entry() -> HistoryEntry {
    HistoryEntry {
        operation: Some("id".into()),
        target: "n2".into(),
        action: "reboot".into(),
        origin: Some("n1".into()),
        delegate: Some("n3".into()),
        client: Some("controller".into()),
        completed: Timestamp(1_700_000_000),
        completed_nanos: 5,
        state: OperationState::Failed,
        outcome: FenceOutcome::failure(vocab::ExecStatus::TimedOut, "slow"),
    }
}

#[test]
fn every_request_survives_the_journey() {
    let parameters = [("pcmk_host_list", "n1 n2"), ("ip", "x")].into_iter().collect();
    let fencing = |operation: Option<&str>| Fencing {
        target: "n2".into(),
        action: "reboot".into(),
        device: operation.map(|_| "d".to_owned()),
        tolerance: Duration::from_secs(if operation.is_some() { 0 } else { 5 }),
        operation: operation.map(str::to_owned),
        origin: operation.map(|_| "n1".into()),
    };
    let level = Level {
        id: "l".into(),
        target: LevelTarget::Attribute("rack".into(), "1".into()),
        index: 2,
        devices: vec!["a".into(), "b".into()],
    };
    for request in [
        Request::AddDevice(DeviceRegistration {
            id: "d".into(),
            agent: "fence_dummy".into(),
            namespace: None,
            provides: Some("unfencing".into()),
            parameters,
        }),
        Request::RemoveDevice("d".into()),
        Request::RemoveLevel(LevelTarget::Pattern("n.*".into()), 1),
        Request::AddLevel(level),
        Request::Query(Query { action: Some("off".into()), ..Query::default() }),
        Request::Query(Query {
            target: Some("n2".into()),
            action: Some("off".into()),
            operation: Some("id".into()),
            origin: Some("n1".into()),
            ..Query::default()
        }),
        Request::Execute { device: "d".into(), action: "status".into(), target: Some("n2".into()) },
        Request::Fence(fencing(None)),
        Request::Fence(fencing(Some("id"))),
        Request::Relay(fencing(Some("id"))),
        Request::History { target: Some("n2".into()), sync: None },
    ] {
        let message = Message { header: header(), request };
        assert_eq!(Message::from_element(&message.to_element()), Ok(message));
    }
}

#[test]
fn short_requests_survive_too() {
    for request in [
        Request::Hello,
        Request::Notify { kind: Some(NoticeKind::Fence), active: true },
        Request::Notify { kind: Some(NoticeKind::LevelRemoved), active: false },
    ] {
        let element =
            Message { header: CallHeader::default(), request: request.clone() }.to_element();
        assert_eq!(Message::from_element(&element).unwrap().request, request);
    }
    let sync = HistorySync { entries: vec![entry()], differential: true };
    let request = Request::History { target: None, sync: Some(sync) };
    let element = Message { header: CallHeader::default(), request: request.clone() }.to_element();
    assert_eq!(element.attr("st_callid"), None, "a number would make it a client's request");
    assert_eq!(Message::from_element(&element).unwrap().request, request);
}

#[test]
fn answers_survive_the_journey() {
    let offer = DeviceOffer {
        id: "d".into(),
        agent: "fence_dummy".into(),
        namespace: None,
        verified: true,
        supports: Supports::ON.and(Supports::PORT),
        requested: PhaseOffer { timeout: Some(Duration::from_secs(9)), ..PhaseOffer::default() },
        off: Some(PhaseOffer { disallowed: true, ..PhaseOffer::default() }),
        on: Some(PhaseOffer { delay_max: Duration::from_secs(2), ..PhaseOffer::default() }),
        parameters: Some([("ip", "x")].into_iter().collect()),
    };
    let header = CallHeader {
        token: None,
        client_node: None,
        timeout: Duration::ZERO,
        delay: None,
        ..header()
    };
    for body in [
        ReplyBody::Empty,
        ReplyBody::Devices(vec![offer]),
        ReplyBody::Devices(Vec::new()),
        ReplyBody::History(Vec::new()),
    ] {
        let reply = Reply {
            fencing: Some("id".into()),
            device: Some("d".into()),
            target: Some("n2".into()),
            delegate: Some("n3".into()),
            merged: true,
            body,
            ..Reply::new("st_query", header.clone(), FenceOutcome::success())
        };
        let element = reply.to_element();
        assert_eq!(Reply::from_element(&element).as_ref(), Ok(&reply));
        let peer = PeerMessage::from_element(&element).unwrap();
        assert_eq!(peer, PeerMessage::Reply(Box::new(reply)));
    }
}

#[test]
fn the_end_of_a_fencing_is_told_to_peers_and_clients() {
    let finished = Finished {
        operation: "id".into(),
        state: OperationState::Done,
        target: Some("n2".into()),
        action: "reboot".into(),
        delegate: Some("n3".into()),
        origin: Some("n1".into()),
        client_id: Some("c".into()),
        client: Some("controller".into()),
        merged: false,
        outcome: FenceOutcome::success(),
    };
    let peer = PeerMessage::Finished(Box::new(finished.clone()));
    assert_eq!(PeerMessage::from_element(&peer.to_element()), Ok(peer));
    let notice = Notice::Fenced(Box::new(finished));
    assert_eq!(Notice::from_element(&notice.to_element()), Ok(notice));
    for notice in [
        Notice::Changed {
            kind: NoticeKind::DeviceAdded,
            subject: Some("d".into()),
            active: Some(2),
            outcome: FenceOutcome::success(),
        },
        Notice::Changed {
            kind: NoticeKind::History,
            subject: None,
            active: None,
            outcome: FenceOutcome::success(),
        },
        Notice::Timeout { call: 4, timeout: Duration::from_secs(60) },
    ] {
        assert_eq!(Notice::from_element(&notice.to_element()), Ok(notice));
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    let read = |text: &str| Message::from_element(&xml::parse(text).unwrap()).unwrap_err();
    assert_eq!(read("<x/>"), MessageError::UnknownOperation(String::new()));
    assert!(matches!(read(r#"<x st_op="st_fence"/>"#), MessageError::Missing { .. }));
    assert!(matches!(read(r#"<x st_op="st_device_register"/>"#), MessageError::Missing { .. }));
    assert_eq!(
        read(r#"<x st_op="st_query" st_callid="one"/>"#),
        MessageError::Unreadable("st_callid")
    );
}
