//! Declarations of `shim.cpp`.

use llvm_sys::prelude::{LLVMBasicBlockRef, LLVMTypeRef, LLVMValueRef};

unsafe extern "C" {
    pub fn popcorn_clone_body(
        to: LLVMValueRef,
        from: LLVMValueRef,
        args: *mut LLVMValueRef,
        old_values: *mut LLVMValueRef,
        new_values: *mut LLVMValueRef,
        count: usize,
    );
    pub fn popcorn_split_before(
        inst: LLVMValueRef,
        name: *const std::ffi::c_char,
    ) -> LLVMBasicBlockRef;
    pub fn popcorn_split_edge(from: LLVMBasicBlockRef, to: LLVMBasicBlockRef) -> LLVMBasicBlockRef;
    pub fn popcorn_call_to_invoke(
        call: LLVMValueRef,
        unwind: LLVMBasicBlockRef,
    ) -> LLVMBasicBlockRef;
    pub fn popcorn_isolate_terminator(inst: LLVMValueRef);
    pub fn popcorn_sign_extend_ints(value: LLVMValueRef);
    pub fn popcorn_drop_attributes(value: LLVMValueRef) -> i32;
    pub fn popcorn_drop_target_attributes(function: LLVMValueRef);
    pub fn popcorn_forbid_contraction(function: LLVMValueRef);
    pub fn popcorn_drop_personality(function: LLVMValueRef);
    pub fn popcorn_byval_type(value: LLVMValueRef, index: u32) -> LLVMTypeRef;
    pub fn popcorn_remove_byval(value: LLVMValueRef, index: u32);
    pub fn popcorn_param_align(value: LLVMValueRef, index: u32) -> u64;
    pub fn popcorn_copy_call(to: LLVMValueRef, from: LLVMValueRef, args: u32);
    pub fn popcorn_move_function(to: LLVMValueRef, from: LLVMValueRef);
    pub fn popcorn_remove_predecessor(block: LLVMBasicBlockRef, pred: LLVMBasicBlockRef);
    pub fn popcorn_remove_unreachable(function: LLVMValueRef);
    pub fn popcorn_debug_line(
        inst: LLVMValueRef,
        file: *mut *const std::ffi::c_char,
        length: *mut usize,
    ) -> u32;
    pub fn popcorn_first_insertion_point(block: LLVMBasicBlockRef) -> LLVMValueRef;
    pub fn popcorn_mark_unlikely(branch: LLVMValueRef);
    pub fn popcorn_set_debug_location(inst: LLVMValueRef, like: LLVMValueRef);
    pub fn popcorn_is_lifetime(inst: LLVMValueRef) -> i32;
    pub fn popcorn_is_static_alloca(inst: LLVMValueRef) -> u32;
    pub fn popcorn_alloca_size(inst: LLVMValueRef) -> u64;
    pub fn popcorn_demote_registers(function: LLVMValueRef);
    pub fn popcorn_merge_definitions(
        value: LLVMValueRef,
        blocks: *const LLVMBasicBlockRef,
        values: *const LLVMValueRef,
        count: usize,
    );
    pub fn popcorn_section_per_symbol(machine: *mut std::ffi::c_void);
    pub fn popcorn_back_edges(
        function: LLVMValueRef,
        latches: *mut LLVMBasicBlockRef,
        headers: *mut LLVMBasicBlockRef,
        capacity: usize,
    ) -> usize;
}
