//! Everything that can be wrong with a link, as data; the wording is here and nowhere else.

use std::fmt;
use std::path::PathBuf;

/// Why a link failed. Each names the file, the symbol and the ISA where there is one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// An input is not what it should be.
    #[error("{file}: {what}")]
    Malformed {
        /// The input.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// An object lacks the part for an ISA.
    #[error(
        "{file} was not compiled by popcorn-cc for {isa}\n  help: recompile it with popcorn-cc, with {isa} among --popcorn-isas"
    )]
    NotFat {
        /// The input.
        file: String,
        /// The ISA.
        isa: &'static str,
    },
    /// Nothing defines a symbol.
    #[error("undefined symbol: {symbol} ({isas})\n  --> referenced by {}{}", referenced.join("\n  --> referenced by "), advice(symbol))]
    Undefined {
        /// The symbol.
        symbol: String,
        /// ISAs that lack it.
        isas: String,
        /// `file: in function or section`, the first few.
        referenced: Vec<String>,
    },
    /// Two inputs define a symbol.
    #[error(
        "duplicate symbol: {symbol} ({isas})\n  --> defined in {first}\n  --> defined in {second}"
    )]
    Duplicate {
        /// The symbol.
        symbol: String,
        /// ISAs on which it is.
        isas: String,
        /// The definition that came first.
        first: String,
        /// The other one.
        second: String,
    },
    /// A data symbol or section has another size, alignment class or kind on another ISA.
    #[error("{file}: symbol {symbol} has different {what} per ISA: {} on {}, {} on {}\n  help: what the ISAs share must have one layout; give each assembly function a section of its own", .sides[0].1, .sides[0].0, .sides[1].1, .sides[1].0)]
    Differs {
        /// The input.
        file: String,
        /// The symbol.
        symbol: String,
        /// What differs.
        what: &'static str,
        /// Two ISAs and the value on each.
        sides: Box<[(&'static str, String); 2]>,
    },
    /// Writable data that only some ISAs have would be lost when the process moves.
    #[error(
        "{file}: writable section {section} exists only for {isa}\n  help: give the data a name on every ISA, or keep per-incarnation state in a section .popcorn.private.*"
    )]
    IsaOnlyState {
        /// The input.
        file: String,
        /// The section.
        section: String,
        /// The ISA.
        isa: &'static str,
    },
    /// A feature that has no meaning here.
    #[error("{file}: {what} is not supported ({isa})")]
    Unsupported {
        /// The input.
        file: String,
        /// Which.
        what: String,
        /// The ISA.
        isa: &'static str,
    },
    /// The linker could not be started, or failed.
    #[error("{linker} failed for {isa}:\n{output}")]
    Linker {
        /// Program name.
        linker: String,
        /// The ISA.
        isa: &'static str,
        /// What it printed.
        output: String,
    },
    /// After the link a symbol is not where it was to be.
    #[error(
        "symbol {symbol} is at {found} on {isa} instead of {expected:#x}\n  help: code that the linker shrinks cannot be laid out; assemble with relaxation off (-mno-relax)"
    )]
    Misplaced {
        /// The symbol.
        symbol: String,
        /// The ISA.
        isa: &'static str,
        /// Where it is, or `nowhere`.
        found: String,
        /// Where it should be.
        expected: u64,
    },
    /// After the link the same data has other bytes on another ISA.
    #[error(
        "the contents of {symbol} differ between {a} and {b} at byte {offset}\n  help: does it hold the address of something that exists on one ISA only?"
    )]
    Contents {
        /// The symbol or section.
        symbol: String,
        /// An ISA.
        a: &'static str,
        /// Another.
        b: &'static str,
        /// Offset in the symbol, bytes.
        offset: u64,
    },
    /// A function has unwind tables on one ISA and not on another, or none that can be used.
    #[error("function {function}: {what} ({isa})")]
    Unwind {
        /// The function.
        function: String,
        /// What is wrong.
        what: String,
        /// The ISA.
        isa: &'static str,
    },
    /// The packed program or the stack map could not be made.
    #[error("{what}")]
    Pack {
        /// Why.
        what: String,
    },
    /// Several of these.
    #[error("{}", Several(.0))]
    Many(Vec<Error>),
}

impl Error {
    /// One error out of several; `Ok` if there are none.
    pub(crate) fn all(mut errors: Vec<Error>) -> Result<(), Error> {
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(Error::Many(errors)),
        }
    }
}

/// What to do about a symbol that no library here will ever define.
fn advice(symbol: &str) -> &'static str {
    if symbol.starts_with("_Fortran") {
        "\n  help: there is no Fortran run-time library; leave out input and output, let flang expand array \
         operations (-O1), and write as loops what it does not"
    } else {
        ""
    }
}

/// At most this many errors are printed.
const SHOWN: usize = 20;

struct Several<'a>(&'a [Error]);

impl fmt::Display for Several<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.0.iter().take(SHOWN).enumerate() {
            let separator = if n == 0 { "" } else { "\nerror: " };
            write!(f, "{separator}{error}")?;
        }
        if self.0.len() > SHOWN {
            write!(f, "\nand {} more errors", self.0.len() - SHOWN)?;
        }
        Ok(())
    }
}
