//! How the program is linked: at a fixed address on Linux. Of a program that may lie anywhere, 270,000 addresses
//! (vtables, mostly DataFusion's) are written again at each start, nearly half of the time of a short query. What is
//! given up is the random place of the program's own code, which makes faults of memory harder to exploit: safe Rust
//! has none, and the C in it (zstd, bzip2, the allocator) is well worn. Heap, stack and libraries stay at random places.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    let target = |key: &str| env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    let is_static = target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if target("OS") == "linux" && target("ENV") == "gnu" && !is_static {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
