//! Every page, of the demo's ledger: in light and dark, on a desk and on a telephone, by those who see it and those who do not.

use crate::axe::Axe;
use crate::chrome::loud;
use crate::house::House;
use crate::look::{NARROW, WIDE};
use crate::support::place::Place;
use crate::visitor::Visitor;

/// Pages whose pictures are left in dark and on a telephone too.
const MORE: [&str; 4] = ["overview", "system", "findings", "room"];

/// A look at page after page; what is wrong is told at the end, of all of them.
struct Round<'a> {
    visitor: &'a Visitor,
    axe: Option<Axe>,
    grave: Vec<String>,
    other: Vec<String>,
}

impl Round<'_> {
    /// Looks at the page that is open.
    #[track_caller]
    fn look(&mut self, name: &str) {
        let visitor = self.visitor;
        visitor.is_wide(WIDE);
        visitor.fits();
        visitor.picture(name);
        self.check(name, "light");
        let light = visitor.colours();
        visitor.prefers("dark");
        let dark = visitor.colours();
        assert!(light[0] != dark[0] && light[1] != dark[1], "{name} is the same in the dark: {dark}");
        self.check(name, "dark");
        if MORE.contains(&name) {
            visitor.picture(&format!("{name}-dark"));
        }
        visitor.prefers("light");
        visitor.is_wide(NARROW);
        visitor.fits();
        self.check(name, "narrow");
        if MORE.contains(&name) {
            visitor.picture(&format!("{name}-narrow"));
        }
        visitor.is_wide(WIDE);
        // The sign-in that is refused and the page that is missing are answers too.
        let quiet = |line: &String| !line.contains("the server responded with a status of 4");
        let console: Vec<_> = visitor.console().into_iter().filter(quiet).collect();
        assert!(console.is_empty(), "{name}: {console:#?}");
    }

    fn check(&mut self, name: &str, how: &str) {
        let Some(axe) = &self.axe else { return };
        let (grave, other) = axe.look(self.visitor);
        self.grave.extend(grave.iter().map(|it| format!("{name}, {how}: {it}")));
        self.other.extend(other.iter().map(|it| format!("{name}, {how}: {it}")));
    }
}

#[test]
fn every_page_can_be_read_in_light_and_dark_on_a_desk_and_on_a_telephone_and_heard() {
    let Some(visitor) = Visitor::come() else { return };
    let place = Place::new();
    place.affiant(&["demo", "play", "--quiet"]).expect(0);
    let house = House::of(place, &["--ledger", "play/ledger"], &["--system", "credit-scoring"]);
    let mut round = Round { visitor: &visitor, axe: Axe::take(), grave: Vec::new(), other: Vec::new() };

    visitor.go(&house.at("/login"));
    round.look("sign-in");
    visitor.fill("Access token", "affiant_nobody_0000");
    visitor.press("Sign in");
    round.look("sign-in-refused");
    visitor.fill("Access token", &house.officer);
    visitor.press("Sign in");
    // Its months are judged beside it.
    let judged = || {
        visitor.go(&house.at("/"));
        !visitor.text().contains("being judged")
    };
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !judged() && std::time::Instant::now() < end {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    round.look("overview");
    visitor.follow("Credit scoring");
    round.look("system");
    visitor.follow("Add evidence");
    round.look("evidence");
    visitor.back();
    visitor.follow("What is missing");
    for line in
        visitor.text().lines().filter(|line| line.contains("requirements that apply are not satisfied"))
    {
        let mut numbers = line.split(' ').filter_map(|word| word.parse::<u64>().ok());
        assert!(numbers.next() <= numbers.next(), "{line}");
    }
    round.look("gaps");
    visitor.open("//tr[.//code]//a");
    round.look("requirement");
    visitor.follow("Findings");
    visitor.click("//summary[.='Assign']");
    round.look("findings");
    visitor.follow("Packs");
    round.look("packs-none");
    visitor.press("Build a pack");
    visitor.sees("done");
    round.look("packs");
    visitor.press("Sign out");

    visitor.fill("Access token", &house.auditor);
    visitor.press("Sign in");
    visitor.follow("Credit scoring");
    visitor.follow("Auditor's room");
    visitor.fill("A text of your own", "winter rain");
    visitor.fill("Who draws", "Example Audit");
    visitor.press("Draw and record");
    visitor.open("//h2[.='Samples']/following::table[1]//td/a");
    visitor.click("//summary[.='Receipt']");
    round.look("entry");
    visitor.back();
    visitor.fill("About", "requirement:eu-ai-act/art-15-1");
    visitor
        .fill("What you say", "The bench is described, its repetition is not.\nPlease add the second run.");
    visitor.fill("Who says it", "Example Audit");
    visitor.press("Record");
    round.look("room");
    visitor.go(&house.at("/entries/99999"));
    round.look("not-found");

    let Round { grave, other, .. } = round;
    for fault in &other {
        loud(&format!("axe-core, not grave: {fault}"));
    }
    assert!(grave.is_empty(), "{}", grave.join("\n"));
}
