//! Figures of many rounds, and their summary.

use std::fmt;

/// Figures of one kind, in order.
pub struct Spread(Vec<f64>);

impl Spread {
    /// Takes these figures; at least one is required.
    pub fn new(mut figures: Vec<f64>) -> super::Result<Self> {
        if figures.is_empty() {
            return Err("nothing was measured".into());
        }
        figures.sort_by(f64::total_cmp);
        Ok(Spread(figures))
    }

    /// The figure that `percent` of them do not exceed.
    pub fn percentile(&self, percent: f64) -> f64 {
        let last = self.0.len() - 1;
        self.0[(last as f64 * percent / 100.0).round() as usize]
    }

    /// The median.
    pub fn median(&self) -> f64 {
        self.percentile(50.0)
    }
}

impl fmt::Display for Spread {
    /// `1.02 (0.95 to 1.10, p95 1.31, n 100)`: median, quartiles, 95th percentile, how many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, high, late] = [25.0, 75.0, 95.0].map(|percent| self.percentile(percent));
        write!(f, "{:.2} ({low:.2} to {high:.2}, p95 {late:.2}, n {})", self.median(), self.0.len())
    }
}
