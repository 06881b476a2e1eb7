mod setup;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use conf::{Document, Settings};
use xml::{Element, patchset::Patchset};

use crate::{
    services,
    session::{Done, Session, Stop, complain, print},
    source, status,
};

/// Where the ring's configuration is.
pub(crate) const COROSYNC_CONF: &str = "/etc/corosync/corosync.conf";

/// Sections of the CIB that can be asked for by themselves.
const SCOPES: [&str; 12] = [
    "acls",
    "alerts",
    "configuration",
    "constraints",
    "crm_config",
    "fencing-topology",
    "nodes",
    "op_defaults",
    "resources",
    "rsc_defaults",
    "tags",
    "status",
];

/// What other nodes have to do, and cannot be told yet.
const NEEDS_PCSD: &str = "needs pcsd on other nodes";

pub(crate) fn run(session: &mut Session, words: &[&str]) -> Done {
    match words {
        ["cib", rest @ ..] => cib(session, rest),
        ["cib-push", rest @ ..] => cib_push(session, rest),
        ["corosync"] => {
            session.only(&[])?;
            let text = read_conf(Path::new(COROSYNC_CONF))?;
            print(text.trim_end_matches('\n'));
            Ok(())
        }
        ["corosync", _] => {
            Err(Stop::not_built(&format!("pcs cluster corosync <node>: {NEEDS_PCSD}")))
        }
        ["status"] => status::cluster(session),
        ["setup", rest @ ..] => setup::run(session, rest),
        [verb @ ("start" | "stop" | "enable" | "disable"), nodes @ ..] => {
            service(session, verb, nodes)
        }
        ["config"] | ["config", "show"] => show_config(session),
        ["verify"] => verify(session),
        [
            "auth" | "authkey" | "cib-upgrade" | "config" | "destroy" | "edit" | "kill" | "link"
            | "node" | "pcsd-status" | "reload" | "report" | "sync" | "uidgid" | "certkey",
            ..,
        ] => Err(Stop::not_built(&format!("pcs cluster {}", words[0]))),
        [command, ..] => Err(Stop::usage(&["cluster", command])),
        [] => Err(Stop::usage(&["cluster"])),
    }
}

// --- the CIB as a whole ---

/// The file, the scope and the file to compare with that words ask for.
struct CibWords<'w> {
    file: Option<&'w str>,
    scope: Option<&'w str>,
    diff_against: Option<&'w str>,
}

fn cib_words<'w>(
    session: &Session,
    words: &[&'w str],
    command: &str,
) -> Result<CibWords<'w>, Stop> {
    let mut parsed = CibWords { file: None, scope: None, diff_against: None };
    if words.len() > 2 {
        return Err(Stop::usage(&["cluster", command]));
    }
    let whole = session.options.has("--config");
    for word in words {
        match word.split_once('=') {
            None => parsed.file = Some(word),
            Some(("scope", _)) if whole => {
                return Err(Stop::message("Cannot use both scope and --config"));
            }
            Some(("scope", scope)) if SCOPES.contains(&scope) => parsed.scope = Some(scope),
            Some(("scope", scope)) => {
                return Err(Stop::message(format!("invalid CIB scope '{scope}'")));
            }
            Some(("diff-against", file)) if command == "cib-push" => {
                parsed.diff_against = Some(file);
            }
            Some(_) => return Err(Stop::usage(&["cluster", command])),
        }
    }
    if whole {
        parsed.scope = Some("configuration");
    }
    Ok(parsed)
}

fn cib(session: &Session, words: &[&str]) -> Done {
    session.only(&["--config", "-f"])?;
    let asked = cib_words(session, words, "cib")?;
    let root = session.cib()?;
    let part = match asked.scope {
        None => &root,
        Some(scope) => section(&root, scope).ok_or_else(|| {
            Stop::message(format!("unable to get cib, scope '{scope}' not present in cib"))
        })?,
    };
    let text = part.to_pretty();
    match asked.file {
        None => print(text.trim_end()),
        Some(file) => fs::write(file, text).map_err(|error| {
            Stop::message(format!("Unable to write to file '{file}', {}", source::reason(&error)))
        })?,
    }
    Ok(())
}

