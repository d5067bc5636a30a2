//! Pages of lists and the tokens between them (reference 2.1a).
//!
//! A token is 48 hex digits: what list it belongs to, the key of the last item given out, a check over both. It
//! names an item, never an index, so what is deleted or made between two pages moves nothing.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Bound;

use super::Service;
use crate::api::ApiError;
use crate::mix::{fold, fold_bytes};
use crate::rules::Rules;

/// Items of a page when the caller names no number, or 0.
const DEFAULT_SIZE: usize = 100;

/// Which list a page is of. Its words are in the token, so that no other list takes it.
#[derive(Clone, Copy)]
pub(super) enum List<'a> {
    Agents,
    Locations,
    Tasks,
    /// Of a task, or of all.
    Executions(Option<&'a str>),
    /// Of a resource.
    Tags(&'a str),
}

/// A page as it was asked for.
pub(super) struct Page {
    scope: u64,
    size: usize,
    /// Key of the last item of the page before.
    pub(super) after: Option<u64>,
}

/// Whether an item comes after the page before.
pub(super) fn follows(key: u64, after: Option<u64>) -> bool {
    after.is_none_or(|after| key > after)
}

impl Page {
    /// Reads `MaxResults` and `NextToken`. The numbers are validated already; a token that was not given out for
    /// this list of this account and region is refused.
    /// Carries out R2.1a-2.
    pub(super) fn asked<R: Rules>(
        service: &Service<R>,
        list: List<'_>,
        size: Option<i64>,
        token: Option<&str>,
    ) -> Result<Self, ApiError> {
        let (kind, arn) = match list {
            List::Agents => (1, ""),
            List::Locations => (2, ""),
            List::Tasks => (3, ""),
            List::Executions(None) => (4, ""),
            List::Executions(Some(task)) => (5, task),
            List::Tags(resource) => (6, resource),
        };
        let config = &service.state.config;
        let scope = fold([
            kind,
            fold_bytes(1, config.account.as_bytes()),
            fold_bytes(2, config.region.as_bytes()),
            fold_bytes(3, arn.as_bytes()),
        ]);
        let size = size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
        let mut page = Self { scope, size: size.unwrap_or(DEFAULT_SIZE), after: None };
        if let Some(token) = token {
            page.after = Some(page.read(token).ok_or_else(|| {
                ApiError::invalid("Invalid parameter: NextToken must be one that this list has given out")
            })?);
        }
        Ok(page)
    }

    /// The keys of a table that come after the page before.
    pub(super) fn range<K>(&self, id: fn(u64) -> K) -> (Bound<K>, Bound<K>) {
        (self.after.map_or(Bound::Unbounded, |after| Bound::Excluded(id(after))), Bound::Unbounded)
    }

    fn check(&self, key: u64) -> u64 {
        fold([self.scope, key])
    }

    fn print(&self, key: u64) -> String {
        format!("{:016x}{key:016x}{:016x}", self.scope, self.check(key))
    }

    /// Carries out R2.1a-3.
    fn read(&self, token: &str) -> Option<u64> {
        let key = u64::from_str_radix(token.get(16..32)?, 16).ok()?;
        (self.print(key) == token).then_some(key)
    }

    /// The first items of what follows, with a token if and only if there is more.
    /// Carries out R2.1a-1, R2.1a-5.
    pub(super) fn cut<T>(&self, rest: impl Iterator<Item = (u64, T)>) -> (Vec<T>, Option<String>) {
        let mut rest = rest;
        let mut last = None;
        let items = rest
            .by_ref()
            .take(self.size)
            .map(|(key, item)| {
                last = Some(key);
                item
            })
            .collect();
        let more = rest.next().is_some();
        (items, last.filter(|_| more).map(|key| self.print(key)))
    }
}
