//! The symbols that parts of Popcorn know by name, each once (docs/abi.md, sections 3 to 6).

/// What names that are ours begin with. The passes never instrument a function of such a name.
pub const OURS: &str = "__popcorn_";

/// Symbols that the linker defines.
pub mod linker {
    pub const IMAGE_START: &str = "__popcorn_image_start";
    /// 16 bytes, the hash of the layout, in `.rodata`.
    pub const BUILD_ID: &str = "__popcorn_build_id";
    /// First and last byte of what an image captures of the program's file.
    pub const DATA_START: &str = "__popcorn_data_start";
    pub const DATA_END: &str = "__popcorn_data_end";
    pub const PRIVATE_START: &str = "__popcorn_private_start";
    pub const PRIVATE_END: &str = "__popcorn_private_end";
    pub const STACKMAP: &str = "__popcorn_stackmap";
    pub const TLS_START: &str = "__popcorn_tls_start";
    /// Absolute symbols: the address is the value.
    pub const TLS_FILESZ: &str = "__popcorn_tls_filesz";
    pub const TLS_MEMSZ: &str = "__popcorn_tls_memsz";
    pub const TLS_ALIGN: &str = "__popcorn_tls_align";
    /// `popcorn_toolchains::isa::page_size` of the program's ISAs.
    pub const PAGE_SIZE: &str = "__popcorn_page_size";

    pub const ALL: [&str; 12] = [
        IMAGE_START,
        BUILD_ID,
        DATA_START,
        DATA_END,
        PRIVATE_START,
        PRIVATE_END,
        STACKMAP,
        TLS_START,
        TLS_FILESZ,
        TLS_MEMSZ,
        TLS_ALIGN,
        PAGE_SIZE,
    ];
}

/// Symbols that the passes make for a function; its name follows.
pub mod function {
    pub const DESCRIPTOR: &str = "__popcorn_desc.";
    pub const CLONE: &str = "__popcorn_resume.";
    pub const NAME: &str = "__popcorn_name.";
}

/// What compiled code calls or reads.
pub mod runtime {
    pub const FLAG: &str = "__popcorn_flag";
    pub const POLL: &str = "__popcorn_poll";
    /// Not a function: the passes expand it to a poll that does not ask the flag.
    pub const POLL_HERE: &str = "__popcorn_poll_here";
    pub const CAPTURE_NEXT: &str = "__popcorn_capture_next";
    pub const CAPTURE_SKIP: &str = "__popcorn_capture_skip";
    pub const REENTER: &str = "__popcorn_reenter";
    pub const REENTERED: &str = "__popcorn_reentered";
    pub const RESUME_DONE: &str = "__popcorn_resume_done";
    pub const PERSONALITY: &str = "__popcorn_personality";
    pub const SETJMP: &str = "__popcorn_setjmp";
    pub const SJLJ_TOKEN: &str = "__popcorn_sjlj_token";
    pub const SJLJ_MATCH: &str = "__popcorn_sjlj_match";
    pub const SJLJ_VALUE: &str = "__popcorn_sjlj_value";
    pub const UNWIND_RESUME: &str = "__popcorn_unwind_resume";
    pub const SYSCALL: &str = "__popcorn_syscall";
    /// Thread-local variables.
    pub const DATA_STACK_POINTER: &str = "__popcorn_dsp";
    pub const REENTRY: &str = "__popcorn_reentry";
}

/// What the runtime's bitcode offers to compiled code, to libc and to its own assembly; all else in it is internal.
pub const EXPORTS: &[&str] = &[
    runtime::FLAG,
    runtime::REENTER,
    runtime::REENTERED,
    runtime::REENTRY,
    runtime::RESUME_DONE,
    runtime::SETJMP,
    runtime::SJLJ_MATCH,
    runtime::SJLJ_TOKEN,
    runtime::SJLJ_VALUE,
    runtime::SYSCALL,
    "__popcorn_ask",
    "__popcorn_asked",
    "__popcorn_capture_skip_step",
    "__popcorn_capture_step",
    "__popcorn_clock_gettime",
    "__popcorn_data_stack",
    "__popcorn_getcpu",
    "__popcorn_handler_begins",
    "__popcorn_handler_ends",
    "__popcorn_kept",
    "__popcorn_longjmp_first",
    "__popcorn_longjmp_next",
    "__popcorn_poll_slow",
    "__popcorn_set_mask",
    "__popcorn_start",
    "__popcorn_thread_create",
    "__popcorn_thread_end",
    "__popcorn_thread_gone",
    "__popcorn_wait",
    "__popcorn_wait_again",
    "__popcorn_wait_handled",
    "__popcorn_wait_next",
    "popcorn_current_isa",
];
