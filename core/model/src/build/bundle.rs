use std::fmt::Write;

use vocab::{Score, parse_boolean};
use xml::Element;

use super::{Build, guests::Connection, resources::Unusable};
use crate::{
    Allowed, AllowedNodes, NodeKey, NodeKind, ProbeMode, ResourceKey, Variant, attributes::Values,
    resource::Replica,
};

/// The port of the daemon that holds the other end of a connection to a node.
const REMOTE_PORT: &str = "3121";

/// The key that both ends of such a connection share.
const REMOTE_KEY: &str = "/etc/pacemaker/authkey";

/// Where logs of what runs in containers go.
const LOGS: &str = "/var/log/pacemaker/bundles";

/// What runs in a container if nothing else is configured.
const REMOTE_DAEMON: &str = "/usr/sbin/pacemaker-remoted";

/// No cluster has that many containers of a kind; a larger number is a mistake that must not fill the memory.
const REPLICAS_MAX: i32 = 1000;

/// A folder or file that containers get to see.
struct Mount {
    source: String,
    target: String,
    options: Option<String>,
    /// Each replica has a folder of its own in it.
    own_folder: bool,
}

/// A port that leads into a container.
struct Port {
    source: String,
    target: String,
}

/// A bundle as configured.
struct Plan {
    name: String,
    agent: &'static str,
    image: Option<String>,
    promoted_max: i32,
    replicas: i32,
    per_host: i32,
    command: Option<String>,
    options: Option<String>,
    network: Option<String>,
    first_address: Option<String>,
    netmask: Option<String>,
    interface: Option<String>,
    control_port: Option<String>,
    add_host: bool,
    ports: Vec<Port>,
    mounts: Vec<Mount>,
    /// How each container knows the addresses of the others.
    host_options: String,
}

/// A replica on its way.
struct Draft {
    offset: i32,
    address: Option<String>,
    child: Option<ResourceKey>,
}

impl Plan {
    fn read(name: &str, element: &Element) -> Option<Self> {
        let (agent, launcher) =
            ["docker", "podman"].iter().find_map(|&agent| Some((agent, element.child(agent)?)))?;
        let text = |name: &str| launcher.attr(name).map(str::to_owned);
        let number = |text: Option<&str>, least: i32| {
            text.and_then(|text| text.trim().parse::<i32>().ok()).map_or(least, |n| n.max(least))
        };
        let promoted = launcher.attr("promoted-max").or_else(|| launcher.attr("masters"));
        let promoted_max = number(promoted, 0);
        let replicas = match launcher.attr("replicas") {
            None if promoted_max > 0 => promoted_max,
            written => number(written, 1),
        };
        let network = element.child("network");
        let of_network = |name: &str| network.and_then(|network| network.attr(name));
        let ports = network.into_iter().flat_map(|network| network.children_named("port-mapping"));
        Some(Self {
            name: name.to_owned(),
            agent,
            image: text("image"),
            promoted_max,
            replicas,
            per_host: number(launcher.attr("replicas-per-host"), 1),
            command: text("run-command"),
            options: text("options"),
            network: text("network"),
            first_address: of_network("ip-range-start").map(str::to_owned),
            netmask: of_network("host-netmask").map(str::to_owned),
            interface: of_network("host-interface").map(str::to_owned),
            control_port: of_network("control-port").map(str::to_owned),
            add_host: of_network("add-host")
                .and_then(|text| parse_boolean(text).ok())
                .unwrap_or(true),
            ports: ports.filter_map(Port::read).collect(),
            mounts: element
                .child("storage")
                .into_iter()
                .flat_map(|storage| storage.children_named("storage-mapping"))
                .filter_map(Mount::read)
                .collect(),
            host_options: String::new(),
        })
    }

    /// Whether nodes inside the containers can be reached.
    fn can_connect(&mut self) -> bool {
        if self.first_address.is_some() {
            return true;
        }
        if self.control_port.is_some() {
            self.per_host = 1;
            return true;
        }
        false
    }

    /// The clone that is made of what the containers hold.
    fn inner_clone(&self, primitive: &Element) -> Element {
        let name = &self.name;
        let suffix = if self.promoted_max > 0 { "master" } else { "clone" };
        let nvpair = |name: &str, value: &str| {
            Element::new("nvpair").with("id", name).with("name", name).with("value", value)
        };
        let mut meta = Element::new("meta_attributes").with("id", format!("{name}-clone-meta"));
        meta.push(nvpair("ordered", "true"));
        meta.push(nvpair("clone-max", &self.replicas.to_string()));
        meta.push(nvpair("clone-node-max", &self.per_host.to_string()));
        meta.push(nvpair("globally-unique", if self.per_host > 1 { "true" } else { "false" }));
        if self.promoted_max > 0 {
            meta.push(nvpair("promotable", "true"));
            meta.push(nvpair("promoted-max", &self.promoted_max.to_string()));
        }
        Element::new("clone")
            .with("id", format!("{name}-{suffix}"))
            .with_child(meta)
            .with_child(primitive.clone())
    }

