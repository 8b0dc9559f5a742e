//! Controls, control results, systems and assets: what scripts state, and what a stream of statements says.
//!
//! Two walks go through here. **In**: [`intake`] turns bytes of foreign formats into [`ControlResult`]s, [`admit()`]
//! checks them and applies the core rules, and [`Statement`] encodes them for the ledger. **Out**: [`Register`]
//! replays a stream and tells the state of each control on each asset as of a time.
//!
//! Nothing here reads a clock, a file or the network, and no float is ever hashed.

pub mod access;
pub mod admit;
pub mod approval;
pub mod assertion;
pub mod asset;
pub mod attestation;
pub mod bom;
pub mod catalog;
pub mod control;
pub mod decision;
pub mod definition;
pub mod delivery;
pub mod event;
pub mod evidence;
pub mod exception;
pub mod finding;
pub mod history;
pub mod incident;
pub mod intake;
pub mod inventory;
pub mod issued;
pub mod lint;
pub mod measure;
mod pair;
pub mod pin;
pub mod plan;
pub mod policy;
pub mod register;
pub mod relation;
pub mod request;
pub mod result;
pub mod rules;
pub mod sample;
pub mod set;
pub mod signoff;
pub mod state;
pub mod statement;
pub mod status;
pub mod system;
pub mod text;
mod variant;
pub mod withhold;

#[cfg(test)]
mod drift;

pub use access::{Access, AccessEvent};
pub use admit::{AdmitContext, AdmitError, admit};
pub use approval::Approval;
pub use assertion::Assertion;
pub use asset::Asset;
pub use attestation::Attestation;
pub use catalog::{CatalogError, ControlCatalog, Pillar};
pub use control::{Control, ControlId, ControlIdError, Severity, TestMode, TestPlan};
pub use decision::Decision;
pub use delivery::{Delivery, Standpoint};
pub use event::Event;
pub use evidence::EvidenceRef;
pub use exception::Exception;
pub use finding::{Finding, FindingState};
pub use history::{History, Span};
pub use incident::{Incident, IncidentTest, Stage};
pub use issued::{PackIssued, PackPeriod, PackSigner, SignerRole};
pub use measure::{Decimal, Direction, Measure};
pub use pin::{CatalogKind, CatalogPin};
pub use plan::Plan;
pub use policy::{ExceptionPolicy, Policy};
pub use register::{Filed, Horizon, Recorded, Register, RegisterError};
pub use relation::{Relation, RelationKind};
pub use request::{Request, RequestState};
pub use result::{
    Basis, Check, Collector, ControlResult, DigestSource, Method, Population, Run, Source, Subject,
    TimeSource,
};
pub use sample::{Sample, SampleFilter};
pub use set::{ControlSet, ControlSetError};
pub use signoff::{About, SignOff};
pub use state::{Citation, ControlState, StateOn};
pub use statement::{Statement, StatementError, facet_of, id_of};
pub use status::Status;
pub use system::System;
pub use withhold::WithholdRule;
