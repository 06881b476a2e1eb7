use std::collections::BTreeMap;

use machine::TimerToken;
use messages::executor::{
    CallOptions, Execute, Message, OperationResult, Parameters, Refusal, ReplyBody, Request,
};
use vocab::{ExecStatus, Interval, OcfExit, Task};

use super::*;
use crate::{Ended, FenceEnd, FenceTask, Output, Run, Strength};

const CLIENT: ClientId = ClientId(1);

/// An executor in virtual time with one privileged client. Runs stay open until the test ends them.
struct Bench {
    executor: Executor,
    now: Instant,
    timers: BTreeMap<(Instant, u64), (Timer, TimerToken)>,
    armed: u64,
    results: Vec<OperationResult>,
    events: Vec<(ClientId, Event)>,
    open: Vec<Run>,
    kills: Vec<(RunId, Strength, bool)>,
    fence: Vec<(RunId, FenceTask)>,
    alerts: Vec<RunId>,
    last_answer: Option<Result<ReplyBody, Refusal>>,
    last_call: CallId,
    exited: bool,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self {
            executor: Executor::new(Instant::START, Timestamp(1_000)),
            now: Instant::START,
            timers: BTreeMap::new(),
            armed: 0,
            results: Vec::new(),
            events: Vec::new(),
            open: Vec::new(),
            kills: Vec::new(),
            fence: Vec::new(),
            alerts: Vec::new(),
            last_answer: None,
            last_call: CallId(0),
            exited: false,
        };
        bench.connect(CLIENT, true);
        bench
    }

    fn with_resource(agent: &str) -> Self {
        let mut bench = Self::new();
        bench.register("r", agent);
        bench
    }

    fn connect(&mut self, client: ClientId, privileged: bool) {
        self.input(Input::Connected { client, privileged, token: format!("token{}", client.0) });
        let hello = Request::Hello { protocol: "1.1".into(), carries_connections: false };
        assert!(self.ask(client, hello).is_ok());
    }

    fn register(&mut self, resource: &str, agent: &str) {
        let agent = agent.parse().unwrap();
        let resource = resource.into();
        let register = Request::Register { resource, agent, drop_recurring: true };
        assert_eq!(self.ask(CLIENT, register), Ok(ReplyBody::Empty));
    }

    fn input(&mut self, input: Input) {
        let mut out = Outbox::new();
        self.executor.handle(self.now, input, &mut out);
        for output in out.drain() {
            match output {
                Output::Reply(_, reply) => {
                    assert!(self.last_answer.is_none(), "one answer for each request");
                    self.last_call = reply.call;
                    self.last_answer = Some(reply.outcome.map(|()| reply.body));
                }
                Output::Notify(client, Event::Executed(result)) if client == CLIENT => {
                    self.results.push(*result);
                }
                Output::Notify(client, event) => self.events.push((client, event)),
                Output::Run(run) => self.open.push(*run),
                Output::Fence { run, task, .. } => self.fence.push((run, task)),
                Output::RunAlert(run, _) => self.alerts.push(run),
                Output::Kill { run, strength, whole_group } => {
                    self.kills.push((run, strength, whole_group));
                }
                Output::Arm(timer, token, after) => {
                    self.armed += 1;
                    self.timers.insert((self.now + after, self.armed), (timer, token));
                }
                Output::Note(note) => assert!(!note.to_string().is_empty()),
                Output::Exit => self.exited = true,
            }
        }
    }

    fn ask(&mut self, client: ClientId, request: Request) -> Result<ReplyBody, Refusal> {
        let message = Message { token: None, client_name: None, request };
        self.input(Input::Request { client, message: Ok(message) });
        self.last_answer.take().expect("every request is answered")
    }

    fn operation(task: Task, interval_ms: u32) -> Execute {
        Execute {
            resource: "r".into(),
            task,
            interval: Interval { millis: interval_ms },
            timeout: Duration::from_secs(20),
            start_delay: Duration::ZERO,
            user_data: None,
            parameters: Parameters::new(),
            options: CallOptions { notify_origin_only: true, notify_changes_only: true },
        }
    }

    fn execute(&mut self, execute: Execute) -> CallId {
        let answer = self.ask(CLIENT, Request::Execute(Box::new(execute)));
        assert_eq!(answer, Ok(ReplyBody::Queued));
        self.last_call
    }

    fn cancel(&mut self, task: Task, interval_ms: u32) -> Result<ReplyBody, Refusal> {
        let interval = Interval { millis: interval_ms };
        self.ask(CLIENT, Request::Cancel { resource: "r".into(), task, interval })
    }

    /// Ends the oldest open run with an exit status.
    fn exit(&mut self, status: i32) {
        let run = self.open.remove(0).run;
        let ended = Ended::Exited { status, reason: None, output: None };
        self.input(Input::Finished { run, ended });
    }

    /// Ends the oldest open run as a signal would.
    fn die(&mut self) {
        let run = self.open.remove(0).run;
        self.input(Input::Finished { run, ended: Ended::Signalled { signal: "Killed".into() } });
    }

    fn advance(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= end) {
            self.now = entry.key().0;
            let (timer, token) = entry.remove();
            self.input(Input::Timer(timer, token));
        }
        self.now = end;
    }

    fn seconds(&mut self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    fn last(&self) -> (ExecStatus, OcfExit) {
        let result = self.results.last().expect("there is a result");
        (result.status, result.exit)
    }

    fn running(&self) -> Vec<&str> {
        self.open.iter().map(|run| run.task.as_str()).collect()
    }
}

