//! The canonical encoding behind the digests: every field, in order, length-prefixed where it varies.
//!
//! Written by hand and by destructuring, so that a new field that is left out does not compile.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use xxhash_rust::xxh3::xxh3_128;

use super::message::{AgentId, ExecutionId, LocationId, MountFailure, Place, TaskId};
use crate::api::{AgentStatus, Options};
use crate::report::{Counters, End, Failure, Phase, PhaseStatuses};
use crate::time::Instant;

/// What has a canonical encoding.
pub(crate) trait Encode {
    /// Appends it.
    fn encode(&self, out: &mut Vec<u8>);
}

/// Digest of one row of a table. `kind` keeps rows of different tables apart.
pub(crate) fn row_digest(kind: u8, key: &impl Encode, row: &impl Encode) -> u128 {
    let mut bytes = Vec::with_capacity(512);
    bytes.push(kind);
    key.encode(&mut bytes);
    row.encode(&mut bytes);
    xxh3_128(&bytes)
}

impl Encode for () {
    fn encode(&self, _: &mut Vec<u8>) {}
}

impl Encode for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Encode for u64 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl Encode for [u8] {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.len() as u64).encode(out);
        out.extend_from_slice(self);
    }
}

impl Encode for str {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_bytes().encode(out);
    }
}

impl Encode for String {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_str().encode(out);
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.is_some().encode(out);
        if let Some(value) = self {
            value.encode(out);
        }
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.len() as u64).encode(out);
        self.iter().for_each(|item| item.encode(out));
    }
}

impl<T: Encode> Encode for BTreeSet<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.len() as u64).encode(out);
        self.iter().for_each(|item| item.encode(out));
    }
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    fn encode(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|item| item.encode(out));
    }
}

macro_rules! encode_numbers {
    ($($name:ident),+) => {
        $(impl Encode for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                self.0.encode(out);
            }
        })+
    };
}
encode_numbers!(AgentId, LocationId, TaskId, ExecutionId, Instant);

macro_rules! encode_names {
    ($($name:ident),+) => {
        $(impl Encode for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                self.as_str().encode(out);
            }
        })+
    };
}
encode_names!(AgentStatus, Phase);

/// `encode_fields!(Type { a, b })`: all fields, in this order.
macro_rules! encode_fields {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::service::encode::Encode for $name {
            fn encode(&self, out: &mut alloc::vec::Vec<u8>) {
                let Self { $($field),+ } = self;
                $($crate::service::encode::Encode::encode($field, out);)+
            }
        }
    };
}
pub(crate) use encode_fields;

encode_fields!(Counters {
    estimated_files,
    estimated_bytes,
    files_transferred,
    bytes_written,
    bytes_transferred
});
encode_fields!(End { phases, failure, counters });

impl Encode for PhaseStatuses {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { prepare, transfer, verify } = self;
        out.extend_from_slice(&[*prepare as u8, *transfer as u8, *verify as u8]);
    }
}

impl Encode for Failure {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { code, detail } = self;
        code.as_str().encode(out);
        detail.encode(out);
    }
}

impl Encode for MountFailure {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { side, text } = self;
        side.as_str().encode(out);
        text.encode(out);
    }
}

impl Encode for Place {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { kind, storage, subdirectory } = self;
        kind.as_str().encode(out);
        storage.encode(out);
        subdirectory.as_bytes().encode(out);
    }
}

impl Encode for Options {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self {
            verify_mode,
            atime,
            mtime,
            uid,
            gid,
            preserve_deleted_files,
            preserve_devices,
            posix_permissions,
            bytes_per_second,
        } = self;
        out.extend_from_slice(&[
            *verify_mode as u8,
            *atime as u8,
            *mtime as u8,
            *uid as u8,
            *gid as u8,
            *preserve_deleted_files as u8,
            *preserve_devices as u8,
            *posix_permissions as u8,
        ]);
        out.extend_from_slice(&bytes_per_second.to_le_bytes());
    }
}
