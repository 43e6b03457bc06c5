//! Natural loops of one function, over `loops.cpp`.

use std::ffi::c_void;

use llvm_sys::prelude::{LLVMBasicBlockRef, LLVMValueRef};

use super::value::{Block, Value};

unsafe extern "C" {
    fn popcorn_loops_new(function: LLVMValueRef, simplify: i32) -> *mut c_void;
    fn popcorn_loops_free(loops: *mut c_void);
    fn popcorn_loops_count(loops: *mut c_void) -> usize;
    fn popcorn_loops_at(loops: *mut c_void, i: usize) -> *mut c_void;
    fn popcorn_loop_header(l: *mut c_void) -> LLVMBasicBlockRef;
    fn popcorn_loop_latch(l: *mut c_void) -> LLVMBasicBlockRef;
    fn popcorn_loop_preheader(l: *mut c_void) -> LLVMBasicBlockRef;
    fn popcorn_loop_parent(l: *mut c_void) -> *mut c_void;
    fn popcorn_loop_is_innermost(l: *mut c_void) -> i32;
    fn popcorn_loop_block_count(l: *mut c_void) -> usize;
    fn popcorn_loop_block(l: *mut c_void, i: usize) -> LLVMBasicBlockRef;
    fn popcorn_loops_dominates(
        loops: *mut c_void,
        a: LLVMBasicBlockRef,
        b: LLVMBasicBlockRef,
    ) -> i32;
    fn popcorn_loop_contains(l: *mut c_void, block: LLVMBasicBlockRef) -> i32;
    fn popcorn_loop_max_trip_count(loops: *mut c_void, l: *mut c_void) -> u32;
    fn popcorn_loop_version(
        loops: *mut c_void,
        l: *mut c_void,
        condition: LLVMValueRef,
    ) -> *mut c_void;
    fn popcorn_gather_entries(header: LLVMBasicBlockRef) -> LLVMBasicBlockRef;
    fn popcorn_loop_unroll(loops: *mut c_void, l: *mut c_void, count: u32) -> i32;
}

/// Leads the edges that enter a natural loop from outside through one new block, which is returned.
pub fn gather_entries(header: Block) -> Block {
    // SAFETY: the header of a loop has an edge from outside.
    unsafe { Block(popcorn_gather_entries(header.0)) }
}

/// The loop analyses of one function.
pub struct Loops(*mut c_void);

/// One loop. Valid as long as its [`Loops`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Loop(*mut c_void);

impl Drop for Loops {
    fn drop(&mut self) {
        // SAFETY: made by popcorn_loops_new, freed once.
        unsafe { popcorn_loops_free(self.0) }
    }
}

// SAFETY (both impl blocks): the analyses and their loops live as long as `Loops`; callers hand in loops of
// the same function.
impl Loops {
    /// Gives every loop a preheader, one latch, exits of its own, and a phi for each value that leaves it.
    pub fn simplified(f: Value) -> Loops {
        Loops(unsafe { popcorn_loops_new(f.0, 1) })
    }
    /// Changes nothing.
    pub fn as_they_are(f: Value) -> Loops {
        Loops(unsafe { popcorn_loops_new(f.0, 0) })
    }
    /// Inner loops before the loops around them.
    pub fn inner_first(&self) -> Vec<Loop> {
        unsafe {
            (0..popcorn_loops_count(self.0))
                .map(|i| Loop(popcorn_loops_at(self.0, i)))
                .collect()
        }
    }
    /// Whether every way to `b` leads through `a`.
    pub fn dominates(&self, a: Block, b: Block) -> bool {
        unsafe { popcorn_loops_dominates(self.0, a.0, b.0) != 0 }
    }
    /// The most often the body can run, if that is a known constant.
    pub fn max_trip_count(&self, l: Loop) -> Option<u64> {
        let n = unsafe { popcorn_loop_max_trip_count(self.0, l.0) };
        (n != 0).then_some(u64::from(n))
    }
    /// Copies the loop; `condition`, computed in the preheader, chooses the original. Returns the copy.
    pub fn version(&self, l: Loop, condition: Value) -> Option<Loop> {
        let copy = unsafe { popcorn_loop_version(self.0, l.0, condition.0) };
        (!copy.is_null()).then_some(Loop(copy))
    }
    /// Repeats the body, each copy with its exits; false if it could not be done.
    pub fn unroll(&self, l: Loop, count: u32) -> bool {
        unsafe { popcorn_loop_unroll(self.0, l.0, count) != 0 }
    }
}

impl Loop {
    pub fn header(self) -> Block {
        unsafe { Block(popcorn_loop_header(self.0)) }
    }
    pub fn latch(self) -> Option<Block> {
        let b = unsafe { popcorn_loop_latch(self.0) };
        (!b.is_null()).then_some(Block(b))
    }
    pub fn preheader(self) -> Option<Block> {
        let b = unsafe { popcorn_loop_preheader(self.0) };
        (!b.is_null()).then_some(Block(b))
    }
    pub fn parent(self) -> Option<Loop> {
        let p = unsafe { popcorn_loop_parent(self.0) };
        (!p.is_null()).then_some(Loop(p))
    }
    pub fn is_innermost(self) -> bool {
        unsafe { popcorn_loop_is_innermost(self.0) != 0 }
    }
    pub fn blocks(self) -> Vec<Block> {
        unsafe {
            (0..popcorn_loop_block_count(self.0))
                .map(|i| Block(popcorn_loop_block(self.0, i)))
                .collect()
        }
    }
    pub fn contains(self, block: Block) -> bool {
        unsafe { popcorn_loop_contains(self.0, block.0) != 0 }
    }
}
