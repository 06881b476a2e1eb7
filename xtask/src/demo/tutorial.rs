//! The tutorial, step by step, and what each step must show.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use netns::{Answer, CLIENT, Prober, SERVICE_ADDRESS, wait_until};

use crate::{
    bed::{Bed, LIMIT, VIP},
    console,
    timeline::Timeline,
};

const WEB: &str = "WebServer";
const PROBE_INTERVAL: Duration = Duration::from_millis(10);

/// Plays the tutorial and gives the number of steps that were not as expected. An error is something without which it
/// makes no sense to go on.
pub(super) fn play(bed: &mut Bed) -> Result<usize> {
    let mut tutorial = Tutorial { failed: 0 };
    form(bed)?;
    let admin = bed.any()?;

    console::title("The tutorial");
    tutorial.configure(bed, &admin)?;
    let prober = bed.cluster.probe(&format!("{SERVICE_ADDRESS}:80"), PROBE_INTERVAL)?;
    tutorial.look(bed, &admin)?;

    let dead = tutorial.failover(bed, &prober)?;
    tutorial.comeback(bed, &prober, &dead)?;
    Ok(tutorial.failed)
}

fn form(bed: &Bed) -> Result<()> {
    console::step("starting corosync and pacemaker on all of them");
    let start = Instant::now();
    bed.cluster.start_stacks(&bed.cluster.live())?;
    let started = start.elapsed();
    bed.wait_members(&bed.cluster.live())?;
    console::good(&format!(
        "{} are one cluster, DC is {} ({:.1} s; the ring was ready after {:.1} s)",
        bed.cluster.live().join(", "),
        bed.dc()?,
        start.elapsed().as_secs_f64(),
        started.as_secs_f64()
    ));
    Ok(())
}

struct Tutorial {
    failed: usize,
}

impl Tutorial {
    /// The commands, as a user types them.
    fn configure(&mut self, bed: &Bed, admin: &str) -> Result<()> {
        self.command(bed, admin, "pcs property set stonith-enabled=false", &[]);
        self.command(bed, admin, "pcs property", &["stonith-enabled: false"]);
        self.unreachable(bed);
        let vip = format!(
            "pcs resource create {VIP} ocf:heartbeat:IPaddr2 ip={SERVICE_ADDRESS} cidr_netmask=32 op monitor interval=30s"
        );
        self.command(bed, admin, &vip, &[]);
        let place = bed.wait_started(VIP)?;
        self.check(&format!("{VIP} runs on {place}"), Ok(()));
        let web = format!(
            "pcs resource create {WEB} ocf:heartbeat:nginx configfile=/etc/nginx/nginx.conf op monitor interval=30s"
        );
        self.command(bed, admin, &web, &[]);
        let colocation = format!("pcs constraint colocation add {WEB} with {VIP} INFINITY");
        self.command(bed, admin, &colocation, &[]);
        let order = format!("pcs constraint order {VIP} then {WEB}");
        self.command(bed, admin, &order, &["Adding WebVIP WebServer (kind: Mandatory)"]);
        bed.wait("the web server to be with the address", |s| {
            let place = s.place_of(VIP).ok()?;
            (s.place_of(WEB).ok()? == place).then_some(())
        })?;
        bed.wait_idle()
    }

    /// Everything is up: the cluster says so and the client sees it.
    fn look(&mut self, bed: &Bed, admin: &str) -> Result<()> {
        let place = bed.wait_started(VIP)?;
        let online = format!("Online: [ {} ]", bed.cluster.live().join(" "));
        let (vip, web) = (format!("{VIP}\t(ocf:heartbeat:IPaddr2):\t Started {place}"), WEB);
        let expected =
            ["partition with quorum", &online, &vip, web, "corosync: active", "pacemaker: active"];
        self.command(bed, admin, "pcs status", &expected);
        self.command(
            bed,
            CLIENT,
            &format!("curl --silent --max-time 5 http://{SERVICE_ADDRESS}/"),
            &[&page_of(&place)],
        );
        Ok(())
    }

