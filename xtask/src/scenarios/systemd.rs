//! Units of a real systemd as resources.

use std::fs;

use anyhow::{Context, Result, ensure};
use netns::wait_until;

use super::recovery::wait_failures;
use crate::bed::{Bed, LIMIT};

/// Boots a systemd with its bus in a PID namespace of its own inside a node. Its control groups are below a group of the
/// node's, so that nodes do not take each other's processes for theirs; of the host's units none is wanted.
const BOOT: &str = r#"
set -e
name=$1
mkdir -p /run/units /run/dbus /run/cgroup /run/systemd/system
if grep -q ':name=systemd:' /proc/self/cgroup; then
    kind=cgroup; options=none,name=systemd,xattr; place=/sys/fs/cgroup/systemd
else
    kind=cgroup2; options=rw; place=/sys/fs/cgroup
fi
mount -t $kind -o $options cgroup /run/cgroup
mkdir -p "/run/cgroup/$name"
cat > /run/units/inner <<END
set -e
mount --make-rprivate /
mount -t proc proc /proc
[ $kind = cgroup2 ] || { mount -t tmpfs tmpfs /sys/fs/cgroup; mkdir -p $place; }
mount -t $kind -o $options cgroup $place
mount -t tmpfs tmpfs /etc/systemd/system
exec /lib/systemd/systemd --system --unit=test-node.target --log-target=console --log-level=info
END
setsid sh -c 'echo $$ > /run/cgroup/"$0"/cgroup.procs
    exec env container=test unshare --cgroup --pid --mount --fork sh /run/units/inner' "$name" \
    < /dev/null > /var/log/systemd.out 2>&1 &
"#;

/// Ends it, and with it all that it started: it is the first process of its namespace.
const SHUTDOWN: &str = r#"
for pid in $(cat "/run/cgroup/$1/cgroup.procs"); do
    [ "$(cat /proc/$pid/comm)" != systemd ] || kill -KILL "$pid"
done
"#;

/// Units of the tests: `slow` takes its time to start and to stop, `broken` never starts.
const UNITS: [(&str, &str); 6] = [
    ("test-node.target", "[Unit]\nRequires=dbus.socket dbus.service\nAfter=dbus.service\n"),
    ("dbus.service.d/early.conf", "[Unit]\nDefaultDependencies=no\n"),
    ("dbus.socket.d/early.conf", "[Unit]\nDefaultDependencies=no\n"),
    (
        "calm.service",
        "[Unit]\nDescription=Calm <service> & \"more\"\nDefaultDependencies=no\n\
         [Service]\nExecStart=/bin/sleep 100000001\n",
    ),
    (
        "slow.service",
        "[Unit]\nDefaultDependencies=no\n[Service]\nExecStartPre=/bin/sleep 3\n\
         ExecStart=/bin/sleep 100000002\nExecStopPost=/bin/sleep 3\n",
    ),
    (
        "broken.service",
        "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nExecStart=/bin/false\n",
    ),
];

const MANAGER: [&str; 3] =
    ["org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"];
/// What the cluster adds to a unit while it is responsible for it.
const OVERRIDE: &str = "/run/systemd/system/calm.service.d/50-pacemaker.conf";

/// Starts, watches, recovers, stops and moves units, and says of those that cannot be started why.
pub(super) fn systemd(bed: &mut Bed) -> Result<()> {
    let nodes = bed.cluster.node_names();
    nodes.iter().try_for_each(|node| boot(bed, node)).context("systemd")?;
    let result = play(bed);
    let ended = nodes.iter().try_for_each(|node| shut_down(bed, node));
    result.and(ended)
}

/// The control group that a node's systemd has for its root.
fn group(node: &str) -> String {
    format!("cardea-test-{}-{node}", std::process::id())
}

