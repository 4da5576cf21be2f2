//! Against real servers (tests/run provides them).
