//! Scenarios of clusters: what each option does, alone and with others. `bed/script.rs` explains the commands.

mod bed;

macro_rules! scenarios {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let name = stringify!($name);
            bed::check(name, include_str!(concat!("scenarios/", stringify!($name), ".txt")));
        }
    )*};
}

scenarios! {
    majority
    two_node
    two_node_without_waiting
    wait_for_all
    cancel_wait_for_all
    tie_lowest
    tie_highest
    tie_list
    tie_odd
    tie_twice
    last_man_standing
    last_man_standing_down_to_one
    last_man_standing_twice
    downscale
    expected_votes_tracking
    change_at_run_time
    weighted
    device
    device_timeout
    device_master_wins
    reload_to_three
}
