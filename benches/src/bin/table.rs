//! Prints how the last figures stand to the goals, as Markdown. It measures nothing:
//!
//! ```text
//! cargo bench -p datasync-benches
//! cargo run --release -p datasync-benches --bin memory
//! cargo run --release -p datasync-benches --bin gate
//! cargo run --release -p datasync-benches --bin table
//! ```

use std::process::ExitCode;

use datasync_benches::{figures, goals};

fn main() -> ExitCode {
    match figures::load() {
        Ok(figures) => {
            println!("{}", goals::table(&figures));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