    /// Gives a replica the address behind that of the one before.
    fn address(&mut self, offset: i32, last: Option<&str>) -> Option<String> {
        let address = match last {
            Some(last) => next_address(last),
            None => self.first_address.clone(),
        }?;
        let name = &self.name;
        // Writing to a String cannot fail.
        let _ = if self.add_host {
            write!(self.host_options, " --add-host={name}-{offset}:{address}")
        } else {
            write!(self.host_options, " --hosts-entry={address}={name}-{offset}")
        };
        Some(address)
    }

    /// The options that a container is run with, and the folders that have to be made for it.
    fn run_options(&self, draft: &Draft) -> (String, String) {
        let mut options = String::new();
        let mut folders: Vec<String> = Vec::new();
        let mut add = |parts: &[&str]| options.extend(parts.iter().copied());
        if self.agent == "docker" {
            add(&[" --restart=no"]);
        }
        let hostname = format!("{}-{}", self.name, draft.offset);
        if self.first_address.is_some() {
            add(&[" -h ", &hostname]);
        }
        add(&[" -e PCMK_stderr=1"]);
        if let Some(network) = &self.network {
            add(&[" --net=", network]);
        }
        add(&[" -e PCMK_remote_port=", self.control_port.as_deref().unwrap_or(REMOTE_PORT)]);
        for mount in &self.mounts {
            let own = format!("{}/{hostname}", mount.source);
            if mount.own_folder {
                folders.push(own.clone());
            }
            let source = if mount.own_folder { &own } else { &mount.source };
            add(&[" -v ", source, ":", &mount.target]);
            if let Some(options) = &mount.options {
                add(&[":", options]);
            }
        }
        for port in &self.ports {
            if let Some(address) = &draft.address {
                add(&[" -p ", address, ":", &port.source, ":", &port.target]);
            } else if self.network.as_deref() != Some("host") {
                add(&[" -p ", &port.source, ":", &port.target]);
            }
        }
        if let Some(more) = &self.options {
            add(&[" ", more]);
        }
        add(&[" ", &self.host_options]);
        (options, folders.join(","))
    }

    fn container(&self, draft: &Draft) -> Element {
        let id = sanitized(&format!("{}-{}-{}", self.name, self.agent, draft.offset));
        let (run_options, folders) = self.run_options(draft);
        let command = match (&self.command, draft.child) {
            (Some(command), _) => Some(command.as_str()),
            (None, Some(_)) => Some(REMOTE_DAEMON),
            (None, None) => None,
        };
        let parameters = [
            ("image", self.image.as_deref()),
            ("allow_pull", Some("true")),
            ("force_kill", Some("false")),
            ("reuse", Some("false")),
            ("run_opts", Some(run_options.as_str())),
            ("mount_points", Some(folders.as_str())),
            ("run_cmd", command),
            ("monitor_cmd", Some("/bin/true")),
        ];
        self.implicit(&id, draft, self.agent, &parameters)
    }

    fn ip(&self, draft: &Draft, address: &str) -> Element {
        let id = sanitized(&format!("{}-ip-{address}", self.name));
        let parameters = [
            ("ip", Some(address)),
            ("nic", self.interface.as_deref()),
            ("cidr_netmask", Some(self.netmask.as_deref().unwrap_or("32"))),
        ];
        self.implicit(&id, draft, "IPaddr2", &parameters)
    }

    fn implicit(
        &self,
        id: &str,
        draft: &Draft,
        agent: &str,
        parameters: &[(&str, Option<&str>)],
    ) -> Element {
        let mut set = Element::new("instance_attributes")
            .with("id", format!("{}-attributes-{}", self.name, draft.offset));
        for (name, value) in parameters {
            if let Some(value) = value {
                let nvpair = Element::new("nvpair")
                    .with("id", *name)
                    .with("name", *name)
                    .with("value", *value);
                set.push(nvpair);
            }
        }
        let monitor = Element::new("op")
            .with("id", format!("{id}-monitor-60s"))
            .with("interval", "60s")
            .with("name", "monitor");
        Element::new("primitive")
            .with("id", id)
            .with("class", "ocf")
            .with("provider", "heartbeat")
            .with("type", agent)
            .with_child(set)
            .with_child(Element::new("operations").with_child(monitor))
    }
}

