//! `invariants`: the catalogue.

use clap::Args;
use serde_json::{Value, json};

use super::console::{Console, Done, HELD};
use crate::invariant::{Sight, catalogue};

const JSON_HELP: &str = "\
With --json: one object an invariant, with name, statement, source, sight.";

/// Lists what must hold in every history, one line each.
///
/// A name, whether it looks at what any client could see (history) or at internals (inside), the statement, and
/// where that comes from: a section of the service reference, or our choice.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_HELP)]
pub struct InvariantsArgs {}

/// Lists the invariants.
pub fn invariants(_: &InvariantsArgs, console: &mut Console<'_>) -> Done {
    let width = catalogue().iter().map(|invariant| invariant.name.len()).max().unwrap_or(0);
    let mut objects = Vec::new();
    for invariant in catalogue() {
        let sight = match invariant.sight {
            Sight::History => "history",
            Sight::Inside => "inside",
        };
        let (name, statement, source) = (invariant.name, invariant.statement, invariant.source);
        console.line(format_args!("{name:<width$}  {sight:<7}  {statement} ({source})"))?;
        objects.push(json!({"name": name, "statement": statement, "source": source, "sight": sight}));
    }
    console.document(&Value::Array(objects))?;
    Ok(HELD)
}
