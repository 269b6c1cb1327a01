//! The program: parses nothing, computes nothing, and is the one place that ends the process.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    churnhouse::main(std::env::args_os())
}