fn boot(bed: &Bed, node: &str) -> Result<()> {
    let units = bed.cluster.node(node)?.live_file("/run/systemd/system");
    for (name, text) in UNITS {
        let path = units.join(name);
        fs::create_dir_all(path.parent().context("a directory")?)?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    bed.run(node, &["sh", "-c", BOOT, "boot", &group(node)])?;
    wait_until(&format!("systemd on {node}"), LIMIT, || state(bed, node, "dbus"))?;
    Ok(())
}

fn shut_down(bed: &Bed, node: &str) -> Result<()> {
    bed.run(node, &["sh", "-c", SHUTDOWN, "shutdown", &group(node)])?;
    let place = format!("/run/cgroup/{}", group(node));
    wait_until(&format!("{place} to be empty"), LIMIT, || {
        bed.run(node, &["find", &place, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"])
    })?;
    Ok(())
}

/// What systemd says of a service: `active`, `inactive`, `failed` and so on.
fn state(bed: &Bed, node: &str, service: &str) -> Result<String> {
    let unit = format!("/org/freedesktop/systemd1/unit/{service}_2eservice");
    let [manager, ..] = MANAGER;
    let interface = "org.freedesktop.systemd1.Unit";
    let words = ["busctl", "get-property", manager, &unit, interface, "ActiveState"];
    let answer = bed.run(node, &words)?.stdout;
    let value = answer.trim().strip_prefix("s \"").and_then(|rest| rest.strip_suffix('"'));
    Ok(value.with_context(|| answer.clone())?.to_owned())
}

/// Where a service runs, whatever the cluster thinks.
fn holders(bed: &Bed, service: &str) -> Result<Vec<String>> {
    let mut holders = Vec::new();
    for node in bed.cluster.live() {
        if state(bed, &node, service)? == "active" {
            holders.push(node);
        }
    }
    Ok(holders)
}

fn require_alone(bed: &Bed, service: &str, node: &str) -> Result<()> {
    let holders = holders(bed, service)?;
    ensure!(holders == [node], "{service} runs on {holders:?}, and should on {node}");
    Ok(())
}

fn create(bed: &Bed, id: &str, class: &str, unit: &str) -> Result<()> {
    let operation = |name: &str, interval: &str| {
        format!(r#"<op id="{id}-{name}" name="{name}" interval="{interval}" timeout="60s"/>"#)
    };
    let operations =
        [operation("start", "0s"), operation("stop", "0s"), operation("monitor", "1s")];
    bed.create(
        "resources",
        &format!(
            r#"<primitive id="{id}" class="{class}" type="{unit}"><operations>{}</operations></primitive>"#,
            operations.concat()
        ),
    )
}

fn play(bed: &Bed) -> Result<()> {
    bed.form()?;
    bed.configure()?;
    create(bed, "calm", "systemd", "calm")?;
    let node = bed.wait_started("calm")?;
    require_alone(bed, "calm", &node)?;
    let added = bed.cluster.node(&node)?.live_file(OVERRIDE);
    ensure!(added.exists(), "{} is not there", added.display());

    let [manager, path, interface] = MANAGER;
    let kill = ["busctl", "call", manager, path, interface, "KillUnit", "ssi"];
    bed.run(&node, &[&kill[..], &["calm.service", "all", "9"]].concat())?;
    wait_failures(bed, "calm", &node, "1")?;
    bed.wait_idle()?;
    ensure!(bed.wait_started("calm")? == node, "calm left {node} after one failure");
    require_alone(bed, "calm", &node)?;

    bed.run(&node, &["crm_standby", "-v", "on"])?;
    let other = bed.wait_started_where("calm", |n| n != node)?;
    require_alone(bed, "calm", &other)?;
    ensure!(!added.exists(), "{} is still there", added.display());
    bed.run(&node, &["crm_standby", "-v", "off"])?;
    bed.wait_idle()?;

    // One that is neither up nor down for a while is waited for.
    create(bed, "slow", "service", "slow")?;
    let node = bed.wait_started("slow")?;
    require_alone(bed, "slow", &node)?;
    bed.wait_idle()?;
    let target = ["crm_resource", "-r", "slow", "--meta", "-p", "target-role", "-v", "Stopped"];
    bed.run(&node, &target)?;
    bed.wait("slow to be stopped", |s| s.place_of("slow").is_err().then_some(()))?;
    bed.wait_idle()?;
    ensure!(state(bed, &node, "slow")? == "inactive", "slow is {}", state(bed, &node, "slow")?);

    create(bed, "broken", "systemd", "broken")?;
    wait_refused(bed, "broken_start_0", "1", "failed")?;
    create(bed, "absent", "systemd", "there-is-none")?;
    wait_refused(bed, "absent_start_0", "5", "unit there-is-none not found")?;
    descriptions(bed, &node)
}

/// Waits until every node has tried it, and the status says how that ended and why.
fn wait_refused(bed: &Bed, operation: &str, exit: &str, reason: &str) -> Result<()> {
    let node = bed.any()?;
    wait_until(&format!("{operation} to fail everywhere"), LIMIT, || {
        let status = bed.run(&node, &["crm_mon", "--one-shot", "--output-as=xml"])?.stdout;
        let status = xml::parse(&status)?;
        let failures = status.child("failures").context("no failures")?;
        let told = failures.children_named("failure").filter(|failure| {
            let says =
                |name, what: &str| failure.attr(name).is_some_and(|text| text.contains(what));
            failure.attr("op_key") == Some(operation)
                && failure.attr("exitcode") == Some(exit)
                && says("exitreason", reason)
        });
        ensure!(told.count() == bed.cluster.live().len(), "{}", failures.to_compact());
        Ok(())
    })
}

/// The tools know the units, and list the same ones as Debian's.
fn descriptions(bed: &Bed, node: &str) -> Result<()> {
    for standard in ["systemd", "service"] {
        let list = |tool: &str| -> Result<String> {
            Ok(bed.run(node, &[tool, "--list-agents", standard])?.stdout)
        };
        let (listed, expected) = (list("crm_resource")?, list("/usr/sbin/crm_resource")?);
        ensure!(listed == expected, "{standard}: {listed}\nand Debian's: {expected}");
        ensure!(listed.lines().any(|name| name == "calm"), "calm is not listed: {listed}");
    }
    let text = bed.run(node, &["crm_resource", "--show-metadata", "systemd:calm"])?.stdout;
    let start = text.find("<resource-agent").context("no description")?;
    let description = xml::parse(&text[start..])?;
    let long = description.child("longdesc").context("no longdesc")?.text();
    ensure!(long.trim() == "Calm <service> & \"more\"", "systemd:calm is described as {long}");
    Ok(())
}
