use std::io::BufRead;
fn main() {
    let explain = std::env::args().nth(1).is_some();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (schema, path) = line.split_once(' ').unwrap();
        let schema = schema::Schema::from_name(schema).unwrap();
        let text = std::fs::read(path).unwrap();
        let verdict = match xml::parse_bytes(&text, xml::Limits::DOCUMENT) {
            Ok(cib) => {
                let problems = schema::validate(&cib, schema);
                if problems.is_empty() != schema::is_valid(&cib, schema) {
                    println!("INCONSISTENT {path}");
                }
                if explain {
                    for p in &problems {
                        println!("   {p}");
                    }
                }
                if problems.is_empty() { "valid" } else { "invalid" }
            }
            Err(e) => {
                if explain {
                    println!("{e}");
                }
                "unparsed"
            }
        };
        println!("{verdict} {path}");
    }
}
