//! The files for TLS, read and checked before anything is contacted.

use std::fmt;
use std::path::PathBuf;

use grpc_discover::backend::Origin;
use grpc_discover::transport::{self, PemError, TlsFile};

use super::error::TlsError;
use super::{Environment, Layers, SettingError, text};

/// A file that a flag, a variable or the configuration file names.
pub struct File {
    pub path: PathBuf,
    /// The setting that names it: `--cacert`, `GRPC_DISCOVER_CACERT`.
    setting: String,
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.setting, self.path.display())
    }
}

/// The file of a flag, from the first layer that names one.
pub fn one(flag: &'static str, typed: &Option<PathBuf>, layers: &Layers) -> Result<Option<File>, SettingError> {
    let given = layers.one(flag, typed.clone(), |path| text(path).map(PathBuf::from))?;
    Ok(given.map(|path| File {
        setting: match path.origin {
            Origin::Env(name) => name,
            Origin::Config(file) => format!("{} of config {file}:", flag.trim_start_matches('-')),
            Origin::Flag(_) | Origin::System(_) | Origin::Default => flag.to_string(),
        },
        path: path.value,
    }))
}

/// Reads the files and checks their content.
pub fn check(
    cacert: Option<&File>,
    identity: Option<&(File, File)>,
    environment: &Environment,
) -> Result<(), TlsError> {
    let error = |file: &File, source| TlsError::File { file: file.to_string(), source };
    let read = |file: &File| (environment.read)(&file.path).map_err(|source| error(file, PemError::Unreadable(source)));
    if let Some(file) = cacert {
        transport::check_roots(read(file)?.as_bytes()).map_err(|source| error(file, source))?;
    }
    if let Some((cert, key)) = identity {
        let (chain, private) = (read(cert)?, read(key)?);
        let checked = transport::check_identity(chain.as_bytes(), private.as_bytes());
        checked.map_err(|(which, source)| match which {
            TlsFile::Key => error(key, source),
            TlsFile::CaCert | TlsFile::Cert => error(cert, source),
        })?;
    }
    Ok(())
}