fn section<'a>(root: &'a Element, scope: &str) -> Option<&'a Element> {
    match scope {
        "configuration" | "status" => root.child(scope),
        scope => root.descend(&["configuration", scope]),
    }
}

fn cib_push(session: &Session, words: &[&str]) -> Done {
    session.only(&["--wait", "--config", "-f"])?;
    session.no_wait()?;
    let asked = cib_words(session, words, "cib-push")?;
    if asked.scope.is_some() && asked.diff_against.is_some() {
        return Err(Stop::message("Cannot use both scope and diff-against"));
    }
    let Some(file) = asked.file else { return Err(Stop::usage(&["cluster", "cib-push"])) };
    let parse = |file: &str| {
        let bytes = fs::read(file).map_err(|error| {
            Stop::message(format!("unable to parse new cib: {}: '{file}'", source::reason(&error)))
        })?;
        xml::parse_bytes(&bytes, xml::Limits::DOCUMENT)
            .map_err(|error| Stop::message(format!("unable to parse new cib: {error}")))
    };
    let new = parse(file)?;
    if let Some(original) = asked.diff_against {
        let old = parse(original)?;
        let unable = |error: &dyn std::fmt::Display| {
            Stop::message(format!("unable to diff the CIBs:\n{error}"))
        };
        let mut wanted = new;
        for name in ["admin_epoch", "epoch", "num_updates"] {
            match old.attr(name) {
                Some(value) => wanted.set(name, value),
                None => drop(wanted.remove_attr(name)),
            }
        }
        if Patchset::between(&old, &wanted).map_err(|error| unable(&error))?.is_none() {
            complain("The new CIB is the same as the original CIB, nothing to push.");
            return Ok(());
        }
        session.source.push(&old, &wanted)?;
    } else {
        let part = match asked.scope {
            None => &new,
            // A file may have just the section.
            Some(scope) if new.name() == scope => &new,
            Some(scope) => section(&new, scope).ok_or_else(|| {
                Stop::message(format!("unable to push cib, scope '{scope}' not present in new cib"))
            })?,
        };
        session.source.replace(asked.scope, part)?;
    }
    complain("CIB updated");
    Ok(())
}

// --- the ring's configuration ---

fn read_conf(path: &Path) -> Result<String, Stop> {
    fs::read_to_string(path).map_err(|error| {
        Stop::message(format!("Unable to read {}: {}", path.display(), source::reason(&error)))
    })
}

/// The configuration of the ring, from the file that the user names or from its own place.
pub(crate) fn corosync_conf(session: &Session) -> Result<Document, Stop> {
    let path = session.options.value("--corosync_conf").unwrap_or(COROSYNC_CONF);
    read_conf(Path::new(path))?
        .parse()
        .map_err(|error| Stop::message(format!("Unable to parse corosync config: {error}")))
}

/// Names of the nodes in the ring's configuration; none if there is no such file.
pub(crate) fn configured_names(session: &Session) -> Vec<String> {
    let Ok(document) = corosync_conf(session) else { return Vec::new() };
    let (settings, _) = Settings::read(&document);
    settings
        .nodes
        .into_iter()
        .filter_map(|node| node.name.or_else(|| node.addresses.into_iter().next().map(|(_, a)| a)))
        .collect()
}

/// The cluster's name, from the ring's configuration or else from the CIB.
pub(crate) fn name(session: &Session, cib: &Element) -> String {
    let from_conf = corosync_conf(session)
        .ok()
        .and_then(|document| Some(document.root.value_in("totem", "cluster_name")?.to_owned()));
    let from_cib = || {
        let set = cib_edit::property::configured(cib);
        set.iter().find(|(name, _)| *name == "cluster-name").map(|(_, value)| (*value).to_owned())
    };
    from_conf.or_else(from_cib).unwrap_or_default()
}

