//! Compact JSON laid out for readers: a list or object that fits stands on one line, any other is broken, a member
//! a line. The order of the members stays.

/// Characters a line may have; what cannot be broken (a string) may be longer.
const WIDTH: usize = 110;

/// Spaces a level.
const INDENT: usize = 2;

/// Lays out compact JSON as `serde_json` writes it. The outermost value is always broken.
pub(super) fn lay_out(compact: &str) -> String {
    let ends = ends(compact);
    let mut text = String::with_capacity(compact.len() * 2);
    let mut broken = 0;
    let mut at = 0;
    while let Some(character) = compact[at..].chars().next() {
        let next = at + character.len_utf8();
        match character {
            '"' => text.push_str(&compact[at..ends[at]]),
            '[' | '{' => {
                let inline = inline(&compact[at..ends[at]], &ends[at..], at);
                let column = text.len() - text.rfind('\n').map_or(0, |newline| newline + 1);
                // Below, for there may be a comma behind it.
                if ends[at] == next + 1 || (at > 0 && column + inline.chars().count() < WIDTH) {
                    text.push_str(&inline);
                    at = ends[at];
                    continue;
                }
                broken += 1;
                text.push(character);
                new_line(&mut text, broken);
            }
            ']' | '}' => {
                broken -= 1;
                new_line(&mut text, broken);
                text.push(character);
            }
            ',' => {
                text.push(',');
                new_line(&mut text, broken);
            }
            ':' => text.push_str(": "),
            other => text.push(other),
        }
        at = if character == '"' { ends[at] } else { next };
    }
    text.push('\n');
    text
}

fn new_line(text: &mut String, level: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', level * INDENT));
}

/// For each byte where a string, list or object begins, where it ends (behind its last byte); 0 elsewhere.
fn ends(compact: &str) -> Vec<usize> {
    let bytes = compact.as_bytes();
    let mut ends = vec![0; bytes.len()];
    let mut open = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let begin = at;
        at += 1;
        match bytes[begin] {
            b'"' => {
                while bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
                ends[begin] = at;
            }
            b'[' | b'{' => open.push(begin),
            b']' | b'}' => ends[open.pop().expect("JSON closes what it opened")] = at,
            _ => {}
        }
    }
    ends
}

/// A value on one line, with a space behind commas and colons. `ends` begins at the value, which stands at `base`.
fn inline(value: &str, ends: &[usize], base: usize) -> String {
    let mut text = String::with_capacity(value.len() + value.len() / 8);
    let mut at = 0;
    while let Some(character) = value[at..].chars().next() {
        let next = if character == '"' { ends[at] - base } else { at + character.len_utf8() };
        text.push_str(&value[at..next]);
        if matches!(character, ',' | ':') {
            text.push(' ');
        }
        at = next;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::lay_out;

    #[test]
    fn what_fits_stands_on_one_line() {
        let long = "x".repeat(100);
        for (compact, expected) in [
            ("{}", "{}\n".to_owned()),
            (r#"{"a":[1,2],"b":"c,d:{"}"#, "{\n  \"a\": [1, 2],\n  \"b\": \"c,d:{\"\n}\n".to_owned()),
            (
                r#"{"a":{"b":"\"]\\"},"c":[]}"#,
                "{\n  \"a\": {\"b\": \"\\\"]\\\\\"},\n  \"c\": []\n}\n".to_owned(),
            ),
            (
                &format!(r#"{{"a":["{long}",{{"b":1}}]}}"#),
                format!("{{\n  \"a\": [\n    \"{long}\",\n    {{\"b\": 1}}\n  ]\n}}\n"),
            ),
        ] {
            assert_eq!(lay_out(compact), expected);
            let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            assert_eq!(parse(&lay_out(compact)), parse(compact));
        }
    }
}