#[test]
fn operations_of_one_resource_run_one_after_the_other() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    bench.register("other", "ocf:heartbeat:Dummy");
    let start = bench.execute(Bench::operation(Task::Start, 0));
    bench.execute(Bench::operation(Task::Monitor, 0));
    bench.execute(Execute { resource: "other".into(), ..Bench::operation(Task::Start, 0) });
    assert_eq!(
        bench.open.iter().map(|run| run.resource.as_str()).collect::<Vec<_>>(),
        ["r", "other"]
    );
    bench.seconds(2);
    bench.exit(0);
    let result = &bench.results[0];
    assert_eq!((result.call, result.exit), (start, OcfExit::Ok));
    assert_eq!(result.execution_time, Duration::from_secs(2));
    assert_eq!(result.last_run, Timestamp(1_000));
    bench.seconds(1);
    bench.open.remove(0);
    assert_eq!(bench.running(), ["monitor"]);
    bench.exit(7);
    let result = &bench.results[1];
    assert_eq!(result.exit, OcfExit::NotRunning);
    assert_eq!(result.queue_time, Duration::from_secs(2));
    assert_eq!(result.last_run, Timestamp(1_002));
}

#[test]
fn a_recurring_operation_tells_its_first_result_and_changes() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    bench.execute(Bench::operation(Task::Monitor, 10_000));
    bench.seconds(3);
    bench.exit(0);
    assert_eq!(bench.results.len(), 1);
    bench.advance(Duration::from_millis(9_999));
    assert!(bench.open.is_empty(), "the interval counts from the end of a run");
    bench.advance(Duration::from_millis(1));
    bench.exit(0);
    assert_eq!(bench.results.len(), 1, "the same again is no news");
    bench.seconds(10);
    bench.exit(7);
    assert_eq!(bench.results.len(), 2);
    assert_eq!(bench.results[1].last_change, bench.results[1].last_run);
    bench.seconds(10);
    bench.exit(7);
    assert_eq!(bench.results.len(), 2);
}

#[test]
fn every_result_is_told_to_who_wants_every_result() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    bench.execute(Execute {
        options: CallOptions { notify_origin_only: true, notify_changes_only: false },
        ..Bench::operation(Task::Monitor, 10_000)
    });
    bench.exit(0);
    bench.seconds(10);
    bench.exit(0);
    assert_eq!(bench.results.len(), 2);
}

