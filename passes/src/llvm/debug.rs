//! What debug information says: see `debug.cpp`.

use std::ffi::{CStr, c_char, c_void};

use llvm_sys::core::LLVMDisposeMessage;
use llvm_sys::prelude::LLVMValueRef;

use super::value::Value;

#[repr(C)]
#[derive(Clone, Copy)]
struct RawRecord {
    before: LLVMValueRef,
    value: LLVMValueRef,
    number: i64,
    kind: u32,
    everywhere: u32,
    variable: *mut c_void,
    at: *mut c_void,
}

#[repr(C)]
struct RawPlace {
    function: *mut c_char,
    file: *mut c_char,
    line: u32,
    column: u32,
}

#[repr(C)]
struct RawVariable {
    name: *mut c_char,
    ty: *mut c_char,
    size: u64,
    kind: u32,
}

unsafe extern "C" {
    fn popcorn_debug_records(f: LLVMValueRef, out: *mut RawRecord, capacity: usize) -> usize;
    fn popcorn_debug_variable(variable: *mut c_void, out: *mut RawVariable);
    fn popcorn_debug_depth(inst: LLVMValueRef, variable: *mut c_void, at: *mut c_void) -> i32;
    fn popcorn_debug_place(inst: LLVMValueRef, index: usize, out: *mut RawPlace) -> i32;
    fn popcorn_debug_function(f: LLVMValueRef, out: *mut RawPlace) -> i32;
    fn popcorn_constant_offset(value: LLVMValueRef, offset: *mut i64) -> LLVMValueRef;
}

/// A variable, in one of the places where its function was inlined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Variable {
    variable: *mut c_void,
    at: *mut c_void,
}

/// Where a variable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Not known.
    Nowhere,
    /// It is this value plus a number.
    Value(Value, i64),
    /// In memory, at this value plus a number.
    Memory(Value, i64),
    Constant(i64),
}

/// From `before` on, or in the whole function, a variable is somewhere else.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    pub before: Value,
    pub variable: Variable,
    pub held: Held,
    pub everywhere: bool,
}

/// A place in the source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    pub function: String,
    pub file: String,
    pub line: u32,
    pub column: u32,
}

/// Name and type of a variable; the class is `popcorn_metadata::info::Class`'s number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    pub name: String,
    pub ty: String,
    pub size: u64,
    pub class: u32,
}

/// A text of LLVM's, freed.
///
/// # Safety
/// `text` came from `LLVMCreateMessage` and is not used again.
unsafe fn take(text: *mut c_char) -> String {
    // SAFETY: by contract.
    unsafe {
        let taken = CStr::from_ptr(text).to_string_lossy().into_owned();
        LLVMDisposeMessage(text);
        taken
    }
}

fn place(fill: impl FnOnce(*mut RawPlace) -> i32) -> Option<Place> {
    let mut raw = RawPlace {
        function: std::ptr::null_mut(),
        file: std::ptr::null_mut(),
        line: 0,
        column: 0,
    };
    if fill(&mut raw) == 0 {
        return None;
    }
    // SAFETY: filled in.
    unsafe {
        Some(Place {
            function: take(raw.function),
            file: take(raw.file),
            line: raw.line,
            column: raw.column,
        })
    }
}

impl Variable {
    /// Name and type.
    pub fn describe(self) -> Description {
        let mut raw = RawVariable {
            name: std::ptr::null_mut(),
            ty: std::ptr::null_mut(),
            size: 0,
            kind: 0,
        };
        // SAFETY: metadata lives as long as the context.
        unsafe {
            popcorn_debug_variable(self.variable, &mut raw);
            Description {
                name: take(raw.name),
                ty: take(raw.ty),
                size: raw.size,
                class: raw.kind,
            }
        }
    }

    /// In which of an instruction's places it is in scope.
    pub fn depth(self, inst: Value) -> Option<u32> {
        // SAFETY: an instruction; metadata lives as long as the context.
        let depth = unsafe { popcorn_debug_depth(inst.0, self.variable, self.at) };
        depth.try_into().ok()
    }
}

// SAFETY (this impl block): handles are valid by the module's invariant.
impl Value {
    /// Where variables are, in program order.
    pub fn debug_records(self) -> Vec<Record> {
        let raw = unsafe {
            let count = popcorn_debug_records(self.0, std::ptr::null_mut(), 0);
            let mut raw = Vec::with_capacity(count);
            popcorn_debug_records(self.0, raw.as_mut_ptr(), count);
            raw.set_len(count);
            raw
        };
        raw.into_iter()
            .map(|r: RawRecord| Record {
                before: Value(r.before),
                variable: Variable {
                    variable: r.variable,
                    at: r.at,
                },
                held: match r.kind {
                    1 => Held::Value(Value(r.value), 0),
                    2 => Held::Memory(Value(r.value), r.number),
                    3 => Held::Constant(r.number),
                    4 => Held::Value(Value(r.value), r.number),
                    _ => Held::Nowhere,
                },
                everywhere: r.everywhere != 0,
            })
            .collect()
    }

    /// Where an instruction comes from: inlined calls innermost first.
    pub fn debug_places(self) -> Vec<Place> {
        (0..)
            .map_while(|i| place(|out| unsafe { popcorn_debug_place(self.0, i, out) }))
            .collect()
    }

    /// Where a function is defined.
    pub fn debug_function(self) -> Option<Place> {
        place(|out| unsafe { popcorn_debug_function(self.0, out) })
    }

    /// The pointer that a constant `getelementptr` adds a number to, and the number.
    pub fn constant_offset(self) -> Option<(Value, i64)> {
        let mut offset = 0;
        let base = unsafe { popcorn_constant_offset(self.0, &mut offset) };
        (!base.is_null()).then_some((Value(base), offset))
    }
}
