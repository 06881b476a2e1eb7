use xml::Element;

use super::{
    draft::{Draft, Resource},
    numbers::Random,
    pieces::{Values, pair, set_value},
    primitive::{Purpose, Surroundings, fence_device, primitive, template},
};

/// Draws all resources.
pub(super) fn draw(draft: &mut Draft) {
    let mut random = Random::stream(draft.seed, "resources");
    let mut around = Surroundings { weighs: draft.weighs, fencing: draft.fencing, template: None };
    if random.percent(15) {
        let id = "template1".to_owned();
        draft.sections.resources.push(template(&mut random, &id, &around));
        around.template = Some(id);
    }
    devices(&mut random, draft);
    let mut drawing = Drawing { random, around, draft, primitives: 0 };
    drawing.remote_nodes();
    for number in 1..=drawing.random.between(1, 8) {
        match drawing.random.between(1, 100) {
            1..=40 => drawing.alone(),
            41..=62 => drawing.grouped(number),
            63..=82 => drawing.cloned(number),
            83..=95 => drawing.promotable(number),
            _ => drawing.bundle(number),
        }
    }
}

fn devices(random: &mut Random, draft: &mut Draft) {
    // Fencing without any device is a mistake that people make.
    if !draft.fencing || random.percent(12) {
        return;
    }
    let mut device = fence_device("fencing1", &draft.nodes);
    if random.percent(8) {
        set_value(&mut device, "meta_attributes", "provides", "unfencing");
    }
    draft.sections.resources.push(device);
    if random.percent(20) {
        draft.sections.resources.push(fence_device("fencing2", &draft.nodes));
        let level = Element::new("fencing-level").with("id", "level1").with("target", "node1");
        let level = level.with("index", 1).with("devices", "fencing1,fencing2");
        draft.sections.topology.push(level);
    }
}

struct Drawing<'a> {
    random: Random,
    around: Surroundings,
    draft: &'a mut Draft,
    /// How many primitives there are so far.
    primitives: usize,
}

