//! The words of `affiant catalog`.

use super::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct CatalogArguments {
    #[command(subcommand)]
    pub(crate) verb: CatalogVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogVerb {
    /// List the frameworks, controls, mappings and the crosswalk in this program
    List,
    /// Show a catalog, a requirement or a control
    #[command(after_help = "\
Examples:
  affiant catalog show eu-ai-act
  affiant catalog show 'Art. 12(1)'
  affiant catalog show A.6.2.8
  affiant catalog show AFF-DAT-01

What the crosswalk has beside a requirement in other frameworks says where to look. It is never credit: evidence counts only
where its control is mapped.")]
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
    /// Judge frameworks, control catalogs or mappings of your own; exits 0 when nothing is wrong, 1 when something is
    #[command(after_help = "\
Example:
  affiant catalog lint our-framework.yaml our-mappings.yaml

Mappings are judged beside the catalogs of this program and those given with them.")]
    Lint {
        /// Files in YAML
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
    },
    /// Put frameworks, control catalogs or mappings of your own to use in this ledger
    #[command(after_help = "\
Example:
  affiant catalog add our-controls.yaml our-mappings.yaml

They are judged as by `catalog lint`, kept beside the log under their digest, and pinned by an entry: what is used cannot
change silently. One with the id of a catalog in use takes its place. Exits 1 when something is wrong, and adds nothing.")]
    Add {
        /// Files in YAML
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
    },
}
