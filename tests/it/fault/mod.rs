//! Faults of endpoints and of registries: what the tool promises while they last.

mod floods;
