//! What SSE2 does with lanes of integers.

use crate::llvm::{Builder, IntPredicate, Module, Opcode, Type, TypeKind, Value};

/// Makes IR for intrinsics in front of one call.
pub(super) struct Lower<'a> {
    pub module: &'a Module,
    pub b: &'a Builder<'a>,
}

impl Lower<'_> {
    pub(super) fn lanes(&self, v: Value) -> (Type, u32) {
        let element = v.ty().element();
        let layout = self.module.layout();
        (element, (layout.size(v.ty()) / layout.size(element)) as u32)
    }
    pub(super) fn splat(&self, ty: Type, count: u32, value: u64) -> Value {
        self.module
            .const_vector(&vec![ty.int(value); count as usize])
    }
    pub(super) fn call(&self, name: &str, overloads: &[Type], args: &[Value]) -> Value {
        let (f, ty) = self.module.intrinsic(name, overloads);
        self.b.call(ty, f, args, "v")
    }

    /// The sign bits of all lanes, lane 0 lowest.
    pub(super) fn sign_mask(&self, v: Value, ty: Type) -> Value {
        let (element, n) = self.lanes(v);
        let bits = if element.kind() == TypeKind::LLVMIntegerTypeKind {
            element.int_width()
        } else {
            self.module.layout().size(element) as u32 * 8
        };
        let ints = self.module.vector_type(self.module.int(bits), n);
        let v = self.b.bit_cast(v, ints, "bits");
        let negative = self
            .b
            .icmp(IntPredicate::LLVMIntSLT, v, ints.null(), "negative");
        let mask = self.b.bit_cast(negative, self.module.int(n), "mask");
        self.b.zext_or_trunc(mask, ty, "mask")
    }

    /// Signed saturation of both operands' lanes to `bits`, first operand's lanes first.
    pub(super) fn pack(&self, x: Value, y: Value, bits: u32, min: i64, max: i64) -> Value {
        let (element, n) = self.lanes(x);
        let mask: Vec<u64> = (0..u64::from(2 * n)).collect();
        let both = self.b.shuffle(x, y, &mask, "both");
        let low = self.splat(element, 2 * n, min as u64);
        let high = self.splat(element, 2 * n, max as u64);
        let v = self.call("llvm.smax", &[both.ty()], &[both, low]);
        let v = self.call("llvm.smin", &[both.ty()], &[v, high]);
        let to = self.module.vector_type(self.module.int(bits), 2 * n);
        self.b.cast(Opcode::LLVMTrunc, v, to, "packed")
    }

    pub(super) fn multiply_add(&self, x: Value, y: Value) -> Value {
        let (_, n) = self.lanes(x);
        let wide = self.module.vector_type(self.module.int(32), n);
        let x = self.b.cast(Opcode::LLVMSExt, x, wide, "wide");
        let y = self.b.cast(Opcode::LLVMSExt, y, wide, "wide");
        let p = self.b.mul(x, y, "product");
        let even: Vec<u64> = (0..u64::from(n)).step_by(2).collect();
        let odd: Vec<u64> = (1..u64::from(n)).step_by(2).collect();
        let e = self.b.shuffle(p, p, &even, "even");
        let o = self.b.shuffle(p, p, &odd, "odd");
        self.b.add(e, o, "sum")
    }

    pub(super) fn sum_of_differences(&self, x: Value, y: Value) -> Value {
        let high = self.call("llvm.umax", &[x.ty()], &[x, y]);
        let low = self.call("llvm.umin", &[x.ty()], &[x, y]);
        let d = self.b.sub(high, low, "difference");
        let eight = self.module.vector_type(self.module.int(64), 8);
        let mut result = self.module.vector_type(self.module.int(64), 2).null();
        for half in 0..2u64 {
            let mask: Vec<u64> = (half * 8..half * 8 + 8).collect();
            let part = self.b.shuffle(d, d, &mask, "part");
            let part = self.b.cast(Opcode::LLVMZExt, part, eight, "part");
            let sum = self.call("llvm.vector.reduce.add", &[eight], &[part]);
            result = self.b.insert_element(result, sum, half, "sums");
        }
        result
    }

    pub(super) fn multiply_high(&self, x: Value, y: Value, extend: Opcode) -> Value {
        let (_, n) = self.lanes(x);
        let wide = self.module.vector_type(self.module.int(32), n);
        let a = self.b.cast(extend, x, wide, "wide");
        let c = self.b.cast(extend, y, wide, "wide");
        let p = self.b.mul(a, c, "product");
        let s = self.splat(self.module.int(32), n, 16);
        let p = self.b.binary(Opcode::LLVMLShr, p, s, "high");
        self.b.cast(Opcode::LLVMTrunc, p, x.ty(), "high")
    }

    pub(super) fn average(&self, x: Value, y: Value) -> Value {
        let (element, n) = self.lanes(x);
        let wide = self.module.int(element.int_width() * 2);
        let wide_v = self.module.vector_type(wide, n);
        let a = self.b.cast(Opcode::LLVMZExt, x, wide_v, "wide");
        let c = self.b.cast(Opcode::LLVMZExt, y, wide_v, "wide");
        let one = self.splat(wide, n, 1);
        let s = self.b.add(self.b.add(a, c, "sum"), one, "sum");
        let s = self.b.binary(Opcode::LLVMLShr, s, one, "half");
        self.b.cast(Opcode::LLVMTrunc, s, x.ty(), "average")
    }

    /// Lane-wise shift by one count; a count past the width gives 0, or the sign for arithmetic shifts.
    pub(super) fn shift(&self, op: Opcode, x: Value, count: Value, by_vector: bool) -> Value {
        let (element, n) = self.lanes(x);
        let width = u64::from(element.int_width());
        let i64t = self.module.int(64);
        let count = if by_vector {
            let two = self
                .b
                .bit_cast(count, self.module.vector_type(i64t, 2), "count");
            self.b.extract_element(two, 0, "count")
        } else {
            self.b.zext_or_trunc(count, i64t, "count")
        };
        let last = i64t.int(width - 1);
        let too_far = self
            .b
            .icmp(IntPredicate::LLVMIntUGT, count, last, "too.far");
        let clamped = self.b.select(too_far, last, count, "count");
        let lane = self.b.zext_or_trunc(clamped, element, "lane");
        let mut counts = x.ty().null();
        for i in 0..u64::from(n) {
            counts = self.b.insert_element(counts, lane, i, "counts");
        }
        let shifted = self.b.binary(op, x, counts, "shifted");
        if op == Opcode::LLVMAShr {
            return shifted;
        }
        self.b.select(too_far, x.ty().null(), shifted, "shifted")
    }
}
