//! Pages without a mouse, and without scripts.

use crate::house::House;
use crate::visitor::{ENTER, Visitor};
use serde_json::{Value, json};

/// What can be reached, in the order in which it is read.
const REACHABLE: &str = "window.reachable = [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary')].filter(it => it.checkVisibility());
    return reachable.map(it => it.tagName.toLowerCase() + ' ' + (it.name || it.textContent.trim()));";
/// Where the focus is, and how it shows.
const FOCUS: &str = "const it = document.activeElement, look = getComputedStyle(it), place = it.getBoundingClientRect();
    return {at: reachable.indexOf(it), what: it.outerHTML.slice(0, 120), body: it === document.body,
        line: look.outlineStyle === 'none' ? 0 : parseFloat(look.outlineWidth), left: place.left, width: place.width};";

#[test]
fn every_page_with_a_form_is_worked_with_the_tab_key_and_the_focus_is_seen() {
    let Some(visitor) = Visitor::come() else { return };
    let house = House::open();
    visitor.go(&house.at("/login"));
    // The token's field has the focus already.
    visitor.keys(&house.officer);
    visitor.tab();
    visitor.keys(ENTER);
    visitor.sees("Where systems stand");
    for path in [
        "/",
        "/findings",
        "/packs",
        "/systems/scoring/evidence",
        "/systems/scoring/room",
        "/systems/scoring/gaps",
    ] {
        visitor.go(&house.at(path));
        tab_through(&visitor, path);
    }
    // The first link leads past the head of the page.
    visitor.go(&house.at("/packs"));
    visitor.tab();
    visitor.keys(ENTER);
    visitor.tab();
    assert_eq!(visitor.run("return document.activeElement.id;"), "system");
}

#[track_caller]
fn tab_through(visitor: &Visitor, path: &str) {
    let names = visitor.run(REACHABLE);
    let names: Vec<&str> = names.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let start = ["a Skip to content", "a affiant", "a Overview", "a Findings", "a Packs", "button Sign out"];
    assert_eq!(names[..start.len()], start, "{path}");
    let mut next = 0;
    while next < names.len() {
        visitor.tab();
        let focus = visitor.run(FOCUS);
        assert_ne!(focus["body"], json!(true), "{path}: no way to `{}`", names[next]);
        let shown = focus["line"].as_f64() > Some(0.0) && focus["left"].as_f64() >= Some(0.0);
        assert!(shown && focus["width"].as_f64() > Some(0.0), "{path}: the focus is not seen: {focus}");
        match focus["at"].as_i64() {
            Some(at) if at == next as i64 => next += 1,
            // A day is three fields in one, and a table that is too wide is moved with keys.
            Some(at) if at == next as i64 - 1 || at == -1 => {}
            _ => panic!("{path}: the focus goes from `{}` to {focus}", names[next.max(1) - 1]),
        }
    }
}

#[test]
fn a_browser_that_runs_no_scripts_signs_in_and_sees_the_overview() {
    let off = json!({"profile.managed_default_content_settings.javascript": 2});
    let Some(visitor) = Visitor::come_with(&off) else { return };
    let house = House::open();
    visitor.go(&house.at("/login"));
    visitor.fill("Access token", &house.officer);
    visitor.press("Sign in");
    visitor.sees("Where systems stand");
    visitor.follow("Scoring");
    visitor.sees("What to do next");
    let page = house.place.write("page.html", "<title>off</title><script>document.title = 'on'</script>");
    visitor.go(&format!("file://{}", page.display()));
    assert_eq!(visitor.title(), "off", "scripts run in this browser: nothing was shown");
}
