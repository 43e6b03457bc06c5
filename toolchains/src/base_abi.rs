//! How a front end is told to write IR in the base ABI: x86-64 SysV on Linux with IEEE quad
//! `long double`, and no macro by which a program could learn that it is compiled for x86-64.

/// Options of clang for every C translation unit, the program's and libc's alike.
pub const CLANG_FLAGS: &[&str] = &[
    "--target=x86_64-linux-musl",
    "-mlong-double-128",
    "-ffp-contract=off",
    "-ftls-model=local-exec",
    "-fno-pic",
    "-fno-pie",
    "-fno-stack-protector",
    "-U__x86_64__",
    "-U__x86_64",
    "-U__amd64__",
    "-U__amd64",
    "-U__k8__",
    "-U__k8",
    "-U__tune_k8__",
    "-U__MMX__",
    "-U__SSE__",
    "-U__SSE2__",
    "-U__SSE_MATH__",
    "-U__SSE2_MATH__",
    "-U__FXSR__",
    "-U__SEG_FS",
    "-U__SEG_GS",
    "-U__seg_fs",
    "-U__seg_gs",
    "-U__GCC_ASM_FLAG_OUTPUTS__",
    "-U__code_model_small__",
    "-D__popcorn__=1",
];

/// What is added for programs whose pages are larger than [`LEAST_PAGE`](crate::isa::LEAST_PAGE): `<limits.h>` has no
/// constant for them.
pub const LARGE_PAGES: &str = "-D__popcorn_large_pages__=1";
