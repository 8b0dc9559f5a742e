//! Identity tokens: JSON Web Tokens (RFC 7519) signed by a key of a set (RFC 7517), read strictly.
//!
//! The algorithms are those that issuers sign with, each bound to one type of key; `none` and shared secrets are not among
//! them. Signatures are checked by ring, which TLS brings along; the libraries for whole tokens either bring another
//! implementation of RSA with an open advisory or a second one in C (docs/decisions/0015).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Largest token, in bytes.
const SIZE_MAX: usize = 32 << 10;
/// Most keys of a set.
const KEYS_MAX: usize = 64;
/// How far clocks may be apart, in seconds.
const LEEWAY: u64 = 60;
/// How old a token may be that answers what was just asked, in seconds.
const AGE_MAX: u64 = 600;

/// Why a token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum JwtError {
    #[error("it is no signed JSON Web Token: {0}")]
    Form(&'static str),
    #[error("algorithm `{0}` is not taken")]
    Algorithm(String),
    #[error("no key of the issuer goes with it")]
    NoKey,
    #[error("its signature is not the issuer's")]
    Signature,
    #[error("its `{0}` is not as it must be")]
    Claim(&'static str),
}

impl JwtError {
    /// Whether newer keys of the issuer may help.
    pub(super) fn wants_newer_keys(&self) -> bool {
        matches!(self, Self::NoKey | Self::Signature)
    }
}

/// Bytes in base64 for addresses, without padding.
pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The keys of an issuer.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct KeySet {
    keys: Vec<Key>,
}

/// One of them, as far as it is looked at.
#[derive(Debug, Clone, Deserialize)]
struct Key {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

/// How a signature of an algorithm is checked, and with what type of key and curve.
enum Scheme {
    Rsa(&'static RsaParameters),
    /// A point of the curve, in bytes for each coordinate.
    Curve(&'static str, usize, &'static dyn VerificationAlgorithm),
    Edwards,
}

fn scheme(algorithm: &str) -> Option<Scheme> {
    Some(match algorithm {
        "RS256" => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA512),
        "PS256" => Scheme::Rsa(&RSA_PSS_2048_8192_SHA256),
        "ES256" => Scheme::Curve("P-256", 32, &ECDSA_P256_SHA256_FIXED),
        "ES384" => Scheme::Curve("P-384", 48, &ECDSA_P384_SHA384_FIXED),
        "EdDSA" | "Ed25519" => Scheme::Edwards,
        _ => return None,
    })
}

impl Key {
    fn goes_with(&self, scheme: &Scheme, algorithm: &str, kid: Option<&str>) -> bool {
        let (kty, crv) = match scheme {
            Scheme::Rsa(_) => ("RSA", None),
            Scheme::Curve(curve, ..) => ("EC", Some(*curve)),
            Scheme::Edwards => ("OKP", Some("Ed25519")),
        };
        self.kty == kty
            && crv.is_none_or(|crv| self.crv.as_deref() == Some(crv))
            && self.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.alg.as_deref().is_none_or(|alg| alg == algorithm)
            && kid.is_none_or(|kid| self.kid.as_deref() == Some(kid))
    }

    fn has_signed(&self, scheme: &Scheme, signed: &[u8], signature: &[u8]) -> bool {
        let part = |text: &Option<String>| text.as_deref().and_then(decode);
        let checked = || -> Option<bool> {
            Some(match scheme {
                Scheme::Rsa(parameters) => {
                    let (n, e) = (part(&self.n)?, part(&self.e)?);
                    RsaPublicKeyComponents { n, e }.verify(parameters, signed, signature).is_ok()
                }
                Scheme::Curve(_, size, algorithm) => {
                    let (x, y) = (part(&self.x)?, part(&self.y)?);
                    if x.len() != *size || y.len() != *size {
                        return None;
                    }
                    let point = [&[4], x.as_slice(), &y].concat();
                    UnparsedPublicKey::new(*algorithm, point).verify(signed, signature).is_ok()
                }
                Scheme::Edwards => {
                    UnparsedPublicKey::new(&ED25519, part(&self.x)?).verify(signed, signature).is_ok()
                }
            })
        };
        checked().unwrap_or(false)
    }
}

/// The head of a token, as far as it is looked at.
#[derive(Deserialize)]
struct Head {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

/// One or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What a token says.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Claims {
    iss: String,
    /// Who it is, for ever and for this issuer alone.
    pub(super) sub: String,
    aud: Audience,
    #[serde(default)]
    azp: Option<String>,
    exp: Seconds,
    iat: Seconds,
    #[serde(default)]
    nbf: Option<Seconds>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: Option<serde_json::Value>,
}

impl Claims {
    /// The address, where the issuer has made sure that it is theirs.
    pub(super) fn email(&self) -> Option<&str> {
        let verified = matches!(self.email_verified, Some(serde_json::Value::Bool(true)));
        self.email.as_deref().filter(|_| verified)
    }
}

/// Seconds since 1970; some issuers write fractions.
#[derive(Debug, Clone, Copy)]
struct Seconds(u64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        let whole =
            || number.as_f64().filter(|seconds| (0.0..1e12).contains(seconds)).map(|seconds| seconds as u64);
        let seconds = number.as_u64().or_else(whole);
        seconds.map(Self).ok_or_else(|| serde::de::Error::custom("no time"))
    }
}

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    /// Seconds since 1970.
    pub(super) now: u64,
}

