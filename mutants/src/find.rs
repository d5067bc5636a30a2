//! Where in a source file each mutant can be switched on and off: the expression around an operator, the place before a
//! body, the end of a pattern.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context, Result};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, UnOp};

use crate::list::{Genre, Mutant};

/// How a mutant is woven in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Nothing is changed: a function, so that what is wrong anywhere in it has an owner.
    Whole,
    /// The `const` of a function is left out.
    Freed,
    /// Asked before the first statement of a body.
    Before,
    /// The expression is there once for each mutant and once as it was.
    Instead,
    /// A guard behind a pattern.
    Guard,
}

/// The places of one file, all in bytes.
#[derive(Debug, Default)]
pub struct Places {
    /// First byte of an operator: the expression it stands in.
    operators: BTreeMap<usize, Range<usize>>,
    /// First byte of a field of a structure expression: that expression.
    fields: BTreeMap<usize, Range<usize>>,
    /// First byte of a guard: all of it.
    guards: BTreeMap<usize, Range<usize>>,
    /// First byte of an arm without a guard: the end of its pattern.
    patterns: BTreeMap<usize, usize>,
    /// The `const` of a function, and all of the function.
    constants: Vec<(Range<usize>, Range<usize>)>,
}

impl Places {
    /// Reads a source file.
    ///
    /// # Errors
    /// When it is not Rust.
    pub fn read(source: &str) -> Result<Self> {
        let file = syn::parse_file(source).context("not a Rust file")?;
        let mut places = Self::default();
        places.visit_file(&file);
        Ok(places)
    }

    /// Where and how a mutant is woven in; `None` when it cannot be.
    pub fn of(&self, mutant: &Mutant) -> Option<(Way, Range<usize>)> {
        let start = mutant.span.start;
        let instead = |place: Option<&Range<usize>>| Some((Way::Instead, place?.clone()));
        match mutant.genre {
            Genre::FnValue => Some((Way::Before, start..start)),
            Genre::BinaryOperator | Genre::UnaryOperator => instead(self.operators.get(&start)),
            Genre::StructField => instead(self.fields.get(&start)),
            Genre::MatchArmGuard => instead(self.guards.get(&start)),
            Genre::MatchArm => self.patterns.get(&start).map(|end| (Way::Guard, *end..*end)),
        }
    }

    /// The `const` of the innermost function around a place, if that function is one.
    pub fn constant_around(&self, place: usize) -> Option<&Range<usize>> {
        let around = self.constants.iter().filter(|(_, function)| function.contains(&place));
        around.min_by_key(|(_, function)| function.len()).map(|(token, _)| token)
    }

    fn signature(&mut self, signature: &syn::Signature, function: Span) {
        if let Some(token) = &signature.constness {
            self.constants.push((bytes(token.span), bytes(function)));
        }
    }
}

fn bytes(span: Span) -> Range<usize> {
    span.byte_range()
}

/// Whether an expression binds as it is tested, as in `a && let Some(b) = c`: such a one cannot stand in a match arm.
fn binds(expression: &Expr) -> bool {
    match expression {
        Expr::Let(_) => true,
        Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
            binds(&binary.left) || binds(&binary.right)
        }
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Places {
    fn visit_expr_binary(&mut self, node: &'ast syn::ExprBinary) {
        if !(matches!(node.op, BinOp::And(_)) && (binds(&node.left) || binds(&node.right))) {
            self.operators.insert(bytes(node.op.span()).start, bytes(node.span()));
        }
        visit::visit_expr_binary(self, node);
    }

    fn visit_expr_unary(&mut self, node: &'ast syn::ExprUnary) {
        if matches!(node.op, UnOp::Not(_) | UnOp::Neg(_)) {
            self.operators.insert(bytes(node.op.span()).start, bytes(node.span()));
        }
        visit::visit_expr_unary(self, node);
    }

    fn visit_expr_struct(&mut self, node: &'ast syn::ExprStruct) {
        for field in &node.fields {
            self.fields.insert(bytes(field.span()).start, bytes(node.span()));
        }
        visit::visit_expr_struct(self, node);
    }

    fn visit_arm(&mut self, node: &'ast syn::Arm) {
        match &node.guard {
            Some((_, guard)) if !binds(guard) => {
                self.guards.insert(bytes(guard.span()).start, bytes(guard.span()));
            }
            Some(_) => {}
            None => {
                self.patterns.insert(bytes(node.span()).start, bytes(node.pat.span()).end);
            }
        }
        visit::visit_arm(self, node);
    }

    fn visit_item_fn(&mut self, node: &'ast syn::ItemFn) {
        self.signature(&node.sig, node.span());
        visit::visit_item_fn(self, node);
    }

    fn visit_impl_item_fn(&mut self, node: &'ast syn::ImplItemFn) {
        self.signature(&node.sig, node.span());
        visit::visit_impl_item_fn(self, node);
    }
}
