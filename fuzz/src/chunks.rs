//! Cutting a stream into chunks.

/// Three sizes, empty chunks among them, again and again; at some point the rest.
pub fn chunks(mut rest: &[u8], sizes: u8) -> Vec<&[u8]> {
    let mut chunks = Vec::new();
    for size in [sizes & 7, sizes >> 3 & 7, sizes >> 6].into_iter().cycle().take(100) {
        let (chunk, after) = rest.split_at(usize::from(size).min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks.push(rest);
    chunks
}
