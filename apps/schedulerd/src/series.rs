use std::path::{Path, PathBuf};

use disk::{Series, SeriesFormat, atomic::Permissions};
use vocab::Timestamp;
use xml::{Element, digest};

use crate::planner::Configured;

/// What came of a plan, which decides among which files its input is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something went wrong.
    Error,
    /// Something is worth a look.
    Warning,
    /// Nothing special.
    Input,
}

impl Kind {
    const fn series(self) -> &'static str {
        match self {
            Self::Error => "pe-error",
            Self::Warning => "pe-warn",
            Self::Input => "pe-input",
        }
    }

    /// How many files are kept: no limit, or as configured.
    pub(crate) fn keep(self, options: Option<&Configured>) -> Option<u32> {
        let (option, default) = match self {
            Self::Error => ("pe-error-series-max", -1),
            Self::Warning => ("pe-warn-series-max", 5_000),
            Self::Input => ("pe-input-series-max", 4_000),
        };
        let configured = options.and_then(|options| options.get(option));
        let number: i64 = configured.and_then(|text| text.trim().parse().ok()).unwrap_or(default);
        u32::try_from(number).ok()
    }
}

/// Where an input is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nowhere.
    None,
    /// It is there already: it is the same as the one before.
    Known(PathBuf),
    /// In a new file.
    New(Kind, PathBuf),
}

impl Place {
    /// The file.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::None => None,
            Self::Known(path) | Self::New(_, path) => Some(path),
        }
    }
}

/// The inputs of plans, kept on disk so that each decision can be replayed.
pub(crate) struct SavedInputs {
    directory: PathBuf,
    last: Option<(String, PathBuf)>,
}

impl SavedInputs {
    pub(crate) const fn new(directory: PathBuf) -> Self {
        Self { directory, last: None }
    }

    /// Where an input will be kept.
    pub(crate) fn place(&self, kind: Kind, keep: Option<u32>, cib: &Element) -> Place {
        if keep == Some(0) {
            return Place::None;
        }
        match &self.last {
            Some((digest, path)) if *digest == digest::versioned(cib) => Place::Known(path.clone()),
            Some(_) | None => {
                let series = self.series(kind);
                Place::New(kind, series.path(series.next()))
            }
        }
    }

    /// Keeps an input where it was said to be kept. An input that cannot be kept is reported and done without.
    pub(crate) fn save(&mut self, place: &Place, keep: Option<u32>, cib: &Element, now: Timestamp) {
        let Place::New(kind, path) = place else { return };
        let mut dated = cib.clone();
        // Rules depend on the time; a replay uses this one.
        dated.set("execution-date", now);
        match self.series(*kind).save(dated.to_pretty().as_bytes(), keep) {
            Ok(_) => self.last = Some((digest::versioned(cib), path.clone())),
            Err(error) => tracing::warn!("cannot save the input in {}: {error}", path.display()),
        }
    }

    fn series(&self, kind: Kind) -> Series {
        Series::new(&self.directory, kind.series(), SeriesFormat::Bzip2, Permissions::PRIVATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_are_kept_is_configured() {
        assert_eq!(Kind::Input.keep(None), Some(4_000));
        assert_eq!(Kind::Error.keep(None), None);
        let options = Configured::from([("pe-input-series-max".to_owned(), "0".to_owned())]);
        assert_eq!(Kind::Input.keep(Some(&options)), Some(0));
        assert_eq!(Kind::Warning.keep(Some(&options)), Some(5_000));
    }

    #[test]
    fn the_same_input_is_kept_once() {
        let directory = std::env::temp_dir().join(format!("cardea-series-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory for the test");
        let mut inputs = SavedInputs::new(directory.clone());
        let cib = Element::new("cib").with("epoch", 1);
        let first = inputs.place(Kind::Input, Some(10), &cib);
        inputs.save(&first, Some(10), &cib, Timestamp(1));
        let second = inputs.place(Kind::Input, Some(10), &cib);
        assert_eq!(second, Place::Known(directory.join("pe-input-0.bz2")));
        let other = inputs.place(Kind::Input, Some(10), &Element::new("cib").with("epoch", 2));
        assert_eq!(other.path(), Some(directory.join("pe-input-1.bz2").as_path()));
        assert_eq!(inputs.place(Kind::Input, Some(0), &cib), Place::None);
        let _ = std::fs::remove_dir_all(directory);
    }
}
