//! The first reading of processes: it shows which services their clients use.

use std::sync::Arc;

use futures_util::{StreamExt, stream};

use crate::model::client::{ClientView, Unread};
use crate::transport::{Dial, Options, Sockets};
use crate::witness::{ReadError, ReadScope, Reading, WITNESSES, Witness, WitnessContext};

/// How many processes are read at the same time.
const CONCURRENCY: usize = 16;

/// What the processes showed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Survey {
    /// Their clients.
    pub views: Vec<ClientView>,
    /// What could not be read, or not completely.
    pub unread: Vec<Unread>,
}

/// Reads every process once. A place that has the form of no witness is unread.
pub async fn survey(places: &[String], options: Options) -> Survey {
    survey_with(places, options, Arc::new(Sockets)).await
}

async fn survey_with(places: &[String], options: Options, dial: Arc<dyn Dial>) -> Survey {
    let context = WitnessContext { options, dial };
    let readings: Vec<_> = places.iter().map(|place| read(place.clone(), context.clone())).collect();
    let mut readings = stream::iter(readings).buffered(CONCURRENCY);
    let mut survey = Survey::default();
    while let Some((result, place)) = readings.next().await {
        match result {
            Ok(reading) => {
                if reading.clients.is_empty() && reading.partial.is_none() {
                    survey.unread.push(without_channels(&place));
                }
                survey.views.extend(reading.clients);
                survey.unread.extend(reading.partial);
            }
            Err((witness, error)) => survey.unread.push(unread(&place, witness, error)),
        }
    }
    survey
}

/// The first witness that can read `place`, or the error of the last one that tried.
async fn read(place: String, context: WitnessContext) -> (Result<Reading, (&'static str, ReadError)>, String) {
    let mut last = ("client", ReadError { why: not_a_place(), remedy: None, is_another: true });
    for witness in WITNESSES.iter().filter(|witness| witness.reads(&place)) {
        match witness.clients(&place, &ReadScope::Everything, &context).await {
            Ok(reading) => return (Ok(reading), place),
            Err(error) => last = (witness.name(), error),
        }
        if !last.1.is_another {
            break;
        }
    }
    (Err(last), place)
}

fn not_a_place() -> String {
    let forms: Vec<&str> = WITNESSES.iter().flat_map(|witness| witness.forms()).map(|(form, _)| *form).collect();
    format!("not a place where a client can be read; write one such as {}", forms.join(", "))
}

/// The witness that reads `place`, by the name of the witness that read it before.
pub(super) fn witness(name: &str) -> Option<&'static dyn Witness> {
    WITNESSES.iter().find(|witness| witness.name() == name).copied()
}

pub(super) fn unread(place: &str, witness: &'static str, error: ReadError) -> Unread {
    Unread { process: place.to_string(), witness, why: error.why, remedy: error.remedy, is_partial: false }
}

fn without_channels(place: &str) -> Unread {
    Unread {
        process: place.to_string(),
        witness: "channelz",
        why: "the process has no client channels".to_string(),
        remedy: Some(
            "Name the port of a process that is a client; for the clients of a server: `grpc-discover who TARGET`."
                .to_string(),
        ),
        is_partial: false,
    }
}
