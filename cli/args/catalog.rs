//! The words of `affiant catalog`.

use super::{Args, Subcommand};
use std::path::PathBuf;

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
    /// Write the crosswalk and the mappings as a mapping collection of OSCAL
    #[command(after_help = "\
Example:
  affiant catalog export --output mappings.oscal.json")]
    Export {
        /// File to write [default: standard output]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
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
    /// Attach licensed text of your own to the requirements of a framework, for your eyes only; or list what is attached
    #[command(after_help = "\
Examples:
  affiant catalog text iso-42001 my-copy.yaml
  affiant catalog text
  affiant catalog text iso-42001 --remove

The file is a map of requirement ids to text: `\"4.1\": ...`. It takes the place of what was attached before. It is kept in
your state folder, readable by you alone, and shown by `catalog show` and `status --why` as text. It is never recorded in
a ledger, and never put into packs, reports, sheets, JSON or CSV.")]
    Text {
        /// Id of the framework; without it what is attached is listed
        framework: Option<String>,
        /// File in YAML, `-` for stdin; without it the ids that have text are listed
        #[arg(value_name = "FILE", conflicts_with = "remove")]
        file: Option<String>,
        /// Take away what is attached
        #[arg(long, requires = "framework")]
        remove: bool,
    },
}