#[test]
fn a_run_that_takes_too_long_is_ended_and_has_timed_out() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    bench.execute(Bench::operation(Task::Start, 0));
    let run = bench.open[0].run;
    bench.seconds(20);
    assert_eq!(bench.kills, [(run, Strength::Terminate, true)]);
    assert!(bench.results.is_empty(), "there is no result while its processes live");
    bench.seconds(1);
    assert_eq!(bench.kills[1], (run, Strength::Kill, true));
    bench.die();
    assert_eq!(bench.last(), (ExecStatus::TimedOut, OcfExit::Error));
    assert_eq!(
        bench.results[0].exit_reason.as_deref(),
        Some("Resource agent did not complete within 20s")
    );
    bench.seconds(60);
    assert_eq!(bench.results.len(), 1);
}

#[test]
fn an_agent_that_ends_well_when_told_to_has_timed_out_too() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    bench.execute(Bench::operation(Task::Start, 0));
    bench.seconds(20);
    bench.exit(0);
    assert_eq!(bench.last(), (ExecStatus::TimedOut, OcfExit::Error));
}

#[test]
fn processes_that_cannot_be_killed_do_not_hold_up_recovery() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    bench.execute(Bench::operation(Task::Start, 0));
    bench.execute(Bench::operation(Task::Stop, 0));
    bench.seconds(31);
    assert_eq!(bench.last(), (ExecStatus::TimedOut, OcfExit::Error));
    assert_eq!(bench.running(), ["start", "stop"]);
    // The late end of the first run says nothing about the second.
    bench.die();
    assert_eq!(bench.results.len(), 1);
}

#[test]
fn where_a_failure_blocks_only_the_agent_itself_is_ended() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    let parameters = [("CRM_meta_on_fail", "block")].into_iter().collect();
    bench.execute(Execute { parameters, ..Bench::operation(Task::Stop, 0) });
    bench.seconds(20);
    assert!(!bench.kills[0].2);
}

#[test]
fn a_stop_ends_recurring_operations_first() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    bench.execute(Bench::operation(Task::Monitor, 10_000));
    bench.exit(0);
    bench.execute(Bench::operation(Task::Monitor, 7_000));
    bench.execute(Bench::operation(Task::Stop, 0));
    assert_eq!(bench.kills.len(), 1, "the one under way is ended");
    assert_eq!(bench.results.len(), 2, "the one at rest is cancelled at once");
    assert_eq!(bench.last().0, ExecStatus::Cancelled);
    bench.die();
    assert_eq!(bench.last().0, ExecStatus::Cancelled);
    assert_eq!(bench.running(), ["stop"]);
    bench.exit(0);
    bench.seconds(100);
    assert!(bench.open.is_empty());
}

#[test]
fn identical_recurring_operations_are_one() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    bench.execute(Bench::operation(Task::Monitor, 10_000));
    bench.exit(0);
    bench.seconds(5);
    let user_data = Some("new".to_owned());
    let call = bench.execute(Execute { user_data, ..Bench::operation(Task::Monitor, 10_000) });
    assert_eq!(bench.running(), ["monitor"], "it runs at once");
    bench.exit(0);
    let result = bench.results.last().unwrap();
    assert_eq!((result.call, result.user_data.as_deref()), (call, Some("new")));
    assert_eq!(bench.results.len(), 2, "told again although nothing changed");
    bench.seconds(10);
    assert_eq!(bench.running(), ["monitor"], "and only once in each interval");
}

#[test]
fn cancelling() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    assert_eq!(bench.cancel(Task::Monitor, 10_000), Err(Refusal::NotSupported));
    bench.execute(Bench::operation(Task::Monitor, 10_000));
    assert_eq!(bench.cancel(Task::Monitor, 10_000), Ok(ReplyBody::Empty));
    assert!(bench.results.is_empty(), "it still runs");
    bench.die();
    assert_eq!(bench.last().0, ExecStatus::Cancelled);
    bench.seconds(100);
    assert!(bench.open.is_empty());
    bench.execute(Bench::operation(Task::Start, 0));
    assert_eq!(bench.cancel(Task::Start, 0), Err(Refusal::NotSupported), "it has begun");
    bench.execute(Bench::operation(Task::Promote, 0));
    assert_eq!(bench.cancel(Task::Promote, 0), Ok(ReplyBody::Empty), "it has not");
    assert_eq!(bench.last().0, ExecStatus::Cancelled);
}

