//! What running clients and servers show of themselves, as the types of [`crate::model::client`]. A witness is a file
//! and a line in [`WITNESSES`]; the rules that judge it are those of every other witness (`diagnosis::clients`).

pub mod channelz;
mod noted_dial;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::model::client::{ClientView, ServedClients, Unread};
use crate::model::endpoint::Address;
use crate::transport::{Dial, Options};

/// A source of evidence about running clients.
pub trait Witness: Send + Sync {
    /// Its name in the output: `channelz`.
    fn name(&self) -> &'static str;

    /// The forms of WHERE that it reads, for the help: `host:port`.
    fn forms(&self) -> &'static [(&'static str, &'static str)];

    /// True when `place` has one of its forms. Several witnesses may read one form: they are tried in the order of
    /// [`WITNESSES`].
    fn reads(&self, place: &str) -> bool;

    /// Reads the clients of the process at `place`.
    fn clients(
        &self,
        place: &str,
        scope: &ReadScope,
        context: &WitnessContext,
    ) -> BoxFuture<'static, Result<Reading, ReadError>>;

    /// Reads which clients are connected to `endpoint`; `None` when this witness does not show it.
    fn served(
        &self,
        _endpoint: &Address,
        _context: &WitnessContext,
    ) -> Option<BoxFuture<'static, Result<ServedReading, ReadError>>> {
        None
    }
}

/// Every witness, in the order in which they are tried.
pub static WITNESSES: &[&dyn Witness] = &[&channelz::Channelz];

/// The framework whose clients are recognized.
pub const KRATOS: &str = "kratos";

/// What a witness needs.
#[derive(Clone)]
pub struct WitnessContext {
    /// How addresses are reached.
    pub options: Options,
    /// Connects to them.
    pub dial: Arc<dyn Dial>,
}

/// Which clients of a process are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReadScope {
    /// All of them.
    #[default]
    Everything,
    /// Those that were read before, by their channel ids.
    Channels(Vec<u64>),
}

/// The clients of a process.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// One for each channel.
    pub clients: Vec<ClientView>,
    /// What was left out, and why.
    pub partial: Option<Unread>,
}

/// The clients of an endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct ServedReading {
    /// The clients.
    pub served: ServedClients,
    /// What was left out, and why.
    pub partial: Option<Unread>,
}

/// Why a process could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct ReadError {
    /// One clause.
    pub why: String,
    /// What makes it readable, where that is known.
    pub remedy: Option<String>,
    /// True when the place is there and shows itself in another way: the next witness may read it.
    pub is_another: bool,
}
