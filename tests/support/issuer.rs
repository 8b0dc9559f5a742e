//! An issuer of identities beside a test (OpenID Connect): it asks nobody and lets in whoever the test says.

use affiant_ledger::digest::Digest;
use affiant_ledger::note::to_base64;
use affiant_ledger::time::{Clock, SystemClock};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

/// What it does; a test may change any of it.
pub(crate) struct Manners {
    /// Claims that take the place of what it would say; null takes one away.
    pub(crate) claims: Value,
    /// The key it signs with, and the one that stands in its set: their seeds.
    pub(crate) signs: u8,
    pub(crate) shows: u8,
    /// What it calls itself.
    pub(crate) name: Option<String>,
    /// What stands in its answer beside the code, in the place of `iss=…`.
    pub(crate) beside: Option<String>,
    /// Codes that wait: what was asked with them.
    codes: BTreeMap<String, BTreeMap<String, String>>,
    given: u64,
    /// Requests to the token endpoint.
    pub(crate) exchanges: u64,
}

impl Manners {
    fn good() -> Self {
        let (claims, codes) = (json!({}), BTreeMap::new());
        Self { claims, signs: 1, shows: 1, name: None, beside: None, codes, given: 0, exchanges: 0 }
    }
}

/// It listens as long as this lives.
pub(crate) struct Issuer {
    pub(crate) address: String,
    port: u16,
    manners: Arc<Mutex<Manners>>,
}

/// What the service shows it.
pub(crate) const CLIENT: &str = "affiant test";
pub(crate) const SECRET: &str = "s3cret/with:signs+";

impl Issuer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = format!("http://127.0.0.1:{port}");
        let manners = Arc::new(Mutex::new(Manners::good()));
        let (known, own) = (manners.clone(), address.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Its owner has gone when nobody else knows its manners.
                if Arc::strong_count(&known) == 1 {
                    return;
                }
                // A browser holds lines open on which it asks nothing; nobody waits for them.
                let (known, own) = (Arc::downgrade(&known), own.clone());
                std::thread::spawn(move || answer(&stream, &own, &known));
            }
        });
        Self { address, port, manners }
    }

    pub(crate) fn manners(&self) -> MutexGuard<'_, Manners> {
        self.manners.lock().unwrap()
    }

    /// What a browser does that is sent there: where it is sent back to.
    pub(crate) fn visit(&self, place: &str) -> String {
        let path = place.strip_prefix(&self.address).unwrap_or_else(|| panic!("sent to {place}"));
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: issuer\r\n\r\n").unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        let back = said.lines().find_map(|line| line.strip_prefix("location: "));
        back.unwrap_or_else(|| panic!("not sent back: {said}")).to_owned()
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.manners = Arc::new(Mutex::new(Manners::good()));
        // The knock that it sees this by.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn answer(mut stream: &TcpStream, own: &str, known: &Weak<Mutex<Manners>>) {
    let mut reader = BufReader::new(stream);
    let (mut line, mut headers) = (String::new(), BTreeMap::new());
    reader.read_line(&mut line).unwrap();
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).unwrap();
        let Some((name, value)) = field.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let Some(known) = known.upgrade() else { return };
    let mut manners = known.lock().unwrap();
    let target = line.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (status, location, body) = match path {
        "/.well-known/openid-configuration" => {
            let name = manners.name.clone().unwrap_or_else(|| own.to_owned());
            let said = json!({
                "issuer": name, "authorization_endpoint": format!("{own}/authorize"), "token_endpoint": format!("{own}/token"),
                "jwks_uri": format!("{own}/keys"), "authorization_response_iss_parameter_supported": true,
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            });
            (200, None, said)
        }
        "/keys" => (200, None, json!({"keys": [key(manners.shows)]})),
        "/authorize" => {
            let asked = fields(query);
            assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", CLIENT));
            assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
            assert_eq!(asked["code_challenge_method"], "S256");
            manners.given += 1;
            let code = format!("code-{}", manners.given);
            let beside = manners.beside.clone().unwrap_or_else(|| format!("iss={own}"));
            let back = format!("{}?code={code}&state={}&{beside}", asked["redirect_uri"], asked["state"]);
            manners.codes.insert(code, asked);
            (302, Some(back), Value::Null)
        }
        "/token" => {
            manners.exchanges += 1;
            let given = exchange(
                &mut manners,
                own,
                headers.get("authorization"),
                &fields(std::str::from_utf8(&body).unwrap()),
            );
            match given {
                Ok(token) => {
                    (200, None, json!({"access_token": "none", "token_type": "Bearer", "id_token": token}))
                }
                Err(error) => (400, None, json!({"error": error})),
            }
        }
        _ => (404, None, Value::Null),
    };
    let body = body.to_string();
    let location = location.map(|place| format!("location: {place}\r\n")).unwrap_or_default();
    let head =
        format!("HTTP/1.1 {status} -\r\ncontent-type: application/json\r\nconnection: close\r\n{location}");
    let _ = write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len());
}

/// A token for a code, if whoever brings it asked for it (RFC 7636) and is who it was given to.
fn exchange(
    manners: &mut Manners,
    own: &str,
    authorization: Option<&String>,
    form: &BTreeMap<String, String>,
) -> Result<String, &'static str> {
    let pair = "affiant+test:s3cret%2Fwith%3Asigns%2B";
    if authorization != Some(&format!("Basic {}", to_base64(pair.as_bytes()))) {
        return Err("invalid_client");
    }
    // Once, whatever comes of it.
    let asked = manners.codes.remove(&form["code"]).ok_or("invalid_grant")?;
    let challenge = url_base64(Digest::of(form["code_verifier"].as_bytes()).as_bytes());
    if challenge != asked["code_challenge"] || form["redirect_uri"] != asked["redirect_uri"] {
        return Err("invalid_grant");
    }
    let now = SystemClock.now().as_millis() / 1000;
    let mut claims = json!({
        "iss": own, "aud": CLIENT, "sub": "248289761001", "iat": now, "exp": now + 300, "nonce": asked["nonce"],
        "email": "A.Roe@example.org", "email_verified": true,
    });
    for (name, value) in manners.claims.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            other => claims[name] = other.clone(),
        }
    }
    let head = json!({"alg": "ES256", "kid": format!("key-{}", manners.signs)});
    let signed =
        format!("{}.{}", url_base64(head.to_string().as_bytes()), url_base64(claims.to_string().as_bytes()));
    let signature: Signature = pair_of(manners.signs).sign(signed.as_bytes());
    Ok(format!("{signed}.{}", url_base64(&signature.to_bytes())))
}

fn pair_of(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn key(seed: u8) -> Value {
    let point = pair_of(seed).verifying_key().to_sec1_point(false);
    let (x, y) = (&point.as_bytes()[1..33], &point.as_bytes()[33..]);
    json!({"kty": "EC", "crv": "P-256", "kid": format!("key-{seed}"), "x": url_base64(x), "y": url_base64(y)})
}

fn url_base64(bytes: &[u8]) -> String {
    to_base64(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}

/// The fields of a form.
fn fields(text: &str) -> BTreeMap<String, String> {
    let read = |text: &str| {
        let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            bytes.push(match first {
                b'+' => b' ',
                b'%' => {
                    let (digits, after) = rest.split_at(2);
                    rest = after;
                    u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap()
                }
                other => *other,
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (read(name), read(value)))
        .collect()
}
