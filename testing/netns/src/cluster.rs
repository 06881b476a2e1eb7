use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail};
use rustix::process::Pid;

use crate::{
    bridge::{Bridge, Port},
    command::{Output, Shell},
    files, init, leftovers,
    node::Node,
    probe::Prober,
    processes::{self, Process},
    programs,
    settings::{CLIENT, ClusterSettings, node_address, node_name},
};

/// How long a command inside a node may take before it is killed with exit code 124.
const COMMAND_LIMIT: Duration = Duration::from_secs(180);

/// A cluster that runs as long as this value lives.
///
/// Commands take a shared reference, so that several may run at a time; pulling plugs takes an exclusive one.
pub struct Cluster {
    nodes: BTreeMap<String, Node>,
    bridge: Bridge,
    settings: ClusterSettings,
    directory: PathBuf,
    helper: PathBuf,
}

/// What can be done with a machine that is switched on; also from another process than the one that holds the cluster.
#[derive(Clone, Debug)]
pub struct RunningNode {
    /// `PATH` inside it.
    search_path: String,
    pid: Pid,
}

impl Cluster {
    /// Builds the network and boots all nodes and the client. Corosync and pacemaker are configured but, unless the
    /// settings say so, not started.
    ///
    /// # Errors
    ///
    /// When this is not root, a cluster of this name runs already, or a program of Debian is missing.
    pub fn up(settings: ClusterSettings) -> Result<Self> {
        crate::require_root()?;
        leftovers::remove_leftovers()?;
        let directory = leftovers::claim(&settings.name)?;
        let helper = prepare_tools(&directory)?;
        let bridge = Bridge::start(&helper, &directory)?;
        let mut cluster = Self { nodes: BTreeMap::new(), bridge, settings, directory, helper };
        programs::prepare(&cluster.directory, &cluster.settings)?;
        cluster.make_disks()?;
        cluster.power_on_all()?;
        Ok(cluster)
    }

    /// What it was built from.
    pub fn settings(&self) -> &ClusterSettings {
        &self.settings
    }

    /// The names of all nodes, dead or alive.
    pub fn node_names(&self) -> Vec<String> {
        self.settings.node_names()
    }

    /// The names of the nodes that are switched on.
    pub fn live(&self) -> Vec<String> {
        self.node_names().into_iter().filter(|n| self.nodes.contains_key(n)).collect()
    }

    /// A machine that is switched on: a node, or [`CLIENT`].
    ///
    /// # Errors
    ///
    /// When there is no such machine or it is switched off.
    pub fn node(&self, name: &str) -> Result<&RunningNode> {
        let node = self.nodes.get(name).with_context(|| format!("{name} is not switched on"))?;
        Ok(&node.running)
    }

    /// Runs a command inside a machine.
    ///
    /// # Errors
    ///
    /// When the machine is off. The command's own failure is in the output.
    pub fn exec(&self, node: &str, command: &[&str]) -> Result<Output> {
        self.node(node)?.command(command).run()
    }

    /// Runs a command inside a machine with `input` on its standard input.
    ///
    /// # Errors
    ///
    /// As for [`Cluster::exec`].
    pub fn exec_with(&self, node: &str, command: &[&str], input: &[u8]) -> Result<Output> {
        self.node(node)?.command(command).run_with(input)
    }

    /// Pulls the plug: takes the machine off the network and kills all its processes at once. The disk stays. Returns
    /// the time at which it happened.
    ///
    /// # Errors
    ///
    /// When it is off already.
    pub fn kill(&mut self, name: &str) -> Result<SystemTime> {
        let node = self.nodes.remove(name).with_context(|| format!("{name} is off already"))?;
        self.bridge.unplug(name)?;
        // From here on it answers nobody, although its processes live for another moment.
        let at = SystemTime::now();
        node.kill()?;
        Ok(at)
    }

    /// Pulls the plugs of all nodes.
    ///
    /// # Errors
    ///
    /// When the network cannot be changed.
    pub fn kill_all(&mut self) -> Result<()> {
        self.live().iter().try_for_each(|name| self.kill(name).map(drop))
    }

    /// Switches a machine on again. Units that are enabled start by themselves, others do not.
    ///
    /// # Errors
    ///
    /// When it is on already.
    pub fn revive(&mut self, name: &str) -> Result<()> {
        if self.nodes.contains_key(name) {
            bail!("{name} is on already");
        }
        self.bridge.forget(name);
        let node = self.power_on(name)?;
        self.nodes.insert(name.to_owned(), node);
        Ok(())
    }

