mod extent;

use std::{cell::Cell, sync::Arc};

use messages::cib::{CallOptions, Failure, Operation, Request};
use schema::{Content, Fault, Follows, Problem, Schema};
use vocab::FEATURE_SET;
use xml::{Element, patchset::Patchset};

use crate::{
    acl::{Circumstances, Guard, Verdict},
    operations::{self, Provenance, Sight, Target, Trace},
    version::{self, Version},
};

/// A CIB that operations are carried out on, each as a whole or not at all.
#[derive(Clone, Debug)]
pub struct Document {
    root: Arc<Element>,
    content: Content,
    /// The newest schema that it may follow.
    newest: Schema,
}

/// What goes into the attributes that say who changed the CIB last, and when.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// The node whose client asked for the change; none if there is no cluster.
    pub origin: Option<&'a str>,
    /// The time in words, as C's `ctime` has it.
    pub written: &'a str,
}

/// What came of an operation.
#[derive(Clone, Debug)]
pub struct Performed {
    /// How it went.
    pub result: Result<(), Failure>,
    /// What was found or, after some failures, what is wrong.
    pub output: Option<Arc<Element>>,
    /// What changed, or with [`Failure::SchemaValidation`] what would have.
    pub patch: Option<Patchset>,
    /// Whether the configuration is not what it was, and so has to be put on disk.
    pub configuration_changed: bool,
    /// What exactly broke the schema.
    pub violation: Option<Problem>,
    /// What access control decided, if it was asked.
    pub verdicts: Vec<Verdict>,
}

/// Where a request comes from, as far as it matters for what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// A client: the version grows with the change.
    Client,
    /// A peer that sent its whole CIB: the version is the peer's.
    Synchronization {
        /// The digest the peer made of it.
        digest: &'a str,
        /// The feature set it was made with.
        feature_set: &'a str,
    },
    /// The primary instance's order to upgrade, to that schema and no newer.
    Upgrade {
        /// The schema.
        schema_max: &'a str,
    },
}

impl Document {
    /// A document that starts from a CIB. If that breaks its schema, its configuration can only be changed into one that
    /// does not.
    pub fn new(root: Element) -> Self {
        let content = Content::check(&root).unwrap_or_default();
        Self { root: Arc::new(root), content, newest: Schema::NEWEST }
    }

    /// The same, which may follow no newer schema than this.
    #[must_use]
    pub fn with_newest(self, newest: Schema) -> Self {
        Self { newest, ..self }
    }

    /// What is wrong with the CIB, looked for anew.
    pub fn violation(&self) -> Option<Problem> {
        Content::check(&self.root).err()
    }

    /// The CIB.
    pub fn root(&self) -> &Arc<Element> {
        &self.root
    }

    /// The CIB's version.
    pub fn version(&self) -> Version {
        Version::of(&self.root)
    }

    /// Carries out an operation that reads or changes the CIB. After a failure, and with [`CallOptions::DRY_RUN`], the CIB is
    /// as it was. The user for whom it is done sees and changes only what he may, and a failure tells him nothing more.
    pub fn perform(
        &mut self,
        request: &Request,
        source: Source<'_>,
        stamp: Stamp<'_>,
        circumstances: Circumstances<'_>,
    ) -> Performed {
        let guard = match source {
            Source::Synchronization { .. } => None,
            Source::Client | Source::Upgrade { .. } => {
                Guard::of(&self.root, request.user.as_deref(), circumstances)
            }
        };
        if request.operation == Operation::Query {
            let visible = guard.as_ref().map_or(Some(&self.root), Guard::visible);
            let target = Target::of(request.section.as_deref(), request.options);
            let found = visible
                .ok_or(Failure::AccessDenied)
                .and_then(|root| operations::query(root, target, request.options));
            return Performed::answer(found);
        }
        let root = Arc::clone(&self.root);
        let mut change = Change { root, guard, newest: self.newest, verdicts: Vec::new() };
        let applied = if request.operation == Operation::Commit {
            change.apply_all(request)
        } else {
            change.apply(request, source)
        };
        let Change { root, guard, verdicts, .. } = change;
        let mut performed = match applied {
            Ok(trace) => self.finish(Element::clone(&root), trace, request, source, stamp),
            Err(refused) => {
                let output = refused.report.map(Arc::new);
                Performed { output, ..Performed::failed(refused.failure) }
            }
        };
        performed.verdicts = verdicts;
        if let (Some(guard), Some(whole)) = (guard, &performed.output)
            && whole.name() == "cib"
        {
            performed.output = guard.visible_of(whole);
        }
        performed
    }

