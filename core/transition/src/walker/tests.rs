use super::*;
use crate::{ActionNode, Synapse};

fn resource(id: u32, task: &str, node: &str) -> Action {
    let key = format!("r{id}_{task}_0");
    let node = ActionNode { name: node.into(), id: format!("{node}-id"), router: None };
    Action { node: Some(node), ..Action::new(ActionId(id), ActionKind::Resource, task, &key) }
}

fn pseudo(id: u32) -> Action {
    Action::new(ActionId(id), ActionKind::Pseudo, "running", "g_running_0")
}

fn graph(actions: Vec<(Action, i32, &[u32])>) -> Graph {
    let synapse = |(id, (action, priority, inputs)): (u32, (Action, i32, &[u32]))| Synapse {
        id,
        priority,
        action,
        inputs: inputs.iter().copied().map(ActionId).collect(),
    };
    Graph { synapses: (0..).zip(actions).map(synapse).collect(), ..Graph::default() }
}

/// One pass in which resource actions start and pseudo actions are done at once.
fn pass(walker: &mut Walker, limits: &Limits) -> (Vec<u32>, Summary) {
    let mut started = Vec::new();
    let summary = walker.fire(limits, |action| {
        started.push(action.id.0);
        match action.kind {
            ActionKind::Pseudo => Launch::Confirmed(Outcome::Success),
            ActionKind::Resource | ActionKind::Cluster => Launch::Underway,
        }
    });
    (started, summary)
}

#[test]
fn actions_start_once_their_inputs_are_confirmed() {
    let mut walker = Walker::new(graph(vec![
        (resource(1, "start", "a"), 0, &[]),
        (pseudo(2), 0, &[1]),
        (resource(3, "start", "b"), 0, &[2]),
    ]));
    let none = Limits::default();
    let (started, summary) = pass(&mut walker, &none);
    assert_eq!((started, summary.status), (vec![1], Status::Active));
    assert_eq!(pass(&mut walker, &none).1.status, Status::Pending);
    assert!(walker.confirm(ActionId(1), Outcome::Success));
    assert!(!walker.confirm(ActionId(1), Outcome::Success), "a result counts once");
    assert_eq!(pass(&mut walker, &none).0, [2, 3], "a pseudo action does not cost a pass");
    walker.confirm(ActionId(3), Outcome::Success);
    let (_, summary) = pass(&mut walker, &none);
    assert_eq!(
        summary.line("x"),
        "Transition 1 (Complete=3, Pending=0, Fired=0, Skipped=0, Incomplete=0, Source=x): Complete"
    );
    assert!(walker.is_complete());
}

#[test]
fn what_waits_for_a_failure_never_starts_unless_it_must() {
    let mut walker = Walker::new(graph(vec![
        (resource(1, "stop", "a"), 0, &[]),
        (resource(2, "start", "b"), 0, &[1]),
        (resource(3, "notify", "b"), Score::INFINITY.value(), &[1]),
    ]));
    pass(&mut walker, &Limits::default());
    walker.confirm(ActionId(1), Outcome::Failure);
    assert_eq!(pass(&mut walker, &Limits::default()).0, [3]);
    walker.confirm(ActionId(3), Outcome::Success);
    let (_, summary) = pass(&mut walker, &Limits::default());
    assert_eq!((summary.status, summary.incomplete), (Status::Terminated, 1));
}

#[test]
fn an_abort_lets_what_runs_finish_and_starts_only_what_is_more_important() {
    let mut walker = Walker::new(graph(vec![
        (resource(1, "start", "a"), 0, &[]),
        (resource(2, "start", "a"), 0, &[1]),
        (resource(3, "start", "a"), 100, &[1]),
    ]));
    pass(&mut walker, &Limits::default());
    assert!(walker.abort(1, Completion::Restart, "test"));
    assert!(!walker.abort(1, Completion::Done, "less"));
    assert_eq!(pass(&mut walker, &Limits::default()).1.status, Status::Pending);
    walker.confirm(ActionId(1), Outcome::Success);
    assert_eq!(pass(&mut walker, &Limits::default()).0, [3]);
    walker.confirm(ActionId(3), Outcome::Success);
    let (_, summary) = pass(&mut walker, &Limits::default());
    assert_eq!((summary.status, summary.skipped), (Status::Stopped, 1));
    assert_eq!(walker.aborted().completion(), Completion::Restart);
    assert_eq!(walker.aborted().reason(), Some("test"));
}

