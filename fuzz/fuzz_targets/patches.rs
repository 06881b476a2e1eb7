//! Patch sets: what tells two CIBs apart turns one into the other; what comes from elsewhere leads to a document or to an
//! error, and after an error the document is as it was.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use xml::{Element, Limits, patchset::Patchset};

#[path = "../shapes/cib.rs"]
mod cib;
#[path = "../shapes/history.rs"]
mod history;
#[path = "../shapes/mutate.rs"]
mod mutate;

use mutate::{Chance, made_up, mutate};

const LIMITS: Limits = Limits { bytes_max: 1 << 20, depth_max: 256, nodes_max: 100_000 };

fuzz_target!(|data: &[u8]| {
    // The seed of a CIB, the seed of changes to it, and a patch set from elsewhere.
    let Some((seeds, text)) = data.split_at_checked(2) else { return };
    let old = made_up(&mut Chance(u64::from(seeds[0])));
    let mut new = old.clone();
    let mut chance = Chance(u64::from(seeds[1]) << 8);
    for _ in 0..=chance.below(6) {
        mutate(&mut new, &mut chance);
    }
    // The digest is that of the feature set before at one end, and after at the other, as in Pacemaker.
    if let Some(feature_set) = old.attr("crm_feature_set").map(str::to_owned) {
        new.set("crm_feature_set", feature_set);
    }
    if let Ok(Some(patch)) = Patchset::between(&old, &new) {
        let patch = patch.with_digest(&old, &new);
        let sent = Patchset::from_element(&patch.to_element()).expect("what is sent is read");
        let mut patched = old.clone();
        sent.apply_unversioned(&mut patched).expect("a patch set fits what it was made of");
        assert_eq!(patched.to_compact(), new.to_compact());
    }
    let Ok(diff) = xml::parse_bytes(text, LIMITS) else { return };
    let Ok(patch) = Patchset::from_element(&diff) else { return };
    let mut patched = old.clone();
    if patch.apply_unversioned(&mut patched).is_err() {
        assert_eq!(patched.to_compact(), old.to_compact());
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut chance = Chance(u64::from(seed) | 1 << 40);
    let parsed = data.get(2..size).and_then(|bytes| xml::parse_bytes(bytes, LIMITS).ok());
    if chance.one_in(10) || max_size < 3 {
        return fuzzer_mutate(data, size, max_size);
    }
    let mut diff = parsed.unwrap_or_else(|| made_up_patch(&mut chance));
    mutate(&mut diff, &mut chance);
    let text = diff.to_compact();
    if text.len() + 2 > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data[0] = u8::try_from(chance.below(256)).unwrap_or_default();
    data[1] = u8::try_from(chance.below(256)).unwrap_or_default();
    data[2..text.len() + 2].copy_from_slice(text.as_bytes());
    text.len() + 2
});

/// A patch set between two CIBs, to be changed.
fn made_up_patch(chance: &mut Chance) -> Element {
    let old = made_up(chance);
    let mut new = old.clone();
    for _ in 0..=chance.below(4) {
        mutate(&mut new, chance);
    }
    let patch = Patchset::between(&old, &new).ok().flatten();
    patch.map_or_else(|| Element::new("diff"), |patch| patch.to_element())
}