impl Port {
    fn read(element: &Element) -> Option<Self> {
        let (source, target) = match element.attr("port") {
            Some(port) => (port, element.attr("internal-port")),
            None => (element.attr("range")?, None),
        };
        let target = target.unwrap_or(source).to_owned();
        (!source.is_empty()).then(|| Self { source: source.to_owned(), target })
    }
}

impl Mount {
    fn read(element: &Element) -> Option<Self> {
        let source = element.attr("source-dir");
        Some(Self {
            source: source.or_else(|| element.attr("source-dir-root"))?.to_owned(),
            target: element.attr("target-dir")?.to_owned(),
            options: element.attr("options").map(str::to_owned),
            own_folder: source.is_none(),
        })
    }
}

impl Build<'_, '_> {
    /// Makes the resources that a bundle stands for.
    pub(super) fn bundle(&mut self, key: ResourceKey, element: &Element) -> Result<(), Unusable> {
        let name = self.model.resources[key].id.to_string();
        let mut plan = Plan::read(&name, element).ok_or(Unusable)?;
        if plan.replicas > REPLICAS_MAX {
            self.document.problems.error(format!(
                "Using {REPLICAS_MAX} as replicas of {name} because {} is more than a cluster can run",
                plan.replicas
            ));
            plan.replicas = REPLICAS_MAX;
        }
        self.remember_meta(key, element);
        if plan.per_host == 1 {
            self.model.resources[key].unique = false;
        }
        let inner = match element.child("primitive") {
            Some(primitive) if plan.can_connect() => {
                Some(self.resource(&plan.inner_clone(primitive), None, Some(key))?)
            }
            Some(primitive) => {
                let text = format!(
                    "Cannot control {name} inside {} without either ip-range-start or control-port",
                    primitive.id().unwrap_or_default()
                );
                self.document.problems.error(text);
                return Err(Unusable);
            }
            None => None,
        };
        let drafts = match inner {
            Some(clone) => self.inner_replicas(key, clone, &mut plan),
            None => {
                let replicas = 0..plan.replicas;
                drafts(replicas.map(|offset| (offset, None)), &mut plan)
            }
        };
        let mut replicas = Vec::with_capacity(drafts.len());
        for draft in &drafts {
            replicas.push(self.replica(key, &mut plan, draft)?);
        }
        if let Some(clone) = inner {
            self.model.resources[key].state.children.push(clone);
        }
        self.model.resources[key].variant = Variant::Bundle {
            launcher: plan.agent.to_owned(),
            image: plan.image.unwrap_or_default(),
            replicas,
            replicas_per_host: plan.per_host,
            promoted_max: plan.promoted_max,
            child: inner,
        };
        Ok(())
    }

    /// The replicas of a bundle that holds something, with what the containers need for that.
    fn inner_replicas(
        &mut self,
        key: ResourceKey,
        clone: ResourceKey,
        plan: &mut Plan,
    ) -> Vec<Draft> {
        let mount = |source: &str, target: &str, own_folder: bool| Mount {
            source: source.to_owned(),
            target: target.to_owned(),
            options: None,
            own_folder,
        };
        let has_logs = plan.mounts.iter().any(|mount| mount.target == "/var/log");
        plan.mounts.push(mount(REMOTE_KEY, REMOTE_KEY, false));
        if !has_logs {
            plan.mounts.push(mount(LOGS, "/var/log", true));
        }
        let port = plan.control_port.as_deref().unwrap_or(REMOTE_PORT).to_owned();
        plan.ports.push(Port { source: port.clone(), target: port });
        let children = self.model.resources[clone].state.children.clone();
        let mut target = None;
        for &child in &children {
            let row = &mut self.model.resources[child];
            row.state.exclusive_probes = true;
            target = row.meta("container-attribute-target").map(str::to_owned);
            if row.notify {
                self.model.resources[clone].notify = true;
            }
        }
        if let Some(target) = target {
            for holder in [key, clone] {
                let meta = &mut self.model.resources[holder].meta;
                meta.insert("container-attribute-target".to_owned(), target.clone());
            }
        }
        drafts((0..).zip(children.into_iter().map(Some)), plan)
    }

