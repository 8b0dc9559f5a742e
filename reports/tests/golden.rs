//! The look of six pages, as pictures: drawn by poppler and compared with those that were looked at and kept.
//!
//! Versions of poppler smooth edges differently, so a picture may differ a little everywhere and not much in any place.
//! `AFFIANT_BLESS=1` keeps new ones; look at them before they are committed.

#![cfg(feature = "pdf")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test stops where it fails")]

#[path = "support/sample.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod sample;

use affiant_reports::render::pdf::render;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The pages kept: cover, contents, scope with a lineage, charts, requirements, a cell longer than its page.
const PAGES: [u32; 6] = [1, 2, 3, 4, 5, 8];
/// Dots an inch.
const RESOLUTION: &str = "50";
/// Side of the squares that are compared, in dots.
const SQUARE: usize = 12;
/// Most that a page may differ, and a square of it, of 255.
const PAGE_MAX: f64 = 1.5;
const SQUARE_MAX: f64 = 40.0;

/// A picture in shades of grey.
struct Picture {
    width: usize,
    height: usize,
    dots: Vec<u8>,
}

fn picture(path: &Path) -> Picture {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut dots = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut dots).unwrap();
    assert_eq!(info.bit_depth, png::BitDepth::Eight);
    // poppler writes three equal channels.
    let dots = dots.chunks_exact(info.color_type.samples()).map(|dot| dot[0]).collect();
    Picture { width: info.width as usize, height: info.height as usize, dots }
}

/// The mean difference of a page, and the greatest of a square of it.
fn difference(a: &Picture, b: &Picture) -> (f64, f64) {
    assert_eq!((a.width, a.height), (b.width, b.height), "pages of another size");
    let of = |x: usize, y: usize| f64::from(a.dots[y * a.width + x].abs_diff(b.dots[y * b.width + x]));
    let mut greatest = 0.0_f64;
    let mut sum = 0.0;
    for top in (0..a.height).step_by(SQUARE) {
        for left in (0..a.width).step_by(SQUARE) {
            let (bottom, right) = ((top + SQUARE).min(a.height), (left + SQUARE).min(a.width));
            let square: f64 =
                (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))).map(|(x, y)| of(x, y)).sum();
            sum += square;
            greatest = greatest.max(square / ((bottom - top) * (right - left)) as f64);
        }
    }
    (sum / a.dots.len() as f64, greatest)
}

/// The pages drawn into a folder; `None` where poppler is not at hand.
fn drawn(pdf: &[u8], folder: &Path) -> Option<Vec<PathBuf>> {
    let file = folder.join("report.pdf");
    std::fs::write(&file, pdf).unwrap();
    let mut pictures = Vec::new();
    for page in PAGES {
        let root = folder.join(format!("page-{page}"));
        let number = page.to_string();
        let mut command = Command::new("pdftoppm");
        command.args(["-png", "-gray", "-singlefile", "-r", RESOLUTION, "-f", &number, "-l", &number]);
        match command.arg(&file).arg(&root).status() {
            Ok(status) => assert!(status.success()),
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound && std::env::var_os("CI").is_none() =>
            {
                return None;
            }
            Err(error) => panic!("pdftoppm: {error}"),
        }
        pictures.push(root.with_extension("png"));
    }
    Some(pictures)
}

#[test]
fn six_pages_look_as_they_did() {
    let folder = tempfile::tempdir().unwrap();
    let Some(pictures) = drawn(&render(&sample::report()).unwrap(), folder.path()) else {
        eprintln!("SKIPPED: pdftoppm is NOT INSTALLED, so no page was looked at");
        return;
    };
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for (page, found) in PAGES.iter().zip(&pictures) {
        let path = kept.join(format!("page-{page}.png"));
        if std::env::var_os("AFFIANT_BLESS").is_some() {
            std::fs::create_dir_all(&kept).unwrap();
            std::fs::copy(found, &path).unwrap();
        }
        let (page_differs, square_differs) = difference(&picture(found), &picture(&path));
        assert!(
            page_differs <= PAGE_MAX && square_differs <= SQUARE_MAX,
            "page {page} differs by {page_differs:.2}, a square of it by {square_differs:.0}: look at it"
        );
    }
    // What is compared can tell pages apart, and a heading that went missing.
    let (first, second) = (picture(&pictures[0]), picture(&pictures[1]));
    assert!(difference(&first, &second).0 > PAGE_MAX);
    let mut blank = picture(&pictures[0]);
    let line = blank.dots.chunks_exact_mut(blank.width).filter(|row| row.iter().any(|dot| *dot < 128));
    line.take(30).for_each(|row| row.fill(255));
    assert!(difference(&first, &blank).1 > SQUARE_MAX);
}
