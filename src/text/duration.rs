//! Durations. Measured ones are rounded ([`duration`]); configured ones are written exactly ([`exact_duration`]).

use std::time::Duration;

/// A measured duration in short form: `0.4ms`, `250ms`, `5.0s`, `2m05s`, `1h03m`.
pub fn duration(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1e3;
    match millis {
        ..9.95 => format!("{millis:.1}ms"),
        ..999.5 => format!("{millis:.0}ms"),
        ..59_950.0 => format!("{:.1}s", millis / 1e3),
        _ => {
            let seconds = (millis / 1e3).round() as u64;
            match seconds / 3600 {
                0 => format!("{}m{:02}s", seconds / 60, seconds % 60),
                hours => format!("{hours}h{:02}m", seconds % 3600 / 60),
            }
        }
    }
}

/// A duration that was at least reached: as [`duration`], rounded down, so that it does not exceed the measurement.
pub fn reached(reached: Duration) -> String {
    let step = step(reached);
    duration(Duration::from_nanos((reached.as_nanos() / step * step).try_into().unwrap_or(u64::MAX)))
}

/// A duration after which something happened: as [`duration`], rounded up.
pub fn sufficient(enough: Duration) -> String {
    let step = step(enough);
    duration(Duration::from_nanos((enough.as_nanos().div_ceil(step) * step).try_into().unwrap_or(u64::MAX)))
}

/// The resolution of [`duration`] for this value, in nanoseconds.
fn step(shown: Duration) -> u128 {
    match shown.as_secs_f64() {
        ..0.01 => 100_000,
        ..1.0 => 1_000_000,
        ..60.0 => 100_000_000,
        ..3600.0 => 1_000_000_000,
        _ => 60_000_000_000,
    }
}

/// A configured duration, in the form that flags accept: `30s`, `1.5s`, `250ms`. It stays in seconds, as servers and
/// proxies document theirs: `350s`.
pub fn exact_duration(duration: Duration) -> String {
    match duration.as_secs() {
        0 if !duration.is_zero() => format!("{}ms", duration.as_secs_f64() * 1e3),
        _ => format!("{}s", duration.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measured_duration_is_read_at_a_glance() {
        for (nanos, shown) in [
            (0, "0.0ms"),
            (12_000, "0.0ms"),
            (420_000, "0.4ms"),
            (9_940_000, "9.9ms"),
            (12_300_000, "12ms"),
            (250_000_000, "250ms"),
            (999_400_000, "999ms"),
            (999_999_999, "1.0s"),
            (1_234_000_000, "1.2s"),
            (4_999_568_809_u64, "5.0s"),
            (59_940_000_000, "59.9s"),
            (59_960_000_000, "1m00s"),
            (125_000_000_000, "2m05s"),
            (7_380_000_000_000, "2h03m"),
        ] {
            assert_eq!(duration(Duration::from_nanos(nanos)), shown);
        }
    }

    #[test]
    fn a_bound_is_rounded_to_the_side_that_is_true() {
        for (millis, least, most) in [
            (0, "0.0ms", "0.0ms"),
            (1_970, "1.9s", "2.0s"),
            (2_124, "2.1s", "2.2s"),
            (5_000, "5.0s", "5.0s"),
            (59_990, "59.9s", "1m00s"),
            (345_600, "5m45s", "5m46s"),
            (3_659_000, "1h00m", "1h01m"),
        ] {
            let bound = Duration::from_millis(millis);
            assert_eq!((reached(bound).as_str(), sufficient(bound).as_str()), (least, most), "{millis}");
        }
    }

    #[test]
    fn a_set_duration_is_as_it_was_typed() {
        for (millis, shown) in
            [(0, "0s"), (250, "250ms"), (1_500, "1.5s"), (30_000, "30s"), (90_000, "90s"), (350_000, "350s")]
        {
            assert_eq!(exact_duration(Duration::from_millis(millis)), shown);
        }
        assert_eq!(exact_duration(Duration::from_micros(1_500)), "1.5ms");
    }
}
