//! The words of `affiant catalog`.

use super::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct CatalogArguments {
    #[command(subcommand)]
    pub(crate) verb: CatalogVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogVerb {
    /// List the frameworks, controls and mappings in this program
    List,
    /// Show a catalog, a requirement or a control
    #[command(after_help = "\
Examples:
  affiant catalog show eu-ai-act
  affiant catalog show 'Art. 12(1)'
  affiant catalog show A.6.2.8
  affiant catalog show AFF-DAT-01

What stands beside a requirement in other frameworks is reached through the same control. It helps to read, and is never credit:
evidence counts only where its control is mapped.")]
    Show {
        /// Id of a catalog, id or citation of a requirement, or id of a control
        id: String,
    },
    /// Find requirements and controls by the words in their ids, citations, titles and summaries
    Search {
        /// Words that must all be there
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// Compare two catalogs, row by row; exits 0 when they are the same, 1 when not
    #[command(after_help = "\
Example:
  affiant catalog diff eu-ai-act our-eu-ai-act.yaml")]
    Diff {
        /// Id of a catalog in this program, or a file
        before: String,
        /// The other one
        after: String,
    },
    /// Judge a framework, a control catalog or mappings of your own; exits 0 when nothing is wrong, 1 when something is
    Lint {
        /// A file in YAML
        file: String,
    },
}
