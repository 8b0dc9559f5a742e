# What one does here. `.ci/run` calls these too.

# All checks, as CI makes them
all: format lint docs wasm test interop verifier

# The README's test command
test:
    cargo test --workspace

# The pages in a real browser; pictures of them go to target/screenshots (chromium, chromium-driver, npm)
browser:
    [ -f target/axe/node_modules/axe-core/axe.min.js ] || npm install --prefix target/axe axe-core@4 --silent
    cargo test --workspace --test browser

# Formatting is one
format:
    cargo fmt --all --check

# No warning stays
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# The documentation builds without a warning
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# The verifier's closure has no database, no PDF library, no randomness: it type-checks for a browser
wasm:
    cargo check -p affiant-reports --no-default-features --target wasm32-unknown-unknown

# Others' tools agree: Python's standard library, openssl, bagit, poppler, qpdf, Go's checksum database
interop:
    bash tests/interop/run

# The auditor's program by itself: static, small, and of one mind with affiant
verifier:
    tests/verifier/run

# Every reader of strangers' bytes, so many seconds each (nightly toolchain, cargo-fuzz)
fuzz SECONDS:
    fuzz/run {{SECONDS}}

# Crashes, power cuts and tampering, some minutes of each; a release build first
crash:
    cargo build --release
    tests/harness/run short

# All of it, for hours (root for real file systems); figures go to docs/reliability.md
crash-full:
    cargo build --release
    tests/harness/run full --json target/crash-full.jsonl

# Measure; numbers go to docs/performance.md as ratios to the floor of the same run
bench:
    cargo bench -p affiant-ledger
    cargo bench -p affiant-controls -p affiant-frameworks -p affiant-reports

# Compile the catalogs from their YAML sources again
catalogs:
    AFFIANT_BLESS=1 cargo test -p affiant-controls -p affiant-frameworks

# Play the story
demo:
    cargo run --release -- demo
