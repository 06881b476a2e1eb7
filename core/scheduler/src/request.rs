/// What is asked of the scheduler besides the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The number of the transition.
    pub transition: i32,
    /// Whether the plan is wanted as a picture, too.
    pub dot: bool,
    /// Whether the picture also shows what does not have to be done.
    pub dot_all: bool,
    /// Whether the picture shows the numbers of actions.
    pub dot_numbers: bool,
    /// Whether the plan says where each score comes from.
    pub reasons: bool,
    /// Whether the plan says who takes how much of which node.
    pub capacities: bool,
}

impl Default for Request {
    /// The first transition, without a picture.
    fn default() -> Self {
        Self {
            transition: 1,
            dot: false,
            dot_all: false,
            dot_numbers: false,
            reasons: false,
            capacities: false,
        }
    }
}