/// This node's name: the configured one, else the host's.
pub(crate) fn local_name() -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let Ok(text) = fs::read_to_string(COROSYNC_CONF) else { return host };
    let Ok(document) = text.parse::<Document>() else { return host };
    let short = host.split('.').next().unwrap_or(&host);
    let (settings, _) = Settings::read(&document);
    let is_it = |name: &str| name == host || name.split('.').next() == Some(short);
    let found = settings.nodes.into_iter().find(|node| {
        node.name.as_deref().is_some_and(is_it)
            || node.addresses.iter().any(|(_, address)| is_it(address))
    });
    found.and_then(|node| node.name).unwrap_or(host)
}

/// Asks the ring's own tool about quorum.
pub(crate) fn quorum_tool(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("corosync-quorumtool")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // The tool fails where there is no quorum, and still tells how it stands.
    if output.status.success() || text.contains("Quorum information") {
        return Ok(text);
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// Names of the nodes that the ring has now.
pub(crate) fn online_names() -> Result<Vec<String>, Stop> {
    let text = quorum_tool(&["-l"]).map_err(|_| Stop::message("corosync not running"))?;
    let rows = text.lines().skip_while(|line| !line.contains("Nodeid")).skip(1);
    let mut names: Vec<String> =
        rows.filter_map(|row| row.split_whitespace().nth(2)).map(str::to_owned).collect();
    names.sort();
    Ok(names)
}

fn show_config(session: &Session) -> Done {
    session.only(&["-f", "--corosync_conf", "--output-format"])?;
    if session.options.value("--output-format").is_some_and(|format| format != "text") {
        return Err(Stop::not_built("--output-format other than text"));
    }
    let document = corosync_conf(session)?;
    let (settings, _) = Settings::read(&document);
    let totem = &settings.totem;
    print(&format!("Cluster Name: {}", totem.cluster_name.as_deref().unwrap_or_default()));
    if let Some(uuid) = &totem.cluster_uuid {
        print(&format!("Cluster UUID: {uuid}"));
    }
    print(&format!("Transport: {}", totem.transport));
    print("Nodes:");
    for node in &settings.nodes {
        print(&format!("  {}:", node.name.as_deref().unwrap_or_default()));
        for (link, address) in &node.addresses {
            print(&format!("    Link {link} address: {address}"));
        }
        if let Some(id) = node.id {
            print(&format!("    nodeid: {id}"));
        }
    }
    let value = |key: &str| document.root.value_in("totem", key);
    let listed = |heading: &str, keys: Vec<(String, &str)>| {
        if !keys.is_empty() {
            print(heading);
            keys.iter().for_each(|(key, value)| print(&format!("  {key}: {value}")));
        }
    };
    let plain = |keys: &[&str]| -> Vec<(String, &str)> {
        keys.iter().filter_map(|key| Some(((*key).to_owned(), value(key)?))).collect()
    };
    listed(
        "Transport Options:",
        plain(&["ip_version", "knet_pmtud_interval", "link_mode", "netmtu"]),
    );
    link_lines(&document);
    let prefixed = |prefix: &str, keys: &[&str]| -> Vec<(String, &str)> {
        let found = |key: &&str| Some(((*key).to_owned(), value(&format!("{prefix}{key}"))?));
        keys.iter().filter_map(found).collect()
    };
    listed("Compression Options:", prefixed("knet_compression_", &["level", "model", "threshold"]));
    listed("Crypto Options:", prefixed("crypto_", &["cipher", "hash", "model"]));
    listed("Totem Options:", plain(&setup::TOTEM_OPTIONS));
    let quorum: Vec<(String, &str)> = setup::QUORUM_OPTIONS
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), document.root.value_in("quorum", key)?)))
        .collect();
    listed("Quorum Options:", quorum);
    Ok(())
}