#[test]
fn a_start_delay_holds_the_queue() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    let start_delay = Duration::from_secs(5);
    bench.execute(Execute { start_delay, ..Bench::operation(Task::Start, 0) });
    bench.execute(Bench::operation(Task::Monitor, 0));
    bench.seconds(4);
    assert!(bench.open.is_empty());
    bench.seconds(1);
    assert_eq!(bench.running(), ["start"]);
}

#[test]
fn an_unregistered_resource_keeps_its_run_but_not_its_queue() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    bench.execute(Bench::operation(Task::Start, 0));
    bench.execute(Bench::operation(Task::Monitor, 0));
    let unregister = || Request::Unregister("r".into());
    assert_eq!(bench.ask(CLIENT, unregister()), Err(Refusal::InProgress));
    assert_eq!(bench.last().0, ExecStatus::Cancelled);
    bench.register("r", "ocf:heartbeat:Dummy");
    bench.execute(Bench::operation(Task::Monitor, 0));
    assert_eq!(bench.running(), ["start"], "the old run still has the resource");
    bench.exit(0);
    assert!(bench.results.last().unwrap().resource_deleted);
    assert_eq!(bench.running(), ["monitor"]);
    bench.exit(0);
    assert!(!bench.results.last().unwrap().resource_deleted);
    assert_eq!(bench.ask(CLIENT, unregister()), Ok(ReplyBody::Empty));
    assert_eq!(bench.ask(CLIENT, unregister()), Ok(ReplyBody::Empty), "nothing to forget");
}

#[test]
fn recurring_operations_end_with_their_client() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    let other = ClientId(2);
    bench.connect(other, true);
    bench.execute(Bench::operation(Task::Monitor, 10_000));
    bench.exit(0);
    bench.input(Input::Disconnected(other));
    bench.seconds(10);
    assert_eq!(bench.running(), ["monitor"], "another client's going changes nothing");
    bench.exit(0);
    bench.input(Input::Disconnected(CLIENT));
    bench.seconds(100);
    assert!(bench.open.is_empty());
}

#[test]
fn only_the_origin_hears_of_a_result_if_it_says_so() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    let other = ClientId(2);
    bench.connect(other, false);
    bench.events.clear();
    bench.execute(Bench::operation(Task::Start, 0));
    bench.exit(0);
    assert!(bench.events.is_empty());
    bench.execute(Execute { options: CallOptions::default(), ..Bench::operation(Task::Stop, 0) });
    bench.exit(0);
    assert!(matches!(bench.events[..], [(client, Event::Executed(_))] if client == other));
}

#[test]
fn who_is_not_privileged_may_only_say_hello_and_poke() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    let guest = ClientId(2);
    bench.connect(guest, false);
    let execute = Request::Execute(Box::new(Bench::operation(Task::Stop, 0)));
    assert_eq!(bench.ask(guest, execute), Err(Refusal::AccessDenied));
    assert!(bench.open.is_empty());
    assert_eq!(bench.ask(guest, Request::Poke), Ok(ReplyBody::Empty));
}

#[test]
fn an_unknown_resource_or_request_is_refused() {
    let mut bench = Bench::new();
    let execute = Request::Execute(Box::new(Bench::operation(Task::Start, 0)));
    assert_eq!(bench.ask(CLIENT, execute), Err(Refusal::NoSuchResource));
    assert_eq!(bench.ask(CLIENT, Request::Info("r".into())), Err(Refusal::NoSuchResource));
    let error = messages::executor::RequestError::UnknownOperation("x".into());
    bench.input(Input::Request { client: CLIENT, message: Err(error) });
    assert_eq!(bench.last_answer.take(), Some(Err(Refusal::NotSupported)));
    let hello = Request::Hello { protocol: "0.9".into(), carries_connections: false };
    assert_eq!(bench.ask(CLIENT, hello), Err(Refusal::ProtocolMismatch));
}

#[test]
fn a_client_that_queues_without_end_is_stopped() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    let flood = || Request::Execute(Box::new(Bench::operation(Task::Monitor, 0)));
    let refused = (0..1_000).filter(|_| bench.ask(CLIENT, flood()) == Err(Refusal::Busy)).count();
    assert_eq!(refused, 1_000 - 1 - crate::resource::MAX_WAITING);
}

