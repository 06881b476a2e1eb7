//! The same commands on the same file, with the real pcs and with ours: the same configuration, output and exit status.
//! Needs pcs 0.11 and its agents; passes without a look where they are not installed, except under CI.
//!
//! The file that changes from command to command is each program's own. What is compared of it is its configuration, with
//! attributes sorted, since the order in which they are written says nothing.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output},
};

use xml::Element;

/// Set when this program is to be pcs.
const AS_PCS: &str = "RUN_AS_PCS";

const START: &str = r#"<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="14" num_updates="0" admin_epoch="0">
  <configuration>
    <crm_config>
      <cluster_property_set id="cib-bootstrap-options">
        <nvpair id="cib-bootstrap-options-have-watchdog" name="have-watchdog" value="false"/>
        <nvpair id="cib-bootstrap-options-dc-version" name="dc-version" value="2.1.5"/>
        <nvpair id="cib-bootstrap-options-stonith-enabled" name="stonith-enabled" value="false"/>
      </cluster_property_set>
    </crm_config>
    <nodes>
      <node id="1" uname="node1"><instance_attributes id="nodes-1"/></node>
      <node id="2" uname="node2"/>
      <node id="3" uname="node3"/>
    </nodes>
    <resources/>
    <constraints/>
  </configuration>
  <status/>
</cib>
"#;

