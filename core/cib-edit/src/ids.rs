use std::collections::BTreeSet;

use xml::Element;

use crate::Report;

/// Elements whose `id` refers to something instead of naming it.
const REFERENCES: [&str; 4] = ["resource_ref", "obj_ref", "role", "role_ref"];

/// The ids that are taken in a CIB.
#[derive(Clone, Debug)]
pub struct Ids(BTreeSet<String>);

impl Ids {
    /// The ids in the configuration; those in the status do not count.
    pub fn of(cib: &Element) -> Self {
        let configuration = cib.child("configuration").unwrap_or(cib);
        let named =
            configuration.descendants().filter(|element| !REFERENCES.contains(&element.name()));
        Self(named.filter_map(Element::id).map(str::to_owned).collect())
    }

    /// Whether the id is taken.
    pub fn contains(&self, id: &str) -> bool {
        self.0.contains(id)
    }

    /// Takes the id, or if somebody has it the first free one of `id-1`, `id-2`...
    pub fn take(&mut self, wanted: &str) -> String {
        let mut id = wanted.to_owned();
        let mut number = 0_usize;
        while !self.0.insert(id.clone()) {
            number += 1;
            id = format!("{wanted}-{number}");
        }
        id
    }

    /// Takes an id for something inside an element: the element's id (or name) and a word.
    pub fn take_below(&mut self, parent: &Element, word: &str) -> String {
        let base = parent.id().unwrap_or(parent.name());
        self.take(&sanitize_id(&format!("{base}-{word}")))
    }
}

fn may_begin(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

fn may_follow(character: char) -> bool {
    may_begin(character) || character.is_numeric() || matches!(character, '-' | '.')
}

/// Checks that the text can be an id; `what` says whose.
pub fn check_id(id: &str, what: &str) -> Result<(), Report> {
    let mut characters = id.chars();
    let Some(first) = characters.next() else {
        return Err(Report::error("INVALID_ID_IS_EMPTY", format!("{what} cannot be empty")));
    };
    let bad = |character: char, place: &str| {
        let problem = format!("'{character}' is not a valid {place}character for a {what}");
        Err(Report::error("INVALID_ID_BAD_CHAR", format!("invalid {what} '{id}', {problem}")))
    };
    if !may_begin(first) {
        return bad(first, "first ");
    }
    match characters.find(|&character| !may_follow(character)) {
        Some(character) => bad(character, ""),
        None => Ok(()),
    }
}

/// The text without the characters that an id cannot have.
pub fn sanitize_id(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().filter(|&first| may_begin(first));
    first.into_iter().chain(characters.filter(|&character| may_follow(character))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_ids_get_a_number() {
        let cib = xml::parse(
            "<cib><configuration><a id='x'/><resource_ref id='y'/></configuration><status><b id='z'/></status></cib>",
        )
        .unwrap();
        let mut ids = Ids::of(&cib);
        assert_eq!(ids.take("x"), "x-1");
        assert_eq!(ids.take("x"), "x-2");
        assert_eq!(ids.take("y"), "y");
        assert_eq!(ids.take("z"), "z");
    }

    #[test]
    fn bad_ids_are_named() {
        assert!(check_id("a.b-1", "id").is_ok());
        assert_eq!(
            check_id("1x", "resource name").unwrap_err().message,
            "invalid resource name '1x', '1' is not a valid first character for a resource name"
        );
        assert_eq!(
            check_id("a%b", "id").unwrap_err().message,
            "invalid id 'a%b', '%' is not a valid character for a id"
        );
        assert_eq!(sanitize_id("location-W.*-n"), "location-W.-n");
        assert_eq!(sanitize_id("1a"), "a");
    }
}
