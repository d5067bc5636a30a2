//! Cases of earlier versions of the format, brought to this one a version at a time, before anything is decoded.
//!
//! A member that is new and may be missing needs no version of its own. A new version is for what an earlier one said
//! in another way; it comes with the step that says it anew.

use serde_json::{Map, Value};

use crate::scenario::VERSION;

/// Brings a case from one version to the next. What makes no sense is left as it is, for the decoder to name, unless
/// only the earlier version could say what is wrong with it.
pub type Migration = fn(&mut Map<String, Value>) -> Result<(), String>;

/// The first brings version 1 to version 2, and so on.
pub const MIGRATIONS: &[Migration] = &[seeds_name_their_generator];

const _: () = assert!(MIGRATIONS.len() as u64 + 1 == VERSION as u64, "a version without the way to it");

/// Brings a case of version `from`, at least 1, through as many migrations as are left.
///
/// # Errors
/// The path of a member that makes no sense in its version.
pub fn migrated(case: Value, from: u64, migrations: &[Migration]) -> Result<Value, String> {
    let Value::Object(mut members) = case else { return Ok(case) };
    for (version, migration) in (1_u64..).zip(migrations).skip_while(|(version, _)| *version < from) {
        migration(&mut members)?;
        members.insert("version".to_owned(), Value::from(version + 1));
    }
    Ok(Value::Object(members))
}

/// Version 1 kept the number of a seed alone. Which generator it was a seed of is not known any more.
fn seeds_name_their_generator(case: &mut Map<String, Value>) -> Result<(), String> {
    let Some(seed) = case.get_mut("seed").filter(|seed| !seed.is_null()) else { return Ok(()) };
    let number = seed.as_u64().ok_or_else(|| format!("seed: {seed}; expected a number"))?;
    *seed = Value::from(format!("0:{number}"));
    Ok(())
}
