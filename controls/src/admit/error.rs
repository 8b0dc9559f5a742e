//! What admission refuses, with what a message needs to say why.

use crate::control::ControlId;
use crate::relation::RelationKind;
use crate::text::TextError;
use affiant_ledger::id::Id;
use affiant_ledger::payload::STATEMENT_SIZE_MAX;
use affiant_ledger::time::Timestamp;

/// Why a statement was not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// No such control.
    #[error("control `{control}` is in none of the catalogs ({catalogs})")]
    UnknownControl {
        /// The control named.
        control: ControlId,
        /// The catalogs searched.
        catalogs: String,
        /// The nearest control there is.
        nearest: Option<ControlId>,
    },
    /// No such asset.
    #[error("asset `{0}` is not registered")]
    UnknownAsset(Id),
    /// A kind of asset the catalog does not know.
    #[error("`{kind}` is not a kind of asset")]
    UnknownKind {
        /// The kind named.
        kind: String,
        /// The nearest kind there is.
        nearest: Option<String>,
    },
    /// An asset that takes the name of the system or of the organisation.
    #[error("asset id `{0}` is reserved: the system and `org` stand for themselves")]
    ReservedAsset(Id),
    /// An asset that stands in a relation to itself.
    #[error("asset `{asset}` {kind} itself")]
    OwnRelation {
        /// The asset.
        asset: Id,
        /// The kind of the relation.
        kind: RelationKind,
    },
    /// A time that lies ahead.
    #[error("`{field}` `{time}` lies in the future")]
    Future {
        /// Which time.
        field: &'static str,
        /// Its value.
        time: Timestamp,
    },
    /// A time that lies behind.
    #[error("`{field}` `{time}` lies in the past")]
    Past {
        /// Which time.
        field: &'static str,
        /// Its value.
        time: Timestamp,
    },
    /// A time further off than allowed.
    #[error("`{field}` `{time}` lies more than {days} days ahead")]
    TooLong {
        /// Which time.
        field: &'static str,
        /// Its value.
        time: Timestamp,
        /// Days allowed.
        days: u32,
    },
    /// Who asked for an exception approves it.
    #[error("`{0}` asks for the exception and approves it")]
    OwnApproval(String),
    /// Who approves an exception has approved it before.
    #[error("`{0}` has approved the exception already")]
    SecondApproval(String),
    /// An approval of something else than the exception as it stands.
    #[error("the approval is not of exception `{0}` as it stands")]
    OtherException(Id),
    /// A sample of nothing, or of more than is looked at one by one.
    #[error("a sample is of 1 to {max} items, not {0}", max = crate::sample::ITEMS_MAX)]
    Items(u64),
    /// A policy that asks for nobody, or for a crowd.
    #[error("a policy asks for 1 to {max} people, not {0}", max = crate::policy::APPROVALS_MAX)]
    Approvals(u64),
    /// Nobody whom the service could know.
    #[error("`{0}` is nobody at a door (token:ID, certificate:ID, person:NAME, or `-` for nobody known)")]
    Who(String),
    /// A number that cannot be.
    #[error("`{field}` is {value}, not one from {min} to {max}")]
    Outside {
        /// Which number.
        field: &'static str,
        /// Its value.
        value: u64,
        /// The least there can be.
        min: u64,
        /// The most there can be.
        max: u64,
    },
    /// A decision that names no single thing.
    #[error("a decision names a control, or a framework and its requirement")]
    Target,
    /// A request that asks for no single thing.
    #[error("a request names a control, with or without an asset, or a framework and its requirement")]
    Asked,
    /// A word that is not in the list.
    #[error("`{word}` is none of the {field} known ({known})")]
    Word {
        /// Which list.
        field: &'static str,
        /// The word.
        word: String,
        /// Those known.
        known: String,
    },
    /// Two times in the wrong order.
    #[error("`{earlier}` lies after `{later}`")]
    Order {
        /// The one that should be earlier.
        earlier: &'static str,
        /// The one that should be later.
        later: &'static str,
    },
    /// Counts that cannot be.
    #[error("`population` counts do not add up: {failed} failed of {tested} tested of {size}")]
    Population {
        /// Items there are.
        size: u64,
        /// Items tested.
        tested: u64,
        /// Items failed.
        failed: u64,
    },
    /// More items than allowed.
    #[error("`{field}` has {count} items, the limit is {max}")]
    Count {
        /// Which list.
        field: &'static str,
        /// Items there.
        count: usize,
        /// Items allowed.
        max: usize,
    },
    /// Every part within its limit, all together too much for one statement.
    #[error("the result has {size} bytes, the limit of a statement is {STATEMENT_SIZE_MAX}")]
    Size {
        /// Its canonical bytes.
        size: usize,
    },
    /// A text that is empty, too long or does not show what it says.
    #[error("`{field}` {problem}: `{value}`")]
    Text {
        /// Which text.
        field: &'static str,
        /// What is wrong.
        problem: TextError,
        /// Its beginning, made visible.
        value: String,
    },
}

impl AdmitError {
    /// Advice, where there is some.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownControl { nearest: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::UnknownKind { nearest: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::UnknownAsset(_) => Some("register the asset first".to_owned()),
            Self::Future { .. } => Some("check the clock and the time zone of the collector".to_owned()),
            _ => None,
        }
    }
}
