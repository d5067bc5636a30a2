//! `invariants`: the catalogue.

use clap::Args;
use serde_json::{Value, json};

use super::console::{Console, Done, HELD};
use crate::bug::{self, Bug};
use crate::invariant::{Sight, catalogue};

const JSON_HELP: &str = "\
With --json: one object an invariant, with name, statement, source, checked, sight, killed_by [planted bugs that it may catch].";

/// Lists what must hold in every history, one line each.
///
/// A name, whether it looks at what any client could see (history) or at internals (inside), the statement, and
/// where that comes from: a section of the service reference, or our choice. Below it: when it is checked, and the
/// planted bugs that it may catch.
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
        let checked = invariant.checked;
        let kills = |bug: &&Bug| bug.caught_by.contains(&name);
        let killed_by: Vec<&str> = bug::catalogue().iter().filter(kills).map(|bug| bug.name).collect();
        console.line(format_args!("{name:<width$}  {sight:<7}  {statement} ({source})"))?;
        console.line(format_args!("{:<width$}  checked  {checked}", ""))?;
        console.line(format_args!("{:<width$}  kills    {}", "", killed_by.join(", ")))?;
        objects.push(json!({
            "name": name,
            "statement": statement,
            "source": source,
            "checked": checked,
            "sight": sight,
            "killed_by": killed_by,
        }));
    }
    console.document(&Value::Array(objects))?;
    Ok(HELD)
}
