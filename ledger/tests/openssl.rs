//! Keys of ours and of stock openssl: each reads what the other wrote, and their signatures are each other's.
//!
//! Without openssl on the machine these tests say so and prove nothing.

#![cfg(feature = "sled")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says that it was skipped"
)]

use affiant_ledger::disk::Disk;
use affiant_ledger::key::{KeyError, Passphrase, SigningKey, VerifyingKey};
use affiant_ledger::keyfile;
use affiant_ledger::note::{from_base64, to_base64};
use std::fs;
use std::path::Path;
use std::process::Command;

const PASSPHRASE: &str = "correct horse battery";

/// Whether openssl 3 is here; says loudly when it is not.
fn openssl_is_here() -> bool {
    let version = Command::new("openssl").arg("version").output();
    let found = version.is_ok_and(|output| output.stdout.starts_with(b"OpenSSL 3"));
    if !found {
        eprintln!("SKIPPED: no openssl 3 on this machine, interoperability of keys is not tested");
    }
    found
}

/// Runs openssl in a folder with words parted by spaces; gives its standard output.
fn openssl(folder: &Path, words: &str) -> String {
    let output = Command::new("openssl").args(words.split(' ')).current_dir(folder).output().unwrap();
    let (out, err) = (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "openssl {words}: {err}");
    String::from_utf8(out).unwrap()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned()).unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pass"), format!("{PASSPHRASE}\n")).unwrap();
    folder
}

#[test]
fn openssl_reads_our_keys_plain_and_encrypted() {
    if !openssl_is_here() {
        return;
    }
    let folder = folder();
    let at = folder.path();
    let key = SigningKey::generate();
    keyfile::write(&Disk, &at.join("plain.pem"), &key).unwrap();
    keyfile::write_with(&Disk, &at.join("sealed.pem"), &key, Some(&passphrase(PASSPHRASE))).unwrap();
    let public = key.verifying_key().to_pem();
    assert_eq!(openssl(at, "pkey -in plain.pem -pubout"), public);
    assert_eq!(openssl(at, "pkey -in sealed.pem -passin file:pass -pubout"), public);
    // The scheme it is written in, as openssl names it.
    let scheme = openssl(at, "asn1parse -in sealed.pem");
    for name in ["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", "0927C0"] {
        assert!(scheme.contains(name), "{name} is not in {scheme}");
    }
}

#[test]
fn we_read_keys_that_openssl_made_plain_and_encrypted() {
    if !openssl_is_here() {
        return;
    }
    let folder = folder();
    let at = folder.path();
    openssl(at, "genpkey -algorithm ed25519 -out plain.pem");
    let public = VerifyingKey::from_pem(&openssl(at, "pkey -in plain.pem -pubout")).unwrap();
    let read = |name: &str, passphrase| {
        let pem = fs::read_to_string(at.join(name)).unwrap();
        SigningKey::open_pem(&pem, passphrase).map(|key| key.verifying_key())
    };
    assert_eq!(read("plain.pem", None), Ok(public));
    let (right, wrong) = (passphrase(PASSPHRASE), passphrase("incorrect"));
    for how in [
        "-v2 aes-256-cbc",
        "-v2 aes-128-cbc -v2prf hmacWithSHA512",
        "-v2 aes-256-cbc -iter 1000000",
        "-scrypt",
        "-scrypt -scrypt_N 4096 -scrypt_r 4 -scrypt_p 2",
    ] {
        openssl(at, &format!("pkcs8 -topk8 -in plain.pem {how} -passout file:pass -out sealed.pem"));
        assert_eq!(read("sealed.pem", Some(&right)), Ok(public), "{how}");
        assert_eq!(read("sealed.pem", None), Err(KeyError::Encrypted), "{how}");
        assert_eq!(read("sealed.pem", Some(&wrong)), Err(KeyError::WrongPassphrase), "{how}");
    }
}

#[test]
fn what_costs_too_much_or_is_too_old_is_refused() {
    if !openssl_is_here() {
        return;
    }
    let folder = folder();
    let at = folder.path();
    openssl(at, "genpkey -algorithm ed25519 -out plain.pem");
    let refused = |how: &str| {
        openssl(at, &format!("pkcs8 -topk8 -in plain.pem {how} -passout file:pass -out sealed.pem"));
        let pem = fs::read_to_string(at.join("sealed.pem")).unwrap();
        SigningKey::open_pem(&pem, Some(&passphrase(PASSPHRASE))).unwrap_err()
    };
    let rounds = refused("-v2 aes-256-cbc -iter 5000000");
    assert_eq!(
        rounds.to_string(),
        "opening the private key would take 5000000 rounds of PBKDF2, the limit is 4000000"
    );
    // openssl makes none beyond 32 MiB itself: cost 16,384, block size 8, parallelisation 1 become 16,384, 127, 1.
    openssl(at, "pkcs8 -topk8 -in plain.pem -scrypt -passout file:pass -out sealed.pem");
    let pem = fs::read_to_string(at.join("sealed.pem")).unwrap();
    let mut der =
        from_base64(&pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
    let parameters = [0x02, 0x02, 0x40, 0x00, 0x02, 0x01, 0x08, 0x02, 0x01, 0x01];
    let found = der.windows(parameters.len()).position(|window| window == parameters).unwrap();
    der[found + 6] = 127;
    let pem = format!(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{}\n-----END ENCRYPTED PRIVATE KEY-----\n",
        to_base64(&der)
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect::<Vec<_>>()
            .join("\n")
    );
    let blocks = SigningKey::open_pem(&pem, Some(&passphrase(PASSPHRASE))).unwrap_err();
    assert!(
        matches!(blocks, KeyError::Cost { asked: 2_080_768, unit: "blocks of scrypt", .. }),
        "{blocks:?}"
    );
    assert_eq!(refused("-v1 PBE-SHA1-3DES"), KeyError::Scheme);
}

#[test]
fn signatures_are_each_others() {
    if !openssl_is_here() {
        return;
    }
    let folder = folder();
    let at = folder.path();
    let key = SigningKey::generate();
    let message = b"affiant statement v1\nby openssl";
    fs::write(at.join("message"), message).unwrap();
    keyfile::write_with(&Disk, &at.join("sealed.pem"), &key, Some(&passphrase(PASSPHRASE))).unwrap();
    openssl(at, "pkeyutl -sign -rawin -inkey sealed.pem -passin file:pass -in message -out theirs");
    let theirs: [u8; 64] = fs::read(at.join("theirs")).unwrap().try_into().unwrap();
    assert!(key.verifying_key().verifies(message, &theirs));
    assert_eq!(theirs, key.sign(message), "Ed25519 is deterministic");
    fs::write(at.join("public.pem"), key.verifying_key().to_pem()).unwrap();
    fs::write(at.join("ours"), key.sign(message)).unwrap();
    openssl(at, "pkeyutl -verify -rawin -pubin -inkey public.pem -in message -sigfile ours");
}
