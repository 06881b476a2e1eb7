use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

/// The daemon as a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemSettings {
    /// How clients are talked to.
    pub ipc_type: IpcType,
    /// Whether the daemon runs with real-time priority.
    pub sched_rr: bool,
    /// Its priority, if it is not real-time.
    pub priority: ProcessPriority,
    /// Whether it leaves its control group, which may forbid real-time priority.
    pub move_to_root_cgroup: CgroupMove,
    /// Whether knet may go on without big socket buffers.
    pub allow_knet_handle_fallback: bool,
    /// Where it keeps its files; `None` leaves it to the environment and the default.
    pub state_dir: Option<PathBuf>,
}

impl Default for SystemSettings {
    fn default() -> Self {
        Self {
            ipc_type: IpcType::default(),
            sched_rr: true,
            priority: ProcessPriority::default(),
            move_to_root_cgroup: CgroupMove::default(),
            allow_knet_handle_fallback: false,
            state_dir: None,
        }
    }
}

/// How clients are talked to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpcType {
    /// As the platform does best: shared memory.
    #[default]
    Native,
    /// Shared memory.
    SharedMemory,
    /// Sockets.
    Socket,
}

/// A priority other than real-time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProcessPriority {
    /// As it was started.
    #[default]
    Unchanged,
    /// The highest there is.
    Max,
    /// The lowest there is.
    Min,
    /// This nice value.
    Nice(i32),
}

/// Whether the daemon leaves its control group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CgroupMove {
    /// Never.
    No,
    /// Always.
    Yes,
    /// If it cannot have real-time priority otherwise.
    #[default]
    Auto,
}

/// What is watched, and the watchdog.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    /// The watchdog's device; `None` if none is used.
    pub watchdog_device: Option<PathBuf>,
    /// How long the watchdog waits; `None` leaves it to the default, 6 s.
    pub watchdog_timeout: Option<Duration>,
    /// The load of the last 15 minutes.
    pub load_15min: Option<ResourceWatch>,
    /// The used memory, in percent.
    pub memory_used: Option<ResourceWatch>,
    /// Memory of processes, by their name here.
    pub process_memory: BTreeMap<String, MemoryUse>,
}

/// How something is watched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceWatch {
    /// What happens when it is too much: `none`, `reboot`, `shutdown`, `watchdog`.
    pub recovery: Option<String>,
    /// What is too much, as it was written.
    pub max: Option<String>,
    /// How often it is looked at.
    pub poll_period: Option<Duration>,
}

/// How the memory of a process is watched.
pub type MemoryUse = ResourceWatch;

/// Who may connect, besides root: users and groups by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Users.
    pub users: BTreeSet<u32>,
    /// Groups.
    pub groups: BTreeSet<u32>,
}

/// A network device for other programs' traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nozzle {
    /// The device's name.
    pub name: Option<String>,
    /// Its address, whose end is the node's number.
    pub address: Option<String>,
    /// How many bits of it are the network's.
    pub prefix: Option<String>,
    /// Its hardware address, whose end is the node's number.
    pub mac_address: Option<String>,
}