impl KeySet {
    /// Reads a set of keys; those of types unknown here stay in it and go with nothing.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let set: Self = serde_json::from_slice(bytes).ok()?;
        (set.keys.len() <= KEYS_MAX).then_some(set)
    }

    /// What a token says, if one of these keys signed it and it says what it must (OpenID Connect Core 1.0, 3.1.3.7).
    pub(super) fn open(&self, token: &str, wanted: Wanted<'_>) -> Result<Claims, JwtError> {
        if token.len() > SIZE_MAX {
            return Err(JwtError::Form("it is too long"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwtError::Form("it has no parts"))?;
        let (head, claims) = signed.split_once('.').ok_or(JwtError::Form("it has two parts"))?;
        let Head { alg, kid, crit } = part(head).ok_or(JwtError::Form("its head is not readable"))?;
        if crit.is_some() {
            return Err(JwtError::Form("its head demands what is not known here"));
        }
        let scheme = scheme(&alg).ok_or_else(|| JwtError::Algorithm(affiant_ledger::id::visible(&alg)))?;
        let signature = decode(signature).ok_or(JwtError::Form("its signature is not readable"))?;
        let mut fitting =
            self.keys.iter().filter(|key| key.goes_with(&scheme, &alg, kid.as_deref())).peekable();
        if fitting.peek().is_none() {
            return Err(JwtError::NoKey);
        }
        if !fitting.any(|key| key.has_signed(&scheme, signed.as_bytes(), &signature)) {
            return Err(JwtError::Signature);
        }
        let claims: Claims = part(claims).ok_or(JwtError::Form("its claims are not readable"))?;
        claims.check(wanted)?;
        Ok(claims)
    }
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&decode(text)?).ok()
}

impl Claims {
    fn check(&self, wanted: Wanted<'_>) -> Result<(), JwtError> {
        let demand = |holds: bool, claim| if holds { Ok(()) } else { Err(JwtError::Claim(claim)) };
        demand(self.iss == wanted.issuer, "iss")?;
        let (named, alone) = match &self.aud {
            Audience::One(one) => (one == wanted.client, true),
            Audience::Many(many) => (many.iter().any(|one| one == wanted.client), many.len() == 1),
        };
        demand(named, "aud")?;
        let party = self.azp.as_deref();
        demand(party.map_or(alone, |party| party == wanted.client), "azp")?;
        demand(self.exp.0.saturating_add(LEEWAY) > wanted.now, "exp")?;
        demand(self.iat.0 <= wanted.now + LEEWAY && self.iat.0 + AGE_MAX >= wanted.now, "iat")?;
        demand(self.nbf.is_none_or(|from| from.0 <= wanted.now + LEEWAY), "nbf")?;
        demand(self.nonce.as_deref() == Some(wanted.nonce), "nonce")?;
        demand((1..=255).contains(&self.sub.len()), "sub")
    }
}

