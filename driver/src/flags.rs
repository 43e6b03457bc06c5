//! Tables of clang's flags: which take a value, which mean nothing here, which are refused and why.
//!
//! A flag in none of these tables goes to the front end as it is.

/// Front-end flags whose value is the next argument (or joined to the flag).
pub const FRONT_WITH_VALUE: &[&str] = &[
    "-D",
    "-U",
    "-I",
    "-isystem",
    "-iquote",
    "-idirafter",
    "-include",
    "-imacros",
    "-isysroot",
    "-iprefix",
    "-iwithprefix",
    "-iwithprefixbefore",
    "-Xclang",
    "-Xpreprocessor",
    "-mllvm",
    "--param",
];

/// Flags that are true already, or that have no effect on a static program that runs on several ISAs:
/// accepted and dropped. A trailing `*` matches any rest.
pub const NO_EFFECT: &[&str] = &[
    "-static",
    "-static-pie",
    "-static-libgcc",
    "-pie",
    "-no-pie",
    "-nopie",
    "-rdynamic",
    "-pipe",
    "-pthread",
    "-pthreads",
    "-fPIC",
    "-fpic",
    "-fPIE",
    "-fpie",
    "-fno-PIC",
    "-fno-pic",
    "-fno-PIE",
    "-fno-pie",
    "-fplt",
    "-fno-plt",
    "-fstack-protector*",
    "-fno-stack-protector*",
    "-fstack-clash-protection",
    "-fcf-protection*",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-function-sections",
    "-fno-data-sections",
    "-fuse-ld=*",
    "-flto*",
    "-fno-lto",
    "-ffat-lto-objects",
    "-fuse-linker-plugin",
    "-fno-semantic-interposition",
    "-fexceptions",
    "-fno-exceptions",
    "-funwind-tables",
    "-fasynchronous-unwind-tables",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
    "-fomit-frame-pointer",
    "-fno-omit-frame-pointer",
    "-mno-omit-leaf-frame-pointer",
    "-momit-leaf-frame-pointer",
    "-ffp-contract=off",
    "-ftls-model=*",
    "-integrated-as",
    "-fintegrated-as",
    "-no-integrated-cpp",
    "-m64",
    "-msse",
    "-msse2",
    "-mcx16", // atomics of 16 bytes are libc's
    "-mfpmath=sse",
    "-mtune=*",
    "-march=x86-64",
    "-mcmodel=small",
    "-mno-red-zone",
    "-mred-zone",
    "-mlong-double-128",
    "-mabi=lp64*",
    "-s",
    "-Qunused-arguments",
];

/// Flags that cannot be obeyed: pattern, why, what to do instead.
pub const REFUSED: &[(&str, &str, &str)] = &[
    (
        "-shared",
        "every program is one static image per ISA",
        "link the objects into the program, or into an archive with `ar`",
    ),
    (
        "-r",
        "a partial link would lose the other ISAs' objects",
        "collect the objects in an archive with `ar`",
    ),
    (
        "-T",
        "the layout is the same on every ISA and is laid out by the toolchain",
        "remove the linker script",
    ),
    ("-m32", "all code is LP64", "remove the flag"),
    ("-mx32", "all code is LP64", "remove the flag"),
    (
        "-march=*",
        "the code has to run on every ISA",
        "remove the flag; `#if __popcorn__` can select portable code",
    ),
    (
        "-mcpu=*",
        "the code has to run on every ISA",
        "remove the flag",
    ),
    (
        "-mavx*",
        "the code has to run on every ISA",
        "remove the flag; vector types (`vector_size`) are lowered for each ISA",
    ),
    (
        "-msse3",
        "the code has to run on every ISA",
        "remove the flag; vector types (`vector_size`) are lowered for each ISA",
    ),
    (
        "-mssse3",
        "the code has to run on every ISA",
        "remove the flag; vector types (`vector_size`) are lowered for each ISA",
    ),
    (
        "-msse4*",
        "the code has to run on every ISA",
        "remove the flag; vector types (`vector_size`) are lowered for each ISA",
    ),
    (
        "-mfma*",
        "the code has to run on every ISA, with the same results",
        "remove the flag",
    ),
    (
        "-mlong-double-*",
        "long double is IEEE quad on every ISA",
        "remove the flag",
    ),
    (
        "-mcmodel=*",
        "the image lies below 2 GiB on every ISA",
        "remove the flag",
    ),
    (
        "-target",
        "the code is compiled for every ISA",
        "choose ISAs with --popcorn-isas=",
    ),
    (
        "--target=*",
        "the code is compiled for every ISA",
        "choose ISAs with --popcorn-isas=",
    ),
    (
        "-fsanitize=*",
        "the sanitizers' runtimes cannot migrate",
        "use the sanitizer with plain clang",
    ),
    (
        "-fprofile*",
        "profile counters are not supported",
        "remove the flag",
    ),
    (
        "--coverage",
        "profile counters are not supported",
        "remove the flag",
    ),
    (
        "-pg",
        "profile counters are not supported",
        "remove the flag",
    ),
    (
        "-fopenmp",
        "there is no OpenMP runtime that migrates",
        "use -fopenmp-simd",
    ),
    (
        "-nostartfiles",
        "a program starts in the runtime",
        "remove the flag; constructors run before `main`",
    ),
    (
        "-fsplit-stack",
        "stacks are managed by the runtime",
        "remove the flag",
    ),
    (
        "-include-pch",
        "precompiled headers are not supported",
        "include the header itself",
    ),
];

/// `-Wl,` and `-Xlinker` options that change nothing in a static image with a fixed layout.
pub const LINKER_NO_EFFECT: &[&str] = &[
    "--start-group",
    "--end-group",
    "-(",
    "-)",
    "--gc-sections",
    "--no-gc-sections",
    "--as-needed",
    "--no-as-needed",
    "--no-undefined",
    "-no-undefined",
    "--build-id*",
    "--hash-style=*",
    "--export-dynamic",
    "-export-dynamic",
    "-E",
    "--eh-frame-hdr",
    "--fatal-warnings",
    "--no-fatal-warnings",
    "--strip-all",
    "--strip-debug",
    "-s",
    "-S",
    "-x",
    "-X",
    "--discard-all",
    "--discard-locals",
    "-Bstatic",
    "-static",
    "-Bdynamic",
    "-dynamic",
    "--color-diagnostics*",
    "--no-warn*",
    "--warn-*",
    "--sort-common*",
    "--sort-section=*",
    "--enable-new-dtags",
    "--disable-new-dtags",
    "-O0",
    "-O1",
    "-O2",
    "--icf=none",
    "--relax",
    "--no-relax",
];

/// Linker options with a value in the next word, of no effect either.
pub const LINKER_NO_EFFECT_VALUE: &[&str] =
    &["-z", "-rpath", "--rpath", "-rpath-link", "--rpath-link"];

/// Whether `arg` matches `pattern`, in which a trailing `*` stands for any rest.
pub fn matches(pattern: &str, arg: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => arg.starts_with(prefix),
        None => arg == pattern,
    }
}

/// Whether `arg` matches one of `patterns`.
pub fn any(patterns: &[&str], arg: &str) -> bool {
    patterns.iter().any(|p| matches(p, arg))
}
