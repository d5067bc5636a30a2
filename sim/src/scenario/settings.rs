//! Settings as a case writes them: only those that are not the defaults.

use datasync::Settings;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Whether nothing was changed.
pub(super) fn are_default(settings: &Settings) -> bool {
    *settings == Settings::default()
}

/// Writes the members that differ from the defaults; reading fills in the rest.
pub(super) fn changed_only<S: Serializer>(settings: &Settings, serializer: S) -> Result<S::Ok, S::Error> {
    let json = |settings: &Settings| serde_json::to_value(settings).map_err(serde::ser::Error::custom);
    let (mut value, defaults) = (json(settings)?, json(&Settings::default())?);
    if let (Value::Object(members), Value::Object(defaults)) = (&mut value, &defaults) {
        members.retain(|name, value| defaults.get(name) != Some(value));
    }
    value.serialize(serializer)
}
