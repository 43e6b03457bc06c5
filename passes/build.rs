//! Builds the C++ shim: the few IR operations that LLVM's C interface lacks.

fn main() {
    let prefix =
        std::env::var("LLVM_SYS_221_PREFIX").unwrap_or_else(|_| "/usr/lib/llvm-22".to_owned());
    println!("cargo:rerun-if-env-changed=LLVM_SYS_221_PREFIX");
    println!("cargo:rerun-if-changed=src/llvm/shim.cpp");
    println!("cargo:rerun-if-changed=src/llvm/loops.cpp");
    println!("cargo:rerun-if-changed=src/llvm/debug.cpp");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .include(format!("{prefix}/include"))
        .flag("-fno-rtti")
        .flag("-fno-exceptions")
        .warnings(false)
        .file("src/llvm/shim.cpp")
        .file("src/llvm/loops.cpp")
        .file("src/llvm/debug.cpp")
        .compile("popcorn_llvm_shim");
}
