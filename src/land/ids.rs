//! A set of ids in bounded memory. It may take an id for one that it has, about once in a million, so that
//! what it finds is to be looked at again; it never misses one (a Bloom filter with blocks of a cache line;
//! Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters, 2007).

use std::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;

/// A cache line of bits.
type Block = [u64; 8];

/// Bits that an id sets in its block.
const PROBES: u32 = 7;
/// Ids that a block is meant for: 64 bits an id.
const IDS_PER_BLOCK: usize = 8;
/// Blocks of the first layer, 256 KiB, and of the largest, 64 MiB. The first is small enough for a core's own cache,
/// which a month's ids are looked up in.
const LAYER: std::ops::RangeInclusive<usize> = 1 << 12..=1 << 20;

/// The ids met so far.
#[derive(Default)]
pub struct IdSet {
    layers: Vec<Layer>,
}

/// A filter of fixed size; a full one is followed by one eight times as large, up to the largest, which
/// takes all that comes.
struct Layer {
    blocks: Vec<Block>,
    ids: usize,
}

impl IdSet {
    /// Whether an id may be there.
    pub fn holds(&self, id: &str) -> bool {
        self.holds_hash(hash(id))
    }

    /// Adds an id; tells whether it may have been there.
    pub fn insert(&mut self, id: &str) -> bool {
        let hash = hash(id);
        if self.holds_hash(hash) {
            return true;
        }
        if self.layers.last().is_none_or(Layer::is_full) {
            let blocks = self.layers.last().map_or(*LAYER.start(), |layer| layer.blocks.len() * 8);
            self.layers.push(Layer { blocks: vec![[0; 8]; blocks.min(*LAYER.end())], ids: 0 });
        }
        if let Some(layer) = self.layers.last_mut() {
            layer.insert(hash);
        }
        false
    }

    fn holds_hash(&self, hash: u64) -> bool {
        self.layers.iter().any(|layer| layer.holds(hash))
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = FixedState::with_seed(0).build_hasher();
    hasher.write(id.as_bytes());
    hasher.finish()
}

impl Layer {
    fn is_full(&self) -> bool {
        self.blocks.len() < *LAYER.end() && self.ids >= self.blocks.len() * IDS_PER_BLOCK
    }

    fn place(&self, hash: u64) -> usize {
        ((hash >> 32) as usize * self.blocks.len()) >> 32
    }

    fn holds(&self, hash: u64) -> bool {
        let block = &self.blocks[self.place(hash)];
        bits(hash).all(|(word, bit)| block[word] & bit != 0)
    }

    fn insert(&mut self, hash: u64) {
        let place = self.place(hash);
        for (word, bit) in bits(hash) {
            self.blocks[place][word] |= bit;
        }
        self.ids += 1;
    }
}

/// The bits of an id in its block, nine bits of a second hash for each.
fn bits(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    let mixed = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    (0..PROBES).map(move |probe| {
        let bit = (mixed >> (9 * probe)) & 511;
        ((bit / 64) as usize, 1 << (bit % 64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_is_missed_and_few_are_taken_for_others() {
        let mut set = IdSet::default();
        let ids = 300_000;
        let mistaken = (0..ids).filter(|id| set.insert(&format!("E139000{id:06}01"))).count();
        assert!(mistaken <= 3, "{mistaken} of {ids}");
        assert!((0..ids).all(|id| set.holds(&format!("E139000{id:06}01"))));
        let strangers = (0..ids).filter(|id| set.holds(&format!("E139000{id:06}02"))).count();
        assert!(strangers <= 3, "{strangers} of {ids}");
        assert!(set.layers.len() > 1);
    }
}
