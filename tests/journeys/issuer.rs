//! People who sign in with an issuer of identities.

use crate::support::issuer::{CLIENT, Issuer, SECRET};
use crate::support::place::Place;
use crate::support::service::{Said, Service};
use serde_json::{Value, json};

/// Where browsers are sent back to.
const PUBLIC: &str = "http://localhost:8470";

/// A service whose people are known to an issuer.
struct House {
    place: Place,
    issuer: Issuer,
    service: Service,
}

impl House {
    /// With a grant to `a.roe@example.org`.
    fn open() -> Self {
        let (place, issuer) = (Place::with_system(), Issuer::start());
        place
            .affiant(&[
                "token",
                "new",
                "a-roe",
                "--role",
                "officer",
                "--issuer",
                &issuer.address,
                "--person",
                "a.roe@example.org",
            ])
            .expect(0);
        let secret = place.write("secret", format!("{SECRET}\n"));
        let words = [
            ["--issuer", &issuer.address],
            ["--client-id", CLIENT],
            ["--client-secret-file", secret.to_str().unwrap()],
            ["--public-url", PUBLIC],
        ];
        let service = Service::start_with(&place, words.as_flattened());
        Self { place, issuer, service }
    }

    fn get(&self, path: &str, cookie: &str) -> Said {
        self.service.send("GET", path, &[("cookie", cookie)], &[])
    }

    /// Begins: the cookie of the way, and where the issuer sends back to.
    fn go(&self) -> (String, String) {
        let sent = self.get("/login/issuer", "").expect(303);
        let back = self.issuer.visit(&sent.headers["location"]);
        (sent.cookie("affiant-sign-in"), back.strip_prefix(PUBLIC).unwrap().to_owned())
    }

    /// The whole way.
    fn sign_in(&self) -> Said {
        let (cookie, back) = self.go();
        self.get(&back, &cookie)
    }

    /// Is turned away at the end of it.
    #[track_caller]
    fn turned(&self, status: u16, why: &str) {
        let said = self.sign_in().expect(status).says(why);
        assert_eq!(said.cookie("affiant-sign-in"), "affiant-sign-in=");
        assert!(said.cookies.iter().all(|cookie| !cookie.starts_with("affiant=")), "let in all the same");
    }
}

