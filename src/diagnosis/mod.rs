//! What the events mean, PURE.
