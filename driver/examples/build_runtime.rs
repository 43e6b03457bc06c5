//! Builds the runtime alone: `build_runtime PREFIX` writes `PREFIX/lib/libpopcorn_rt.a`.

#[path = "../src/runtime_build.rs"]
mod runtime_build;

fn main() -> anyhow::Result<()> {
    let prefix = std::env::args_os().nth(1).expect("a prefix");
    runtime_build::build(prefix.as_ref())
}
