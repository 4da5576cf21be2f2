//! Conclusions from hand-written ledgers.
