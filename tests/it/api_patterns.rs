//! Every hand-written matcher against the `regex` crate on the pattern's own text (reference 1.5, 3.4b).

use datasync::api::patterns::{self, Pattern};
use datasync::mix::{at_most, fold};
use regex::Regex;

/// The pattern as the `regex` crate has to be told: the whole value, `\s` ASCII. Its `$` is the very end and its `.`
/// all but newline already.
fn expected(pattern: &Pattern) -> Regex {
    let ascii = pattern.text.replace(r"\s", r"\t\n\x0B\x0C\r ");
    Regex::new(&format!(r"\A(?:{ascii})\z")).unwrap()
}

/// Values that match, to start from, and values that were picked by hand.
fn samples(pattern: &Pattern) -> Vec<String> {
    let hex = "0123456789abcdef0";
    let task = format!("arn:aws:datasync:us-east-1:123456789012:task/task-{hex}");
    let samples = match pattern.text {
        text if text == patterns::TASK_ARN.text => vec![task],
        text if text == patterns::TASK_EXECUTION_ARN.text => vec![format!("{task}/execution/exec-{hex}")],
        text if text == patterns::AGENT_ARN.text => {
            vec![format!("arn:aws:datasync:us-east-1:123456789012:agent/agent-0z{}", &hex[2..])]
        }
        text if text == patterns::LOCATION_ARN.text => {
            vec![format!("arn:aws-cn:datasync:cn-north-1:123456789012:location/loc-{hex}")]
        }
        text if text == patterns::TAGGABLE_RESOURCE_ARN.text => {
            vec![task, format!("arn:aws:datasync:r:123456789012:agent/loc-{hex}")]
        }
        text if text == patterns::EFS_FILESYSTEM_ARN.text => {
            vec!["arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-01/\u{e9}".into()]
        }
        text if text == patterns::EC2_SUBNET_ARN.text => {
            vec!["arn:aws:ec2::123456789012:subnet/subnet-01".into()]
        }
        text if text == patterns::EC2_SECURITY_GROUP_ARN.text => {
            vec!["arn:aws:ec2:eu-west-1:123456789012:security-group/sg".into()]
        }
        text if text == patterns::S3_BUCKET_ARN.text => {
            vec!["arn:aws:s3:::bucket".into(), "arn:aws-cn:s3:::".into()]
        }
        text if text == patterns::IAM_ROLE_ARN.text => vec!["arn:aws:iam::123456789012:role/a/b c".into()],
        text if text == patterns::LOG_GROUP_ARN.text => {
            vec!["arn:aws:logs:us-east-1:123456789012:log-group:/a/b\n".into()]
        }
        text if text == patterns::ACTIVATION_KEY.text => vec!["F0EFT-7FPPR-GG7MC-3I9R3-27DOH".into()],
        text if text == patterns::NAME.text => vec!["a B\x0b0".into(), "x".repeat(256)],
        text if text == patterns::TAG_KEY.text => vec!["a@b".into(), "x".repeat(128)],
        text if text == patterns::TAG_VALUE.text => vec![String::new(), "a@b\t".into(), "x".repeat(256)],
        text if text == patterns::SUBDIRECTORY.text => vec!["/a-b_c.d/".into()],
        text if text == patterns::SERVER_HOSTNAME.text => {
            vec!["a.b-c.example".into(), "10.0.0.1".into(), "--9".into()]
        }
        text if text == patterns::NEXT_TOKEN.text => vec!["aZ0=_-".into()],
        text => panic!("no sample for {text}"),
    };
    let regex = expected(pattern);
    for sample in &samples {
        assert!(regex.is_match(sample), "the sample {sample:?} is meant to match {}", pattern.text);
    }
    samples
}

const ALPHABET: [char; 26] = [
    '\0', '\t', '\n', '\x0b', '\x0c', '\r', ' ', '!', '*', '+', '-', '.', '/', '0', '9', ':', '=', '@', 'A',
    'Z', '_', 'a', 'f', 'g', 'z', '\u{e9}',
];

