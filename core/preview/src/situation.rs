use model::{Model, Problem};
use rules::LocalTime;
use scheduler::{Request, Schedule};
use xml::Element;

/// A cluster as a CIB tells it, and what it will do next.
#[derive(Clone, Debug)]
pub struct Situation {
    /// The CIB.
    pub cib: Element,
    /// What is in it.
    pub model: Model,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// The plan.
    pub plan: Schedule,
}

impl Situation {
    /// Plans for a CIB at that time. `sanitized` says that its secrets may be blotted out, and `dot` that the plan is wanted
    /// as a picture, too.
    pub fn new(cib: Element, now: LocalTime, sanitized: bool, dot: bool) -> Self {
        let (model, problems) =
            if sanitized { Model::build_sanitized(&cib, now) } else { Model::build_at(&cib, now) };
        let request = Request { dot, reasons: true, ..Request::default() };
        let plan = scheduler::schedule(&model, &request);
        Self { cib, model, problems, plan }
    }

    /// The part that people write.
    pub(crate) fn configuration(&self) -> &Element {
        self.cib.child("configuration").unwrap_or(&self.cib)
    }
}
