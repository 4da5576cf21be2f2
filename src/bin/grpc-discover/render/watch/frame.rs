//! The live view as lines: a function of the state, the time and the size of the terminal.

use std::time::Duration;

use console::measure_text_width;
use grpc_discover::model::connectivity::ConnectivityState;
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::time::Elapsed;
use grpc_discover::model::verdict::Verdict;
use grpc_discover::text::escape;

use super::endpoint::{Contact, WatchedEndpoint};
use super::service::WatchedService;
use super::state::WatchState;
use crate::render::Paint;
use crate::terminal::InlineLine;

/// The view never takes more rows than the screen has, even when the terminal is made this narrow: rows that a
/// terminal moves into its scrollback while it wraps them cannot be erased.
const NARROWEST: usize = 60;
/// Lines for groups of endpoints that have no row of their own.
const GROUPS: usize = 3;

/// What the view depends on beside the state.
#[derive(Debug, Clone, Copy)]
pub struct Scene {
    /// The time.
    pub now: Elapsed,
    /// Columns of the terminal.
    pub width: usize,
    /// Rows of the terminal.
    pub height: usize,
    /// The view does not change until it is continued.
    pub is_paused: bool,
    /// Keys are read.
    pub has_keys: bool,
}

/// How well an endpoint is, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Failing,
    NotServing,
    Connecting,
    Well,
    Unused,
}

/// The lines of the view.
pub fn frame(state: &WatchState, scene: &Scene, paint: Paint) -> Vec<InlineLine> {
    let width = scene.width.saturating_sub(1).max(20);
    let rule = "─".repeat(width.min(NARROWEST - 1));
    let mut lines = vec![InlineLine::new(&rule, paint.dim(&rule))];
    let keys = cut(&keys(state, scene), width);
    // One row stays free, so that the last event above the view is visible.
    let mut room = scene.height.saturating_sub(rows(measure_text_width(&keys)) + 2);
    let mut left = state.services().len();
    for service in state.services() {
        let of_service = service_lines(service, scene, width, room / left.max(1), paint);
        room = room.saturating_sub(of_service.iter().map(|line| rows(line.width)).sum());
        left = left.saturating_sub(1);
        lines.extend(of_service);
    }
    lines.push(InlineLine::new(&keys, paint.dim(&keys)));
    lines
}

/// Rows that a line may take on the narrowest terminal.
fn rows(width: usize) -> usize {
    width.div_ceil(NARROWEST).max(1)
}

fn service_lines(service: &WatchedService, scene: &Scene, width: usize, room: usize, paint: Paint) -> Vec<InlineLine> {
    let mut lines = vec![head(service, width, paint)];
    for source in service.sources.iter().filter(|source| source.broken.is_some()) {
        let why = source.broken.as_deref().unwrap_or_default();
        let text = cut(&format!("{}: {}", escape(&service.name(&source.source)), escape(why)), width);
        lines.push(InlineLine::new(&text, paint.yellow(&text)));
    }
    let mut endpoints: Vec<(Standing, &Address, &WatchedEndpoint)> =
        service.endpoints.iter().map(|(address, endpoint)| (standing(endpoint), address, endpoint)).collect();
    endpoints.sort_by_key(|(standing, ..)| *standing);
    if endpoints.is_empty() {
        return lines;
    }
    let table = Table::of(&endpoints, width);
    let header = table.line("ENDPOINT", "STATE", "FOR", "WHY");
    lines.push(InlineLine::new(&header, paint.dim(&header)));
    let groups_after = groups_after(&endpoints);
    let mut used: usize = lines.iter().map(|line| rows(line.width)).sum();
    let mut shown = 0;
    for (index, (standing, address, endpoint)) in endpoints.iter().enumerate() {
        let line = table.row(address, endpoint, scene.now);
        let taken = rows(measure_text_width(&line));
        if used + taken + groups_after[index + 1] > room && shown > 0 {
            break;
        }
        used += taken;
        shown = index + 1;
        let painted = match standing {
            Standing::Failing | Standing::NotServing => paint.red(&line),
            Standing::Connecting => paint.yellow(&line),
            Standing::Well => paint.green(&line),
            Standing::Unused => paint.dim(&line),
        };
        lines.push(InlineLine::new(&line, painted));
    }
    let groups = groups(&endpoints[shown..]);
    let (named, rest) = groups.split_at(groups.len().min(GROUPS));
    for (count, what) in named {
        let more: usize = if rest.is_empty() { 0 } else { rest.iter().map(|(count, _)| count).sum() };
        let is_last = named.last().is_some_and(|(_, last)| last == what);
        let text = match (is_last, more) {
            (true, 1..) => format!("{count} more  {what}; {more} others"),
            _ => format!("{count} more  {what}"),
        };
        lines.push(InlineLine::plain(cut(&text, width)));
    }
    lines
}

