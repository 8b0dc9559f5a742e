//! A plan: runs of a control promised beforehand, so that silence is evidence too (docs/spec/plan.md).
//!
//! ```text
//! {"id": "drift-weekly", "from": 1798761600000, "asset": "scoring-model", "system": "credit-scoring",
//!  "cadence": "P7D", "control": "AFF-EXP-11"}
//! ```

use crate::control::ControlId;
use affiant_ledger::id::Id;
use affiant_ledger::time::{Period, Timestamp};
use serde::{Deserialize, Serialize};

/// A plan; the latest with its id in the stream counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Its id, unique in the system.
    pub id: Id,
    /// Begin of the first window.
    pub from: Timestamp,
    /// The asset; none where the control is run on a population.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Id>,
    /// Who answers for the runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// End of the commitment; open when none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The AI system, which is the stream.
    pub system: Id,
    /// One run is due in each window of this length.
    pub cadence: Period,
    /// The control.
    pub control: ControlId,
    /// The collector that runs it; any when none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<String>,
}