/// Commands that are carried out one after the other. With `~` in front only the configuration and the exit status are
/// compared: what is said in words of its own are usage and what the operating system adds.
const COMMANDS: &str = r#"
property set no-quorum-policy=ignore maintenance-mode=true
property set foo=bar
property set stonith-enabled=maybe
property set no-quorum-policy=x batch-limit=a load-threshold=3 dc-deadtime=y
property set no-quorum-policy=stop dc-version=1
property set foo=bar --force
property set foo=baz other=1 --force
property unset nonexist
property unset nonexist other1
property unset foo
property unset foo --force
property unset maintenance-mode no-quorum-policy
property set stonith-watchdog-timeout=10
property set a
property
property config
property --defaults
property --all
property config no-quorum-policy
property config stonith-enabled
~property bogus
~property set
resource create WebVIP ocf:heartbeat:IPaddr2 ip=192.168.124.50 cidr_netmask=32 op monitor interval=30s
resource create WebVIP ocf:heartbeat:Dummy
resource create x ocf:heartbeat:Nonexist
resource create x ocf:heartbeat:Nonexist a=b --force
resource delete x
resource create x Dummy
resource create x Stateful
resource delete x
resource create x NoSuchAgentAnywhere
resource create x ocf:Dummy
resource create 1x ocf:heartbeat:Dummy
resource create x%y ocf:heartbeat:Dummy
resource create x ocf:heartbeat:IPaddr2 foo=1
resource create x ocf:heartbeat:IPaddr2 foo=1 bar=2 ip=1
resource create x ocf:heartbeat:IPaddr2 ip=192.168.124.50
resource create x ocf:heartbeat:IPaddr2
resource create d1 ocf:heartbeat:Dummy fake=1 op monitor interval=20s timeout=10s op start timeout=5s interval=0 meta target-role=Stopped foo=bar
resource create d2 ocf:heartbeat:Dummy op monitor interval=20 monitor interval=20s
resource create d2 ocf:heartbeat:Dummy op bogus interval=20
resource create d2 ocf:heartbeat:Dummy op monitor
resource create d2 ocf:heartbeat:Dummy op monitor interval=5s on-fail=x role=y enabled=z
resource create d2 ocf:heartbeat:Dummy op monitor interval=5s bogus=1
resource create d2 ocf:heartbeat:Dummy op monitor interval=5s OCF_CHECK_LEVEL=10 id=d2-mon
resource create d9 ocf:heartbeat:Dummy op monitor interval=5s id=d2-mon
resource create s1 ocf:pacemaker:Stateful promotable promoted-max=1
resource create c1 ocf:pacemaker:Dummy clone interleave=true
resource create c2 ocf:pacemaker:Dummy clone my-clone globally-unique=true
resource create c3 ocf:pacemaker:Dummy clone promotable=true
resource create g1 ocf:pacemaker:Dummy --group grp
resource create g2 ocf:pacemaker:Dummy --group grp --before g1 --disabled --no-default-ops
resource create g3 ocf:pacemaker:Dummy --group grp --after g2
resource create g4 ocf:pacemaker:Dummy --group grp --after nosuch
resource create g4 ocf:pacemaker:Dummy --group d1
resource create g4 ocf:pacemaker:Dummy --after g1
resource create g4 ocf:pacemaker:Dummy --group grp clone
resource create t1 stonith:fence_dummy
~resource create
~resource create x
resource config
resource config WebVIP s1-clone
resource config nosuch
status nodes
status resources
resource status --hide-inactive
resource status d1
resource status nosuch
stonith status
resource group list
resource disable d1 nosuch
resource disable d1
resource enable d1
resource enable d1
resource disable grp
resource enable grp g1
resource disable c1
resource enable c1-clone
resource disable s1-clone
resource enable s1
resource unmanage d1 --monitor
resource manage d1
resource manage d1 --monitor
resource unmanage grp
resource manage g1
resource manage grp
resource update d1 fake=2 op monitor interval=5s meta is-managed=false
resource update d1 bogus=1
resource update d1 bogus=1 --force
resource update d1 bogus=
resource update nosuch fake=2
resource update d1 fake=
resource update d1 fake=3 op stop timeout=99s
resource update WebVIP ip=
resource update WebVIP ip=192.168.124.51 nic=eth0
resource meta d1 target-role=Started is-managed=
resource meta grp target-role=Started
resource meta nosuch a=b
resource op add d1 monitor interval=7s timeout=3s
resource op add d1 monitor interval=7s timeout=3s --force
resource op add d1 monitor interval=7s --force
resource op add d1 notify bogus=1
resource op add d1 notify timeout=3
resource op remove d1 notify interval=3
resource op remove d1 notify
resource op remove d1-monitor-interval-7s
resource op delete d1 start
resource op delete nosuch start
resource op remove nosuch
resource group add grp d1
resource group add grp d1
resource group add grp2 d1 nosuch
resource group add grp2 d1 --before g1
resource group add grp c1-clone
resource group add newg WebVIP d2
resource group add newg d1 --before d2
resource group remove grp g3
resource group remove grp nosuch
resource group delete newg
resource ungroup grp g1
resource clone d1
resource clone d1
resource clone grp grp-cl clone-max=2
resource unclone d1
resource unclone grp
resource unclone nosuch
resource promotable d2 x=1
resource utilization WebVIP cpu=1
resource utilization WebVIP cpu=x
resource utilization
resource defaults
resource defaults update resource-stickiness=100 migration-threshold=3
resource defaults
resource op defaults update timeout=60s
resource op defaults
resource move-with-constraint d2 node2
resource ban d2 node3
resource ban nosuch node1
constraint --full
resource clear d2
resource clear d2
constraint colocation add d1 with d2
constraint colocation add d1 with d2
constraint colocation add d1 with d2 100 --force
constraint colocation add Promoted d1 with WebVIP -- -INFINITY id=foo
constraint colocation add d1 with Slave WebVIP 10 id=foo2 --force
constraint colocation add Nobody d1 with WebVIP
constraint colocation add nosuch with d2
constraint colocation add c1 with d2
constraint colocation add c1 with d2 --force
constraint colocation add d1 with WebVIP 5 id=foo
constraint colocation add d1 with WebVIP 5 id=
~constraint colocation add d1 d2
~constraint colocation add d1 with
~constraint colocation add d1 with d2 with d3
constraint colocation
constraint colocation config --full
constraint colocation remove d2 d1
constraint colocation delete d2 d1
constraint order d1 then d2
constraint order start d1 then stop d2 kind=Optional
constraint order d1 then d2
constraint order d1 then d2 symmetrical=false --force
constraint order d1 then d2 symmetrical=x --force
constraint order promote c1-clone then start d1 score=50 id=oo
constraint order d2 then nosuch
~constraint order d1 d2
constraint order
constraint order --full
constraint order remove d2
constraint order remove d2
constraint location d1 prefers node1
constraint location d1 prefers node1=50 node2=200
constraint location d1 avoids node3 node2=-5
constraint location d1 avoids node3=x
constraint location regexp%W.* prefers node2
constraint location bogus%W prefers node2
constraint location add loc1 d2 node9 100 resource-discovery=never
constraint location add loc1 d2 node9 100 foo=bar
constraint location add 1oc d2 node9 100
constraint location c1 prefers node1
~constraint location d1 likes node1
constraint location
constraint location config nodes
constraint location config nodes node1 --full
constraint location config resources d1
constraint location remove loc1
constraint location remove loc1
constraint order set d1 d2 set WebVIP g3 sequential=false setoptions kind=Optional
constraint order set d1 d2 action=x
constraint colocation set d1 d2 setoptions score=100
constraint colocation set d1 d2 role=Master
constraint
constraint --full
constraint remove oo
constraint remove oo
constraint ref d1
constraint ref WebVIP nosuch
constraint ticket
~constraint bogus
node standby
node standby node1
node standby node1 nosuch
node unstandby node1 node2
node maintenance node1 node2
node attribute node1 foo=bar a="x y"
node attribute
node attribute node1 --name foo
node unmaintenance --all
node utilization node1 a=5
node utilization node1 a=x
node utilization
~node bogus
resource delete d2
resource delete WebVIP
resource delete g3
resource delete nosuch
resource delete grp
resource delete c1
resource delete my-clone
@resource standards
@resource providers
@resource agents
@resource agents ocf:pacemaker
@resource agents nosuch:x
@resource agents systemd
@resource list --nodesc
@resource list pgsql
@resource list nosuch
@resource describe ocf:heartbeat:pgsql
@resource describe ocf:heartbeat:IPaddr2
@resource describe IPaddr2
@resource describe lsb:procps
@resource describe service:procps
@resource describe lsb:nosuch
@resource describe systemd:nosuch
@stonith list nosuch
@stonith describe fence_nosuch
stonith config
stonith level
status corosync
resource cleanup
cluster corosync
~bogus
--version
--bogus1
"#;