    fn finish(
        &mut self,
        mut new: Element,
        trace: Trace,
        request: &Request,
        source: Source<'_>,
        stamp: Stamp<'_>,
    ) -> Performed {
        if is_too_new(&new) {
            return Performed::failed(Failure::NotSupported);
        }
        if version::goes_backwards(self.version(), Version::of(&new)) {
            return Performed::failed(Failure::OldData);
        }
        let old = &self.root;
        let configuration_changed = !same_child(old, &new, "configuration");
        let (changed, new_epoch) = match trace {
            Trace::Content => (configuration_changed || **old != new, configuration_changed),
            Trace::Always => (true, true),
            Trace::Unnoticed { seen } => (seen && **old != new, false),
        };
        let keeps_version = matches!(source, Source::Synchronization { .. });
        if changed && !keeps_version {
            version::raise_for_change(&mut new, new_epoch);
        }
        let patch = if changed { Patchset::between(old, &new).ok().flatten() } else { None };
        if new_epoch && !request.options.has(CallOptions::NO_MTIME) {
            sign(&mut new, request, stamp);
        }
        let mut performed = Performed {
            result: Ok(()),
            output: None,
            patch,
            configuration_changed,
            violation: None,
            verdicts: Vec::new(),
        };
        let mut content = None;
        if request.section.as_deref() != Some("status") {
            let dry_run = request.options.has(CallOptions::DRY_RUN);
            let content =
                if dry_run { content.insert(self.content.clone()) } else { &mut self.content };
            let known = is_known(&new, self.newest);
            if let Err(violation) = known.and_then(|()| content.change(old, &new)) {
                performed.result = Err(Failure::SchemaValidation);
                performed.violation = Some(violation);
                performed.output = Some(Arc::new(new));
                return performed;
            }
        }
        if !request.options.has(CallOptions::DRY_RUN) {
            self.root = Arc::new(new);
        }
        performed
    }
}

impl Performed {
    pub(crate) fn failed(failure: Failure) -> Self {
        Self {
            result: Err(failure),
            output: None,
            patch: None,
            configuration_changed: false,
            violation: None,
            verdicts: Vec::new(),
        }
    }

    fn answer(found: Result<Arc<Element>, Failure>) -> Self {
        match found {
            Ok(output) => {
                Self { result: Ok(()), output: Some(output), ..Self::failed(Failure::NotFound) }
            }
            Err(failure) => Self::failed(failure),
        }
    }
}

/// A change under way.
struct Change {
    /// The CIB so far.
    root: Arc<Element>,
    /// What watches over the user who makes the change.
    guard: Option<Guard>,
    /// The newest schema that it may follow.
    newest: Schema,
    verdicts: Vec<Verdict>,
}

impl Change {
    /// Makes one step, if the user may.
    fn apply(&mut self, request: &Request, source: Source<'_>) -> operations::Created {
        let target = Target::of(request.section.as_deref(), request.options);
        let pries = Cell::new(false);
        let sight = match &self.guard {
            Some(guard) => Sight::Guarded(guard, &pries),
            None => Sight::Everything,
        };
        let mut new = Element::clone(&self.root);
        let trace = if request.operation == Operation::Upgrade {
            operations::upgrade(&mut new, self.schema_max(source))?;
            Trace::Content
        } else {
            apply(&mut new, request, target, source, sight)?
        };
        if let Some(guard) = &self.guard {
            let (verdicts, allowed) = guard.judge(&new);
            self.verdicts.extend(verdicts);
            allowed?;
        }
        if pries.get() {
            return Err(Failure::AccessDenied.into());
        }
        // What a peer has come to must be taken as it is: to refuse it would keep this copy apart for ever.
        if !matches!(source, Source::Synchronization { .. }) {
            extent::check(&self.root, &new)?;
        }
        self.root = Arc::new(new);
        Ok(trace)
    }

    /// The newest schema that an upgrade may lead to.
    fn schema_max(&self, source: Source<'_>) -> Schema {
        let ordered = match source {
            Source::Upgrade { schema_max } => Schema::from_name(schema_max),
            Source::Client | Source::Synchronization { .. } => None,
        };
        ordered.map_or(self.newest, |schema| schema.min(self.newest))
    }

