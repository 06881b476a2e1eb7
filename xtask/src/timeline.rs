//! What happened when after a node was killed: from the logs of the survivors, the plans on their disks and the
//! answers that the client got.

use std::{
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use netns::{Answer, Cluster, Prober};

use crate::console;

/// Clocks in logs move in steps of a scheduler tick.
const CLOCK_STEP: Duration = Duration::from_millis(8);

const CLUSTER_LOG: &str = "/var/log/pacemaker/pacemaker.log";
const RING_LOG: &str = "/var/log/corosync/corosync.log";

/// One failover. What was not seen is `None`.
pub(crate) struct Timeline {
    /// The plug was pulled.
    pub(crate) killed: SystemTime,
    /// The last good answer before.
    pub(crate) last_answer: Option<SystemTime>,
    /// The first survivor missed the token.
    pub(crate) detected: Option<SystemTime>,
    /// The last survivor has the membership without the dead node.
    pub(crate) membership: Option<SystemTime>,
    /// The first plan after that was made.
    pub(crate) planned: Option<SystemTime>,
    /// The agent's start was over, as the DC heard.
    pub(crate) started: Option<SystemTime>,
    /// The address took part in the network again.
    pub(crate) address: Option<SystemTime>,
    /// The service answered as before.
    pub(crate) served: Option<SystemTime>,
}

impl Timeline {
    /// Collects the evidence, once the service answers again. `resource` is the one with the address; `good` tells what
    /// counts as the service.
    pub(crate) fn collect(
        cluster: &Cluster,
        prober: &Prober,
        killed: SystemTime,
        resource: &str,
        good: impl Fn(&Answer) -> bool,
    ) -> Self {
        let nodes = cluster.live();
        let since = killed - CLOCK_STEP;
        let times = |path: &str, needles: &[&str], from| first_lines(cluster, path, needles, from);
        let membership = times(RING_LOG, &["A new membership"], since).into_iter().max();
        let after = membership.map_or(since, |at| at - CLOCK_STEP);
        let logged = times(CLUSTER_LOG, &["Calculated transition"], after).into_iter().min();
        Self {
            killed,
            last_answer: prober.last_before(killed, &good).map(|p| p.answered),
            detected: times(RING_LOG, &["A processor failed"], since).into_iter().min(),
            membership,
            planned: logged.or_else(|| saved_plan(cluster, &nodes, after)),
            started: start_results(resource)
                .iter()
                .flat_map(|needle| times(CLUSTER_LOG, &[needle], after))
                .min(),
            address: prober.first(killed, |a| *a != Answer::None).ok().map(|p| p.answered),
            served: prober.first(killed, &good).ok().map(|p| p.answered),
        }
    }

    /// How long nobody was served: from the kill to the first good answer.
    pub(crate) fn outage(&self) -> Option<Duration> {
        self.served?.duration_since(self.killed).ok()
    }

    /// The steps in the order of a failover, with what each means to a reader.
    fn steps(&self) -> [(&'static str, Option<SystemTime>); 8] {
        [
            ("last answer before", self.last_answer),
            ("killed: network and processes gone at once", Some(self.killed)),
            ("corosync misses the token", self.detected),
            ("new membership without the node", self.membership),
            ("failover planned", self.planned),
            ("address answers on another node", self.address),
            ("agent's start reported", self.started),
            ("service answers", self.served),
        ]
    }

    /// Prints it, earliest first.
    pub(crate) fn print(&self) {
        let mut steps: Vec<_> =
            self.steps().into_iter().filter_map(|(what, at)| Some((what, at?))).collect();
        steps.sort_by_key(|(_, at)| *at);
        let mut before = self.killed;
        for (what, at) in steps {
            let (total, step) = (milliseconds(self.killed, at), milliseconds(before, at));
            console::detail(&format!("{total:>9.1} ms  {step:>+9.1}  {what}"));
            before = before.max(at);
        }
        for (what, _) in self.steps().iter().filter(|(_, at)| at.is_none()) {
            console::detail(&format!("        ?  {what}: no trace found"));
        }
        match self.outage() {
            Some(outage) => {
                console::detail(&format!("outage: {:.2} s", outage.as_secs_f64()));
            }
            None => console::detail("outage: the service did not come back"),
        }
    }
}

/// What controllers log when an agent's start is over: the C one and ours.
fn start_results(resource: &str) -> [String; 2] {
    [
        format!("Result of start operation for {resource} on"),
        format!("Result of {resource}_start_0: ok"),
    ]
}

/// Milliseconds from one time to another, which may be earlier.
pub(crate) fn milliseconds(from: SystemTime, to: SystemTime) -> f64 {
    match to.duration_since(from) {
        Ok(after) => after.as_secs_f64() * 1_000.0,
        Err(before) => -before.duration().as_secs_f64() * 1_000.0,
    }
}

/// When the logs of the daemons first tell of something from a time on.
pub(crate) fn log_time(
    cluster: &Cluster,
    needles: &[&str],
    since: SystemTime,
) -> Option<SystemTime> {
    first_lines(cluster, CLUSTER_LOG, needles, since - CLOCK_STEP).into_iter().min()
}

/// When the last node had all nodes as members, after a start at `since`.
pub(crate) fn last_membership(cluster: &Cluster, since: SystemTime) -> Option<SystemTime> {
    let full = format!("Members[{}]", cluster.live().len());
    first_lines(cluster, RING_LOG, &[&full], since - CLOCK_STEP).into_iter().max()
}

/// For each live node the first line of a log, from a time on, that holds all `needles`.
fn first_lines(
    cluster: &Cluster,
    path: &str,
    needles: &[&str],
    since: SystemTime,
) -> Vec<SystemTime> {
    let of_node = |node: &String| {
        let text = fs::read_to_string(cluster.file(node, path)).unwrap_or_default();
        first_line(&text, needles, since)
    };
    cluster.live().iter().filter_map(of_node).collect()
}

/// The earliest plan that a scheduler saved: says the same as its log, whatever words that uses.
fn saved_plan(cluster: &Cluster, nodes: &[String], since: SystemTime) -> Option<SystemTime> {
    let of_node = |node: &String| {
        let entries = fs::read_dir(cluster.file(node, "/var/lib/pacemaker/pengine")).ok()?;
        let plans = entries.flatten().filter(|e| e.file_name().to_string_lossy().ends_with(".bz2"));
        plans.filter_map(|e| e.metadata().ok()?.modified().ok()).filter(|at| *at >= since).min()
    };
    nodes.iter().filter_map(of_node).min()
}

/// The time of the first line from `since` on that holds all `needles`.
fn first_line(text: &str, needles: &[&str], since: SystemTime) -> Option<SystemTime> {
    let year = year_of(SystemTime::now());
    let lines = text.lines().filter(|line| needles.iter().all(|needle| line.contains(needle)));
    lines.filter_map(|line| line_time(line, year)).find(|at| *at >= since)
}

/// The time a line begins with: `2026-11-20T15:10:49.123456Z` (ours) or `Nov 20 15:10:49.123` (the C programs', which
/// do not tell the year). All in UTC.
fn line_time(line: &str, year: i64) -> Option<SystemTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = line.split_whitespace();
    let first = words.next()?;
    let (year, month, day, clock) = match MONTHS.iter().position(|m| *m == first) {
        Some(month) => {
            let day = words.next()?.parse().ok()?;
            (year, i64::try_from(month).ok()? + 1, day, words.next()?)
        }
        None => {
            let (date, clock) = first.strip_suffix('Z')?.split_once('T')?;
            let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
            (parts.next()??, parts.next()??, parts.next()??, clock)
        }
    };
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = seconds.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let nanoseconds: u32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let total = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(UNIX_EPOCH + Duration::new(u64::try_from(total).ok()?, nanoseconds))
}

/// Days from 1970-01-01 to a date.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let leap_days = |y: i64| y / 4 - y / 100 + y / 400;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let index = usize::try_from(month - 1).unwrap_or(0).min(11);
    let leap = i64::from(is_leap && month > 2);
    (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969) + BEFORE[index] + leap + day - 1
}

