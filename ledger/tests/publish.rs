//! The published log: read with others' code, refused where it must be, whole after every stop.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod publish {
    mod interop;
    mod log;
    mod refused;
    mod stopped;
    mod written;
}