/// One edit, drawn by key: delete, insert, replace, swap with the next, double, cut.
fn mutated(text: &str, key: u64) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let draw = |what: u64, max: usize| at_most(fold([key, what]), max as u64) as usize;
    let character = ALPHABET[draw(1, ALPHABET.len() - 1)];
    let place = draw(2, characters.len());
    match draw(3, 5) {
        0 if place < characters.len() => drop(characters.remove(place)),
        1 if place < characters.len() => characters[place] = character,
        2 if place + 1 < characters.len() => characters.swap(place, place + 1),
        3 => characters.extend_from_within(place..),
        4 => characters.truncate(place),
        _ => characters.insert(place, character),
    }
    characters.into_iter().collect()
}

#[test]
fn matchers_decide_what_the_patterns_say() {
    for pattern in patterns::ALL {
        let regex = expected(pattern);
        let (mut matching, mut others) = (0u32, 0u32);
        let mut compare = |text: &str| {
            let expected = regex.is_match(text);
            assert_eq!((pattern.matches)(text.as_bytes()), expected, "{} on {text:?}", pattern.text);
            *(if expected { &mut matching } else { &mut others }) += 1;
        };
        compare("");
        for sample in samples(pattern) {
            // Every single replacement and insertion in the first and last stretch, and everywhere by draw.
            for character in ALPHABET {
                for place in (0..=sample.len()).filter(|place| sample.is_char_boundary(*place)) {
                    let (before, after) = sample.split_at(place);
                    compare(&format!("{before}{character}{after}"));
                    let rest: String = after.chars().skip(1).collect();
                    compare(&format!("{before}{character}{rest}"));
                }
            }
            for place in (0..sample.len()).filter(|place| sample.is_char_boundary(*place)) {
                compare(&sample[..place]);
                compare(&sample[place..]);
            }
            for key in 0..2000 {
                let mut text = sample.clone();
                for step in 0..=key % 3 {
                    text = mutated(&text, fold([key, step]));
                    compare(&text);
                }
            }
            compare(&sample);
            compare(&format!("{sample}\n"));
            compare(&format!(" {sample}"));
        }
        assert!(matching > 10 && others > 100, "{}: {matching} matched, {others} did not", pattern.text);
    }
}

#[test]
fn the_seed_quirks() {
    let rows = [
        // The pattern of taggable ARNs takes mixed kinds (2.1b refuses them by look-up).
        (
            patterns::TAGGABLE_RESOURCE_ARN,
            "arn:aws:datasync:r:123456789012:agent/loc-0123456789abcdef0",
            true,
        ),
        // Task ids are hexadecimal, agent ids are not; task ARNs may lack the region.
        (patterns::TASK_ARN, "arn:aws:datasync:r:123456789012:task/task-0123456789abcdefg", false),
        (patterns::AGENT_ARN, "arn:aws:datasync:r:123456789012:agent/agent-0123456789abcdefg", true),
        (patterns::TASK_ARN, "arn:aws:datasync::123456789012:task/task-0123456789abcdef0", true),
        (patterns::AGENT_ARN, "arn:aws:datasync::123456789012:agent/agent-0123456789abcdef0", false),
        // `:*` at the end of a log group is not taken before 2020.
        (patterns::LOG_GROUP_ARN, "arn:aws:logs:r:123456789012:log-group:g:*", false),
        (patterns::SERVER_HOSTNAME, "under_score.example", false),
        (patterns::SERVER_HOSTNAME, "trailing.dot.", false),
        (patterns::SUBDIRECTORY, "/with space", false),
        (patterns::NAME, "mail@example", false),
        (patterns::TAG_KEY, "mail@example", true),
        (patterns::TAG_VALUE, "", true),
        (patterns::NEXT_TOKEN, "", false),
    ];
    for (pattern, text, expected) in rows {
        assert_eq!((pattern.matches)(text.as_bytes()), expected, "{} on {text}", pattern.text);
    }
}
