//! What idle connections prove about the idle time that a path tolerates. Pure; the search for the limit uses it too.

use std::time::Duration;

use crate::model::idle_check::{IdleCheckOutcome, IdleCheckResult};

/// Two bounds no further apart than this factor are close enough to name the limit.
pub const CLOSE: f64 = 1.1;

/// What one idle connection proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The path delivered something after this idle time: the response to a ping.
    Survived(Duration),
    /// After this idle time the path delivered a GOAWAY with which the server closes the connection by a rule of its
    /// own. No connection can be idle for longer, whatever the path would do.
    Ruled(Duration),
    /// After this idle time the connection was gone without notice from a server: it was dropped silently, or closed
    /// without GOAWAY.
    Cut(Duration),
    /// Nothing: no connection was established, or we closed it.
    Nothing,
}

impl Proof {
    /// The result of one connection, as a proof.
    pub fn of(result: &IdleCheckResult) -> Proof {
        match &result.outcome {
            IdleCheckOutcome::Alive { .. } => Proof::Survived(result.measured_idle),
            IdleCheckOutcome::Dropped { .. } => Proof::Cut(result.measured_idle),
            IdleCheckOutcome::Closed { disconnect, .. } if disconnect.goaway.is_some() => {
                Proof::Ruled(result.measured_idle)
            }
            IdleCheckOutcome::Closed { disconnect, .. } if disconnect.is_our_own() => Proof::Nothing,
            IdleCheckOutcome::Closed { .. } => Proof::Cut(result.measured_idle),
            IdleCheckOutcome::NotReached(_) => Proof::Nothing,
        }
    }
}

/// What several connections over one path prove together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tolerance {
    /// The longest idle time after which the path still delivered something.
    pub survived: Option<Duration>,
    /// The shortest idle time above it that broke a connection.
    pub cut: Option<Duration>,
    /// The shortest idle time after which the server closed a connection by its own rule.
    pub ruled: Option<Duration>,
    /// Idle times that broke a connection while a longer one was survived: no limit of the idle time explains them.
    pub contradictions: Vec<Duration>,
}

impl Tolerance {
    /// Combines the proofs, in any order.
    pub fn of(proofs: impl IntoIterator<Item = Proof>) -> Tolerance {
        let (mut survived, mut ruled, mut cuts) = (None, None::<Duration>, Vec::new());
        for proof in proofs {
            match proof {
                Proof::Survived(measured_idle) => survived = survived.max(Some(measured_idle)),
                Proof::Ruled(measured_idle) => {
                    survived = survived.max(Some(measured_idle));
                    ruled = Some(ruled.map_or(measured_idle, |least| least.min(measured_idle)));
                }
                Proof::Cut(measured_idle) => cuts.push(measured_idle),
                Proof::Nothing => {}
            }
        }
        cuts.sort_unstable();
        let contradictions = cuts.iter().copied().filter(|cut| Some(*cut) <= survived).collect();
        let cut = cuts.into_iter().find(|cut| Some(*cut) > survived);
        Tolerance { survived, cut, ruled, contradictions }
    }

    /// True when both bounds of the limit are known, and near each other.
    pub fn is_close(&self) -> bool {
        match (self.survived, self.cut) {
            (Some(survived), Some(cut)) => cut <= survived.mul_f64(CLOSE),
            (None, _) | (_, None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reach::{Disconnect, DisconnectReason, Failure, FailureCode, GoAway, Stage};

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn closed(reason: DisconnectReason, detail: &str, goaway: Option<GoAway>) -> IdleCheckOutcome {
        let disconnect = Disconnect { reason, detail: detail.to_string(), goaway };
        IdleCheckOutcome::Closed { after: seconds(9), disconnect, pinged: false }
    }

    #[test]
    fn each_fate_proves_what_it_can() {
        let of = |outcome| Proof::of(&IdleCheckResult { measured_idle: seconds(9), interrupted: None, outcome });
        let goaway = GoAway { last_stream: 0, code: 0, debug: "max_idle".to_string() };
        assert_eq!(of(IdleCheckOutcome::Alive { rtt: seconds(0) }), Proof::Survived(seconds(9)));
        assert_eq!(of(IdleCheckOutcome::Dropped { waited: seconds(5), tcp: None }), Proof::Cut(seconds(9)));
        assert_eq!(of(closed(DisconnectReason::ConnectionReset, "", None)), Proof::Cut(seconds(9)));
        assert_eq!(of(closed(DisconnectReason::Unknown, "closed by peer", None)), Proof::Cut(seconds(9)));
        assert_eq!(of(closed(DisconnectReason::GoAway(0), "max_idle", Some(goaway))), Proof::Ruled(seconds(9)));
        assert_eq!(of(closed(DisconnectReason::SubchannelShutdown, "nonsense", None)), Proof::Nothing);
        let refused = Failure::new(Stage::Tcp, FailureCode::Refused, "connection refused", seconds(0));
        assert_eq!(of(IdleCheckOutcome::NotReached(refused)), Proof::Nothing);
    }

    #[test]
    fn the_limit_is_between_the_longest_survivor_and_the_shortest_loss_above_it() {
        use Proof::{Cut, Nothing, Survived};
        let found = Tolerance::of([Cut(seconds(60)), Survived(seconds(18)), Nothing, Cut(seconds(33))]);
        assert_eq!((found.survived, found.cut), (Some(seconds(18)), Some(seconds(33))));
        assert!(!found.is_close() && found.contradictions.is_empty());
        assert!(Tolerance::of([Survived(seconds(20)), Cut(seconds(22))]).is_close());
        assert_eq!(Tolerance::of([]), Tolerance::default());
        let short = Tolerance::of([Cut(seconds(1)), Cut(seconds(2))]);
        assert_eq!((short.survived, short.cut), (None, Some(seconds(1))));
    }

    #[test]
    fn a_shorter_idle_time_that_ended_while_a_longer_one_was_survived_is_a_contradiction() {
        use Proof::{Cut, Survived};
        let found = Tolerance::of([Survived(seconds(30)), Cut(seconds(5)), Cut(seconds(60))]);
        assert_eq!((found.survived, found.cut), (Some(seconds(30)), Some(seconds(60))));
        assert_eq!(found.contradictions, [seconds(5)]);
    }

    #[test]
    fn a_servers_own_rule_bounds_what_can_be_known() {
        let found = Tolerance::of([Proof::Survived(seconds(2)), Proof::Ruled(seconds(5)), Proof::Ruled(seconds(6))]);
        assert_eq!((found.survived, found.cut, found.ruled), (Some(seconds(6)), None, Some(seconds(5))));
    }
}
