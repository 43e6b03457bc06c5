//! Counted loops, and running them in chunks (strip mining).
//!
//! A loop is counted if its latch leaves it by comparing the induction variable, before or after its step,
//! with a bound that does not change. A chunk has a bound of its own, never beyond the loop's, and behind
//! a chunk the loop's own test decides: so a chunk may end early, but never late, and wrong guesses about
//! signs and overflow only cost time.
//!
//! With an equality test and a constant step the arithmetic is exact, wrapping included: with a distance
//! `d` to go, running to `min(d, chunk)` and testing again visits the same values as running to the bound.

use crate::llvm::{
    Block, Builder, IntPredicate, Loop, Loops, Module, Opcode, Type, TypeKind, Value,
};

/// Blocks that the transformation adds begin with this.
pub(super) const CHUNK: &str = "chunk";
/// Begins the block in which a chunk of a loop starts that has no copy: it is not taken for hot.
pub(crate) const COLD_CHUNK: &str = "chunk.cold";

/// When the loop is left.
#[derive(Clone, Copy)]
enum Leaves {
    /// When the tested value equals the bound.
    Equal,
    /// Unless the comparison holds (`<` or `<=`, signed or not); the step goes up.
    UnlessBelow(IntPredicate),
    /// Unless the comparison holds (`>` or `>=`); the step goes down.
    UnlessAbove(IntPredicate),
}

/// What is added each round.
#[derive(Clone, Copy)]
enum Step {
    Constant(i64),
    /// A value from outside the loop.
    Invariant(Value),
}

/// What was matched.
pub(super) struct Counted {
    l: Loop,
    latch: Block,
    /// The induction variable, a phi of the header.
    variable: Value,
    /// What the latch compares: the variable, or its value for the next round.
    tested: Value,
    bound: Value,
    leaves: Leaves,
    step: Step,
    is_pointer: bool,
}

impl Counted {
    pub fn of(module: &Module, l: Loop, latch: Block) -> Option<Counted> {
        let branch = latch.terminator().filter(|t| t.is(Opcode::LLVMBr))?;
        let [first, second] = branch.successors()[..] else {
            return None;
        };
        if l.contains(first) == l.contains(second) {
            return None;
        }
        let test = branch.operand(0);
        if !test.is(Opcode::LLVMICmp) || !l.contains(test.parent()) {
            return None;
        }
        let invariant = |v: Value| !v.is_instruction() || !l.contains(v.parent());
        let (a, b) = (test.operand(0), test.operand(1));
        let (tested, bound, mut stays) = match (invariant(a), invariant(b)) {
            (false, true) => (a, b, test.predicate()),
            (true, false) => (b, a, swapped(test.predicate())),
            _ => return None,
        };
        if !l.contains(first) {
            stays = inverse(stays);
        }
        let leaves = match stays {
            IntPredicate::LLVMIntNE => Leaves::Equal,
            IntPredicate::LLVMIntULT
            | IntPredicate::LLVMIntULE
            | IntPredicate::LLVMIntSLT
            | IntPredicate::LLVMIntSLE => Leaves::UnlessBelow(stays),
            IntPredicate::LLVMIntUGT
            | IntPredicate::LLVMIntUGE
            | IntPredicate::LLVMIntSGT
            | IntPredicate::LLVMIntSGE => Leaves::UnlessAbove(stays),
            IntPredicate::LLVMIntEQ => return None,
        };
        let feeds_back = |phi: Value, next: Value| {
            phi.parent() == l.header() && phi.incoming().contains(&(next, latch))
        };
        let next = if tested.is_phi() {
            tested
                .incoming()
                .into_iter()
                .find(|(_, from)| *from == latch)?
                .0
        } else {
            tested
        };
        let (variable, step, is_pointer) = stepped(module, next, &invariant)?;
        if !variable.is_phi() || !feeds_back(variable, next) {
            return None;
        }
        let fits = match (leaves, step) {
            (Leaves::Equal, Step::Constant(_)) => true,
            (Leaves::UnlessBelow(_), Step::Constant(s)) => s > 0 && !is_pointer,
            (Leaves::UnlessAbove(_), Step::Constant(s)) => s < 0 && !is_pointer,
            (Leaves::UnlessBelow(_), Step::Invariant(_)) => !is_pointer,
            _ => false,
        };
        let narrow = is_pointer || variable.ty().int_width() <= 64;
        (fits && narrow && (tested == variable || tested == next)).then_some(Counted {
            l,
            latch,
            variable,
            tested,
            bound,
            leaves,
            step,
            is_pointer,
        })
    }