/// Options whose defaults are others than those that Debian's daemons tell: several nodes may be fenced at once, as in
/// Pacemaker 3, and nothing limits queues by a number of messages.
const OTHER_DEFAULTS: [&str; 2] = ["concurrent-fencing: ", "cluster-ipc-limit: "];

fn main() -> ExitCode {
    if std::env::var_os(AS_PCS).is_some() {
        return pcs::main(std::env::args_os().collect());
    }
    // The usual harness would list its tests; tools that ask get the only one.
    if std::env::args().any(|argument| argument == "--list") {
        println!("same_as_the_real_pcs: test");
        return ExitCode::SUCCESS;
    }
    let there = Command::new("pcs").arg("--version").output();
    if !there.is_ok_and(|output| output.stdout.starts_with(b"0.11.")) {
        assert!(std::env::var_os("CI").is_none(), "pcs 0.11 has to be installed under CI");
        return ExitCode::SUCCESS;
    }
    same_as_the_real_pcs()
}

struct Side {
    program: OsString,
    file: PathBuf,
    ours: bool,
}

impl Side {
    fn run(&self, command: &str) -> Output {
        let mut run = Command::new(&self.program);
        if self.ours {
            run.env(AS_PCS, "1");
        }
        // Some are about pcs or the node, and take no file.
        let command = match command.strip_prefix('@') {
            None if !command.starts_with("--") => {
                run.arg("-f").arg(&self.file);
                command
            }
            about => about.unwrap_or(command),
        };
        run.args(words(command)).output().expect("both programs are there")
    }

    fn configuration(&self) -> Element {
        let text = std::fs::read_to_string(&self.file).unwrap();
        let mut root = xml::parse(&text).unwrap();
        root.retain_attrs(|name, _| name != "epoch" && name != "num_updates");
        sort(&mut root);
        root
    }
}

/// Splits at blanks; quotes keep words together.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted) = (String::new(), false);
    for character in command.chars() {
        match character {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            other => word.push(other),
        }
    }
    words.push(word);
    words
}

fn sort(element: &mut Element) {
    element.sort_attrs();
    element.elements_mut().for_each(sort);
}

fn same_as_the_real_pcs() -> ExitCode {
    let directory = std::env::temp_dir().join(format!("real-pcs-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let side = |name: &str, program: OsString, ours| {
        let file = directory.join(name).join("cib.xml");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, START).unwrap();
        Side { program, file, ours }
    };
    let real = side("a", "pcs".into(), false);
    let ours = side("b", std::env::current_exe().unwrap().into(), true);
    let mut wrong = 0;
    for command in COMMANDS.lines().filter(|line| !line.is_empty()) {
        wrong += usize::from(!agree(command, &real, &ours));
    }
    let _ = std::fs::remove_dir_all(&directory);
    assert_eq!(wrong, 0, "commands with a different outcome");
    ExitCode::SUCCESS
}

fn agree(command: &str, real: &Side, ours: &Side) -> bool {
    let (command, quiet) = match command.strip_prefix('~') {
        Some(command) => (command, true),
        None => (command, false),
    };
    let (theirs, mine) = (real.run(command), ours.run(command));
    let text = |bytes: &[u8], file: &Path| {
        let text = String::from_utf8_lossy(bytes).replace(&*file.to_string_lossy(), "FILE");
        // Usage comes behind the error and is in words of its own.
        let end = text.find("\nUsage:").unwrap_or(text.len());
        let lines = text[..end].trim_end().lines();
        let alike = |line: &&str| !OTHER_DEFAULTS.iter().any(|other| line.contains(other));
        lines.filter(alike).collect::<Vec<_>>().join("\n")
    };
    let mut same = true;
    let mut differ = |what: &str, theirs: String, mine: String| {
        if theirs != mine {
            same = false;
            println!("--- pcs {command}: {what}");
            let only = |text: &str, other: &str, side: &str| {
                let others: Vec<&str> = other.lines().collect();
                let own = text.lines().filter(|line| !others.contains(line));
                own.for_each(|line| println!("{side} {line}"));
            };
            only(&theirs, &mine, "real:");
            only(&mine, &theirs, "ours:");
            if theirs.lines().count() == mine.lines().count() {
                println!("(the order may differ)");
            }
        }
    };
    differ(
        "exit status",
        format!("{:?}", theirs.status.code()),
        format!("{:?}", mine.status.code()),
    );
    if !quiet {
        differ("output", text(&theirs.stdout, &real.file), text(&mine.stdout, &ours.file));
        differ("errors", text(&theirs.stderr, &real.file), text(&mine.stderr, &ours.file));
    }
    let (before, after) = (real.configuration(), ours.configuration());
    if before != after {
        differ("configuration", before.to_pretty(), after.to_pretty());
        // One difference is enough; the next commands start from the same again.
        std::fs::copy(&real.file, &ours.file).unwrap();
    }
    same
}