    fn failover(&mut self, bed: &mut Bed, prober: &Prober) -> Result<String> {
        let victim = bed.wait_started(VIP)?;
        console::title(&format!("Pulling the plug of {victim}"));
        wait_served(prober, &victim)?;
        let dc = bed.dc()?;
        let role = if dc == victim { "the DC" } else { "not the DC" };
        console::step(&format!("killing everything on {victim}, which is {role}"));
        let killed = bed.cluster.kill(&victim)?;
        let survivors = bed.cluster.live();
        wait_until("the web page from another node", LIMIT, || {
            prober.first(killed, |answer| is_page_of(answer, &survivors))
        })?;
        let heir = bed.wait_started_where(VIP, |n| n != victim)?;
        bed.wait_started_where(WEB, |n| n == heir)?;
        bed.wait_members(&survivors)?;
        let timeline = Timeline::collect(&bed.cluster, prober, killed, VIP, |answer| {
            matches!(answer, Answer::Page(_))
        });
        timeline.print();
        self.check(&format!("{heir} serves now"), Ok(()));
        let admin = bed.any()?;
        let offline = format!("OFFLINE: [ {victim} ]");
        self.command(bed, &admin, "pcs status", &[&offline, &format!("Started {heir}")]);
        Ok(victim)
    }

    fn comeback(&mut self, bed: &mut Bed, prober: &Prober, dead: &str) -> Result<()> {
        console::title(&format!("Bringing {dead} back"));
        let place = bed.wait_started(VIP)?;
        let since = SystemTime::now();
        let start = Instant::now();
        bed.cluster.revive(dead)?;
        bed.cluster.start_stack(dead)?;
        bed.wait_members(&bed.cluster.node_names())?;
        console::good(&format!(
            "{dead} is a member again ({:.1} s)",
            start.elapsed().as_secs_f64()
        ));
        let stayed = bed.status()?.place_of(VIP).map(str::to_owned);
        self.check(
            &format!("the service stayed on {place}"),
            stayed.and_then(|now| {
                ensure!(now == place, "it moved to {now}");
                Ok(())
            }),
        );
        wait_served(prober, &place)?;
        let lost = prober
            .probes()
            .iter()
            .filter(|p| p.sent > since && !matches!(p.answer, Answer::Page(_)))
            .count();
        let uninterrupted = if lost == 0 { Ok(()) } else { Err(anyhow::anyhow!("{lost} failed")) };
        self.check("every request meanwhile was answered", uninterrupted);
        let online = format!("Online: [ {} ]", bed.cluster.live().join(" "));
        self.command(bed, dead, "pcs status", &[&online, &format!("Started {place}")]);
        Ok(())
    }

    /// Nobody has the address yet.
    fn unreachable(&mut self, bed: &Bed) {
        let url = format!("http://{SERVICE_ADDRESS}/");
        let words = ["curl", "--silent", "--max-time", "2", &url];
        console::step(&format!("[root@{CLIENT} ~]# {}", words.join(" ")));
        let outcome = bed.cluster.exec(CLIENT, &words).and_then(|output| {
            ensure!(!output.succeeded(), "it answered already: {}", output.stdout);
            Ok(())
        });
        self.check("no answer yet", outcome);
    }

    /// Runs a command, shows its output, and checks its exit code and that each of `expected` is in its output.
    fn command(&mut self, bed: &Bed, node: &str, line: &str, expected: &[&str]) {
        console::step(&format!("[root@{node} ~]# {line}"));
        let words: Vec<&str> = line.split(' ').collect();
        let outcome = bed.run(node, &words).and_then(|output| {
            console::quote(&output.all());
            for text in expected {
                let known = output.stdout.contains(text) || output.stderr.contains(text);
                ensure!(known, "the output has no {text:?}");
            }
            Ok(())
        });
        self.check("as expected", outcome);
    }

    fn check(&mut self, what: &str, outcome: Result<()>) {
        match outcome {
            Ok(()) => console::good(what),
            Err(error) => {
                self.failed += 1;
                console::bad(what);
                console::quote(&format!("{error:#}"));
            }
        }
    }
}

/// What the web server of a node serves.
fn page_of(node: &str) -> String {
    format!("{node} : nginx - It Works!")
}

fn is_page_of(answer: &Answer, nodes: &[String]) -> bool {
    matches!(answer, Answer::Page(text) if nodes.iter().any(|n| text.contains(&page_of(n))))
}

fn wait_served(prober: &Prober, node: &str) -> Result<()> {
    let (since, nodes) = (SystemTime::now(), [node.to_owned()]);
    wait_until("the web page", LIMIT, || prober.first(since, |a| is_page_of(a, &nodes)))
        .map(drop)
        .with_context(|| format!("the web server of {node}"))
}
