use std::collections::{BTreeMap, VecDeque};

use cib::Follower;
use messages::cib::{CallOptions, Operation, Reply, Request};

use super::CibEvent;

/// A copy of the CIB with the questions about it that are not answered yet.
///
/// Who asks for the whole CIB has the daemon asked for its root alone; if the copy has the same root, the copy is the
/// answer. Answers and notifications come in the order in which the daemon made them.
#[derive(Debug, Default)]
pub(super) struct KeptCopy {
    follower: Follower,
    /// What the daemon was asked, by the number it was asked under.
    asked: BTreeMap<i32, Question>,
    /// What has to be asked in full, since the copy is not what the daemon has.
    unanswered: VecDeque<Question>,
}

/// Somebody's request for the whole CIB.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The request, with the number under which it has to be answered.
    request: Request,
    /// Whether the daemon is to send the whole CIB.
    in_full: bool,
}

impl Question {
    /// The request that the daemon gets.
    pub(super) fn for_daemon(&self) -> Request {
        let mut request = self.request.clone();
        if !self.in_full {
            request.options = request.options | CallOptions::NO_CHILDREN;
        }
        request
    }
}

impl KeptCopy {
    /// The question that a request is, if the copy could answer it.
    pub(super) fn question(&self, request: &Request) -> Option<Question> {
        let is_for_all = request.operation == Operation::Query
            && request.section.is_none()
            && request.user.is_none()
            && request.options == CallOptions::SCOPE_LOCAL;
        is_for_all
            .then(|| Question { request: request.clone(), in_full: !self.follower.has_copy() })
    }

    /// Notes that the daemon was asked, under that number.
    pub(super) fn asked(&mut self, number: i32, question: Question) {
        self.asked.insert(number, question);
    }

    /// The next question that has to be asked in full.
    pub(super) fn unanswered(&self) -> Option<&Question> {
        self.unanswered.front()
    }

    /// Notes that it was asked, under that number.
    pub(super) fn asked_in_full(&mut self, number: i32) {
        if let Some(question) = self.unanswered.pop_front() {
            self.asked.insert(number, question);
        }
    }

    /// Learns from an event; gives what the others get to see of it.
    pub(super) fn learn(&mut self, event: CibEvent) -> Option<CibEvent> {
        match event {
            CibEvent::Changed(change) => {
                self.follower.follow(&change);
                Some(CibEvent::Changed(change))
            }
            CibEvent::Replaced(sections) => {
                self.follower.forget();
                Some(CibEvent::Replaced(sections))
            }
            CibEvent::Reply(reply) => self.answered(reply).map(CibEvent::Reply),
        }
    }

    fn answered(&mut self, mut reply: Reply) -> Option<Reply> {
        let Some(question) = self.asked.remove(&reply.call_id) else { return Some(reply) };
        if let (Ok(()), Some(output)) = (&reply.result, &reply.output) {
            if question.in_full {
                self.follower.start_from(output.clone());
            } else if let Some(copy) = self.follower.confirmed_by(output) {
                reply.output = Some(copy);
            } else {
                self.follower.forget();
                self.unanswered.push_back(Question { in_full: true, ..question });
                return None;
            }
        }
        reply.call_id = question.request.call_id;
        Some(reply)
    }
}
