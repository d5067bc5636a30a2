//! The errors of reference section 3.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::names::aws_enum;

aws_enum! {
    /// The exception a client sees. `InvalidRequestException` answers nearly everything (3.1); the other two come
    /// from the JSON protocol itself (1.3).
    ErrorKind {
        /// The one modelled error of the seed's API.
        InvalidRequest = "InvalidRequestException",
        /// The body is not JSON, or a member has the wrong JSON type.
        Serialization = "SerializationException",
        /// The `X-Amz-Target` names no operation.
        UnknownOperation = "UnknownOperationException",
    }
}

/// A refused request. The HTTP status of all three kinds is 400.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// Which exception.
    pub kind: ErrorKind,
    /// What a person reads; clients decide by substrings of it (3.1).
    pub message: String,
    /// `errorCode`, where the exception has one.
    pub error_code: Option<String>,
}

impl ApiError {
    /// An `InvalidRequestException` with code `InvalidParameter`, the only code that is sure (3.1).
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::InvalidRequest,
            message: message.into(),
            error_code: Some("InvalidParameter".into()),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl core::error::Error for ApiError {}
