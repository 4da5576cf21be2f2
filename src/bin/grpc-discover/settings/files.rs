//! The files of TLS, read and checked before anything is contacted.

use std::fmt;
use std::io;
use std::path::PathBuf;

use grpc_discover::backend::Origin;
use grpc_discover::transport::{self, TlsFile};

use super::{Layers, World, Wrong, text};

/// A file that a flag, a variable or the configuration file names.
pub struct File {
    pub path: PathBuf,
    /// What names it: `--cacert`, `GRPC_DISCOVER_CACERT`.
    setting: String,
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.setting, self.path.display())
    }
}

/// The file of a flag, from the first layer that names one.
pub fn one(flag: &'static str, typed: &Option<PathBuf>, layers: &Layers) -> Result<Option<File>, Wrong> {
    let said = layers.one(flag, typed.clone(), |t| text(t).map(PathBuf::from))?;
    Ok(said.map(|path| File {
        setting: match path.origin {
            Origin::Env(name) => name,
            Origin::Config(file) => format!("{} of config {file}:", flag.trim_start_matches('-')),
            Origin::Flag(_) | Origin::System(_) | Origin::Default => flag.to_string(),
        },
        path: path.value,
    }))
}

/// Reads the files, and checks that they hold what they should.
pub fn check(cacert: Option<&File>, identity: Option<&(File, File)>, world: &World) -> Result<(), Wrong> {
    let wrong = |file: &File, why: &str| Wrong(format!("failed to read {file}: {why}"));
    let read =
        |file: &File| (world.read)(&file.path).map_err(|error: io::Error| wrong(file, &transport::unreadable(&error)));
    if let Some(file) = cacert {
        transport::check_roots(read(file)?.as_bytes()).map_err(|why| wrong(file, &why.to_string()))?;
    }
    if let Some((cert, key)) = identity {
        let (chain, private) = (read(cert)?, read(key)?);
        let checked = transport::check_identity(chain.as_bytes(), private.as_bytes());
        checked.map_err(|(which, why)| match which {
            TlsFile::Key => wrong(key, &why.to_string()),
            TlsFile::CaCert | TlsFile::Cert => wrong(cert, &why.to_string()),
        })?;
    }
    Ok(())
}
