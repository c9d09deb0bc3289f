//! Named figures, kept in a file between measuring and writing.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// What was measured so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Figures {
    numbers: BTreeMap<String, Figure>,
    texts: BTreeMap<String, String>,
    /// Of the charts: x and y.
    series: BTreeMap<String, Vec<(f64, f64)>>,
}

/// One figure with its spread over several measurements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The median.
    pub median: f64,
    /// The smallest, or the lower end of a confidence interval.
    pub low: f64,
    /// The largest, or the upper end of a confidence interval.
    pub high: f64,
}

impl Figure {
    /// Out of several measurements.
    ///
    /// # Panics
    /// When there are none.
    pub fn of(mut measured: Vec<f64>) -> Self {
        measured.sort_by(f64::total_cmp);
        let (low, high) = (measured[0], measured[measured.len() - 1]);
        Self { median: measured[measured.len() / 2], low, high }
    }
}

impl Figures {
    /// What was kept, or nothing.
    ///
    /// # Errors
    /// When the file is none of ours.
    pub fn open(file: &Path) -> Result<Self> {
        match std::fs::read_to_string(file) {
            Ok(text) => serde_json::from_str(&text).with_context(|| format!("reading {}", file.display())),
            Err(_) => Ok(Self::default()),
        }
    }

    /// Keeps it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, file: &Path) -> Result<()> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))
    }

    /// Names a figure.
    pub fn set(&mut self, name: &str, figure: Figure) {
        self.numbers.insert(name.to_owned(), figure);
    }

    /// Names a text.
    pub fn set_text(&mut self, name: &str, text: &str) {
        self.texts.insert(name.to_owned(), text.to_owned());
    }

    /// Names a series.
    pub fn set_series(&mut self, name: &str, points: Vec<(f64, f64)>) {
        self.series.insert(name.to_owned(), points);
    }

    /// A figure, if it was measured.
    pub fn get(&self, name: &str) -> Option<Figure> {
        self.numbers.get(name).copied()
    }

    /// A text, or nothing.
    pub fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }

    /// A series, if it was measured.
    pub fn series(&self, name: &str) -> Option<&[(f64, f64)]> {
        self.series.get(name).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_survive_being_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/figures.json");
        let mut figures = Figures::open(&file).unwrap();
        figures.set("a", Figure::of(vec![3.0, 1.0, 2.0]));
        figures.set_series("s", vec![(1.0, 2.0)]);
        figures.keep(&file).unwrap();
        let again = Figures::open(&file).unwrap();
        assert_eq!(again.get("a"), Some(Figure { median: 2.0, low: 1.0, high: 3.0 }));
        assert_eq!(again.series("s"), Some(&[(1.0, 2.0)][..]));
        assert_eq!(again.get("b"), None);
    }
}