#[test]
fn limits_hold_actions_back_until_others_end() {
    let mut walker = Walker::new(graph(vec![
        (resource(1, "start", "a"), 0, &[]),
        (resource(2, "start", "a"), 0, &[]),
        (resource(3, "start", "b"), 0, &[]),
    ]));
    let per_node = Limits { batch: None, per_node: [("a".to_owned(), 1)].into() };
    assert_eq!(pass(&mut walker, &per_node).0, [1, 3]);
    walker.confirm(ActionId(1), Outcome::Success);
    let batch = Limits { batch: Some(1), per_node: BTreeMap::new() };
    assert_eq!(pass(&mut walker, &batch).0, [] as [u32; 0], "3 fills the batch");
    walker.confirm(ActionId(3), Outcome::Success);
    assert_eq!(pass(&mut walker, &batch).0, [2]);
}

#[test]
fn migrations_count_at_both_ends() {
    let migrate = |id, from: &str, to: &str| {
        let mut action = resource(id, "migrate_to", from);
        action.attributes.insert("CRM_meta_migrate_source", from);
        action.attributes.insert("CRM_meta_migrate_target", to);
        action
    };
    let mut migrating = graph(vec![
        (migrate(1, "a", "b"), 0, &[]),
        (migrate(2, "c", "b"), 0, &[]),
        (migrate(3, "c", "d"), 0, &[]),
    ]);
    migrating.migration_limit = Some(1);
    let mut walker = Walker::new(migrating);
    assert_eq!(pass(&mut walker, &Limits::default()).0, [1, 3]);
}

#[test]
fn a_lost_node_takes_its_actions_along() {
    let mut walker = Walker::new(graph(vec![
        (resource(1, "start", "a"), 0, &[]),
        (resource(2, "start", "a"), 0, &[1]),
        (resource(3, "start", "b"), 0, &[]),
    ]));
    pass(&mut walker, &Limits::default());
    let lost = walker.lose_node("a-id", "a");
    assert_eq!(lost, [(ActionId(1), true), (ActionId(2), false)]);
    assert_eq!(walker.pending(), 1);
    walker.confirm(ActionId(3), Outcome::Success);
    let (_, summary) = pass(&mut walker, &Limits::default());
    assert_eq!((summary.status, summary.skipped), (Status::Stopped, 2));
}

#[test]
fn a_refused_action_ends_the_transition() {
    let mut walker = Walker::new(graph(vec![
        (resource(1, "start", "a"), 0, &[]),
        (resource(2, "start", "a"), 0, &[]),
    ]));
    let summary = walker.fire(&Limits::default(), |_| Launch::Refused);
    assert_eq!((summary.fired, summary.pending), (0, 0));
    assert!(summary.status.is_end());
}

#[test]
fn a_graph_without_actions_is_complete_at_once() {
    let mut walker = Walker::new(Graph::default());
    assert_eq!(pass(&mut walker, &Limits::default()).1.status, Status::Complete);
}

#[test]
fn after_a_fatal_failure_nothing_starts_but_what_must() {
    let mut walker = Walker::new(graph(vec![
        (resource(1, "start", "a"), 0, &[]),
        (resource(2, "start", "b"), 0, &[]),
        (resource(3, "notify", "b"), Score::INFINITY.value(), &[1]),
    ]));
    let mut started = Vec::new();
    let summary = walker.fire(&Limits::default(), |action| {
        started.push(action.id.0);
        if action.id.0 == 1 { Launch::Fatal } else { Launch::Confirmed(Outcome::Success) }
    });
    assert_eq!((started, summary.skipped), (vec![1, 3], 1));
    assert_eq!(pass(&mut walker, &Limits::default()).1.status, Status::Stopped);
}
