//! The patterns of the service model (reference 1.5), each as its text and a function that decides the same.
//!
//! The functions mean what the text means under 3.4b: the whole value, `\s` ASCII, `$` the very end, `.` all but
//! newline. `tests/it` holds every one against the `regex` crate.

/// A pattern: its text, and its decision over the bytes of a string.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// As the service model prints it.
    pub text: &'static str,
    /// Whether a value matches as a whole.
    pub matches: fn(&[u8]) -> bool,
}

/// `TaskArn`.
pub const TASK_ARN: Pattern = Pattern {
    text: r"^arn:(aws|aws-cn):datasync:[a-z\-0-9]*:[0-9]{12}:task/task-[0-9a-f]{17}$",
    matches: |text| own(text, 0).and_then(|rest| id(rest, b"task/task-", is_hex)) == Some(b""),
};

/// `TaskExecutionArn`.
pub const TASK_EXECUTION_ARN: Pattern = Pattern {
    text: concat!(
        r"^arn:(aws|aws-cn):datasync:[a-z\-0-9]*:[0-9]{12}:task/task-[0-9a-f]{17}",
        r"/execution/exec-[0-9a-f]{17}$"
    ),
    matches: |text| {
        own(text, 0)
            .and_then(|rest| id(rest, b"task/task-", is_hex))
            .and_then(|rest| id(rest, b"/execution/exec-", is_hex))
            == Some(b"")
    },
};

/// `AgentArn`.
pub const AGENT_ARN: Pattern = Pattern {
    text: r"^arn:(aws|aws-cn):datasync:[a-z\-0-9]+:[0-9]{12}:agent/agent-[0-9a-z]{17}$",
    matches: |text| own(text, 1).and_then(|rest| id(rest, b"agent/agent-", is_lower_or_digit)) == Some(b""),
};

/// `LocationArn`.
pub const LOCATION_ARN: Pattern = Pattern {
    text: r"^arn:(aws|aws-cn):datasync:[a-z\-0-9]+:[0-9]{12}:location/loc-[0-9a-z]{17}$",
    matches: |text| own(text, 1).and_then(|rest| id(rest, b"location/loc-", is_lower_or_digit)) == Some(b""),
};

/// `TaggableResourceArn`. It fits `agent/loc-...` too; the look-up refuses that (2.1b).
pub const TAGGABLE_RESOURCE_ARN: Pattern = Pattern {
    text: concat!(
        r"^arn:(aws|aws-cn):datasync:[a-z\-0-9]+:[0-9]{12}:",
        r"(agent|task|location)/(agent|task|loc)-[0-9a-z]{17}$"
    ),
    matches: |text| {
        own(text, 1)
            .and_then(|rest| one_of(rest, &[b"agent/", b"task/", b"location/"]))
            .and_then(|rest| one_of(rest, &[b"agent-", b"task-", b"loc-"]))
            .and_then(|rest| id(rest, b"", is_lower_or_digit))
            == Some(b"")
    },
};

/// `EfsFilesystemArn`.
pub const EFS_FILESYSTEM_ARN: Pattern = Pattern {
    text: r"^arn:(aws|aws-cn):elasticfilesystem:[a-z\-0-9]*:[0-9]{12}:file-system/fs-.*$",
    matches: |text| {
        arn(text, b"elasticfilesystem:", 0).is_some_and(|rest| open_end(rest, b"file-system/fs-"))
    },
};

/// `Ec2SubnetArn`.
pub const EC2_SUBNET_ARN: Pattern = Pattern {
    text: r"^arn:(aws|aws-cn):ec2:[a-z\-0-9]*:[0-9]{12}:subnet/.*$",
    matches: |text| arn(text, b"ec2:", 0).is_some_and(|rest| open_end(rest, b"subnet/")),
};

/// `Ec2SecurityGroupArn`.
pub const EC2_SECURITY_GROUP_ARN: Pattern = Pattern {
    text: r"^arn:(aws|aws-cn):ec2:[a-z\-0-9]*:[0-9]{12}:security-group/.*$",
    matches: |text| arn(text, b"ec2:", 0).is_some_and(|rest| open_end(rest, b"security-group/")),
};

/// `S3BucketArn`.
pub const S3_BUCKET_ARN: Pattern = Pattern {
    text: r"^arn:(aws|aws-cn):s3:::([^/]*)$",
    matches: |text| {
        partition(text)
            .and_then(|rest| rest.strip_prefix(b"s3:::"))
            .is_some_and(|bucket| !bucket.contains(&b'/'))
    },
};

/// `IamRoleArn`.
pub const IAM_ROLE_ARN: Pattern = Pattern {
    text: r"^arn:(aws|aws-cn):iam::[0-9]{12}:role/.*$",
    matches: |text| {
        partition(text)
            .and_then(|rest| rest.strip_prefix(b"iam::"))
            .and_then(account)
            .is_some_and(|rest| open_end(rest, b"role/"))
    },
};

/// `LogGroupArn`: no `:*` at the end in the seed.
pub const LOG_GROUP_ARN: Pattern = Pattern {
    text: r"^arn:(aws|aws-cn):logs:[a-z\-0-9]*:[0-9]{12}:log-group:([^:\*]*)$",
    matches: |text| {
        arn(text, b"logs:", 0)
            .and_then(|rest| rest.strip_prefix(b"log-group:"))
            .is_some_and(|name| name.iter().all(|byte| !matches!(byte, b':' | b'*')))
    },
};