    fn replica(
        &mut self,
        bundle: ResourceKey,
        plan: &mut Plan,
        draft: &Draft,
    ) -> Result<Replica, Unusable> {
        let container = self.resource(&plan.container(draft), None, Some(bundle))?;
        self.model.resources[container].replica_container = true;
        self.model.resources[bundle].state.children.push(container);
        let mut ip = None;
        if let Some(address) = &draft.address {
            let key = self.resource(&plan.ip(draft, address), None, Some(bundle))?;
            self.model.resources[bundle].state.children.push(key);
            ip = Some(key);
        }
        let mut replica = Replica {
            offset: u32::try_from(draft.offset).unwrap_or(0),
            address: draft.address.clone(),
            ip,
            container,
            remote: None,
            child: draft.child,
            node: None,
        };
        if let Some(child) = draft.child {
            self.connect(bundle, plan, draft, &mut replica, child)?;
            // The container needs what its content needs.
            let needs = std::mem::take(&mut self.model.resources[child].utilization);
            self.model.resources[child].utilization =
                std::mem::replace(&mut self.model.resources[container].utilization, needs);
        }
        Ok(replica)
    }

    /// Adds the node inside a container, and the connection to it.
    fn connect(
        &mut self,
        bundle: ResourceKey,
        plan: &mut Plan,
        draft: &Draft,
        replica: &mut Replica,
        child: ResourceKey,
    ) -> Result<(), Unusable> {
        if !plan.can_connect() {
            return Ok(());
        }
        let mut name = format!("{}-{}", plan.name, draft.offset);
        if self.model.resource_named(&name).is_some() {
            let child = &self.model.resources[child].id;
            name = format!("pcmk-internal-{child}-remote-{}", draft.offset);
        }
        let node = self.node_in_container(&name);
        let cell = |score| Allowed { score, probe: ProbeMode::Exclusive, ..Allowed::default() };
        let mut only = AllowedNodes::default();
        only.insert(node, cell(Score::from(500)));
        self.model.resources[child].allowed = only;
        if let Some(clone) = self.model.resources[child].parent {
            self.model.resources[clone].allowed.insert(node, cell(Score::MINUS_INFINITY));
        }
        let connection = Connection {
            name: &name,
            launcher: self.model.resources[replica.container].id.as_str(),
            address: Some(draft.address.as_deref().unwrap_or("#uname")),
            port: Some(plan.control_port.as_deref().unwrap_or(REMOTE_PORT)),
            ..Connection::default()
        };
        let remote = self.resource(&connection.element(), None, Some(bundle))?;
        let nodes = &self.model.nodes;
        for (other, cell) in self.model.resources[remote].allowed.iter_mut() {
            if nodes[other].kind == NodeKind::Remote {
                cell.score = Score::MINUS_INFINITY;
            }
        }
        let row = &mut self.model.resources[remote];
        row.remote_nesting_allowed = true;
        row.state.launcher = Some(replica.container);
        self.model.nodes[node].connection = Some(remote);
        let attributes: &mut Values = &mut self.model.nodes[node].attributes;
        attributes.insert("#kind".to_owned(), "container".to_owned());
        self.model.resources[bundle].state.children.push(remote);
        if let Some(address) = &draft.address {
            let meta = &mut self.model.resources[child].meta;
            meta.insert("external-ip".to_owned(), address.clone());
        }
        replica.remote = Some(remote);
        replica.node = Some(node);
        Ok(())
    }

    /// A node that nothing else may run on.
    fn node_in_container(&mut self, name: &str) -> NodeKey {
        let node = match self.model.node_named(name) {
            Some(node) => node,
            None => self.add_node(name, name, NodeKind::Remote, Score::MINUS_INFINITY),
        };
        let entry = &mut self.model.nodes[node];
        entry.base_score = Score::MINUS_INFINITY;
        entry.base_probe = ProbeMode::Never;
        let mut others = self.model.top.clone();
        while let Some(other) = others.pop() {
            if let Some(cell) = self.model.resources[other].allowed.get_mut(node) {
                cell.score = Score::MINUS_INFINITY;
                cell.probe = ProbeMode::Never;
            }
            others.extend(self.model.resources[other].state.children.iter().copied());
        }
        node
    }
}

fn drafts(
    replicas: impl Iterator<Item = (i32, Option<ResourceKey>)>,
    plan: &mut Plan,
) -> Vec<Draft> {
    let mut last: Option<String> = None;
    let mut drafts = Vec::new();
    for (offset, child) in replicas {
        let address = plan.address(offset, last.as_deref());
        last.clone_from(&address);
        drafts.push(Draft { offset, address, child });
    }
    drafts
}

/// The address behind another; nothing behind the last of a range.
fn next_address(last: &str) -> Option<String> {
    let octets: Vec<u32> = last.split('.').map_while(|octet| octet.parse().ok()).collect();
    let [a, b, c, d] = *octets.as_slice() else { return None };
    match (c, d) {
        (254.., _) => None,
        (_, 254..) => Some(format!("{a}.{b}.{}.1", c + 1)),
        _ => Some(format!("{a}.{b}.{c}.{}", d + 1)),
    }
}

fn sanitized(id: &str) -> String {
    id.replace([':', '#'], ".")
}
