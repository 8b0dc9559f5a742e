//! Writes a sample report: `cargo run -p affiant-reports --example report -- report.pdf [pages of tables]`; under a name that
//! ends in `.json` as data, for others to render.

#[path = "../tests/support/sample.rs"]
mod sample;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("name the file to write")?;
    let document = match arguments.next() {
        Some(pages) => sample::tables(pages.parse()?),
        None => sample::report(),
    };
    let bytes = if path.ends_with(".json") {
        serde_json::to_vec(&document)?
    } else {
        affiant_reports::render::pdf::render(&document)?
    };
    std::fs::write(path, bytes)?;
    Ok(())
}