/// `ActivationKey`.
pub const ACTIVATION_KEY: Pattern = Pattern {
    text: "[A-Z0-9]{5}(-[A-Z0-9]{5}){4}",
    matches: |text| {
        text.len() == 29
            && text.iter().enumerate().all(|(place, byte)| match place % 6 {
                5 => *byte == b'-',
                _ => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            })
    },
};

/// `TagValue` as names have it (`AgentName`, `Name`).
pub const NAME: Pattern = Pattern {
    text: r"^[a-zA-Z0-9\s+=._:/-]{1,256}$",
    matches: |text| (1..=256).contains(&text.len()) && text.iter().all(|byte| is_tag_byte(*byte)),
};

/// `TagKey`, with the `@` that the prose lists (2.1b).
pub const TAG_KEY: Pattern = Pattern {
    text: r"^[a-zA-Z0-9\s+=._:/@-]{1,128}$",
    matches: |text| (1..=128).contains(&text.len()) && text.iter().all(|byte| is_tag_byte_or_at(*byte)),
};

/// `TagValue` of a tag, with `@`, and empty as the prose allows it (2.1b).
pub const TAG_VALUE: Pattern = Pattern {
    text: r"^[a-zA-Z0-9\s+=._:/@-]{0,256}$",
    matches: |text| text.len() <= 256 && text.iter().all(|byte| is_tag_byte_or_at(*byte)),
};

/// `Subdirectory`.
pub const SUBDIRECTORY: Pattern = Pattern {
    text: r"^[a-zA-Z0-9_\-\./]+$",
    matches: |text| {
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/');
        !text.is_empty() && text.iter().all(fits)
    },
};

/// `ServerHostname`.
pub const SERVER_HOSTNAME: Pattern = Pattern {
    text: r"^(([a-zA-Z0-9\-]*[a-zA-Z0-9])\.)*([A-Za-z0-9\-]*[A-Za-z0-9])$",
    matches: |text| {
        text.split(|byte| *byte == b'.').all(|label| {
            label.last().is_some_and(u8::is_ascii_alphanumeric)
                && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        })
    },
};

/// `NextToken`.
pub const NEXT_TOKEN: Pattern = Pattern {
    text: "[a-zA-Z0-9=_-]+",
    matches: |text| {
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'_' | b'-');
        !text.is_empty() && text.iter().all(fits)
    },
};

/// Every pattern, for tests.
pub const ALL: &[Pattern] = &[
    TASK_ARN,
    TASK_EXECUTION_ARN,
    AGENT_ARN,
    LOCATION_ARN,
    TAGGABLE_RESOURCE_ARN,
    EFS_FILESYSTEM_ARN,
    EC2_SUBNET_ARN,
    EC2_SECURITY_GROUP_ARN,
    S3_BUCKET_ARN,
    IAM_ROLE_ARN,
    LOG_GROUP_ARN,
    ACTIVATION_KEY,
    NAME,
    TAG_KEY,
    TAG_VALUE,
    SUBDIRECTORY,
    SERVER_HOSTNAME,
    NEXT_TOKEN,
];

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// `\s` holds the vertical tab, which `is_ascii_whitespace` leaves out.
fn is_tag_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b' ' | b'\t'..=b'\r' | b'+' | b'=' | b'.' | b'_' | b':' | b'/' | b'-')
}

fn is_tag_byte_or_at(byte: u8) -> bool {
    is_tag_byte(byte) || byte == b'@'
}

fn one_of<'a>(text: &'a [u8], prefixes: &[&[u8]]) -> Option<&'a [u8]> {
    prefixes.iter().find_map(|prefix| text.strip_prefix(*prefix))
}

/// What follows `arn:(aws|aws-cn):`.
fn partition(text: &[u8]) -> Option<&[u8]> {
    one_of(text, &[b"arn:aws:", b"arn:aws-cn:"])
}

/// What follows `[0-9]{12}:`.
fn account(text: &[u8]) -> Option<&[u8]> {
    let (digits, rest) = text.split_at_checked(12)?;
    digits.iter().all(u8::is_ascii_digit).then_some(rest)?.strip_prefix(b":")
}

/// What follows `arn:(aws|aws-cn):<service>[a-z\-0-9]{min,}:[0-9]{12}:`.
fn arn<'a>(text: &'a [u8], service: &[u8], region_min: usize) -> Option<&'a [u8]> {
    let rest = partition(text)?.strip_prefix(service)?;
    let region = rest.iter().take_while(|byte| is_lower_or_digit(**byte) || **byte == b'-').count();
    if region < region_min {
        return None;
    }
    account(rest[region..].strip_prefix(b":")?)
}

fn own(text: &[u8], region_min: usize) -> Option<&[u8]> {
    arn(text, b"datasync:", region_min)
}

/// What follows the prefix and 17 bytes of the class.
fn id<'a>(text: &'a [u8], prefix: &[u8], class: fn(u8) -> bool) -> Option<&'a [u8]> {
    let (id, rest) = text.strip_prefix(prefix)?.split_at_checked(17)?;
    id.iter().all(|byte| class(*byte)).then_some(rest)
}

/// The prefix and `.*`.
fn open_end(text: &[u8], prefix: &[u8]) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| !rest.contains(&b'\n'))
}
