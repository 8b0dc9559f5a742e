//! Citations: from how people cite a requirement to its id.
//!
//! ```text
//! Art.10(2)(b)     art-10-2-b                 spaces do not matter
//! A.6.2.8          A.6.2.8                    ids are citations of themselves
//! Art.10(5)(b)     art-4a-1-b                 moved: listed in the framework
//! Art.5(1)         art-5-1-a ... art-5-1-bb   a paragraph that is no row: its points
//! Art. 4           art-4-1                    a node with rows below: those on which evidence is judged
//! ```

use crate::framework::Catalog;
use crate::requirement::Requirement;

/// What a citation stands for today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved<'a> {
    /// The requirements, in document order; never empty.
    pub requirements: Vec<&'a Requirement>,
    /// Why they are not simply the provision cited.
    pub note: Option<String>,
}

impl Catalog {
    /// The assessable requirements a citation stands for; `None` where it matches none.
    pub fn resolve(&self, citation: &str) -> Option<Resolved<'_>> {
        let wanted = squeezed(citation);
        if let Some(moved) = self.moved.iter().find(|moved| squeezed(&moved.citation) == wanted) {
            let here = moved.to.iter().filter_map(|id| self.requirement(id)).filter(|r| r.assessable);
            return resolved(here.collect(), Some(moved.note.clone()));
        }
        let named = |r: &&Requirement| squeezed(&r.id) == wanted || squeezed(&r.citation) == wanted;
        match self.requirements.iter().find(named) {
            Some(requirement) if requirement.assessable => resolved(vec![requirement], None),
            Some(node) => {
                let below = self.children(&node.id).filter(|r| r.assessable).collect();
                resolved(below, Some(format!("cited as a whole: {}", node.citation)))
            }
            None => {
                let points =
                    self.requirements.iter().filter(|r| r.assessable && is_point_of(r, &wanted)).collect();
                resolved(points, Some(format!("cited as a whole: {citation}")))
            }
        }
    }
}

fn resolved(requirements: Vec<&Requirement>, note: Option<String>) -> Option<Resolved<'_>> {
    if requirements.is_empty() { None } else { Some(Resolved { requirements, note }) }
}

/// Whether a requirement is cited as `whole` plus one point in parentheses.
fn is_point_of(requirement: &Requirement, whole: &str) -> bool {
    let citation = squeezed(&requirement.citation);
    let Some(point) = citation.strip_prefix(whole).and_then(|rest| rest.strip_prefix('(')) else {
        return false;
    };
    point
        .strip_suffix(')')
        .is_some_and(|letters| !letters.is_empty() && letters.bytes().all(|c| c.is_ascii_lowercase()))
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use crate::framework::Framework;

    fn ids(framework: &Framework, citation: &str) -> Vec<String> {
        let found = framework.resolve(citation);
        found.map_or_else(Vec::new, |found| found.requirements.iter().map(|r| r.id.clone()).collect())
    }

    #[test]
    fn citations_resolve_whatever_their_spacing() {
        let act = Framework::embedded("eu-ai-act").unwrap();
        assert_eq!(ids(&act, "Art.10(2)(b)"), ["art-10-2-b"]);
        assert_eq!(ids(&act, "Art. 10(2)(b)"), ["art-10-2-b"]);
        assert_eq!(ids(&act, "art-10-2-b"), ["art-10-2-b"]);
        assert_eq!(ids(&act, "Art.10(9)"), Vec::<String>::new());
    }

    #[test]
    fn article_10_5_is_found_in_article_4a_where_it_moved_in_2026() {
        let act = Framework::embedded("eu-ai-act").unwrap();
        for point in ["b", "c", "d", "e"] {
            assert_eq!(ids(&act, &format!("Art.10(5)({point})")), [format!("art-4a-1-{point}")]);
        }
        assert!(act.resolve("Art.10(5)(b)").unwrap().note.unwrap().contains("Art. 4a(1)(b)"));
    }

    #[test]
    fn a_paragraph_that_is_no_row_stands_for_its_points_and_an_article_for_its_duties() {
        let act = Framework::embedded("eu-ai-act").unwrap();
        assert_eq!(ids(&act, "Art.25(1)"), ["art-25-1-a", "art-25-1-b", "art-25-1-c"]);
        let bans = ids(&act, "Art.5(1)");
        assert_eq!(bans.len(), 10, "{bans:?}");
        assert!(bans.contains(&"art-5-1-bb".to_owned()) && !bans.contains(&"art-5-1-c-i".to_owned()));
        assert_eq!(ids(&act, "Art.4"), ["art-4-1"]);
    }
}
