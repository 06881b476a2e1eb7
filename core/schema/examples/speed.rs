fn main() {
    let mut s = String::from(
        "<cib validate-with='pacemaker-4.0' admin_epoch='0' epoch='1' num_updates='0'><configuration><crm_config/><nodes/><resources>",
    );
    let mut i = 0;
    while s.len() < 12_000_000 {
        i += 1;
        s.push_str(&format!("<primitive id='rsc-{i}' class='ocf' provider='heartbeat' type='IPaddr2'><instance_attributes id='rsc-{i}-ia'><nvpair id='rsc-{i}-ia-ip' name='ip' value='10.0.0.1'/><nvpair id='rsc-{i}-ia-nic' name='nic' value='eth0'/></instance_attributes><operations><op id='rsc-{i}-m' name='monitor' interval='10s' timeout='20s'/></operations></primitive>"));
    }
    s.push_str("</resources><constraints>");
    for n in 1..i {
        s.push_str(&format!("<rsc_order id='o{n}' first='rsc-{n}' then='rsc-{}'/>", n + 1));
    }
    s.push_str("</constraints></configuration><status/></cib>");
    let cib = xml::parse_bytes(s.as_bytes(), xml::Limits::DOCUMENT).unwrap();
    for _ in 0..4 {
        let t = std::time::Instant::now();
        let ok = schema::is_valid(&cib, schema::Schema::NEWEST);
        let a = t.elapsed();
        let t = std::time::Instant::now();
        let p = schema::validate(&cib, schema::Schema::NEWEST).len();
        let b = t.elapsed();
        let t = std::time::Instant::now();
        let c = schema::Content::check(&cib).is_ok();
        println!(
            "{} bytes {} elements: is_valid {ok} {a:?}, validate {p} {b:?}, content {c} {:?}",
            s.len(),
            cib.descendants().count(),
            t.elapsed()
        );
    }
}
