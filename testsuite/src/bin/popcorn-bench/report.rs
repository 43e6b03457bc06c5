//! The lines that are printed.

use std::cell::Cell;

/// Prints figures, and counts those that meet their targets.
pub struct Report {
    filters: Vec<String>,
    ok: Cell<u32>,
    missed: Cell<u32>,
}

impl Report {
    /// For figures whose name contains one of `filters`; without any, all.
    pub fn new(filters: Vec<String>) -> Report {
        Report {
            filters,
            ok: Cell::new(0),
            missed: Cell::new(0),
        }
    }

    /// Whether this figure is to be measured. What is measured along with it is printed as well.
    pub fn wants(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|f| name.contains(f.as_str()))
    }

    /// Prints a figure that should be at most `target`. Missing it is no failure: the line says so.
    pub fn figure(&self, name: &str, value: f64, unit: &str, target: f64) {
        let (verdict, count) = match value <= target {
            true => ("ok", &self.ok),
            false => ("missed", &self.missed),
        };
        count.set(count.get() + 1);
        println!("figure {name} {value:.2} {unit} target {target} {verdict}");
    }

    /// Prints a figure without a target.
    pub fn told(&self, name: &str, value: f64, unit: &str) {
        println!("figure {name} {value:.2} {unit} target -");
    }

    /// Prints how many figures met their targets.
    pub fn total(&self) {
        let (ok, missed) = (self.ok.get(), self.missed.get());
        println!("{ok} figures ok, {missed} missed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_and_counts() {
        let report = Report::new(vec!["lua".into(), "hop".into()]);
        assert!(report.wants("overhead-lua") && report.wants("after-hop-gemm"));
        assert!(!report.wants("overhead-gemm"));
        report.figure("overhead-lua", 12.0, "%", 12.0);
        report.figure("after-hop-lua", f64::NAN, "%", 20.0);
        assert_eq!((report.ok.get(), report.missed.get()), (1, 1));
        assert!(Report::new(Vec::new()).wants("anything"));
    }
}
