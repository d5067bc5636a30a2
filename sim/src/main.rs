//! The program `datasync-sim`; everything it does is in the library.

use std::io;
use std::process::ExitCode;

/// Histories are made of small trees and maps: a quarter of their time is allocation.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Not locked: the progress bar writes to stderr too.
    let (mut out, mut err) = (io::stdout(), io::stderr());
    ExitCode::from(datasync_sim::cli::main_with(std::env::args_os(), &mut out, &mut err))
}
