use std::{
    fs,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, bail};
use netns::{Answer, SERVICE_ADDRESS, wait_until};

use super::figures::Column;
use crate::{
    bed::{Bed, LIMIT, VIP},
    stack::Software,
    timeline::{Timeline, last_membership, log_time, milliseconds},
};

/// Measures something of some software, so many times, and adds the figures.
pub(crate) type Measure = fn(&Software, usize, &mut Column<'_>) -> Result<()>;

/// The daemons above the ring.
const DAEMONS: [&str; 8] = [
    "corosync",
    "pacemakerd",
    "pacemaker-based",
    "pacemaker-fenced",
    "pacemaker-execd",
    "pacemaker-attrd",
    "pacemaker-schedulerd",
    "pacemaker-controld",
];

/// How long states are left alone between two looks, where the time is what is measured.
const FINE: Duration = Duration::from_millis(2);

/// A cluster with the ring's default timing, since that is what users have.
fn boot(software: &Software) -> Result<Bed> {
    Bed::boot(software.cluster(&format!("bench-{}", std::process::id()), 3))
}

pub(super) fn formed(software: &Software) -> Result<Bed> {
    let bed = boot(software)?;
    bed.form()?;
    bed.set_option("stonith-enabled", "false")?;
    bed.wait_idle()?;
    Ok(bed)
}

pub(crate) fn election(software: &Software, repeat: usize, figures: &mut Column<'_>) -> Result<()> {
    for _ in 0..repeat {
        let bed = boot(software)?;
        let node = bed.any()?;
        let (start, at) = (Instant::now(), SystemTime::now());
        bed.cluster.start_stacks(&bed.cluster.live())?;
        let dc_seen = wait_until("a DC", LIMIT, || {
            // Not crmadmin -D: while there is no DC nobody answers it, and it waits for half a minute.
            bed.status_from(&node)?.dc.context("none yet")?;
            Ok(SystemTime::now())
        })?;
        bed.wait_members(&bed.cluster.live())?;
        figures.time("cold start: all members, nothing left to do", start.elapsed());
        if let Some(complete) = last_membership(&bed.cluster, at) {
            figures.add("cold start: last membership to DC", "ms", milliseconds(complete, dc_seen));
        }
        figures.add("cold start: start to DC", "ms", milliseconds(at, dc_seen));
    }
    Ok(())
}

pub(crate) fn memory(software: &Software, _: usize, figures: &mut Column<'_>) -> Result<()> {
    let bed = formed(software)?;
    bed.create_vip("10s")?;
    bed.wait_idle()?;
    let dc = bed.dc()?;
    let (mut resident, mut private) = (0, 0);
    for daemon in DAEMONS {
        let process = bed.cluster.node(&dc)?.daemon(daemon)?;
        let (all, own) = (process.resident_kib()?, process.private_kib()?);
        figures.add(&format!("RSS of {daemon} on the DC"), "MiB", mebibytes(all));
        if daemon != "corosync" {
            resident += all;
            private += own;
        }
    }
    figures.add("RSS of all but corosync", "MiB", mebibytes(resident));
    figures.add("not shared with others, all but corosync", "MiB", mebibytes(private));
    Ok(())
}

pub(super) fn mebibytes(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1_024.0
}

pub(crate) fn tools(software: &Software, repeat: usize, figures: &mut Column<'_>) -> Result<()> {
    let bed = formed(software)?;
    bed.create_vip("10s")?;
    bed.wait_idle()?;
    let node = bed.any()?;
    let time = |words: &[&str]| -> Result<Duration> {
        let start = Instant::now();
        bed.run(&node, words)?;
        Ok(start.elapsed())
    };
    for _ in 0..repeat.max(5) {
        // What it costs to get into the node and to start anything at all there.
        let entry = time(&["true"])?;
        for words in [
            &["pcs", "status"][..],
            &["cibadmin", "-Q"],
            &["crm_mon", "-1"],
            &["crm_resource", "--list"],
            &["crm_node", "-l"],
        ] {
            let took = time(words)?.saturating_sub(entry);
            figures.time(&words.join(" "), took);
        }
    }
    Ok(())
}

pub(crate) fn crash(software: &Software, repeat: usize, figures: &mut Column<'_>) -> Result<()> {
    let bed = formed(software)?;
    bed.create(
        "resources",
        r#"<primitive id="D1" class="ocf" provider="pacemaker" type="Dummy"><operations>
<op id="D1-monitor-1s" name="monitor" interval="1s" timeout="20s"/></operations></primitive>"#,
    )?;
    let node = bed.wait_started("D1")?;
    for _ in 0..repeat.max(5) {
        bed.wait_idle()?;
        let state = bed.cluster.node(&node)?.live_file("/run/Dummy-D1.state");
        let at = SystemTime::now();
        fs::remove_file(&state).with_context(|| state.display().to_string())?;
        let back = watch("the state file", || state.exists())?;
        figures.add("crash to recovered, monitor every second", "ms", milliseconds(at, back));
        bed.wait_idle()?;
        // The words of the C controller and of ours.
        let theirs = log_time(&bed.cluster, &["monitor operation for D1", "not running"], at);
        let ours = || log_time(&bed.cluster, &["Result of D1_monitor_1000: not running"], at);
        match theirs.or_else(ours) {
            Some(seen) => {
                figures.add("crash detected to recovered", "ms", milliseconds(seen, back));
            }
            None => crate::console::detail("no trace of the detection in the logs"),
        }
    }
    Ok(())
}

/// Creates resources M0, M1 and so on, all at once.
pub(super) fn create_dummies(bed: &Bed, count: usize) -> Result<()> {
    let primitives: String = (0..count)
        .map(|n| {
            format!(
                r#"<primitive id="M{n}" class="ocf" provider="pacemaker" type="Dummy"><operations>
<op id="M{n}-m" name="monitor" interval="10s" timeout="20s"/></operations></primitive>"#
            )
        })
        .collect();
    let words = ["cibadmin", "--replace", "--scope", "resources", "--xml-pipe"];
    let input = format!("<resources>{primitives}</resources>");
    bed.cluster.exec_with(&bed.any()?, &words, input.as_bytes())?.require().map(drop)
}

pub(crate) fn mass(software: &Software, _: usize, figures: &mut Column<'_>) -> Result<()> {
    const RESOURCES: usize = 100;
    let bed = formed(software)?;
    let start = Instant::now();
    create_dummies(&bed, RESOURCES)?;
    let running = || {
        let of_node = |node: &String| {
            let run = bed.cluster.node(node).ok()?.live_file("/run");
            let files = fs::read_dir(run).ok()?.flatten();
            Some(files.filter(|f| f.file_name().to_string_lossy().starts_with("Dummy-M")).count())
        };
        bed.cluster.live().iter().filter_map(of_node).sum::<usize>()
    };
    wait_until("all resources", Duration::from_secs(300), || match running() {
        RESOURCES => Ok(()),
        other => bail!("{other} run"),
    })?;
    figures.time("100 resources: created to all started", start.elapsed());
    bed.wait_idle()?;
    figures.time("100 resources: created to idle", start.elapsed());
    Ok(())
}

pub(crate) fn failover(software: &Software, repeat: usize, figures: &mut Column<'_>) -> Result<()> {
    let mut bed = formed(software)?;
    bed.create_vip("10s")?;
    let prober = bed.cluster.probe(&format!("{SERVICE_ADDRESS}:80"), Duration::from_millis(10))?;
    for round in 0..repeat * 2 {
        bed.wait_members(&bed.cluster.node_names())?;
        let dc = bed.dc()?;
        let with_dc = round % 2 == 0;
        let other = bed.cluster.node_names().into_iter().find(|n| *n != dc);
        let victim = if with_dc { dc } else { other.context("three nodes")? };
        bed.place(VIP, &victim)?;
        let killed = bed.cluster.kill(&victim)?;
        let present = |answer: &Answer| *answer != Answer::None;
        wait_until("an answer", LIMIT, || prober.first(killed, present))?;
        bed.wait_started_where(VIP, |n| n != victim)?;
        bed.wait_members(&bed.cluster.live())?;
        let timeline = Timeline::collect(&bed.cluster, &prober, killed, VIP, present);
        report(&timeline, if with_dc { "DC" } else { "other node" }, figures);
        bed.cluster.revive(&victim)?;
        bed.cluster.start_stack(&victim)?;
    }
    Ok(())
}

fn report(timeline: &Timeline, who: &str, figures: &mut Column<'_>) {
    let steps = [
        ("kill to token lost", Some(timeline.killed), timeline.detected),
        ("token lost to membership", timeline.detected, timeline.membership),
        ("membership to plan", timeline.membership, timeline.planned),
        ("plan to first answer", timeline.planned, timeline.served),
        ("kill to first answer", Some(timeline.killed), timeline.served),
    ];
    for (what, from, to) in steps {
        if let (Some(from), Some(to)) = (from, to) {
            figures.add(&format!("{who} killed: {what}"), "ms", milliseconds(from, to));
        }
    }
}

/// Looks often until it is so, and gives the time.
fn watch(what: &str, condition: impl Fn() -> bool) -> Result<SystemTime> {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > LIMIT {
            bail!("waited in vain for {what}");
        }
        std::thread::sleep(FINE);
    }
    Ok(SystemTime::now())
}