    /// Whether `rounds` rounds at a time can be told from the loop's variable.
    fn can_count(&self, rounds: u64) -> bool {
        let width = if self.is_pointer {
            64
        } else {
            self.variable.ty().int_width()
        };
        let chunk = match self.step {
            Step::Constant(step) => rounds.checked_mul(step.unsigned_abs()),
            Step::Invariant(_) => Some(rounds),
        };
        // Half of the range, so that signed additions see overflow.
        chunk.is_some_and(|chunk| chunk >> (width - 1) == 0)
    }

    /// Takes the loop as it is for long runs too: a few instructions more each time it starts and ends.
    pub fn in_place(&self, rounds: u64) -> Option<Long> {
        let rounds = rounds.max(1);
        (self.can_count(rounds) && self.l.preheader().is_some()).then_some(Long {
            l: self.l,
            rounds,
            name: COLD_CHUNK,
        })
    }

    /// Keeps the loop for runs of at most `rounds` rounds and makes a copy for longer ones, which is to be
    /// stripped.
    pub fn copy_for_long_runs(&self, module: &Module, loops: &Loops, rounds: u64) -> Option<Long> {
        let rounds = rounds.max(1);
        if !self.can_count(rounds) {
            return None;
        }
        let preheader = self.l.preheader()?;
        let start = self
            .variable
            .incoming()
            .into_iter()
            .find(|(_, b)| *b == preheader)?
            .0;
        let b = Builder::before(module, preheader.terminator()?);
        let (_, is_last) = self.chunk_from(module, &b, start, rounds);
        drop(b);
        Some(Long {
            l: loops.version(self.l, is_last)?,
            rounds,
            name: CHUNK,
        })
    }

    /// The bound of a chunk of `rounds` rounds that begins with the variable at `from`, and whether it is
    /// the loop's own.
    fn chunk_from(&self, module: &Module, b: &Builder, from: Value, rounds: u64) -> (Value, Value) {
        match (self.leaves, self.step) {
            (Leaves::Equal, Step::Constant(step)) => {
                self.exact_chunk(module, b, from, rounds, step)
            }
            (Leaves::UnlessAbove(p), Step::Constant(step)) => {
                let far = from.ty().int(rounds.wrapping_mul(step.unsigned_abs()));
                let end = self.saturating(module, b, from, far, is_signed(p), false);
                self.nearer(
                    module,
                    b,
                    end,
                    if is_signed(p) {
                        "llvm.smax"
                    } else {
                        "llvm.umax"
                    },
                )
            }
            (Leaves::UnlessBelow(p), step) => {
                let far = match step {
                    Step::Constant(s) => from.ty().int(rounds.wrapping_mul(s.unsigned_abs())),
                    Step::Invariant(v) => {
                        let n = from.ty().int(rounds);
                        let product = b.mul(v, n, "chunk.length");
                        // Too long a step to multiply: one round at a time.
                        let limit = from
                            .ty()
                            .int((i64::MAX as u64 >> (64 - from.ty().int_width())) / rounds);
                        let fits = b.icmp(IntPredicate::LLVMIntULE, v, limit, "fits");
                        b.select(fits, product, v, "chunk.length")
                    }
                };
                let end = self.saturating(module, b, from, far, is_signed(p), true);
                self.nearer(
                    module,
                    b,
                    end,
                    if is_signed(p) {
                        "llvm.smin"
                    } else {
                        "llvm.umin"
                    },
                )
            }
            // Not matched by `of`.
            _ => (self.bound, module.int(1).int(1)),
        }
    }

