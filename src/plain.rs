//! How state becomes plain data where serde's own form would not do in every format: maps whose keys have several
//! parts, numbers of 128 bits. For `#[serde(with = "...")]`.

/// A map as a list of pairs, in order of the keys.
pub mod pairs {
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the pairs.
    ///
    /// # Errors
    /// Those of the format.
    pub fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    /// Reads the pairs; of two with one key the later counts.
    ///
    /// # Errors
    /// Those of the format.
    pub fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Ord + Deserialize<'de>,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// A shared map as a list of pairs; nobody shares it any more when it comes back.
pub mod shared_pairs {
    use alloc::collections::BTreeMap;
    use alloc::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the pairs.
    ///
    /// # Errors
    /// Those of the format.
    pub fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &Arc<BTreeMap<K, V>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        super::pairs::serialize(&**map, serializer)
    }

    /// Reads the pairs.
    ///
    /// # Errors
    /// Those of the format.
    pub fn deserialize<'de, K, V, D>(deserializer: D) -> Result<Arc<BTreeMap<K, V>>, D::Error>
    where
        K: Ord + Deserialize<'de>,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        super::pairs::deserialize(deserializer).map(Arc::new)
    }
}

/// A number of 128 bits as its high and its low half: formats and tools whose numbers end at 64 bits can hold it.
pub mod halves {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the halves.
    ///
    /// # Errors
    /// Those of the format.
    pub fn serialize<S: Serializer>(number: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        ((number >> 64) as u64, *number as u64).serialize(serializer)
    }

    /// Reads the halves.
    ///
    /// # Errors
    /// Those of the format.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let (high, low) = <(u64, u64)>::deserialize(deserializer)?;
        Ok((u128::from(high) << 64) | u128::from(low))
    }
}
