//! A failing case as a Rust test to paste, the case in it.

use crate::bug::Bug;
use crate::corpus::format_case;
use crate::judge::needs_two_lives;
use crate::scenario::Scenario;

/// The text of a test that lives through a case with nothing but this crate.
///
/// With a planted bug it asserts that the invariant catches it. Without one it asserts that everything holds, so it fails
/// until what is wrong has been mended.
///
/// # Errors
/// The case makes no sense (see [`format_case`]).
pub fn as_test(case: &Scenario, invariant: &str, bug: Option<&Bug>) -> Result<String, String> {
    let json = format_case(case)?;
    let hashes = "#".repeat(fence(&json));
    let operations = match case.operations.len() {
        1 => "1 operation".to_owned(),
        count => format!("{count} operations"),
    };
    let name = |text: &str| text.replace('-', "_");
    let repeat = needs_two_lives(invariant);
    let head = |title: String, function: String, names: &str| {
        format!(
            "/// {title}\n#[test]\nfn {function}() {{\n    {names}\n    use datasync_sim::corpus::parse_case;\n    \
             use datasync_sim::judge::judge;\n    use datasync_sim::run::RunOptions;\n\n    \
             const CASE: &str = r{hashes}\"{json}\"{hashes};\n"
        )
    };
    Ok(match bug {
        Some(bug) => {
            let title =
                format!("{operations} in which `{invariant}` catches the planted bug `{}`.", bug.name);
            let function = format!("{}_catches_{}", name(invariant), name(bug.name));
            let head = head(title, function, "use datasync_sim::bug::catalogue;");
            format!(
                "{head}    const BUG: &str = \"{}\";\n    const INVARIANT: &str = \"{invariant}\";\n    \
                 let case = parse_case(CASE).expect(\"a case\");\n    \
                 let bug = catalogue().iter().find(|bug| bug.name == BUG).expect(\"a planted bug\");\n    \
                 let options = RunOptions {{ variant: Some(&bug.bug), ..RunOptions::default() }};\n    \
                 let violation = judge(&case, options, {repeat}).violation;\n    \
                 assert_eq!(violation.map(|violation| violation.invariant), Some(INVARIANT));\n}}\n",
                bug.name
            )
        }
        None => {
            let title = format!("{operations} in which `{invariant}` was violated.");
            let function = format!("{}_holds", name(invariant));
            let head = head(title, function, "");
            format!(
                "{}    let case = parse_case(CASE).expect(\"a case\");\n    \
                 let violation = judge(&case, RunOptions::default(), {repeat}).violation;\n    \
                 assert_eq!(violation, None);\n}}\n",
                head.replacen("    \n", "", 1)
            )
        }
    })
}

/// How many `#` a raw string needs to hold a text: one more than ever stand behind a quote in it.
fn fence(text: &str) -> usize {
    let after = |rest: &str| rest.bytes().take_while(|byte| *byte == b'#').count();
    1 + text.split('"').skip(1).map(after).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::fence;

    #[test]
    fn a_text_does_not_end_its_own_string() {
        for (text, expected) in [("", 1), ("\"a\"", 1), ("#", 1), ("\"#\"##", 3)] {
            assert_eq!(fence(text), expected, "{text}");
        }
    }
}
