//! The story, as people click through it: an officer mends a gap and orders a pack, an auditor draws, reads and signs off.

use crate::house::House;
use crate::visitor::Visitor;

#[test]
fn an_officer_mends_a_gap_and_takes_a_pack_and_an_auditor_of_the_system_draws_and_signs_off() {
    let Some(visitor) = Visitor::come() else { return };
    let house = House::open();
    visitor.go(&house.at("/"));
    assert_eq!(visitor.path(), "/login", "who is not known is at the door");
    visitor.fill("Access token", &house.officer);
    visitor.press("Sign in");
    visitor.sees("Where systems stand");
    visitor.sees("j-doe, officer");
    mend_a_gap(&visitor, &house);
    take_a_pack(&visitor, &house);
    visitor.press("Sign out");
    assert_eq!(visitor.path(), "/login");
    visitor.go(&house.at("/packs"));
    assert_eq!(visitor.path(), "/login", "out is out");

    visitor.fill("Access token", &house.auditor);
    visitor.press("Sign in");
    visitor.sees("a-roe, auditor");
    draw_and_sign_off(&visitor, &house);
    assert_eq!(house.service.stop(), 0);
    house.place.sound();
}

fn mend_a_gap(visitor: &Visitor, house: &House) {
    visitor.open("//section[h2/code='scoring']//a[.='gaps']");
    visitor.sees("What is missing");
    let row = "//tr[.//code='AFF-EXP-11']";
    let citation = visitor.text_of(&format!("{row}//a"));
    assert!(visitor.text_of(row).contains("AFF-EXP-11"));
    visitor.open(&format!("{row}//a"));
    visitor.sees(&citation);
    let heading = "//h3[code='AFF-EXP-11']";
    let state = format!("{heading}/following::table[1]//tr[td[1]='model']/td[2]");
    assert_eq!(visitor.text_of(&state), "missing");
    visitor.open(&format!("{heading}/following-sibling::p[1]//a[.='Add evidence']"));
    visitor.choose("Asset", "model (model)");
    visitor.fill("What was seen, in a sentence", "The bench was repeated; AUC 0.84");
    visitor.fill("Who states it", "R. Head");
    visitor.fill("Document", house.place.write("bench.txt", "AUC 0.84\n").to_str().unwrap());
    visitor.press("Record");
    visitor.sees("Recorded, durable and under the signed checkpoint");
    // Its entry says so, and the requirement stands otherwise.
    visitor.open("//p[@role='status']/a");
    visitor.sees("This entry is in the log");
    visitor.sees("The bench was repeated; AUC 0.84");
    let entry = visitor.text_of("//h1").replace("Entry ", "");
    visitor.follow("scoring");
    visitor.follow("What is missing");
    visitor.follow(&citation);
    assert_eq!(visitor.text_of(&state), "held");
    let cited = visitor.text_of(&format!("{heading}/following::table[1]//tr[td[1]='model']/td[4]"));
    assert!(cited.contains(&entry), "{cited} does not name {entry}");
}

fn take_a_pack(visitor: &Visitor, house: &House) {
    visitor.follow("Packs");
    visitor.choose("System", "scoring");
    visitor.press("Build a pack");
    // The page loads itself again until it is there.
    visitor.sees("done");
    visitor.click("//td/a[starts-with(., 'pack-')]");
    let pack = visitor.downloaded();
    assert!(pack.to_str().unwrap().ends_with(".affiant.zip"), "{pack:?}");
    let words = ["verify", pack.to_str().unwrap(), "--trust", "trust.keys", "--quiet"];
    house.place.affiant(&words).expect(0).says("VERIFIED");
}

fn draw_and_sign_off(visitor: &Visitor, house: &House) {
    visitor.sees("Scoring");
    visitor.sees_no("Other");
    visitor.follow("Scoring");
    assert!(!visitor.has("//a[.='Add evidence']"), "an auditor adds nothing");
    visitor.follow("Auditor's room");
    visitor.sees("None was drawn.");
    visitor.fill("How many results", "5");
    visitor.fill("A text of your own", "winter rain");
    visitor.fill("Who draws", "Example Audit");
    visitor.press("Draw and record");
    visitor.sees("Example Audit");
    let drawn = "//h2[.='Samples']/following::table[1]//td/a";
    let index = visitor.text_of(drawn);
    visitor.open(drawn);
    assert_eq!(visitor.text_of("//h1"), format!("Entry {index}"));
    visitor.sees("This entry is in the log: its hash leads with");
    visitor.back();
    visitor.fill("About", &format!("entry:{index}"));
    visitor.choose("Comes to", "accepted");
    visitor.fill("What you say", "Seen, and traced to the bench.");
    visitor.fill("Who says it", "Example Audit");
    visitor.press("Record");
    let said = visitor.text_of("//h2[.='Sign-offs']/following::table[1]//tr[td]");
    for text in ["Example Audit", "auditor", &format!("entry:{index}"), "accepted", "Seen, and traced"] {
        assert!(said.contains(text), "no `{text}` in {said}");
    }
    for hidden in ["/systems/other", "/systems/other/room", "/systems/other/gaps"] {
        visitor.go(&house.at(hidden));
        assert_eq!(visitor.text_of("//h1"), "Forbidden", "{hidden}");
    }
    visitor.follow("Back to the overview");
    visitor.sees("a-roe, auditor");
}
