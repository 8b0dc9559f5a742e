//! Random bytes from the operating system. The only file that imports `getrandom`.

/// Fills `bytes` with random bytes.
///
/// # Panics
/// When the operating system gives none: no salt and no key may ever be made without them.
pub fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).unwrap_or_else(|error| panic!("the operating system gives random bytes: {error}"));
}
