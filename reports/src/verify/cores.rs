//! Work on many entries: on every core, or on one where the program is to be small.

/// What `work` makes of each item and its place, in their order.
pub(super) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(usize, &T) -> R + Sync + Send) -> Vec<R> {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        items.par_iter().enumerate().map(|(at, item)| work(at, item)).collect()
    }
    #[cfg(not(feature = "parallel"))]
    items.iter().enumerate().map(|(at, item)| work(at, item)).collect()
}