    fn exact_chunk(
        &self,
        module: &Module,
        b: &Builder,
        from: Value,
        rounds: u64,
        step: i64,
    ) -> (Value, Value) {
        let (a, z) = if self.is_pointer {
            let i64t = module.int(64);
            (
                b.ptr_to_int(from, i64t, "from"),
                b.ptr_to_int(self.bound, i64t, "to"),
            )
        } else {
            (from, self.bound)
        };
        let distance = if step > 0 {
            b.sub(z, a, "distance")
        } else {
            b.sub(a, z, "distance")
        };
        let limit = distance.ty().int(rounds.wrapping_mul(step.unsigned_abs()));
        let is_last = b.icmp(IntPredicate::LLVMIntULE, distance, limit, "is.last");
        let amount = b.select(is_last, distance, limit, "amount");
        let amount = if step > 0 {
            amount
        } else {
            b.sub(amount.ty().null(), amount, "amount")
        };
        let end = if self.is_pointer {
            b.byte_offset(from, amount, "chunk.end")
        } else {
            b.add(from, amount, "chunk.end")
        };
        (end, is_last)
    }

    fn saturating(
        &self,
        module: &Module,
        b: &Builder,
        from: Value,
        by: Value,
        signed: bool,
        up: bool,
    ) -> Value {
        let name = match (signed, up) {
            (true, true) => "llvm.sadd.sat",
            (false, true) => "llvm.uadd.sat",
            (true, false) => "llvm.ssub.sat",
            (false, false) => "llvm.usub.sat",
        };
        let (f, ty) = module.intrinsic(name, &[from.ty()]);
        b.call(ty, f, &[from, by], "chunk.end")
    }

    fn nearer(&self, module: &Module, b: &Builder, end: Value, name: &str) -> (Value, Value) {
        let (f, ty) = module.intrinsic(name, &[end.ty()]);
        let end = b.call(ty, f, &[end, self.bound], "chunk.end");
        (
            end,
            b.icmp(IntPredicate::LLVMIntEQ, end, self.bound, "is.last"),
        )
    }

    /// The comparison that says the loop goes on, with another bound.
    fn stays(&self, b: &Builder, bound: Value, name: &str) -> Value {
        let predicate = match self.leaves {
            Leaves::Equal => IntPredicate::LLVMIntNE,
            Leaves::UnlessBelow(p) | Leaves::UnlessAbove(p) => p,
        };
        b.icmp(predicate, self.tested, bound, name)
    }

    /// Puts an outer loop around this one that gives it `rounds` rounds at a time.
    fn strip<'m>(&self, module: &'m Module, rounds: u64, name: &str) -> Option<Builder<'m>> {
        let preheader = self.l.preheader()?;
        let header = self.l.header();
        let branch = self.latch.terminator()?;
        let exit = branch
            .successors()
            .into_iter()
            .find(|s| !self.l.contains(*s))?;

        let start = preheader.split_edge_to(header);
        start.set_name(name);
        let between = self.latch.split_edge_to(exit);
        between.set_name(&format!("{CHUNK}.end"));

        // Every phi of the header gets one in front of it, which also takes what the last chunk left.
        let mut variable = self.variable;
        for phi in header.phis() {
            let incoming = phi.incoming();
            let (initial, _) = *incoming.iter().find(|(_, b)| *b == start)?;
            let (carried, _) = *incoming.iter().find(|(_, b)| *b == self.latch)?;
            let outer = Builder::at_top(module, start).phi(phi.ty(), "carried");
            outer.add_incoming(initial, preheader);
            outer.add_incoming(carried, between);
            let from_start = incoming.iter().position(|(_, b)| *b == start)?;
            phi.set_operand(from_start as u32, outer);
            if phi == self.variable {
                variable = outer;
            }
        }
        let b = Builder::before(module, start.terminator()?);
        let (end, _) = self.chunk_from(module, &b, variable, rounds);
        drop(b);
        let goes_on = self.stays(&Builder::before(module, branch), end, "chunk.goes.on");
        let old = between.terminator()?;
        let again = self.stays(&Builder::before(module, old), self.bound, "loop.goes.on");

        let b = Builder::before(module, branch);
        b.cond_br(goes_on, header, between);
        drop(b);
        branch.erase();
        let b = Builder::before(module, old);
        b.cond_br(again, start, exit);
        drop(b);
        old.erase();
        Some(Builder::before(module, again))
    }
}

