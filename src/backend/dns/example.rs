//! The target in errors when nothing is known about the intended one: DNS is every client's default.

/// gRPC's own form of a target.
pub const EXAMPLE: &str = "dns:///pay.example:50051";
