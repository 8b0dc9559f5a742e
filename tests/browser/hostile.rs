//! Texts that would be scripts if a page were careless: shown as they are, never run.

use crate::house::House;
use crate::support::place::Place;
use crate::visitor::Visitor;

const SCRIPT: &str = "<script>document.title='owned'</script>";
const IMAGE: &str = "\"><img src=x onerror=document.title='owned'>";

fn text() -> String {
    format!("{SCRIPT}{IMAGE}")
}

/// Demands that nothing ran: no title was changed, no dialog stands open, no policy had to forbid anything.
#[track_caller]
fn unhurt(visitor: &Visitor) {
    let title = visitor.title();
    assert!(title.ends_with(" · affiant"), "{title}");
    assert_eq!(visitor.run("return document.querySelectorAll('script, img').length;"), 0);
    let forbidden = |line: &String| line.contains("Content Security Policy");
    let console: Vec<_> = visitor.console().into_iter().filter(forbidden).collect();
    assert!(console.is_empty(), "{console:#?}");
}

/// The same, and that the text stands there.
#[track_caller]
fn shows(visitor: &Visitor) {
    visitor.sees(SCRIPT);
    visitor.sees("<img src=x onerror=");
    unhurt(visitor);
}

#[test]
fn what_looks_like_a_script_is_shown_in_every_field_and_never_runs() {
    let Some(visitor) = Visitor::come() else { return };
    let (place, text) = (Place::with_system(), text());
    let system = [
        "register",
        "system",
        "odd",
        "--role",
        "provider",
        "--risk-class",
        "high-risk",
        "--route",
        "annex-iii",
    ];
    let told = ["--fact", "annex_iii=5.b", "--name", &text, "--owner", &text, "--purpose", &text];
    place.affiant(&[&system[..], &told].concat()).expect(0);
    let asset = ["register", "asset", "thing", "--system", "odd", "--kind", "model", "--name", &text];
    place.affiant(&asset).expect(0);
    let pushed =
        ["push", "--system", "odd", "--asset", "thing", "--control", "AFF-EXP-11", "--status", "failed"];
    place.affiant(&[&pushed[..], &["--summary", &text, "--id", "one"]].concat()).expect(0);
    let asked = ["request", "add", "AFF-EXP-11", "--system", "odd", "--asset", "thing", "--owner", &text];
    let due = place.affiant(&["log", "show", "--json"]).expect(0).json_lines();
    let year: u64 = due[0]["time"].as_str().unwrap()[..4].parse().unwrap();
    let when = format!("{}-01-15", year + 1);
    place.affiant(&[&asked[..], &["--by", &text, "--text", &text, "--due", &when]].concat()).expect(0);
    let house = House::of(place, &[], &["--system", "odd"]);

    visitor.go(&house.at("/login"));
    visitor.fill("Access token", &text);
    visitor.press("Sign in");
    visitor.sees("This token is not known");
    unhurt(&visitor);
    visitor.fill("Access token", &house.officer);
    visitor.press("Sign in");
    shows(&visitor);
    evidence(&visitor, &house, &text);
    findings(&visitor, &text);
    visitor.follow("Packs");
    visitor.fill("Over a period", &text);
    visitor.press("Build a pack");
    visitor.sees("<script>");
    unhurt(&visitor);
    visitor.follow("Back to the overview");
    visitor.press("Sign out");
    visitor.fill("Access token", &house.auditor);
    visitor.press("Sign in");
    room(&visitor, &house, &text);
    addresses(&visitor, &house);
}

fn evidence(visitor: &Visitor, house: &House, text: &str) {
    visitor.open("//h2[code='odd']/a");
    shows(visitor);
    visitor.follow("Add evidence");
    shows(visitor);
    let fill = |target: &str, file: &str| {
        visitor.fill("Control or requirement", target);
        visitor.click("//select/option[contains(., '(thing)')]");
        visitor.fill("What was seen, in a sentence", text);
        visitor.fill("Who states it", text);
        visitor.fill("Document", house.place.write(file, "seen").to_str().unwrap());
        visitor.press("Record");
    };
    fill(text, "seen.txt");
    shows(visitor);
    visitor.go(&house.at("/systems/odd/evidence"));
    fill("AFF-EXP-11", "\"><img src=x onerror=alert(1)>.txt");
    unhurt(visitor);
    visitor.go(&house.at("/systems/odd/evidence"));
    fill("AFF-EXP-11", "seen.txt");
    visitor.sees("Recorded, durable");
    visitor.open("//p[@role='status']/a");
    shows(visitor);
}

fn findings(visitor: &Visitor, text: &str) {
    visitor.follow("Findings");
    shows(visitor);
    visitor.click("//summary[.='Assign']");
    visitor.fill("Who mends it", text);
    visitor.fill("Note", text);
    visitor.press("Assign");
    visitor.sees(&format!("· {SCRIPT}"));
    shows(visitor);
}

fn room(visitor: &Visitor, house: &House, text: &str) {
    visitor.open("//h2[code='odd']/a");
    visitor.follow("Auditor's room");
    shows(visitor);
    visitor.fill("A text of your own", text);
    visitor.fill("Who draws", text);
    visitor.press("Draw and record");
    visitor.sees("results at size");
    shows(visitor);
    let say = |about: &str| {
        visitor.fill("About", about);
        visitor.fill("What you say", text);
        visitor.fill("Who says it", text);
        visitor.press("Record");
    };
    say(text);
    visitor.sees("about:");
    shows(visitor);
    visitor.go(&house.at("/systems/odd/room"));
    say("requirement:eu-ai-act/art-15-1");
    visitor.sees("requirement:eu-ai-act/art-15-1");
    shows(visitor);
}

fn addresses(visitor: &Visitor, house: &House) {
    let odd = "%3Cscript%3Edocument.title='owned'%3C%2Fscript%3E";
    for place in ["/systems/", "/entries/", "/systems/odd/requirements/eu-ai-act/", "/packs/"] {
        let end = if place == "/packs/" { "/file" } else { "" };
        visitor.go(&house.at(&format!("{place}{odd}{end}")));
        visitor.sees("Not Found");
        unhurt(visitor);
    }
    // And if one got through all the same, the policy of the page would forbid it.
    visitor.go(&house.at("/"));
    let title = visitor.title();
    visitor.run(&format!("document.body.insertAdjacentHTML('beforeend', `<p id=x>{IMAGE}</p>`);
        const it = document.createElement('script'); it.textContent = \"document.title='owned'\"; document.body.append(it);"));
    assert_eq!(visitor.title(), title);
    let told = visitor.console();
    assert!(told.iter().any(|line| line.contains("Content Security Policy")), "{told:#?}");
}