fn is_signed(p: IntPredicate) -> bool {
    matches!(
        p,
        IntPredicate::LLVMIntSLT
            | IntPredicate::LLVMIntSLE
            | IntPredicate::LLVMIntSGT
            | IntPredicate::LLVMIntSGE
    )
}

/// The same comparison with its operands exchanged.
fn swapped(p: IntPredicate) -> IntPredicate {
    use IntPredicate::*;
    match p {
        LLVMIntULT => LLVMIntUGT,
        LLVMIntUGT => LLVMIntULT,
        LLVMIntULE => LLVMIntUGE,
        LLVMIntUGE => LLVMIntULE,
        LLVMIntSLT => LLVMIntSGT,
        LLVMIntSGT => LLVMIntSLT,
        LLVMIntSLE => LLVMIntSGE,
        LLVMIntSGE => LLVMIntSLE,
        equality => equality,
    }
}

/// The comparison that holds when the other does not.
fn inverse(p: IntPredicate) -> IntPredicate {
    use IntPredicate::*;
    match p {
        LLVMIntEQ => LLVMIntNE,
        LLVMIntNE => LLVMIntEQ,
        LLVMIntULT => LLVMIntUGE,
        LLVMIntUGE => LLVMIntULT,
        LLVMIntULE => LLVMIntUGT,
        LLVMIntUGT => LLVMIntULE,
        LLVMIntSLT => LLVMIntSGE,
        LLVMIntSGE => LLVMIntSLT,
        LLVMIntSLE => LLVMIntSGT,
        LLVMIntSGT => LLVMIntSLE,
    }
}

/// A counted loop that takes long runs, to be cut into chunks.
pub(super) struct Long {
    l: Loop,
    /// Rounds between two points.
    rounds: u64,
    /// Of the block in which a chunk starts.
    name: &'static str,
}

impl Long {
    pub fn l(&self) -> Loop {
        self.l
    }
    /// Cuts it into chunks. Returns a builder at the place between two of them.
    pub fn strip<'m>(&self, module: &'m Module) -> Option<Builder<'m>> {
        Counted::of(module, self.l, self.l.latch()?)?.strip(module, self.rounds, self.name)
    }
}

/// Matches `x + step` on integers or pointers: the base, the step, whether it is a pointer.
fn stepped(
    module: &Module,
    next: Value,
    invariant: &impl Fn(Value) -> bool,
) -> Option<(Value, Step, bool)> {
    match next.opcode()? {
        Opcode::LLVMAdd if next.ty().kind() == TypeKind::LLVMIntegerTypeKind => {
            let (a, b) = (next.operand(0), next.operand(1));
            if let Some(step) = signed_constant(b, next.ty()) {
                return Some((a, Step::Constant(step), false));
            }
            match (invariant(a), invariant(b)) {
                (false, true) => Some((a, Step::Invariant(b), false)),
                (true, false) => Some((b, Step::Invariant(a), false)),
                _ => None,
            }
        }
        Opcode::LLVMGetElementPtr => {
            let [base, index] = next.operands()[..] else {
                return None;
            };
            let size = module.layout().size(next.gep_element_type()) as i64;
            let step = signed_constant(index, index.ty())?.checked_mul(size)?;
            (step != 0 && base.ty().is_pointer()).then_some((base, Step::Constant(step), true))
        }
        _ => None,
    }
}

/// A constant other than 0, sign-extended.
fn signed_constant(v: Value, ty: Type) -> Option<i64> {
    let bits = v.constant_int()?;
    let shift = 64 - ty.int_width().min(64);
    let value = ((bits << shift) as i64) >> shift;
    (value != 0 && value != i64::MIN).then_some(value)
}
