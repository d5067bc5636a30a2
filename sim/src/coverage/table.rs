//! Tables of cells: a product of axes, and the rules that exclude cells of it, each with its reason.

/// Cells that cannot occur, and why.
#[derive(Clone, Copy, Debug)]
pub struct Never {
    /// One pattern for each axis, separated by blanks. A pattern is `*`, or names separated by `|`, with `*` at
    /// either end of a name for any text, and `!` in front of all of them for "all but".
    pub cells: &'static str,
    /// Why, with the section of the service reference.
    pub why: &'static str,
}

impl Never {
    /// Whether it excludes the cell with these names.
    fn covers(&self, names: &[&str]) -> bool {
        let mut patterns = self.cells.split_whitespace();
        names.iter().all(|name| patterns.next().is_some_and(|pattern| matches(pattern, name)))
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    let (negated, alternatives) = pattern.strip_prefix('!').map_or((false, pattern), |rest| (true, rest));
    alternatives.split('|').any(|alternative| matches_one(alternative, name)) != negated
}

fn matches_one(pattern: &str, name: &str) -> bool {
    match (pattern.strip_suffix('*'), pattern.strip_prefix('*')) {
        (Some(""), _) => true,
        (Some(prefix), _) => name.starts_with(prefix),
        (None, Some(suffix)) => name.ends_with(suffix),
        (None, None) => name == pattern,
    }
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The names along the axes.
    pub names: Vec<&'static str>,
    /// Why it cannot occur; `None` if it can.
    pub why_not: Option<&'static str>,
}

/// A table: the product of its axes.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name, kebab-case.
    pub name: &'static str,
    /// What the axes are, in order.
    pub axes: Vec<&'static str>,
    /// The rules that exclude cells.
    pub nevers: &'static [Never],
    cells: Vec<Cell>,
}

impl Table {
    /// A table with these axes; the last one runs fastest. A cell that any of `nevers` covers cannot occur, and the
    /// first of them says why.
    #[must_use]
    pub fn new(
        name: &'static str,
        axes: &[(&'static str, Vec<&'static str>)],
        nevers: &'static [Never],
    ) -> Self {
        let why_not = |names: &[&str]| nevers.iter().find(|never| never.covers(names)).map(|never| never.why);
        Self::judged(name, axes, nevers, why_not)
    }

    /// A table whose cells somebody else judges.
    #[must_use]
    pub fn judged(
        name: &'static str,
        axes: &[(&'static str, Vec<&'static str>)],
        nevers: &'static [Never],
        why_not: impl Fn(&[&'static str]) -> Option<&'static str>,
    ) -> Self {
        let mut products: Vec<Vec<&'static str>> = vec![Vec::new()];
        for (_, values) in axes {
            let longer = |product: &Vec<&'static str>| {
                let product = product.clone();
                values.iter().map(move |value| [product.clone(), vec![*value]].concat()).collect::<Vec<_>>()
            };
            products = products.iter().flat_map(longer).collect();
        }
        let cells = products.into_iter().map(|names| Cell { why_not: why_not(&names), names }).collect();
        Self { name, axes: axes.iter().map(|(axis, _)| *axis).collect(), nevers, cells }
    }

    /// Every cell, the last axis running fastest.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Why the cell of this place cannot occur; `None` if it can.
    #[must_use]
    pub fn why_not(&self, cell: usize) -> Option<&'static str> {
        self.cells[cell].why_not
    }

    /// How many cells can occur.
    #[must_use]
    pub fn possible(&self) -> usize {
        self.cells.iter().filter(|cell| cell.why_not.is_none()).count()
    }

    /// What is wrong with the rules: one that names nothing on an axis, or that excludes nothing that is not excluded
    /// by those before it.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        for (at, never) in self.nevers.iter().enumerate() {
            let complain = |what: &str| format!("{}: rule `{}` {what}", self.name, never.cells);
            let patterns: Vec<&str> = never.cells.split_whitespace().collect();
            if patterns.len() != self.axes.len() {
                mistakes.push(complain("does not have one pattern for each axis"));
                continue;
            }
            for (axis, pattern) in patterns.iter().enumerate() {
                for alternative in pattern.trim_start_matches('!').split('|') {
                    if !self.cells.iter().any(|cell| matches_one(alternative, cell.names[axis])) {
                        mistakes.push(complain(&format!("names `{alternative}`, which is on no axis")));
                    }
                }
            }
            let excludes = |cell: &Cell| {
                never.covers(&cell.names) && !self.nevers[..at].iter().any(|other| other.covers(&cell.names))
            };
            if !self.cells.iter().any(excludes) {
                mistakes.push(complain("excludes nothing that the rules before it do not exclude"));
            }
        }
        mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXES: [(&str, &[&str]); 2] = [("fruit", &["apple", "pear"]), ("colour", &["red", "green", "grey"])];

    fn table(nevers: &'static [Never]) -> Table {
        Table::new("t", &AXES.map(|(axis, values)| (axis, values.to_vec())), nevers)
    }

    #[track_caller]
    fn check(nevers: &'static [Never], possible: &[&str], mistakes: &[&str]) {
        let table = table(nevers);
        let cells = table.cells().iter().filter(|cell| cell.why_not.is_none());
        assert_eq!(cells.map(|cell| cell.names.join(" ")).collect::<Vec<_>>(), possible);
        assert_eq!(table.mistakes(), mistakes);
        assert_eq!(table.possible(), possible.len());
    }

    const fn never(cells: &'static str) -> Never {
        Never { cells, why: "because" }
    }

    #[test]
    fn rules_exclude_cells() {
        const ALL: &[&str] =
            &["apple red", "apple green", "apple grey", "pear red", "pear green", "pear grey"];
        check(&[], ALL, &[]);
        check(&[const { never("apple *") }], &ALL[3..], &[]);
        check(&[const { never("!pear gr*") }], &["apple red", "pear red", "pear green", "pear grey"], &[]);
        check(&[const { never("* red|*en") }], &["apple grey", "pear grey"], &[]);
        check(&[const { never("* *") }], &[], &[]);
    }

    #[test]
    fn mistakes_in_rules_are_told() {
        const ALL: &[&str] =
            &["apple red", "apple green", "apple grey", "pear red", "pear green", "pear grey"];
        check(&[const { never("apple") }], ALL, &["t: rule `apple` does not have one pattern for each axis"]);
        check(
            &[const { never("plum *") }],
            ALL,
            &[
                "t: rule `plum *` names `plum`, which is on no axis",
                "t: rule `plum *` excludes nothing that the rules before it do not exclude",
            ],
        );
        check(
            &[const { never("apple *") }, const { never("apple red") }],
            &ALL[3..],
            &["t: rule `apple red` excludes nothing that the rules before it do not exclude"],
        );
    }
}
