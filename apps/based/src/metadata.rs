use xml::Element;

/// The cluster options that this daemon reads, described as agents describe their parameters.
pub(crate) fn text() -> String {
    let described = |element: Element, short: &str, long: &str| {
        let text = |name: &str, words: &str| {
            let mut description = Element::new(name).with("lang", "en");
            description.push(xml::Node::Text(words.into()));
            description
        };
        let (long, short) = (text("longdesc", long), text("shortdesc", short));
        element.with_child(long).with_child(short)
    };
    let parameter = |name: &str, kind: &str, default: &str, short: &str, long: &str| {
        described(Element::new("parameter").with("name", name), short, long)
            .with_child(Element::new("content").with("type", kind).with("default", default))
    };
    let mut version = Element::new("version");
    version.push(xml::Node::Text("1.1".into()));
    let agent = Element::new("resource-agent")
        .with("name", crate::NAME)
        .with("version", vocab::PRODUCT_VERSION)
        .with_child(version);
    let agent = described(
        agent,
        "Options of the CIB manager",
        "Cluster options that the manager of the cluster information base reads",
    );
    let parameters = Element::new("parameters")
        .with_child(parameter(
            "enable-acl",
            "boolean",
            "false",
            "Whether access control lists decide who may see and change what",
            "Whether access control lists decide who may see and change what. Not implemented yet: when it is \
             true, only root and hacluster have access.",
        ))
        .with_child(parameter(
            "cluster-ipc-limit",
            "integer",
            "500",
            "How many messages may wait for a cluster daemon before it is disconnected",
            "How many messages may wait for a cluster daemon before it is disconnected. Raise it if the log says \
             that clients are disconnected: resources times nodes is a good value.",
        ));
    format!("<?xml version=\"1.0\"?>\n{}", agent.with_child(parameters).to_pretty())
}
