//! A service with two systems, and who may come.

use crate::support::place::Place;
use crate::support::service::Service;

/// The systems `scoring` and `other`, and their service.
pub(crate) struct House {
    pub(crate) place: Place,
    pub(crate) service: Service,
    pub(crate) officer: String,
    /// Of `scoring` only.
    pub(crate) auditor: String,
}

impl House {
    /// Opens it, with the trust file that auditors get by another way as `trust.keys`.
    pub(crate) fn open() -> Self {
        let place = Place::with_system();
        place.affiant(&["register", "system", "other", "--name", "Other", "--role", "deployer"]).expect(0);
        place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
        let words = [
            "push",
            "--system",
            "scoring",
            "--asset",
            "code",
            "--control",
            "AFF-EXP-13",
            "--status",
            "failed",
        ];
        place
            .affiant(&[&words[..], &["--summary", "unsafe loading of models", "--id", "first"]].concat())
            .expect(0);
        Self::of(place, &[], &["--system", "scoring"])
    }

    /// Opens the service of a place; `ledger` says which, `covers` what its auditor may see.
    pub(crate) fn of(place: Place, ledger: &[&str], covers: &[&str]) -> Self {
        let new = |words: &[&str], more: &[&str]| {
            let words = [&["token", "new"], words, more, ledger, &["--quiet"]].concat();
            place.affiant(&words).expect(0).stdout.trim().to_owned()
        };
        let officer = new(&["j-doe", "--role", "officer"], &[]);
        let auditor = new(&["a-roe", "--role", "auditor"], covers);
        let service = Service::start_with(&place, ledger);
        Self { place, service, officer, auditor }
    }

    /// The address of a page.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.service.address())
    }
}
