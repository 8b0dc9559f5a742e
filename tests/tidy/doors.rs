//! One package, one door: a crate with a say over bytes is named in one file only (docs/architecture.md).

use super::tree::{read, sources};

/// Crate, and the files that may name it.
const DOORS: [(&str, &[&str]); 31] = [
    ("rustix", &["ledger/src/disk.rs"]),
    ("sled", &["ledger/src/table/database.rs"]),
    ("sha2", &["ledger/src/digest.rs"]),
    ("ed25519_dalek", &["ledger/src/key.rs"]),
    ("pkcs8", &["ledger/src/key/encrypted.rs"]),
    ("serde_cbor", &["ledger/src/codec.rs"]),
    ("rs_merkle", &["ledger/src/multiproof.rs"]),
    ("chrono", &["ledger/src/time.rs"]),
    ("getrandom", &["ledger/src/random.rs"]),
    ("base64", &["ledger/src/note.rs", "server/src/http/people/jwt.rs"]),
    ("toml", &["ledger/src/settings.rs"]),
    ("libc", &["ledger/src/files.rs"]),
    ("crc32fast", &["reports/src/archive.rs"]),
    ("p256", &["reports/src/seal/key.rs", "server/src/http/people/jwt.rs"]),
    ("cms", &["reports/src/seal/envelope.rs"]),
    (
        "x509_cert",
        &[
            "reports/src/seal/envelope.rs",
            "reports/src/seal/key.rs",
            "reports/src/seal/sealer.rs",
            "reports/src/seal/sealer/own.rs",
        ],
    ),
    ("printpdf", &["reports/src/render/pdf/canvas.rs"]),
    ("lopdf", &["reports/src/render/pdf/finish.rs"]),
    ("rpassword", &["cli/key/passphrase.rs"]),
    ("comfy_table", &["cli/output.rs"]),
    ("clap", &["cli/args.rs"]),
    ("ruzstd", &["controls/src/intake/archive.rs"]),
    ("ureq", &["cli/http.rs"]),
    ("hyper", &["server/src/http/listen.rs"]),
    ("hyper_util", &["server/src/http/listen.rs"]),
    ("tower_http", &["server/src/http/listen.rs"]),
    ("tokio_rustls", &["server/src/http/listen.rs", "server/src/http/tokens.rs"]),
    ("ring", &["server/src/http/people/jwt.rs"]),
    ("prometheus_client", &["server/src/http/metrics.rs"]),
    ("subtle", &["server/src/http/pages/session.rs", "server/src/http/tokens.rs"]),
    ("quick_xml", &["controls/src/intake/xml.rs"]),
];

/// Code without comments and texts, cut roughly: enough to find paths.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| match line.find("//") {
        Some(at) => &line[..at],
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether code names a crate: `use it;`, `use it::..`, `it::..`.
fn names(code: &str, package: &str) -> bool {
    code.match_indices(package).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + package.len()..];
        let starts =
            before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '.' && c != '"');
        let is_use = code[..at].ends_with("use ") && (after.starts_with(';') || after.starts_with(" as "));
        starts && (after.starts_with("::") || is_use)
    })
}

#[test]
fn each_package_is_imported_at_its_door_only() {
    let mut strays = Vec::new();
    for source in sources() {
        let code = code(&read(&source));
        let name = source.to_str().unwrap();
        for (package, doors) in DOORS {
            if names(&code, package) && !doors.contains(&name) {
                strays.push(format!("{name} names `{package}`, whose door is {}", doors.join(", ")));
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn every_door_is_used() {
    for (package, doors) in DOORS {
        for door in doors {
            assert!(names(&code(&read(door)), package), "{door} no longer names `{package}`: close the door");
        }
    }
}

#[test]
fn the_architecture_page_names_the_doors() {
    let page = read("docs/architecture.md");
    for (package, file) in [
        ("sled", "ledger/src/table/database.rs"),
        ("sha2", "ledger/src/digest.rs"),
        ("ed25519-dalek", "ledger/src/key.rs"),
        ("serde_cbor", "ledger/src/codec.rs"),
        ("rs_merkle", "ledger/src/multiproof.rs"),
        ("printpdf", "reports/src/render/pdf/canvas.rs"),
        ("chrono", "ledger/src/time.rs"),
        ("clap", "cli/args.rs"),
    ] {
        assert!(page.contains(&format!("| {package} | `{file}` |")), "{package}");
    }
}

#[test]
fn time_and_randomness_enter_at_one_place_each() {
    for source in sources() {
        let (code, name) = (code(&read(&source)), source.to_str().unwrap());
        let clock =
            code.contains("SystemTime::now") || code.contains("Utc::now") || code.contains("Local::now");
        assert!(!clock || name == "ledger/src/time.rs", "{name} asks for the present");
        assert!(!code.contains("rand::") || name == "ledger/src/random.rs", "{name} draws lots");
    }
}

#[test]
fn the_lint_knows_a_path_from_a_word() {
    assert!(names("use sled;", "sled"));
    assert!(names("let x = sled::open();", "sled"));
    assert!(names("use toml::de;", "toml"));
    assert!(
        !names("self.sled::<x>", "sled") && !names("tumbsled::x", "sled") && !names("let sled = 1;", "sled")
    );
    assert!(!names("affiant_ledger::sled::x", "sled"));
}
