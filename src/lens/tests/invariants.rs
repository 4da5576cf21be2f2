//! Whatever happens to a client: it does not panic, its time does not run backwards, and it holds no address that was
//! never listed.

use std::collections::BTreeSet;

use super::*;

const ADDRESSES: [&str; 5] = ["10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1", "[2001:db8::1]:1", "name.test:1"];

fn input(random: &mut fastrand::Rng, listed: &mut BTreeSet<Address>) -> Input {
    match random.u8(..12) {
        0..=2 => {
            let mut endpoints = Vec::new();
            for address in ADDRESSES {
                if random.bool() {
                    continue;
                }
                let status = ["", " critical", " warning", " draining"][random.usize(..6).saturating_sub(2)];
                let slice = ["", " slice=a", " slice=b"][random.usize(..3)];
                endpoints.push(endpoint(&format!("{address}{status}{slice}")));
            }
            listed.extend(endpoints.iter().map(|endpoint| endpoint.address.clone()));
            Input::Lists(endpoints)
        }
        3 => Input::Unreachable,
        4 => Input::Refuses,
        5 | 6 => Input::CallStarted,
        7 | 8 => Input::CallFinished,
        9 => Input::Lost(ADDRESSES[random.usize(..ADDRESSES.len())].parse().unwrap()),
        _ => Input::TimePassed,
    }
}

fn setting(random: &mut fastrand::Rng) -> Setting {
    Setting {
        idle_timeout: [None, Some(Duration::ZERO), Some(Duration::from_millis(700)), Some(secs(5)), Some(secs(60))]
            [random.usize(..5)],
        timeout: [Duration::ZERO, Duration::from_millis(300), secs(2), secs(60)][random.usize(..4)],
    }
}

/// One life, and its invariants. Returns the views, for comparisons.
fn live(kind: &'static LensKind, seed: u64, steps: usize, past: Option<Past>) -> Vec<View> {
    let mut random = fastrand::Rng::with_seed(seed);
    let setting = setting(&mut random);
    let mut client = (kind.client)(setting);
    let mut lenses = Lenses::new(&[kind], setting, past.unwrap_or(Past::New));
    let (mut now, mut listed, mut views) = (Elapsed::ZERO, BTreeSet::new(), Vec::new());
    for _ in 0..steps {
        // Mostly forward, sometimes to the deadline, and sometimes to before the last moment.
        let deadline = if past.is_some() { lenses.deadline() } else { client.deadline() };
        let stride = [10, 1_000, 20_000, 100_000][random.usize(..4)];
        let given = match (random.u8(..10), deadline) {
            (0, _) => Elapsed::new(now.since_start().saturating_sub(secs(3))),
            (1..=4, Some(deadline)) => deadline,
            _ => now + Duration::from_millis(random.u64(..stride)),
        };
        now = now.max(given);
        let input = input(&mut random, &mut listed);
        let (view, deadline) = match past {
            None => {
                client.handle(given, &input);
                (client.view(), client.deadline())
            }
            Some(_) => {
                lenses.handle(now, &input);
                (lenses.watched()[0].view.clone(), lenses.deadline())
            }
        };
        let label = kind.label();
        assert!(view.holds.iter().all(|held| listed.contains(held)), "{label}, seed {seed}: {view:?}");
        assert_eq!(
            view.holds.iter().collect::<BTreeSet<_>>().len(),
            view.holds.len(),
            "{label}, seed {seed}: {view:?}"
        );
        assert!(view.subset.is_none_or(|most| view.holds.len() <= most), "{label}, seed {seed}");
        assert!(
            deadline.is_none_or(|deadline| deadline > now),
            "{label}, seed {seed}: {deadline:?} is not after {now}"
        );
        let hangs = matches!(view.notices, NoticesChanges::NeverAndHangs);
        assert!(!hangs || view.holds.is_empty(), "{label}, seed {seed}: {view:?}");
        views.push(view);
    }
    views
}

#[test]
fn nothing_that_happens_breaks_a_lens() {
    for kind in LENSES {
        for seed in 0..120 {
            live(kind, seed, 120, None);
        }
    }
}

#[test]
fn nothing_that_happens_breaks_a_lens_in_a_session() {
    for kind in LENSES {
        for seed in 0..60 {
            live(kind, seed, 80, Some(Past::BeenIdle));
            live(kind, seed, 80, Some(Past::New));
        }
    }
}

#[test]
fn the_same_life_leads_to_the_same_views() {
    for kind in LENSES {
        assert_eq!(live(kind, 7, 200, None), live(kind, 7, 200, None), "{}", kind.label());
    }
}

#[test]
fn querying_more_often_changes_nothing() {
    // Woken every 100 ms, or only when something happens: the result is the same.
    for kind in LENSES {
        for seed in 0..5 {
            let mut random = fastrand::Rng::with_seed(seed);
            let setting = setting(&mut random);
            let (mut often, mut seldom) = ((kind.client)(setting), (kind.client)(setting));
            let (mut now, mut listed) = (Elapsed::ZERO, BTreeSet::new());
            for _ in 0..60 {
                let until = now + Duration::from_millis(100 * random.u64(..200));
                while now < until {
                    often.handle(now, &Input::TimePassed);
                    now += Duration::from_millis(100);
                }
                let input = input(&mut random, &mut listed);
                often.handle(now, &input);
                seldom.handle(now, &input);
                assert_eq!(often.view(), seldom.view(), "{}, seed {seed} at {now} after {input:?}", kind.label());
            }
        }
    }
}

#[test]
fn a_view_changes_only_with_an_input_or_at_a_deadline() {
    for kind in LENSES {
        for seed in 0..30 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut client = (kind.client)(setting(&mut random));
            let (mut now, mut listed) = (Elapsed::ZERO, BTreeSet::new());
            for _ in 0..60 {
                client.handle(now, &input(&mut random, &mut listed));
                let (view, deadline) = (client.view(), client.deadline());
                let pause = Duration::from_millis(random.u64(1..30_000));
                let before = deadline.map_or(now + pause, |deadline| {
                    Elapsed::new((now + pause).min(deadline).since_start() - Duration::from_millis(1))
                });
                now = now.max(before);
                client.handle(now, &Input::TimePassed);
                assert_eq!(client.view(), view, "{}, seed {seed} at {now}, before {deadline:?}", kind.label());
            }
        }
    }
}
