//! Where in a source file each mutant can be switched on and off: the expression around an operator, the place before a
//! body, the end of a pattern.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::ops::Range;

use anyhow::{Context, Result};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, UnOp};

use crate::list::{Genre, Mutant, Sources};

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
    constants: Vec<Constant>,
    /// Names that const blocks call, and those that each `const fn` calls.
    calls: BTreeMap<Caller, BTreeSet<String>>,
    /// Where the visit is; nowhere that calls count, if `None`.
    caller: Option<Caller>,
}

/// A `const fn`.
#[derive(Debug)]
struct Constant {
    name: String,
    /// Its `const`.
    token: Range<usize>,
    /// All of it.
    function: Range<usize>,
}

/// Who calls at compile time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Caller {
    /// A const block in the midst of a function.
    Block,
    /// A `const fn` of this name.
    Function(String),
}

/// The names of functions that const blocks call, themselves or by others. Such a function stays `const`: otherwise the
/// compiler would blame whatever is woven around the block.
///
/// # Errors
/// When a source is not Rust.
pub fn called_in_blocks(sources: &Sources) -> Result<BTreeSet<String>> {
    let mut calls: BTreeMap<Caller, BTreeSet<String>> = BTreeMap::new();
    for (file, source) in sources {
        for (caller, names) in Places::read(source).with_context(|| file.clone())?.calls {
            calls.entry(caller).or_default().extend(names);
        }
    }
    let mut found = BTreeSet::new();
    let mut waiting = vec![Caller::Block];
    while let Some(caller) = waiting.pop() {
        for name in calls.get(&caller).into_iter().flatten() {
            if found.insert(name.clone()) {
                waiting.push(Caller::Function(name.clone()));
            }
        }
    }
    Ok(found)
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

    /// The innermost `const fn` around a place: its name and its `const`.
    pub fn constant_around(&self, place: usize) -> Option<(&str, &Range<usize>)> {
        let around = self.constants.iter().filter(|constant| constant.function.contains(&place));
        let innermost = around.min_by_key(|constant| constant.function.len())?;
        Some((&innermost.name, &innermost.token))
    }

    /// Visits a function: what it calls counts if it is a `const fn`.
    fn function(&mut self, signature: &syn::Signature, function: Span, visit: impl FnOnce(&mut Self)) {
        let caller = signature.constness.as_ref().map(|token| {
            let name = signature.ident.to_string();
            let constant =
                Constant { name: name.clone(), token: bytes(token.span), function: bytes(function) };
            self.constants.push(constant);
            Caller::Function(name)
        });
        self.called_by(caller, visit);
    }

    fn called_by(&mut self, caller: Option<Caller>, visit: impl FnOnce(&mut Self)) {
        let before = mem::replace(&mut self.caller, caller);
        visit(self);
        self.caller = before;
    }

    fn calls(&mut self, name: &syn::Ident) {
        if let Some(caller) = &self.caller {
            self.calls.entry(caller.clone()).or_default().insert(name.to_string());
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
        self.function(&node.sig, node.span(), |places| visit::visit_item_fn(places, node));
    }

    fn visit_impl_item_fn(&mut self, node: &'ast syn::ImplItemFn) {
        self.function(&node.sig, node.span(), |places| visit::visit_impl_item_fn(places, node));
    }

    fn visit_expr_const(&mut self, node: &'ast syn::ExprConst) {
        self.called_by(Some(Caller::Block), |places| visit::visit_expr_const(places, node));
    }

    fn visit_expr_call(&mut self, node: &'ast syn::ExprCall) {
        if let Expr::Path(path) = &*node.func
            && let Some(last) = path.path.segments.last()
        {
            self.calls(&last.ident);
        }
        visit::visit_expr_call(self, node);
    }

    fn visit_expr_method_call(&mut self, node: &'ast syn::ExprMethodCall) {
        self.calls(&node.method);
        visit::visit_expr_method_call(self, node);
    }
}
