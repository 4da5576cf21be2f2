//! Errors of the operating system: their code, and the kernel's own message.

use std::io;

use crate::model::reach::{FailureCode, Resource};
use crate::net::io_text;
use crate::platform::errno::{EMFILE, ENFILE, ENOBUFS};

/// The code for an error of the operating system, and the kernel's own message: `connection refused`.
pub(super) fn classify(error: &io::Error) -> (FailureCode, String) {
    use io::ErrorKind;
    let code = match error.kind() {
        ErrorKind::ConnectionRefused => FailureCode::Refused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => FailureCode::Unreachable,
        ErrorKind::ConnectionReset => FailureCode::Reset,
        ErrorKind::TimedOut => FailureCode::TimedOut,
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => FailureCode::Closed,
        ErrorKind::PermissionDenied | ErrorKind::Unsupported => FailureCode::Local,
        _ => exhausted(error).map_or(FailureCode::Io, FailureCode::Exhausted),
    };
    (code, io_text(error))
}

/// What this machine ran out of, if that is the error.
fn exhausted(error: &io::Error) -> Option<Resource> {
    use io::ErrorKind;
    match (error.kind(), error.raw_os_error()) {
        (ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse | ErrorKind::WouldBlock, _) => Some(Resource::Ports),
        (ErrorKind::OutOfMemory, _) => Some(Resource::Memory),
        (_, Some(EMFILE)) => Some(Resource::Files),
        (_, Some(ENFILE)) => Some(Resource::SystemFiles),
        (_, Some(ENOBUFS)) => Some(Resource::Memory),
        _ => None,
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_kernel_keep_its_text() {
        let of = |number| classify(&io::Error::from_raw_os_error(number));
        assert_eq!(of(111), (FailureCode::Refused, "connection refused".to_string()));
        assert_eq!(of(113), (FailureCode::Unreachable, "no route to host".to_string()));
        assert_eq!(of(101).0, FailureCode::Unreachable);
        assert_eq!(of(104).0, FailureCode::Reset);
        assert_eq!(of(110).0, FailureCode::TimedOut);
        assert_eq!(of(24), (FailureCode::Exhausted(Resource::Files), "too many open files".to_string()));
        assert_eq!(of(23).0, FailureCode::Exhausted(Resource::SystemFiles));
        assert_eq!(of(99).0, FailureCode::Exhausted(Resource::Ports));
        assert_eq!(of(11).0, FailureCode::Exhausted(Resource::Ports));
        assert_eq!(of(105).0, FailureCode::Exhausted(Resource::Memory));
        assert_eq!(of(12).0, FailureCode::Exhausted(Resource::Memory));
        assert_eq!(of(1).0, FailureCode::Local);
        assert_eq!(of(5).0, FailureCode::Io);
    }
}
