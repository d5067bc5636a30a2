//! Checks 3 and 4 of reference 3.4b: each member in model order, depth first, then the tags of the request.
//!
//! The first failure answers. Message form: `Invalid parameter: <member path> <what was expected>`.

use alloc::format;
use alloc::string::String;

use super::constraints::{Member, Shape, Text, members};
use super::error::ApiError;
use super::operations::Request;
use super::shapes::{Members, TagListEntry, Value};

/// Most tags a resource may have, and so most in one request (2.1b).
pub const TAGS_MAX: usize = 50;

/// Where a value stands: the way back up to the request.
#[derive(Clone, Copy)]
enum Path<'a> {
    Top,
    Member(&'a Path<'a>, &'static str),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn print(&self) -> String {
        match self {
            Self::Top => String::new(),
            Self::Member(Self::Top, name) => (*name).into(),
            Self::Member(above, name) => format!("{}.{name}", above.print()),
            Self::Item(above, place) => format!("{}[{place}]", above.print()),
        }
    }

    fn refuse(&self, expected: &str) -> ApiError {
        ApiError::invalid(format!("Invalid parameter: {} {expected}", self.print()))
    }
}

/// Whether a request is well formed for this account.
///
/// # Errors
/// The first reason against it, in the order of 3.4b.
pub fn validate(request: &Request, account: &str) -> Result<(), ApiError> {
    structure(request.members(), members(request.operation()), account, &Path::Top)?;
    match request {
        Request::CreateAgent(input) => tags(input.tags.as_deref()),
        Request::CreateLocationEfs(input) => tags(input.tags.as_deref()),
        Request::CreateLocationNfs(input) => tags(input.tags.as_deref()),
        Request::CreateLocationS3(input) => tags(input.tags.as_deref()),
        Request::CreateTask(input) => tags(input.tags.as_deref()),
        Request::TagResource(input) => tags(input.tags.as_deref()),
        _ => Ok(()),
    }
}

fn structure(
    value: &dyn Members,
    members: &'static [Member],
    account: &str,
    path: &Path<'_>,
) -> Result<(), ApiError> {
    for (place, member) in members.iter().enumerate() {
        let path = Path::Member(path, member.name);
        match value.member(place) {
            Some(value) => shape(value, member.shape, account, &path)?,
            None if member.required => return Err(path.refuse("is required")),
            None => {}
        }
    }
    Ok(())
}

fn shape(value: Value<'_>, shape_: &'static Shape, account: &str, path: &Path<'_>) -> Result<(), ApiError> {
    match (shape_, value) {
        (Shape::Text(limits), Value::Text(value)) => text(value, limits, account, path),
        (Shape::Enum(names), Value::Text(value)) if names.contains(&value) => Ok(()),
        (Shape::Enum(names), Value::Text(_)) => {
            Err(path.refuse(&format!("must be one of {}", names.join(", "))))
        }
        (Shape::Integer(limits), Value::Integer(value)) => {
            if (limits.min..=limits.max).contains(&value) {
                Ok(())
            } else if limits.max == i64::MAX {
                Err(path.refuse(&format!("must be {} or more, is {value}", limits.min)))
            } else {
                Err(path.refuse(&format!("must be {} to {}, is {value}", limits.min, limits.max)))
            }
        }
        (Shape::Structure(members), Value::Structure(value)) => structure(value, members, account, path),
        (Shape::List { min, max, item }, Value::List(items)) => {
            let count = items.count();
            if !(*min..=*max).contains(&count) {
                return Err(path.refuse(&format!("must have {min} to {max} items, has {count}")));
            }
            (0..count)
                .filter_map(|place| items.item(place).map(|value| (place, value)))
                .try_for_each(|(place, value)| shape(value, item, account, &Path::Item(path, place)))
        }
        _ => unreachable!("the tables of constraints and the request shapes disagree at {}", path.print()),
    }
}

fn text(value: &str, limits: &Text, account: &str, path: &Path<'_>) -> Result<(), ApiError> {
    if limits.own_arn && value.starts_with("arn:") {
        let named = value.split(':').nth(4).unwrap_or("");
        if named != account {
            return Err(foreign_account(named));
        }
    }
    // A string has at most as many characters as bytes, so most are never counted.
    if value.len() > limits.max || value.len() < limits.min.saturating_mul(4) {
        let count = value.chars().count();
        if !(limits.min..=limits.max).contains(&count) {
            let (min, max) = (limits.min, limits.max);
            return Err(path.refuse(&format!("must have {min} to {max} characters, has {count}")));
        }
    }
    if !(limits.pattern.matches)(value.as_bytes()) {
        return Err(path.refuse(&format!("must match {}", limits.pattern.text)));
    }
    Ok(())
}

/// The sure text of 3.2 #1.
fn foreign_account(named: &str) -> ApiError {
    ApiError::invalid(format!("Invalid parameter: ARN account ({named}) must match authenticated user."))
}

/// 2.1b: no key twice, nothing of the prefix that AWS keeps for itself, not more than a resource may have.
/// Carries out R2.1b-4.
fn tags(tags: Option<&[TagListEntry]>) -> Result<(), ApiError> {
    let tags = tags.unwrap_or_default();
    let keys = || tags.iter().enumerate().filter_map(|(place, tag)| Some((place, tag.key.as_deref()?)));
    let refuse = |place: usize, expected: &str| {
        Err(ApiError::invalid(format!("Invalid parameter: Tags[{place}].Key {expected}")))
    };
    for (place, key) in keys() {
        if keys().take(place).any(|(_, earlier)| earlier == key) {
            return refuse(place, "must not repeat a key of the same request");
        }
    }
    for (place, key) in keys() {
        if key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
            return refuse(place, "must not begin with aws:");
        }
    }
    if tags.len() > TAGS_MAX {
        return Err(ApiError::invalid(format!(
            "Invalid parameter: Tags must have {TAGS_MAX} items or fewer, has {}",
            tags.len()
        )));
    }
    Ok(())
}