#[test]
fn recurring_operations_are_listed_wherever_they_are() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    bench.execute(Bench::operation(Task::Monitor, 10_000));
    bench.exit(0);
    bench.execute(Bench::operation(Task::Monitor, 11_000));
    let Ok(ReplyBody::Recurring(list)) = bench.ask(CLIENT, Request::Recurring(None)) else {
        panic!("a list")
    };
    let intervals: Vec<_> = list.iter().map(|operation| operation.interval.millis).collect();
    assert_eq!(intervals, [10_000, 11_000]);
}

#[test]
fn a_fence_device_is_probed_from_memory_and_run_by_the_fencer() {
    let mut bench = Bench::with_resource("stonith:fence_x");
    bench.execute(Bench::operation(Task::Monitor, 0));
    assert_eq!(bench.last(), (ExecStatus::Error, OcfExit::NotRunning));
    bench.execute(Bench::operation(Task::Start, 0));
    let (run, task) = bench.fence.remove(0);
    assert!(matches!(task, FenceTask::Start { agent, .. } if agent == "fence_x"));
    let good = || FenceEnd { status: ExecStatus::Done, succeeded: true, reason: None };
    bench.input(Input::FenceFinished { run, end: good() });
    assert_eq!(bench.last(), (ExecStatus::Done, OcfExit::Ok));
    bench.execute(Bench::operation(Task::Monitor, 0));
    assert_eq!(bench.last(), (ExecStatus::Done, OcfExit::Ok));
    bench.execute(Bench::operation(Task::Monitor, 60_000));
    let (run, task) = bench.fence.remove(0);
    assert_eq!(task, FenceTask::Monitor);
    bench.input(Input::FenceFinished { run, end: good() });
    bench.input(Input::FencerLost);
    assert_eq!(bench.last(), (ExecStatus::Error, OcfExit::Error));
    bench.execute(Bench::operation(Task::Monitor, 0));
    assert_eq!(bench.last(), (ExecStatus::Error, OcfExit::Error), "nobody knows");
    bench.seconds(60);
    assert_eq!(bench.fence.remove(0).1, FenceTask::Monitor, "the monitor goes on");
}

#[test]
fn a_fencer_that_does_not_answer_is_a_timeout() {
    let mut bench = Bench::with_resource("stonith:fence_x");
    bench.execute(Bench::operation(Task::Start, 0));
    bench.seconds(30);
    assert_eq!(bench.last().0, ExecStatus::TimedOut);
    assert!(bench.kills.is_empty());
}

#[test]
fn the_end_waits_for_alerts_but_not_for_ever() {
    let alert = || {
        Request::Alert(messages::executor::Alert {
            id: "a".into(),
            path: "/bin/true".into(),
            timeout: Duration::from_secs(30),
            environment: Parameters::new(),
        })
    };
    let mut bench = Bench::new();
    bench.ask(CLIENT, alert()).unwrap();
    bench.input(Input::Terminate);
    assert!(!bench.exited);
    let ended = Ended::Exited { status: 0, reason: None, output: None };
    bench.input(Input::Finished { run: bench.alerts[0], ended });
    assert!(bench.exited);

    let mut bench = Bench::new();
    bench.ask(CLIENT, alert()).unwrap();
    bench.input(Input::Terminate);
    bench.seconds(35);
    assert!(bench.exited);
}

#[test]
fn the_end_stops_monitors_and_leaves_starts_alone() {
    let mut bench = Bench::with_resource("ocf:heartbeat:Dummy");
    bench.register("other", "ocf:heartbeat:Dummy");
    bench.execute(Bench::operation(Task::Monitor, 10_000));
    let monitor = bench.open[0].run;
    bench.execute(Execute { resource: "other".into(), ..Bench::operation(Task::Start, 0) });
    bench.input(Input::Terminate);
    assert_eq!(bench.kills, [(monitor, Strength::Kill, true)]);
    assert!(bench.exited);
}