fn link_lines(document: &Document) {
    let interfaces: Vec<_> = document
        .root
        .sections_named("totem")
        .flat_map(|totem| totem.sections_named("interface"))
        .collect();
    if interfaces.is_empty() {
        return;
    }
    print("Link Options:");
    for interface in interfaces {
        print(&format!("  Link {}:", interface.value("linknumber").unwrap_or("0")));
        let mut keys: Vec<(&str, &str)> = interface
            .entries
            .iter()
            .map(|entry| {
                (entry.key.strip_prefix("knet_").unwrap_or(&entry.key), entry.value.as_str())
            })
            .collect();
        keys.sort_unstable();
        keys.iter().for_each(|(key, value)| print(&format!("    {key}: {value}")));
    }
}

/// The first lines of `pcs config`: the cluster and its nodes.
pub(crate) fn config_header(session: &Session, cib: &Element) -> Result<Vec<String>, Stop> {
    let mut lines = vec![format!("Cluster Name: {}", name(session, cib))];
    let mut ring = configured_names(session);
    ring.sort();
    let mut nodes: Vec<&str> =
        cib_edit::node::nodes(cib).into_iter().map(|(_, name)| name).collect();
    nodes.sort_unstable();
    lines.push("Corosync Nodes:".to_owned());
    lines.extend((!ring.is_empty()).then(|| format!(" {}", ring.join(" "))));
    lines.push("Pacemaker Nodes:".to_owned());
    lines.extend((!nodes.is_empty()).then(|| format!(" {}", nodes.join(" "))));
    Ok(lines)
}

fn verify(session: &Session) -> Done {
    session.only(&["-f", "--full"])?;
    let cib = session.cib()?;
    let now = vocab::Timestamp(0);
    let (_, problems) = model::Model::build(&std::sync::Arc::new(cib), now);
    if problems.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Err(Stop::message(format!("invalid cib:\n{}", lines.join("\n"))))
}

// --- services ---

fn service(session: &Session, verb: &str, nodes: &[&str]) -> Done {
    session.only(&["--all", "--wait", "--request-timeout", "--force"])?;
    session.no_wait()?;
    let all = session.options.has("--all");
    if all && !nodes.is_empty() {
        return Err(Stop::message("Cannot specify both --all and a list of nodes."));
    }
    let local = local_name();
    let chosen: Vec<String> = match (all, nodes) {
        (true, _) => {
            // Without its configuration there is no cluster to do this to.
            corosync_conf(session)?;
            configured_names(session)
        }
        (false, []) => vec![local.clone()],
        (false, nodes) => nodes.iter().map(|node| (*node).to_owned()).collect(),
    };
    if chosen.iter().any(|node| *node != local) {
        return Err(Stop::not_built(&format!("pcs cluster {verb} on other hosts: {NEEDS_PCSD}")));
    }
    let named = all || !nodes.is_empty();
    let said = |text: &str| if named { format!("{local}: {text}") } else { text.to_owned() };
    match verb {
        "start" => {
            corosync_conf(session)?;
            complain(&said("Starting Cluster..."));
            services::tell("start", "corosync")?;
            services::tell("start", "pacemaker")
        }
        "stop" => {
            complain(&said("Stopping Cluster (pacemaker)..."));
            services::tell("stop", "pacemaker")?;
            complain(&said("Stopping Cluster (corosync)..."));
            services::tell("stop", "corosync")
        }
        verb => {
            services::tell(verb, "corosync")?;
            services::tell(verb, "pacemaker")?;
            if named {
                complain(&said(if verb == "enable" {
                    "Cluster Enabled"
                } else {
                    "Cluster Disabled"
                }));
            }
            Ok(())
        }
    }
}
