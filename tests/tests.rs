//! What visitors see, through the binary: their journeys, what is refused, what the pages promise, what a kill leaves.
//!
//! One integration binary, so that the program is linked once. What a formula says is tested in its crate.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests: a failure is an answer")]

mod support {
    pub(crate) mod answer;
    pub(crate) mod folder;
    pub(crate) mod issuer;
    pub(crate) mod place;
    pub(crate) mod receiver;
    pub(crate) mod service;
}

mod journeys {
    mod access;
    mod assets;
    mod auditor;
    mod catalog;
    mod collector;
    mod demo;
    mod exports;
    mod figures;
    mod findings;
    mod issuer;
    mod keys;
    mod ledger;
    mod let_in;
    mod notify;
    mod officer;
    mod packs;
    mod past;
    mod people;
    mod pins;
    mod pipeline;
    mod posture;
    mod publish;
    mod remote;
    mod remote_spool;
    mod runs;
    mod samples;
    mod scope;
    mod service;
    mod sign_offs;
    mod signers;
    mod walks;
}

mod bad_input {
    mod documents;
    mod ledgers;
    mod refusal;
    mod requests;
    mod rows;
    mod words;
}

mod docs {
    mod pages;
    mod session;
}

mod tidy {
    mod doors;
    mod formats;
    mod manifests;
    mod sources;
    mod tree;
}

mod crash {
    mod kill;
    mod publish;
}
