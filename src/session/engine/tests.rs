//! Whole courses of a session, on a pure engine.