/// How many lines the endpoints from each index on need without rows of their own, at most [`GROUPS`].
fn groups_after(endpoints: &[(Standing, &Address, &WatchedEndpoint)]) -> Vec<usize> {
    let mut known: Vec<String> = Vec::new();
    let mut after = vec![0; endpoints.len() + 1];
    for (index, (_, _, endpoint)) in endpoints.iter().enumerate().rev() {
        if known.len() < GROUPS {
            let what = group(endpoint);
            if !known.contains(&what) {
                known.push(what);
            }
        }
        after[index] = known.len();
    }
    after
}

/// State and cause of an endpoint without a row.
fn group(endpoint: &WatchedEndpoint) -> String {
    match cause(endpoint) {
        why if why.is_empty() => state(endpoint).to_string(),
        why => format!("{}, {why}", state(endpoint)),
    }
}

/// Endpoints without a row, by state and cause: how many of each.
fn groups(endpoints: &[(Standing, &Address, &WatchedEndpoint)]) -> Vec<(usize, String)> {
    let mut groups: Vec<(usize, String)> = Vec::new();
    for (_, _, endpoint) in endpoints {
        let what = group(endpoint);
        match groups.iter_mut().find(|(_, known)| *known == what) {
            Some((count, _)) => *count += 1,
            None => groups.push((1, what)),
        }
    }
    groups
}

fn standing(endpoint: &WatchedEndpoint) -> Standing {
    match &endpoint.contact {
        Contact::Failed(_) | Contact::Lost(_) => Standing::Failing,
        Contact::Connected if endpoint.health().is_some_and(|health| !health.is_usable()) => Standing::NotServing,
        Contact::Connected => Standing::Well,
        Contact::None if endpoint.is_awaited() => Standing::Connecting,
        Contact::None => Standing::Unused,
    }
}

fn state(endpoint: &WatchedEndpoint) -> &'static str {
    match (&endpoint.contact, endpoint.state) {
        // Between two attempts: the states of an attempt last too short to be read.
        (Contact::Failed(_), _) => ConnectivityState::TransientFailure.as_str(),
        (_, None | Some(ConnectivityState::Shutdown)) => "not connected",
        (_, Some(state)) => state.as_str(),
    }
}

/// Why it is as it is, without times, for grouping.
fn cause(endpoint: &WatchedEndpoint) -> String {
    match &endpoint.contact {
        Contact::Failed(cause) => escape(cause).into_owned(),
        Contact::Lost(_) => "connection lost".to_string(),
        Contact::Connected => endpoint.health().map(|health| health.as_str().to_string()).unwrap_or_default(),
        Contact::None => String::new(),
    }
}

/// `DEGRADED  file:r60.json  56 of 60 serving, 2 NOT_SERVING, 2 connection refused`.
fn head(service: &WatchedService, width: usize, paint: Paint) -> InlineLine {
    let all: Vec<(Standing, &WatchedEndpoint)> =
        service.endpoints.values().map(|endpoint| (standing(endpoint), endpoint)).collect();
    let count = |wanted| all.iter().filter(|(standing, _)| *standing == wanted).count();
    let well = count(Standing::Well);
    let bad = count(Standing::Failing) + count(Standing::NotServing);
    let (word, verdict) = match service.channel {
        Some(ConnectivityState::Idle) if !service.is_connecting() => ("IDLE", Verdict::Unknown),
        Some(ConnectivityState::TransientFailure) => ("FAILED", Verdict::Failed),
        _ if service.is_connecting() => ("CONNECTING", Verdict::Unknown),
        _ if well == 0 => ("FAILED", Verdict::Failed),
        _ if bad > 0 || service.sources.iter().any(|source| source.broken.is_some()) => ("DEGRADED", Verdict::Degraded),
        _ => ("HEALTHY", Verdict::Healthy),
    };
    let is_serving = all.iter().any(|(_, endpoint)| endpoint.health().is_some_and(|h| h.as_str() == "SERVING"));
    let mut parts = vec![format!("{well} of {} {}", all.len(), if is_serving { "serving" } else { "ready" })];
    let mut causes: Vec<(usize, String)> = Vec::new();
    for (standing, endpoint) in &all {
        let what = match standing {
            // Without the stage, which the row has.
            Standing::Failing | Standing::NotServing => match cause(endpoint).split_once(": ") {
                Some((_, rest)) => rest.to_string(),
                None => cause(endpoint),
            },
            Standing::Connecting => "connecting".to_string(),
            Standing::Unused => "not connected".to_string(),
            Standing::Well => continue,
        };
        match causes.iter_mut().find(|(_, known)| *known == what) {
            Some((count, _)) => *count += 1,
            None => causes.push((1, what)),
        }
    }
    parts.extend(causes.into_iter().map(|(count, what)| format!("{count} {what}")));
    // The name gives way first, then the causes.
    let counts = parts.join(", ");
    let fixed = word.len() + 2 + 2 + counts.chars().count();
    let name = middle(&escape(&service.target), width.saturating_sub(fixed).max(10));
    let rest = cut(&format!("  {name}  {counts}"), width.saturating_sub(word.len()));
    InlineLine::new(&format!("{word}{rest}"), format!("{}{rest}", paint.verdict(verdict, word)))
}