#[test]
fn somebody_the_issuer_names_is_let_in_until_the_grant_ends() {
    let house = House::open();
    house.get("/login", "").expect(200).says("Sign in with 127.0.0.1").says("or with a token");
    let said = house.sign_in().expect(200).says("You are in");
    assert_eq!(said.headers["refresh"], "0; url=/");
    let own = said.cookies.iter().find(|cookie| cookie.starts_with("affiant=")).unwrap();
    assert!(own.contains("HttpOnly") && own.contains("SameSite=Strict"), "{own}");
    let session = said.cookie("affiant");
    house.get("/", &session).expect(200).says("a-roe, officer");
    // What was granted is taken back: the session is over with it.
    house.place.affiant(&["token", "revoke", "a-roe"]).expect(0);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while house.get("/", &session).status == 200 {
        assert!(std::time::Instant::now() < end, "still in");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    house.turned(403, "granted you nothing");
    // By subject: what an issuer never gives to another.
    let subject = [
        "token",
        "new",
        "b-roe",
        "--role",
        "auditor",
        "--system",
        "scoring",
        "--issuer",
        &house.issuer.address,
        "--subject",
    ];
    house.place.affiant(&[&subject[..], &["248289761001"]].concat()).expect(0);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let session = loop {
        let said = house.sign_in();
        if said.status == 200 {
            break said.cookie("affiant");
        }
        assert!(std::time::Instant::now() < end, "never in");
        std::thread::sleep(std::time::Duration::from_millis(500));
    };
    house.get("/systems/scoring/room", &session).expect(200).says("b-roe, auditor");
    assert_eq!(house.service.stop(), 0);
    let shown = house.place.affiant(&["log", "show", "--stream", "access", "--json"]).expect(0).json_lines();
    let who: Vec<String> = shown
        .iter()
        .map(|entry| {
            house.place.affiant(&["log", "show", &entry["index"].to_string(), "--json"]).expect(0).json()
        })
        .flat_map(|entry| entry["statement"]["events"].as_array().cloned().unwrap_or_default())
        .map(|event| event["who"].as_str().unwrap().to_owned())
        .collect();
    assert!(who.iter().any(|who| who == "person:b-roe"), "{who:?}");
}

#[test]
fn what_the_issuer_says_is_believed_only_whole() {
    let house = House::open();
    for (name, value) in [
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("aud", json!("another")),
        ("iss", json!("https://login.example.org")),
        ("exp", json!(1_000_000)),
        ("iat", json!(1_000_000)),
        ("sub", Value::Null),
    ] {
        house.issuer.manners().claims = json!({name: value});
        house.turned(403, "not to be believed");
    }
    for (name, value) in [
        ("email_verified", json!(false)),
        ("email_verified", json!("true")),
        ("email", json!("b.roe@example.org")),
    ] {
        house.issuer.manners().claims = json!({name: value});
        house.turned(403, "granted you nothing");
    }
    house.issuer.manners().claims = json!({});
    // Signed with a key that it does not show.
    house.issuer.manners().signs = 2;
    house.turned(403, "not to be believed");
    house.issuer.manners().signs = 1;
    // Another issuer's answer, and one that does not say whose it is though this one always does.
    for beside in ["iss=http://127.0.0.1:1", "x=y"] {
        house.issuer.manners().beside = Some(beside.to_owned());
        let before = house.issuer.manners().exchanges;
        house.turned(403, "not to be believed");
        assert_eq!(house.issuer.manners().exchanges, before, "the code was sent on");
    }
    house.issuer.manners().beside = None;
    house.sign_in().expect(200);
}

#[test]
fn a_sign_in_belongs_to_the_browser_that_began_it_and_is_used_once() {
    let house = House::open();
    let (cookie, back) = house.go();
    let (other, _) = house.go();
    house.get(&back, "").expect(403).says("not begun in this browser");
    house.get(&back, &other).expect(403).says("not begun in this browser");
    house.get("/login/callback", &cookie).expect(403);
    house.get(&back.replace("code=", "cod="), &cookie).expect(400).says("sent no code");
    house.get(&back, &cookie).expect(200);
    house.get(&back, &cookie).expect(403).says("not to be believed");
    let state = back.split('&').find(|part| part.starts_with("state=")).unwrap();
    let denied = format!("/login/callback?{state}&error=access_denied%3Cscript%3E");
    let said = house.get(&denied, &cookie).expect(403).says("access_denied&lt;script&gt;");
    assert!(!said.text().contains("<script"));
    // Guessing is told to wait, and whoever has a grant is let in all the same.
    let tried = (0..30).map(|_| house.get("/login/callback?state=x&code=y", &cookie).status);
    assert!(tried.into_iter().any(|status| status == 429));
    house.sign_in().expect(200);
}

#[test]
fn an_issuer_that_has_new_keys_is_asked_and_one_that_is_away_keeps_nobody_else_out() {
    let house = House::open();
    house.sign_in().expect(200);
    {
        let mut manners = house.issuer.manners();
        (manners.signs, manners.shows) = (3, 3);
    }
    // What is known is not older than the time after which it is asked again.
    std::thread::sleep(std::time::Duration::from_secs(11));
    house.sign_in().expect(200);
    let token = house.place.affiant(&["token", "new", "officer", "--role", "officer", "--quiet"]).expect(0);
    let token = token.stdout.trim().to_owned();
    let House { place, issuer, service } = house;
    assert_eq!(service.stop(), 0);
    let words = ["--issuer", &issuer.address, "--client-id", CLIENT, "--public-url", PUBLIC];
    // It calls itself something else.
    issuer.manners().name = Some("https://login.example.org".to_owned());
    let service = Service::start_with(&place, &words);
    service.send("GET", "/login/issuer", &[], &[]).expect(503).says("cannot be asked now");
    // It has gone.
    let address = issuer.address.clone();
    drop(issuer);
    service.send("GET", "/login/issuer", &[], &[]).expect(503).says("tokens go on working");
    service.get("/v1/systems", &token).expect(200);
    assert_eq!(service.stop(), 0);
    let log = std::fs::read_to_string(place.path("serve.log")).unwrap();
    assert!(log.contains("it calls itself") && log.contains(&address), "{log}");
}

#[test]
fn words_about_an_issuer_that_would_give_secrets_away_are_refused() {
    let place = Place::with_system();
    let serve = |words: &[&str]| place.affiant(&[&["serve", "--listen", "127.0.0.1:0"], words].concat());
    let issuer = ["--issuer", "http://login.example.org", "--client-id", "a", "--public-url", PUBLIC];
    serve(&issuer).expect(2).warns("for all to read");
    let public = [
        "--issuer",
        "https://login.example.org",
        "--client-id",
        "a",
        "--public-url",
        "http://evidence.example.org",
    ];
    serve(&public).expect(2).warns("--public-url");
    serve(&["--issuer", "https://login.example.org"]).expect(2);
    let empty = place.write("secret", " \n");
    let own = [
        "--issuer",
        "https://login.example.org",
        "--client-id",
        "a",
        "--public-url",
        PUBLIC,
        "--client-secret-file",
    ];
    serve(&[&own[..], &[empty.to_str().unwrap()]].concat()).expect(2).warns("no secret");
    let new = |words: &[&str]| place.affiant(&[&["token", "new"], words].concat());
    let one = ["--issuer", "https://login.example.org", "--person", "a.roe@example.org"];
    new(&[&["a-roe", "--role", "officer"], &one[..]].concat()).expect(0);
    let twice = ["--issuer", "https://login.example.org", "--person", "A.ROE@example.org"];
    new(&[&["a-roe-2", "--role", "admin"], &twice[..]].concat()).expect(2).warns("a-roe");
    new(&[&["b", "--role", "collector"], &one[..]].concat()).expect(2).warns("no person");
    new(&["c", "--role", "officer", "--issuer", "https://login.example.org"]).expect(2);
    new(&["c", "--role", "officer", "--issuer", "http://login.example.org", "--person", "c@d"]).expect(2);
    new(&["c", "--role", "officer", "--issuer", "https://login.example.org", "--person", "c"])
        .expect(2)
        .warns("no address");
    place.affiant(&["token", "list"]).expect(0).says("a.roe@example.org");
}
