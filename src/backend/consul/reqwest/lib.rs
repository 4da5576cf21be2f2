//! A stand-in for reqwest 0.11, which consulrs and rustify compile against and which this project never uses for a
//! connection: its own transport sends their requests (`consul/transport.rs`). So only the types and methods that the
//! two crates name are here, and every call that needs a real client fails. Why: docs/dependencies.md.

use std::fmt;

use http::{HeaderMap, Method, StatusCode, Uri};

/// The only error: this crate sends no request.
#[derive(Debug)]
pub struct Error;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("reqwest is replaced by a stand-in that sends no requests (docs/dependencies.md)")
    }
}

impl std::error::Error for Error {}

#[derive(Default)]
pub struct Client;

impl Client {
    pub async fn execute(&self, _request: Request) -> Result<Response, Error> {
        Err(Error)
    }
}

/// Accepts every setting and fails to build a client.
#[derive(Default)]
pub struct ClientBuilder;

impl ClientBuilder {
    pub fn new() -> Self {
        ClientBuilder
    }

    pub fn danger_accept_invalid_certs(self, _accept: bool) -> Self {
        self
    }

    pub fn add_root_certificate(self, certificate: Certificate) -> Self {
        match certificate {}
    }

    pub fn identity(self, identity: Identity) -> Self {
        match identity {}
    }

    pub fn build(self) -> Result<Client, Error> {
        Err(Error)
    }
}

/// Has no value, because none can be read.
pub enum Certificate {}

impl Certificate {
    pub fn from_pem(_pem: &[u8]) -> Result<Self, Error> {
        Err(Error)
    }
}

/// Has no value, because none can be read.
pub enum Identity {}

impl Identity {
    pub fn from_pem(_pem: &[u8]) -> Result<Self, Error> {
        Err(Error)
    }
}

pub struct Request(http::Request<Vec<u8>>);

impl TryFrom<http::Request<Vec<u8>>> for Request {
    type Error = Error;

    fn try_from(request: http::Request<Vec<u8>>) -> Result<Self, Error> {
        Ok(Request(request))
    }
}

impl Request {
    pub fn url(&self) -> &Uri {
        self.0.uri()
    }

    pub fn method(&self) -> &Method {
        self.0.method()
    }
}

/// Has no value, because no request is sent.
pub enum Response {}

impl Response {
    pub fn status(&self) -> StatusCode {
        match *self {}
    }

    pub fn headers(&self) -> &HeaderMap {
        match *self {}
    }

    pub async fn bytes(self) -> Result<Vec<u8>, Error> {
        match self {}
    }
}
