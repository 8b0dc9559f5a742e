//! Frameworks: laws and standards as versioned data, who they bind and when, and the assessment as a pure function.
//!
//! A [`Framework`] is a catalog of [`Requirement`]s (EU AI Act, ISO/IEC 42001, NIST AI RMF, or one's own). A
//! [`MappingSet`] says which control supports which requirement. [`applicability()`] and [`timing()`] tell whether and when
//! a requirement binds a system; [`assess()`] puts it all beside what a stream of statements says and concludes,
//! requirement by requirement, with citations and gaps.
//!
//! Nothing here reads a clock, a file or the network: the same entries, catalogs and date give the same
//! [`Assessment`], so a verifier runs it again instead of believing it. The words are "evidence on file for",
//! "no evidence" and "not assessed"; never that a system fulfils the law.

pub mod alert;
pub mod applicability;
pub mod assess;
pub mod assessment;
pub mod board;
pub mod citation;
pub mod clock;
pub mod condition;
pub mod crosswalk;
pub mod facts;
pub mod framework;
pub mod gate;
pub mod law;
pub mod licensed;
pub mod lint;
pub mod mapping;
pub mod mappings;
pub mod period;
pub mod requirement;
pub mod risk;
pub mod sheet;
pub mod shipped;
pub mod standings;
pub mod timing;
pub mod vocabulary;

pub use alert::{Alert, AlertKind, Posture, Start, alerts};
pub use applicability::{Applicability, ApplicabilityState, applicability, explain};
pub use assess::{AssessError, assess, assess_all};
pub use assessment::{
    Assessment, ControlStanding, Determination, Gap, GapKind, MappedControl, Outcome, Share, Standing, Totals,
};
pub use board::{Basis, Figure, Measured, Value, measure};
pub use clock::{Clock, ClockState, Expiry, clocks, expiring};
pub use condition::{Condition, Pattern, Truth};
pub use crosswalk::Crosswalk;
pub use framework::{Catalog, Framework, FrameworkError, FrameworkKind};
pub use gate::{Answer, GateError, GateProfile, GateVerdict};
pub use licensed::{LicensedFault, LicensedText};
pub use mapping::{Mapping, MappingError, MappingSet, NeedsDocument, Relation};
pub use mappings::{MappingSetTwice, MappingSets};
pub use period::{PeriodAssessment, PeriodError, assess_period};
pub use requirement::{Kind, Level, Requirement};
pub use risk::{AssetRisk, Exposure, Risk, Term, TermKind, risk};
pub use sheet::{Sheet, SheetKind, sheet};
pub use standings::Standings;
pub use timing::{Timing, TimingState, timing};
