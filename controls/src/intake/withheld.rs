//! What an importer keeps out of a check, committed to: a digest in the check, a salt and the text with whoever pushed.
//!
//! ```text
//! {"commitment": "9d0c..", "salt": "7f3a..", "value": "{\"code\":[\"token = 'hunter2'\"],\"message\":\"...\"}"}
//! commitment = SHA-256("affiant withheld v1" LF salt LF value), all of it text
//! ```
//!
//! Whoever has the line proves what stood there; whoever has the ledger alone cannot even guess it. The salt is made of a
//! secret of the ledger, the rule, the place and the text ([`Salting`]): the same report pushed again says the same.

use super::report::Row;
use crate::result::Check;
use affiant_ledger::digest::Digest;
use affiant_ledger::salting::Salting;
use serde::{Deserialize, Serialize};

/// Most text of what is withheld that is given out, in bytes.
pub const WITHHELD_SIZE_MAX: usize = 256 << 20;

/// What shows what was withheld from a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withheld {
    /// What stands in the check.
    pub commitment: Digest,
    /// 32 hexadecimal digits.
    pub salt: String,
    /// The tool's words and the code it quotes, as JSON: `{"code": [..], "message": ".."}`.
    pub value: String,
}

impl Withheld {
    /// Commits to a text.
    fn new(salt: [u8; 16], value: String) -> Self {
        let salt: String = salt.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { commitment: commitment(&salt, &value), salt, value }
    }

    /// Whether salt and text are what the commitment is to.
    pub fn is_true(&self) -> bool {
        commitment(&self.salt, &self.value) == self.commitment
    }
}

fn commitment(salt: &str, value: &str) -> Digest {
    Digest::of_parts(&[b"affiant withheld v1\n", salt.as_bytes(), b"\n", value.as_bytes()])
}

/// What is kept out of a row's check: nothing where its words are kept as they are and no code is quoted.
pub(super) fn of_row(row: &Row, redacted: bool, check: &Check, salting: &Salting) -> Option<Withheld> {
    if !redacted && row.quotes.all.is_empty() {
        return None;
    }
    let value = serde_json::json!({"code": row.quotes.all, "message": row.message}).to_string();
    let salt = salting.salt(&["affiant withheld salt v1", &check.rule, &check.pointer, &value]);
    Some(Withheld::new(salt, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Status;

    fn check(rule: &str, pointer: &str) -> Check {
        Check {
            rule: rule.into(),
            status: Status::Failed,
            message: "left out".into(),
            pointer: pointer.into(),
            location: None,
            severity: None,
            withheld: None,
            suppressed: false,
            fingerprint: None,
        }
    }

    fn row(message: &str, code: &[&str]) -> Row {
        let mut row = Row { message: message.into(), ..Row::default() };
        row.quotes.all = code.iter().map(|&line| line.to_owned()).collect();
        row
    }

    #[test]
    fn the_same_is_committed_to_the_same_and_anything_else_to_something_else() {
        let salting = Salting::with([7; 32]);
        let of = |row: &Row, rule: &str, pointer: &str, salting: &Salting| {
            of_row(row, true, &check(rule, pointer), salting).unwrap()
        };
        let first = of(&row("a token", &["x"]), "bandit:B105", "/0", &salting);
        assert_eq!(first.value, r#"{"code":["x"],"message":"a token"}"#);
        assert_eq!(first, of(&row("a token", &["x"]), "bandit:B105", "/0", &salting));
        assert!(first.is_true() && first.salt.len() == 32);
        for other in [
            of(&row("a token", &["y"]), "bandit:B105", "/0", &salting),
            of(&row("a token", &["x"]), "bandit:B106", "/0", &salting),
            of(&row("a token", &["x"]), "bandit:B105", "/1", &salting),
            of(&row("a token", &["x"]), "bandit:B105", "/0", &Salting::with([8; 32])),
        ] {
            assert_ne!((other.commitment, &other.salt), (first.commitment, &first.salt));
        }
        assert!(!Withheld { value: "another".into(), ..first.clone() }.is_true());
        assert!(!Withheld { salt: "0".repeat(32), ..first }.is_true());
    }

    #[test]
    fn nothing_is_committed_to_where_nothing_is_left_out() {
        let salting = Salting::with([7; 32]);
        assert_eq!(of_row(&row("plain", &[]), false, &check("x:y", "/0"), &salting), None);
        assert!(of_row(&row("plain", &["code"]), false, &check("x:y", "/0"), &salting).is_some());
    }
}
