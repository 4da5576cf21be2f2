//! [`Setup`]: what all attempts of a transport share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use tokio::sync::OnceCell;

use super::metadata::{self, MetadataError};
use super::mode::Mode;
use super::options::Options;
use super::tls::{Tls, TlsSetupError};
use crate::model::endpoint::Address;
use crate::net::dial::Dial;

/// For how many addresses the detected mode is remembered.
const MODES_KEPT: usize = 4096;

/// What all attempts of a transport share.
pub(super) struct Setup {
    pub options: Options,
    pub dial: Arc<dyn Dial>,
    pub metadata: Arc<Result<HeaderMap, MetadataError>>,
    tls: OnceCell<Result<Tls, TlsSetupError>>,
    /// The right mode, where [`TlsMode::Auto`] tried another mode first.
    modes: Mutex<HashMap<Address, Mode>>,
}

impl Setup {
    /// Nothing is read or contacted yet.
    pub fn new(options: Options, dial: Arc<dyn Dial>) -> Setup {
        let metadata = Arc::new(metadata::headers(&options.metadata));
        Setup { options, dial, metadata, tls: OnceCell::new(), modes: Mutex::default() }
    }

    /// What TLS needs. Its files, including the system's roots, are read once, and not on the thread of the
    /// connections.
    pub async fn tls(&self) -> Result<&Tls, &TlsSetupError> {
        let loaded = self.tls.get_or_init(|| async {
            let options = self.options.clone();
            let loading = tokio::task::spawn_blocking(move || Tls::load(&options));
            loading.await?
        });
        loaded.await.as_ref()
    }

    pub fn known_mode(&self, address: &Address) -> Option<Mode> {
        self.modes.lock().unwrap_or_else(PoisonError::into_inner).get(address).copied()
    }

    pub fn learn_mode(&self, address: &Address, mode: Mode) {
        let mut modes = self.modes.lock().unwrap_or_else(PoisonError::into_inner);
        if modes.len() >= MODES_KEPT {
            // Detected again where it is still needed.
            modes.clear();
        }
        modes.insert(address.clone(), mode);
    }
}