fn year_of(time: SystemTime) -> i64 {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let today = i64::try_from(seconds / 86_400).unwrap_or(0);
    // The estimate is never late by more than the leap days, and never early.
    let estimate = 1970 + today / 366;
    (estimate..).find(|year| days(year + 1, 1, 1) > today).unwrap_or(estimate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_time() {
        let ours = line_time("2026-11-20T15:10:49.250000Z pacemaker-controld [7] notice: x", 0);
        let theirs = line_time("Nov 20 15:10:49.250 [7] ha-web1 corosync notice  [TOTEM ] x", 2026);
        assert_eq!(ours, theirs);
        let since_epoch = ours.expect("a time").duration_since(UNIX_EPOCH).expect("after 1970");
        assert_eq!(since_epoch.as_millis(), 1_795_187_449_250);
        assert_eq!(line_time("pacemakerd: started", 2026), None);
    }

    #[test]
    fn days_and_years_agree() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2000, 3, 1), 11_017);
        for (seconds, year) in
            [(0, 1970), (1_795_187_449, 2026), (1_767_225_599, 2025), (1_767_225_600, 2026)]
        {
            assert_eq!(year_of(UNIX_EPOCH + Duration::from_secs(seconds)), year);
        }
    }

    #[test]
    fn the_first_line_that_is_not_too_early() {
        let text = "Nov 20 15:10:49.100 a membership\nNov 20 15:10:49.300 b membership\n";
        let year = year_of(SystemTime::now());
        let since = line_time("Nov 20 15:10:49.200 x", year).expect("a time");
        let found = first_line(text, &["membership"], since);
        assert_eq!(found, line_time("Nov 20 15:10:49.300 x", year));
    }
}
