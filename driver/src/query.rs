//! Answers to `--version`, `-dumpmachine`, `-print-…` and the like.

use std::process::Command;

use popcorn_toolchains::{ALL, BASE, DEFAULT, Isa};

use crate::args::Query;
use crate::error::{Error, Result};
use crate::tools::{self, Sysroot};

const HELP: &str = "\
usage: popcorn-cc [options] file...

Compiles C once and lowers it for every ISA. The command line is clang's:
  -c -S -E -emit-llvm -fsyntax-only -o FILE -x LANG -O* -g -D -U -I -isystem -include
  -W* -f* -std= -M* -l -L -Wl,-Map=FILE -u NAME -e NAME -nostdlib -nostdinc -v -### @FILE
Inputs: .c .i .ll .bc .o .a

  --popcorn-isas=A,B                       ISAs to lower to
  --popcorn-migration-points=none|functions|loops|all
                                           where the process may be moved (default: loops)
  --popcorn-uninstrumented                 no frames: the process cannot move while this code
                                           is on its stack
  --save-temps=DIR                         keep what every stage makes
  --sysroot=DIR                            headers, libc and runtime
  --time                                   say on standard error what each phase took, by ISA
";

/// Prints the answer.
pub fn answer(query: &Query, sysroot: Option<&str>) -> Result<()> {
    match query {
        Query::Version => {
            let names: Vec<_> = ALL.iter().map(|isa| isa.name).collect();
            println!(
                "popcorn-cc {} ({})",
                env!("CARGO_PKG_VERSION"),
                names.join(", ")
            );
            clang("--version")
        }
        Query::Help => {
            let names = |isas: &[&Isa]| {
                isas.iter()
                    .map(|isa| isa.name)
                    .collect::<Vec<_>>()
                    .join(",")
            };
            print!("{HELP}");
            println!("\nISAs: {}; by default {}", names(ALL), names(DEFAULT));
            Ok(())
        }
        Query::SearchDirs => {
            clang("-print-search-dirs")?;
            Ok(())
        }
        Query::FileName(name) => {
            if let Ok(sysroot) = Sysroot::find(sysroot) {
                let file = sysroot.lib().join(name);
                if file.exists() {
                    println!("{}", file.display());
                    return Ok(());
                }
            }
            println!("{name}");
            Ok(())
        }
        Query::Clang(flag) => clang(flag),
    }
}

/// Lets clang answer for the base ISA.
fn clang(flag: &str) -> Result<()> {
    let path = tools::clang()?;
    let status = Command::new(&path)
        .arg(format!("--target={}", BASE.triple))
        .arg(flag)
        .status()
        .map_err(|source| Error::Tool {
            tool: path.display().to_string(),
            source,
            help: "run `make deps`".into(),
        })?;
    match status.code() {
        Some(0) => Ok(()),
        code => Err(Error::FrontEnd(code.unwrap_or(1))),
    }
}
