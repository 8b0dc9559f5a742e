//! What people see: the pages in a real browser, as they are clicked through.
//!
//! Chromium is driven by chromedriver. Where they are not installed these tests are skipped, loudly, but never in CI.
//! Pictures of the pages are left in `target/screenshots`, or where `AFFIANT_SCREENSHOTS` says.

#![allow(clippy::unwrap_used, reason = "tests: a failure is an answer")]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
#[path = "../support"]
mod support {
    pub(crate) mod answer;
    pub(crate) mod issuer;
    pub(crate) mod place;
    pub(crate) mod service;
}

mod axe;
mod chrome;
mod hands;
mod hostile;
mod house;
mod look;
mod pages;
mod people;
mod story;
mod visitor;
