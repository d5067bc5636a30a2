//! The limit of BytesPerSecond (2.15a): in any window at most rate x window + one chunk goes out, retries included.

use datasync::time::SECOND;

use super::{AtEnd, Ended};

pub(super) const NAME: &str = "bandwidth-ceiling";

/// Looks at every window that begins and ends with a send.
#[derive(Clone, Debug)]
pub(super) struct BandwidthCeiling;

impl AtEnd for BandwidthCeiling {
    fn called(&self) -> &'static str {
        NAME
    }

    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        let Ok(rate) = u64::try_from(ended.options.bytes_per_second) else { return Ok(()) };
        if ended.sends.is_empty() {
            return Ok(());
        }
        *checks += 1;
        let chunk_bytes = ended.chunk_bytes.min(rate);
        if let Some((at, bytes)) = ended.sends.iter().find(|(_, bytes)| *bytes > chunk_bytes) {
            return Err(format!("{bytes} bytes in one piece at {at:?}, a chunk has {chunk_bytes}"));
        }
        // Bytes sent before a moment less what the rate had allowed by then, both times a second. A window holds too much
        // if this rises by more than a chunk within it.
        let (mut sent, mut least) = (0, i128::MAX);
        for (at, bytes) in ended.sends {
            let allowed = i128::from(at.0) * i128::from(rate);
            least = least.min(sent - allowed);
            sent += i128::from(*bytes) * i128::from(SECOND);
            let over = sent - allowed - least - i128::from(chunk_bytes) * i128::from(SECOND);
            if over > 0 {
                return Err(format!(
                    "at {at:?} a window holds {} bytes more than {rate} a second and a chunk of {chunk_bytes}",
                    over.cast_unsigned().div_ceil(u128::from(SECOND))
                ));
            }
        }
        Ok(())
    }
}
