use vocab::NodeId;

/// What a node's groups have to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// This node.
    pub node: NodeId,
}
