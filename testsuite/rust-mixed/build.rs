//! Compiles the C part, and shows that this script itself runs on the host.

fn main() {
    println!("cargo::rerun-if-changed=src/fold.c");
    cc::Build::new().file("src/fold.c").compile("fold");
}