    /// Starts the ring and pacemaker on a node, as `systemctl start` does.
    ///
    /// # Errors
    ///
    /// When one of them fails to start.
    pub fn start_stack(&self, node: &str) -> Result<()> {
        self.node(node)?.init("start pacemaker").map(drop).with_context(|| node.to_owned())
    }

    /// Starts only the ring on a node; returns when its daemon says that it is ready.
    ///
    /// # Errors
    ///
    /// When it fails to start.
    pub fn start_ring(&self, node: &str) -> Result<()> {
        self.node(node)?.init("start corosync").map(drop).with_context(|| node.to_owned())
    }

    /// [`Cluster::start_ring`] on these nodes at the same time.
    ///
    /// # Errors
    ///
    /// The first node's that fails.
    pub fn start_rings(&self, nodes: &[String]) -> Result<()> {
        in_parallel(nodes, |node| self.start_ring(node)).map(drop)
    }

    /// Stops pacemaker and the ring on a node in an orderly way.
    ///
    /// # Errors
    ///
    /// When one of them does not stop.
    pub fn stop_stack(&self, node: &str) -> Result<()> {
        self.node(node)?.init("stop corosync").map(drop).with_context(|| node.to_owned())
    }

    /// [`Cluster::start_stack`] on these nodes at the same time.
    ///
    /// # Errors
    ///
    /// The first node's that fails.
    pub fn start_stacks(&self, nodes: &[String]) -> Result<()> {
        in_parallel(nodes, |node| self.start_stack(node)).map(drop)
    }

    /// [`Cluster::stop_stack`] on these nodes at the same time.
    ///
    /// # Errors
    ///
    /// The first node's that fails.
    pub fn stop_stacks(&self, nodes: &[String]) -> Result<()> {
        in_parallel(nodes, |node| self.stop_stack(node)).map(drop)
    }

    /// Cuts a node off: the bridge drops its frames, while its interface keeps the carrier.
    ///
    /// # Errors
    ///
    /// When the node is off.
    pub fn cut(&self, node: &str) -> Result<()> {
        self.bridge.set_port(node, Port::Disabled)
    }

    /// Undoes [`Cluster::cut`].
    ///
    /// # Errors
    ///
    /// When the node is off.
    pub fn heal(&self, node: &str) -> Result<()> {
        self.bridge.set_port(node, Port::Forwarding)
    }

    /// Where a file of a node's private directories (see the crate's top) is for the host; works for dead nodes too.
    pub fn file(&self, node: &str, path: &str) -> PathBuf {
        files::disk_path(&self.directory, node).join(path.trim_start_matches('/'))
    }

    /// The executable that this program runs as inside the nodes; it stays the same when the original is rebuilt.
    pub fn helper(&self) -> &Path {
        &self.helper
    }

    /// Starts to ask the web server at `address` for its page from the client, every `interval`.
    ///
    /// # Errors
    ///
    /// When the prober cannot be started.
    pub fn probe(&self, address: &str, interval: Duration) -> Result<Prober> {
        Prober::start(self.node(CLIENT)?, &self.helper, address, interval)
    }

    fn make_disks(&self) -> Result<()> {
        // Both keys are only seen by this cluster's nodes, which are processes of this machine.
        let mut key = vec![0; 256];
        std::io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut key)?;
        let machines = self.machines();
        in_parallel(&machines, |(name, number)| {
            let disk = files::disk_path(&self.directory, name);
            fs::create_dir_all(&disk)?;
            files::make_disk(&disk)?;
            let etc = disk.join("etc");
            files::write_names(&etc, name, self.settings.nodes.len())?;
            if let Some(number) = number {
                let all: Vec<usize> = (1..=self.settings.nodes.len()).collect();
                files::write_cluster(&etc, &self.settings.ring_configuration(&all), &key)?;
                programs::record(&self.directory, name, self.settings.nodes[number - 1])?;
                files::write_web_server(&disk, name, *number)?;
                if self.settings.start_at_boot {
                    fs::create_dir_all(etc.join("netns-units"))?;
                    fs::write(etc.join("netns-units/corosync"), "")?;
                    fs::write(etc.join("netns-units/pacemaker"), "")?;
                }
            }
            Ok(())
        })
        .map(drop)
    }

    fn power_on_all(&mut self) -> Result<()> {
        let nodes = in_parallel(&self.machines(), |(name, _)| self.power_on(name))?;
        self.nodes = self.machines().into_iter().map(|(name, _)| name).zip(nodes).collect();
        Ok(())
    }

    fn power_on(&self, name: &str) -> Result<Node> {
        let node = Node::boot(&self.helper, &self.directory, name)?;
        let address = match self.machines().iter().find(|(n, _)| n == name) {
            Some((_, Some(number))) => node_address(*number),
            Some((_, None)) => "192.168.124.1".to_owned(),
            None => bail!("there is no machine {name}"),
        };
        self.bridge.plug(
            name,
            node.running.pid().as_raw_nonzero().get().unsigned_abs(),
            &address,
        )?;
        node.running.init("boot")?;
        Ok(node)
    }

    /// All machines with their numbers; the client has none.
    fn machines(&self) -> Vec<(String, Option<usize>)> {
        let nodes = (1..=self.settings.nodes.len()).map(|number| (node_name(number), Some(number)));
        nodes.chain([(CLIENT.to_owned(), None)]).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The keeper waits for the end of all nodes before it removes their files.
        self.nodes.clear();
        self.bridge.end();
    }
}