impl Drawing<'_> {
    fn primitive(&mut self, purpose: Purpose) -> (String, Element) {
        self.primitives += 1;
        let id = format!("rsc{}", self.primitives);
        let element = primitive(&mut self.random, &id, purpose, &self.around);
        (id, element)
    }

    fn note(&mut self, element: Element, id: String, promotable: bool, primitives: Vec<String>) {
        self.draft.sections.resources.push(element);
        self.draft.resources.push(Resource { id, promotable, primitives });
    }

    fn alone(&mut self) {
        let (id, element) = self.primitive(Purpose::Plain);
        self.note(element, id.clone(), false, vec![id]);
    }

    fn group(&mut self, number: usize, most: usize) -> (String, Element, Vec<String>) {
        let id = format!("group{number}");
        let mut group = Element::new("group").with("id", &id);
        let mut values = Values::default();
        for (name, cases, value) in [
            ("target-role", 4, "Stopped"),
            ("resource-stickiness", 10, "20"),
            ("priority", 5, "3"),
            ("is-managed", 2, "false"),
            ("ordered", 3, "false"),
        ] {
            if self.random.percent(cases) {
                values.set(name, value);
            }
        }
        group = group.with_children(values.element("meta_attributes", &format!("{id}-meta")));
        let mut members = Vec::new();
        for _ in 0..self.random.between(1, most) {
            let (member, element) = self.primitive(Purpose::Plain);
            group.push(element);
            members.push(member);
        }
        (id, group, members)
    }

    fn grouped(&mut self, number: usize) {
        let (id, group, members) = self.group(number, 4);
        self.note(group, id, false, members);
    }

    fn cloned(&mut self, number: usize) {
        let id = format!("clone{number}");
        let mut values = Values::default();
        self.instances(&mut values);
        if self.random.percent(15) {
            values.set("globally-unique", true);
            if self.random.percent(50) {
                values.set("clone-node-max", self.random.between(1, 3));
            }
        }
        if self.random.percent(8) {
            values.set("clone-min", self.random.between(1, 2));
        }
        let meta = values.element("meta_attributes", &format!("{id}-meta"));
        let mut clone = Element::new("clone").with("id", &id).with_children(meta);
        let inside = if self.random.percent(25) {
            let (_, group, members) = self.group(number, 3);
            clone.push(group);
            members
        } else {
            let (inner, element) = self.primitive(Purpose::Cloned);
            clone.push(element);
            vec![inner]
        };
        self.note(clone, id, false, inside);
    }

    fn promotable(&mut self, number: usize) {
        let id = format!("promotable{number}");
        let mut values = Values::default();
        values.set("promotable", true);
        self.instances(&mut values);
        if self.random.percent(20) {
            values.set("promoted-max", self.random.between(1, 3));
        }
        if self.random.percent(8) {
            values.set("target-role", "Unpromoted");
        }
        let meta = values.element("meta_attributes", &format!("{id}-meta"));
        let (inner, element) = self.primitive(Purpose::Promotable);
        let clone = Element::new("clone").with("id", &id).with_children(meta).with_child(element);
        self.note(clone, id, true, vec![inner]);
    }

    /// How many instances a clone has, and how they depend on each other.
    fn instances(&mut self, values: &mut Values) {
        if self.random.percent(30) {
            values.set("clone-max", self.random.between(1, self.draft.nodes.len() + 1));
        }
        for (name, cases, value) in [
            ("interleave", 45, "true"),
            ("ordered", 15, "true"),
            ("notify", 20, "true"),
            ("target-role", 3, "Stopped"),
            ("resource-stickiness", 8, "10"),
            ("is-managed", 2, "false"),
            ("maintenance", 2, "true"),
        ] {
            if self.random.percent(cases) {
                values.set(name, value);
            }
        }
    }

    fn bundle(&mut self, number: usize) {
        let id = format!("bundle{number}");
        let replicas = self.random.between(1, 3);
        let mut container = Element::new("podman")
            .with("image", "localhost/image:latest")
            .with("replicas", replicas);
        let promotable = self.random.percent(40);
        if promotable {
            container.set("promoted-max", 1);
        }
        let network = Element::new("network");
        let network = if self.random.percent(60) {
            network.with("ip-range-start", format_args!("192.168.{number}.131"))
        } else {
            network.with("control-port", 3121)
        };
        let storage = Element::new("storage").with_child(
            Element::new("storage-mapping")
                .with("id", format_args!("{id}-logs"))
                .with("source-dir-root", "/var/log/containers")
                .with("target-dir", "/var/log"),
        );
        let mut bundle = Element::new("bundle").with("id", &id).with_child(container);
        bundle = bundle.with_child(network).with_child(storage);
        let mut inside = Vec::new();
        if promotable || self.random.percent(70) {
            let purpose = if promotable { Purpose::Promotable } else { Purpose::Contained };
            let (inner, element) = self.primitive(purpose);
            bundle.push(element);
            inside.push(inner);
        }
        self.note(bundle, id, promotable, inside);
    }

    fn remote_nodes(&mut self) {
        if self.random.percent(10) {
            let id = "remote1".to_owned();
            let parameters = format!("{id}-parameters");
            let connection =
                Element::new("primitive")
                    .with("id", &id)
                    .with("class", "ocf")
                    .with("provider", "pacemaker")
                    .with("type", "remote")
                    .with_child(
                        Element::new("instance_attributes")
                            .with("id", &parameters)
                            .with_child(pair(&parameters, "server", "192.168.0.99")),
                    )
                    .with_child(
                        Element::new("operations").with_child(
                            Element::new("op")
                                .with("id", format_args!("{id}-monitor-30s"))
                                .with("name", "monitor")
                                .with("interval", "30s"),
                        ),
                    );
            self.draft.remote.push(id.clone());
            self.note(connection, id, false, Vec::new());
        }
        if self.random.percent(10) {
            let (id, mut host) = self.primitive(Purpose::Plain);
            set_value(&mut host, "meta_attributes", "remote-node", "guest1");
            self.draft.remote.push("guest1".to_owned());
            self.note(host, id.clone(), false, vec![id]);
        }
    }
}