/// The widths of the columns.
struct Table {
    address: usize,
    state: usize,
    width: usize,
}

impl Table {
    fn of(endpoints: &[(Standing, &Address, &WatchedEndpoint)], width: usize) -> Table {
        let addresses = endpoints.iter().map(|(_, address, _)| escape(&address.to_string()).chars().count());
        let address = addresses.max().unwrap_or(0);
        let state = endpoints.iter().map(|(_, _, endpoint)| state(endpoint).len()).max().unwrap_or(0);
        Table { address: address.clamp(8, (width / 2).max(8)), state: state.max(5), width }
    }

    fn line(&self, address: &str, state: &str, since: &str, why: &str) -> String {
        let (first, second) = (self.address, self.state);
        let line = format!("{address:<first$}  {state:<second$}  {since:<6}  {why}");
        cut(line.trim_end(), self.width)
    }

    fn row(&self, address: &Address, endpoint: &WatchedEndpoint, now: Elapsed) -> String {
        let address = middle(&escape(&address.to_string()), self.address);
        let why = endpoint.why(now);
        self.line(&address, state(endpoint), &age(now.since(endpoint.since)), &escape(&why))
    }
}

/// `q quit  p pause  r reconnect  c call now  i go idle        discovery: file 60`.
fn keys(state: &WatchState, scene: &Scene) -> String {
    let mut sources = Vec::new();
    for service in state.services() {
        for source in &service.sources {
            let name = escape(&service.name(&source.source)).into_owned();
            sources.push(match (source.total, &source.broken) {
                (_, Some(_)) => format!("{name} lost"),
                (Some(total), None) => format!("{name} {total}"),
                (None, None) => name,
            });
        }
    }
    let keys = match (scene.has_keys, scene.is_paused) {
        (false, _) => "Ctrl-C to stop",
        (true, false) => "q quit  p pause  r reconnect  c call now  i go idle",
        (true, true) => "q quit  p continue",
    };
    let up = match scene.is_paused {
        true => "PAUSED".to_string(),
        false => age(scene.now.since_start()),
    };
    match sources.is_empty() {
        true => format!("{keys}    {up}"),
        false => format!("{keys}    listed: {}, {up}", sources.join(", ")),
    }
}

/// `6s`, `2m05s`, `1h03m`.
fn age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ ..60 => format!("{seconds}s"),
        seconds @ ..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        seconds => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// `text` in at most `width` columns, cut between two words.
fn cut(text: &str, width: usize) -> String {
    if measure_text_width(text) <= width {
        return text.to_string();
    }
    let most = console::truncate_str(text, width.saturating_sub(1), "").into_owned();
    let ends_between_words = text[most.len()..].starts_with(' ');
    let kept = match most.rfind(' ') {
        Some(space) if !ends_between_words => &most[..space],
        _ => &most,
    };
    format!("{}…", kept.trim_end())
}

/// `text` in at most `width` characters, elided in the middle.
fn middle(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width || width < 4 {
        return text.to_string();
    }
    let (before, after) = ((width - 1) / 2, width - 1 - (width - 1) / 2);
    let start: String = text.chars().take(before).collect();
    let end: String = text.chars().skip(length - after).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_words_and_names_in_the_middle() {
        assert_eq!(cut("connection refused, next attempt", 32), "connection refused, next attempt");
        assert_eq!(cut("connection refused, next attempt", 24), "connection refused,…");
        assert_eq!(cut("connection refused, next attempt", 19), "connection…");
        assert_eq!(middle("very-long-name.example:50051", 15), "very-lo…e:50051");
        assert_eq!(middle("short", 15), "short");
    }

    #[test]
    fn ages_are_whole_seconds() {
        for (seconds, shown) in [(0, "0s"), (59, "59s"), (125, "2m05s"), (3_780, "1h03m")] {
            assert_eq!(age(Duration::from_secs(seconds)), shown);
        }
    }
}