#[cfg(test)]
mod tests {
    use super::{JwtError, KeySet, Wanted, encode};
    use p256::ecdsa::signature::Signer;
    use p256::ecdsa::{Signature, SigningKey};
    use serde_json::{Value, json};

    const NOW: u64 = 1_800_000_000;

    fn wanted() -> Wanted<'static> {
        Wanted { issuer: "https://login.example", client: "affiant", nonce: "n-1", now: NOW }
    }

    fn claims() -> Value {
        json!({"iss": "https://login.example", "aud": "affiant", "sub": "248", "nonce": "n-1", "iat": NOW - 5,
            "exp": NOW + 300, "email": "anna@example.org", "email_verified": true})
    }

    /// An issuer's pair of keys.
    struct Pair(SigningKey);

    impl Pair {
        fn new(seed: u8) -> Self {
            Self(SigningKey::from_slice(&[seed; 32]).unwrap())
        }

        fn key(&self) -> Value {
            let point = self.0.verifying_key().to_sec1_point(false);
            let (x, y) = (encode(&point.as_bytes()[1..33]), encode(&point.as_bytes()[33..]));
            json!({"kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "x": x, "y": y})
        }

        fn set(&self) -> KeySet {
            KeySet::from_bytes(json!({"keys": [self.key()]}).to_string().as_bytes()).unwrap()
        }

        fn sign(&self, head: &Value, claims: &Value) -> String {
            let signed =
                format!("{}.{}", encode(head.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
            let signature: Signature = self.0.sign(signed.as_bytes());
            format!("{signed}.{}", encode(&signature.to_bytes()))
        }
    }

    #[test]
    fn what_an_issuer_signed_is_believed() {
        let pair = Pair::new(1);
        let token = pair.sign(&json!({"alg": "ES256", "kid": "k1"}), &claims());
        let opened = pair.set().open(&token, wanted()).unwrap();
        assert_eq!((opened.sub.as_str(), opened.email()), ("248", Some("anna@example.org")));
        let without = pair.sign(&json!({"alg": "ES256"}), &claims());
        assert!(pair.set().open(&without, wanted()).is_ok(), "no key is named, one fits");
    }

    #[test]
    fn an_address_nobody_has_verified_is_none() {
        let pair = Pair::new(1);
        for verified in [json!(false), json!("true"), json!(1), Value::Null] {
            let mut claims = claims();
            claims["email_verified"] = verified.clone();
            let token = pair.sign(&json!({"alg": "ES256"}), &claims);
            assert_eq!(pair.set().open(&token, wanted()).unwrap().email(), None, "{verified}");
        }
    }

    #[test]
    fn every_claim_is_looked_at() {
        let pair = Pair::new(1);
        for (name, value, wrong) in [
            ("iss", json!("https://login.example/"), "iss"),
            ("aud", json!("other"), "aud"),
            ("aud", json!([]), "aud"),
            ("aud", json!(["affiant", "other"]), "azp"),
            ("azp", json!("other"), "azp"),
            ("exp", json!(NOW - 61), "exp"),
            ("iat", json!(NOW + 61), "iat"),
            ("iat", json!(NOW - 601), "iat"),
            ("nbf", json!(NOW + 61), "nbf"),
            ("nonce", json!("n-2"), "nonce"),
            ("nonce", Value::Null, "nonce"),
            ("sub", json!(""), "sub"),
            ("sub", json!("a".repeat(256)), "sub"),
        ] {
            let mut claims = claims();
            claims[name] = value.clone();
            let token = pair.sign(&json!({"alg": "ES256", "kid": "k1"}), &claims);
            let opened = pair.set().open(&token, wanted()).unwrap_err();
            assert_eq!(opened, JwtError::Claim(wrong), "{name} {value}");
        }
        // A claim of the wrong type is no absent claim.
        for (name, value) in
            [("exp", json!("1900000000")), ("nbf", json!("9")), ("iat", json!(-1)), ("sub", json!(7))]
        {
            let mut claims = claims();
            claims[name] = value;
            let token = pair.sign(&json!({"alg": "ES256", "kid": "k1"}), &claims);
            assert!(matches!(pair.set().open(&token, wanted()), Err(JwtError::Form(_))), "{name}");
        }
        let mut two = claims();
        two["aud"] = json!(["affiant", "other"]);
        two["azp"] = json!("affiant");
        two["exp"] = json!(1_800_000_100.5);
        assert!(pair.set().open(&pair.sign(&json!({"alg": "ES256"}), &two), wanted()).is_ok());
    }

    #[test]
    fn what_others_signed_is_not_believed() {
        let (pair, other) = (Pair::new(1), Pair::new(2));
        let head = json!({"alg": "ES256", "kid": "k1"});
        let open = |token: &str| pair.set().open(token, wanted()).unwrap_err();
        assert_eq!(open(&other.sign(&head, &claims())), JwtError::Signature);
        assert_eq!(open(&pair.sign(&json!({"alg": "ES256", "kid": "k2"}), &claims())), JwtError::NoKey);
        for alg in ["none", "HS256", "NONE", "es256", ""] {
            let token = pair.sign(&json!({"alg": alg, "kid": "k1"}), &claims());
            assert_eq!(open(&token), JwtError::Algorithm(alg.to_owned()));
        }
        // A key is for its own algorithm.
        for alg in ["RS256", "EdDSA", "ES384"] {
            assert_eq!(
                open(&pair.sign(&json!({"alg": alg, "kid": "k1"}), &claims())),
                JwtError::NoKey,
                "{alg}"
            );
        }
        let crit = json!({"alg": "ES256", "kid": "k1", "crit": ["exp"]});
        assert!(matches!(open(&pair.sign(&crit, &claims())), JwtError::Form(_)));
        // Every other byte of it is signed.
        let token = pair.sign(&head, &claims());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(pair.set().open(std::str::from_utf8(&bytes).unwrap(), wanted()).is_err(), "byte {at}");
        }
        for broken in [
            "",
            ".",
            "..",
            "a.b",
            "a.b.c",
            &token[..token.len() - 2],
            &format!("{token}.x"),
            &"a".repeat(40_000),
        ] {
            assert!(pair.set().open(broken, wanted()).is_err());
        }
    }

    #[test]
    fn keys_for_other_ends_are_passed_over() {
        let pair = Pair::new(1);
        let token = pair.sign(&json!({"alg": "ES256", "kid": "k1"}), &claims());
        for (name, value) in
            [("use", "enc"), ("alg", "ES384"), ("crv", "P-384"), ("kty", "RSA"), ("kid", "k2")]
        {
            let mut key = pair.key();
            key[name] = json!(value);
            let set =
                KeySet::from_bytes(json!({"keys": [{"kty": "oct", "k": "AA"}, key]}).to_string().as_bytes())
                    .unwrap();
            assert_eq!(set.open(&token, wanted()).unwrap_err(), JwtError::NoKey, "{name}");
        }
        let mut short = pair.key();
        short["x"] = json!("AA");
        let set = KeySet::from_bytes(json!({"keys": [short]}).to_string().as_bytes()).unwrap();
        assert_eq!(set.open(&token, wanted()).unwrap_err(), JwtError::Signature);
        let many: Vec<Value> = (0..65).map(|_| pair.key()).collect();
        assert!(KeySet::from_bytes(json!({"keys": many}).to_string().as_bytes()).is_none());
    }

    /// RFC 7515, appendix A.2: signed with RS256 by others.
    #[test]
    fn the_example_of_the_rfc_is_signed() {
        let key = json!({"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"});
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        let set = KeySet::from_bytes(json!({"keys": [key]}).to_string().as_bytes()).unwrap();
        // The signature holds; what it says is no identity.
        assert!(matches!(set.open(token, wanted()), Err(JwtError::Form("its claims are not readable"))));
        let other = token.replace("cC4h", "cC4i");
        assert_eq!(set.open(&other, wanted()).unwrap_err(), JwtError::Signature);
    }
}