impl RunningNode {
    pub(crate) fn new(directory: &Path, name: &str, pid: Pid) -> Self {
        Self { search_path: programs::search_path(directory, name), pid }
    }

    /// A machine of a cluster that another process holds.
    ///
    /// # Errors
    ///
    /// When there is no such cluster or machine, or it is switched off.
    pub fn find(cluster: &str, node: &str) -> Result<Self> {
        let (directory, pid) = leftovers::running_node(cluster, node)?;
        Ok(Self::new(&directory, node, pid))
    }

    /// Its PID 1, as the host counts.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// A command inside the machine with a clean environment, in root's home directory, ended after three minutes.
    pub fn command(&self, words: &[&str]) -> Shell {
        let limit = COMMAND_LIMIT.as_secs().to_string();
        let mut limited = vec!["timeout", "--kill-after=5", &limit];
        limited.extend(words);
        Shell::new(self.enter(&limited), words.join(" "))
    }

    /// A command inside the machine that uses this process's terminal and may run for ever.
    pub fn interactive(&self, words: &[&str]) -> Command {
        self.enter(words)
    }

    fn enter(&self, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.pid.to_string()]);
        command.args(["--mount", "--uts", "--ipc", "--net", "--pid", "--wd=/"]);
        command.args(["env", "-i", "--chdir=/root", "HOME=/root", "USER=root", "LOGNAME=root"]);
        let terminal = std::env::var("TERM").unwrap_or_else(|_| "dumb".to_owned());
        command.arg(format!("TERM={terminal}")).arg("LC_ALL=C.UTF-8");
        command.arg(format!("PATH={}", self.search_path)).args(words);
        command
    }

    /// All its processes.
    pub fn processes(&self) -> Vec<Process> {
        processes::of_namespace(self.pid.as_raw_nonzero().get())
    }

    /// The process of the daemon with this name.
    ///
    /// # Errors
    ///
    /// When there is none, or more than one.
    pub fn daemon(&self, name: &str) -> Result<Process> {
        let mut found = self.processes();
        found.retain(|p| p.name == name);
        match found.as_slice() {
            [process] => Ok(process.clone()),
            [] => bail!("{name} is not running"),
            several => bail!("{name} is running {} times", several.len()),
        }
    }

    /// Where a file of the machine, under whatever mount, is for the host while the machine is on.
    pub fn live_file(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.pid))
    }

    pub(crate) fn init(&self, request: &str) -> Result<String> {
        init::request(&init::socket_of(self.pid.as_raw_nonzero().get()), request)
    }
}

/// Copies this executable, so that nodes go on with it whatever is built meanwhile.
fn prepare_tools(directory: &Path) -> Result<PathBuf> {
    let tools = directory.join("tools");
    fs::create_dir_all(&tools)?;
    let helper = tools.join("systemctl");
    // Not by its name, which may lead to what was built meanwhile or to nothing.
    fs::copy("/proc/self/exe", &helper).context("cannot copy this program")?;
    let visible = tools.join("netns-helper");
    symlink("systemctl", &visible)?;
    Ok(visible)
}

/// Does the same for all `items` at once and gives the results in order.
fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let work = &work;
    std::thread::scope(|scope| {
        let running: Vec<_> = items.iter().map(|item| scope.spawn(move || work(item))).collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
