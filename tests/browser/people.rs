//! Somebody who signs in with an issuer of identities, which is another site to the browser.

use crate::axe::Axe;
use crate::support::issuer::{CLIENT, Issuer, SECRET};
use crate::support::place::Place;
use crate::support::service::Service;
use crate::visitor::Visitor;
use std::net::TcpListener;

#[test]
fn who_comes_back_from_the_issuer_of_another_site_is_in() {
    let Some(visitor) = Visitor::come() else { return };
    let (place, issuer) = (Place::with_system(), Issuer::start());
    let grant = ["token", "new", "a-roe", "--role", "officer", "--issuer", &issuer.address];
    place.affiant(&[&grant[..], &["--person", "a.roe@example.org"]].concat()).expect(0);
    let secret = place.write("secret", format!("{SECRET}\n"));
    // The address is known before the service is.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let public = format!("http://localhost:{port}");
    let words = [
        ["--issuer", &issuer.address],
        ["--client-id", CLIENT],
        ["--client-secret-file", secret.to_str().unwrap()],
        ["--public-url", &public],
    ];
    let service = Service::start_on(&place, port, words.as_flattened());

    visitor.go(&public);
    visitor.sees("or with a token");
    visitor.picture("sign-in-issuer");
    if let Some(axe) = Axe::take() {
        let (grave, _) = axe.look(&visitor);
        assert!(grave.is_empty(), "{}", grave.join("\n"));
    }
    visitor.follow("Sign in with 127.0.0.1");
    visitor.sees("Where systems stand");
    visitor.sees("a-roe, officer");
    assert_eq!((visitor.path().as_str(), issuer.manners().exchanges), ("/", 1));
    // The session stays: its pages are reached by links and by reloading.
    visitor.follow("Packs");
    visitor.sees("a-roe, officer");
    visitor.press("Sign out");
    assert_eq!(visitor.path(), "/login");

    // Whom the issuer knows and the service does not is told so.
    issuer.manners().claims = serde_json::json!({"email": "c.roe@example.org"});
    visitor.follow("Sign in with 127.0.0.1");
    visitor.sees("this service has granted you nothing");
    assert_eq!(service.stop(), 0);
}
