//! The target that an error shows where nothing is known of what was meant: DNS is every client's default.

/// gRPC's own form of a target.
pub const EXAMPLE: &str = "dns:///pay.example:50051";
