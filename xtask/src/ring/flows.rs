//! Processes that send and listen on all nodes while their ring changes.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use anyhow::{Context, Result, ensure};
use netns::{Cluster, wait_until};

use super::{
    account::{Account, check_order, check_same, check_since_together},
    flow::Told,
};
use crate::bed::LIMIT;

/// One process in the group. It sends until it is told to end, or its ring is gone.
struct Flow {
    node: String,
    name: String,
    child: Child,
    told: Arc<Mutex<Vec<Told>>>,
    /// Gives what it said of an error.
    reader: Option<JoinHandle<String>>,
}

impl Flow {
    fn start(cluster: &Cluster, node: &str, members: usize, name: String) -> Result<Self> {
        let helper = cluster.helper().display().to_string();
        let words = [&helper, "ring-flow", &members.to_string()];
        let mut command = cluster.node(node)?.command(&words).into_command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot run nsenter")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut stderr = child.stderr.take().context("no standard error")?;
        let told = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&told);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // A line that breaks off is the last one of a process that was killed.
                let Ok(line) = line.parse() else { break };
                shared.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
            let mut error = String::new();
            // A message without meaning is as good as none.
            let _ = stderr.read_to_string(&mut error);
            error
        });
        Ok(Self { node: node.to_owned(), name, child, told, reader: Some(reader) })
    }

    /// How many members it knows of.
    fn members(&self) -> usize {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let sizes = told.iter().rev().find_map(|told| match told {
            Told::Members(members) => Some(members.len()),
            Told::Message { .. } | Told::End => None,
        });
        sizes.unwrap_or(0)
    }

    /// Waits for its end; gives what it was told, and its last words.
    fn end(&mut self) -> Result<(Account, String)> {
        drop(self.child.stdin.take());
        let reader = self.reader.take().context("it has ended already")?;
        let error = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        self.child.wait()?;
        let told = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((Account { name: self.name.clone(), told }, error))
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        // Started by us and not waited for if something failed. The client inside the node ends with its pipe.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process on each of some nodes; those that lost their ring are remembered.
pub(crate) struct Flows<'a> {
    cluster: &'a Cluster,
    flows: Vec<Flow>,
    ended: Vec<Account>,
    wanted: usize,
}

impl<'a> Flows<'a> {
    /// Starts them, and waits until they know each other.
    pub(crate) fn start(cluster: &'a Cluster, nodes: &[String]) -> Result<Self> {
        let flow = |node: &String| Flow::start(cluster, node, nodes.len(), node.clone());
        let flows = nodes.iter().map(flow).collect::<Result<Vec<_>>>()?;
        let flows = Self { cluster, flows, ended: Vec::new(), wanted: nodes.len() };
        flows.wait_complete()?;
        Ok(flows)
    }

    /// Waits until all of them know of all.
    pub(crate) fn wait_complete(&self) -> Result<()> {
        for flow in &self.flows {
            let what = format!("{} members of the group on {}", self.wanted, flow.name);
            wait_until(&what, LIMIT, || {
                let members = flow.members();
                ensure!(members == self.wanted, "it knows of {members}");
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The one of this node has lost its ring; starts another one in its place, and waits until all know of it.
    pub(crate) fn replace(&mut self, node: &str) -> Result<()> {
        let at = self.flows.iter().position(|flow| flow.node == node).context("no such flow")?;
        let (account, error) = self.flows[at].end()?;
        let is_over = account.told.last() == Some(&Told::End);
        ensure!(!is_over && !error.is_empty(), "{node} does not say that its ring is gone");
        self.ended.push(account);
        let name = format!("{node} (start {})", self.ended.len() + 1);
        self.flows[at] = Flow::start(self.cluster, node, self.wanted, name)?;
        self.wait_complete()
    }

    /// Has all of them end, and compares what they were told. Those on `apart` were apart from the others. Says how many
    /// messages there were and how often the others heard of a change.
    pub(crate) fn finish(mut self, apart: &[&str]) -> Result<(usize, usize)> {
        self.wait_complete()?;
        // All at once: each waits for the last message of all.
        self.flows.iter_mut().for_each(|flow| drop(flow.child.stdin.take()));
        let (mut constant, mut visitors) = (Vec::new(), std::mem::take(&mut self.ended));
        let ended = visitors.len();
        for flow in &mut self.flows {
            let (account, error) = flow.end()?;
            let is_over = account.told.last() == Some(&Told::End);
            ensure!(is_over, "{} ended early: {}", flow.name, error.trim());
            let side =
                if apart.contains(&flow.node.as_str()) { &mut visitors } else { &mut constant };
            side.push(account);
        }
        constant.iter().chain(&visitors).try_for_each(Account::check)?;
        let first = constant.first().context("nobody was there all the time")?;
        constant.iter().skip(1).try_for_each(|other| check_same(first, other))?;
        for (index, visitor) in visitors.iter().enumerate() {
            check_order(first, visitor)?;
            if index >= ended {
                check_since_together(first, visitor)?;
            }
        }
        Ok((first.messages(), first.changes()))
    }
}