    /// Makes all the steps of a transaction.
    fn apply_all(&mut self, request: &Request) -> operations::Created {
        for part in request.parts().map_err(|_| Failure::Invalid)? {
            if !part.operation.is_transactional() || part.host.is_some() {
                return Err(Failure::NotInTransaction.into());
            }
            self.apply(&part, Source::Client)?;
            if let Some(guard) = &mut self.guard {
                *guard = guard.at(&self.root);
            }
        }
        Ok(Trace::Content)
    }
}

fn apply(
    cib: &mut Element,
    request: &Request,
    target: Target<'_>,
    source: Source<'_>,
    sight: Sight<'_>,
) -> operations::Created {
    let options = request.options;
    let data = || data(request).ok_or(Failure::Invalid);
    match request.operation {
        Operation::Create => return operations::create_seen(cib, target, &data()?, options, sight),
        Operation::Modify => {
            return Ok(operations::modify_seen(cib, target, &data()?, options, sight)?);
        }
        Operation::Replace => {
            let provenance = match source {
                Source::Synchronization { digest, feature_set } => {
                    Provenance::Peer { digest, feature_set }
                }
                Source::Client | Source::Upgrade { .. } => Provenance::Client,
            };
            let data = data()?;
            return Ok(operations::replace_seen(cib, target, &data, provenance, options, sight)?);
        }
        Operation::Delete => {
            operations::delete_seen(cib, target, self::data(request).as_ref(), options, sight)?;
        }
        Operation::Erase => operations::erase(cib),
        Operation::Bump => operations::bump(cib),
        Operation::ApplyPatch => match sight {
            Sight::Everything => operations::apply_patch(cib, &*data()?)?,
            Sight::Guarded(guard, _) => operations::apply_guarded_patch(cib, &*data()?, guard)?,
        },
        Operation::DeleteAbsolute => return Err(Failure::Invalid.into()),
        Operation::Query
        | Operation::Upgrade
        | Operation::Commit
        | Operation::SyncToAll
        | Operation::SyncToOne
        | Operation::BecomePrimary
        | Operation::BecomeSecondary
        | Operation::AllSecondary
        | Operation::IsPrimary
        | Operation::Shutdown
        | Operation::Ping
        | Operation::Noop => return Err(Failure::NotSupported.into()),
    }
    Ok(Trace::Content)
}

/// What the request brings along. Of a whole CIB, only the section that the request names is meant.
fn data(request: &Request) -> Option<Arc<Element>> {
    let data = request.data.as_ref()?;
    if data.name() != "cib" || request.options.has(CallOptions::XPATH) {
        return Some(Arc::clone(data));
    }
    crate::section::Section::named(request.section.as_deref()).find(data)
}

/// Whether the schema that the CIB follows is one that it may follow.
fn is_known(cib: &Element, newest: Schema) -> Result<(), Problem> {
    match Follows::of(cib) {
        Follows::Schema(schema) if schema > newest => {
            Err(Problem::new(cib, Fault::UnknownSchema(schema.to_string())))
        }
        Follows::Schema(_) | Follows::Nothing | Follows::Unknown(_) | Follows::Unsaid => Ok(()),
    }
}

/// Whether the CIB was written by a newer version, whose meaning is not known here.
fn is_too_new(cib: &Element) -> bool {
    cib.attr("crm_feature_set").is_some_and(|text| {
        text.parse::<vocab::FeatureSet>().is_ok_and(|feature_set| feature_set > FEATURE_SET)
    })
}

fn same_child(old: &Element, new: &Element, name: &str) -> bool {
    let find = |element: &'_ Element| element.nodes().iter().position(|node| node.is_element(name));
    match (find(old), find(new)) {
        (Some(a), Some(b)) => old.nodes()[a] == new.nodes()[b],
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn sign(cib: &mut Element, request: &Request, stamp: Stamp<'_>) {
    cib.set("cib-last-written", stamp.written);
    let schema = cib.attr("validate-with").and_then(Schema::from_name);
    if schema.is_none_or(|schema| schema < Schema::FIRST_WITH_ORIGIN) {
        return;
    }
    let mut put = |name, value: Option<&str>| match value {
        Some(value) => cib.set(name, value),
        None => drop(cib.remove_attr(name)),
    };
    put("update-origin", stamp.origin);
    put("update-client", request.client_name.as_deref());
    put("update-user", request.user.as_deref());
}

#[cfg(test)]
mod tests;
