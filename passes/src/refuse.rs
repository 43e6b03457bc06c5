//! The errors of code that cannot be the same on every ISA: what, in which function, where, and what to do.

use popcorn_toolchains::Isa;

use crate::error::Error;
use crate::llvm::Value;

/// Makes the errors for one module.
pub(crate) struct Refuse<'a> {
    pub isas: &'a [&'static Isa],
    /// The translation unit.
    pub file: &'a str,
}

impl Refuse<'_> {
    /// An instruction.
    pub(crate) fn at(&self, inst: Value, what: String, help: &str) -> Error {
        let function = inst.parent().function();
        let location = inst.location();
        self.error(
            what,
            function.name(),
            location.or_else(|| self.place(function)),
            help,
        )
    }

    /// A whole function, or what stands for one.
    pub(crate) fn function(&self, f: Value, what: &str, help: &str) -> Error {
        let body = f.resolver().unwrap_or(f);
        self.error(what.to_owned(), f.name(), self.place(body), help)
    }

    /// What stands outside of functions.
    pub(crate) fn module(&self, what: &str, help: &str) -> Error {
        let location = format!("{} (file scope)", self.file);
        self.error(what.to_owned(), "(module)".to_owned(), Some(location), help)
    }

    fn place(&self, f: Value) -> Option<String> {
        let place = f.debug_function()?;
        Some(format!("{}:{}", place.file, place.line))
    }

    fn error(&self, what: String, function: String, location: Option<String>, help: &str) -> Error {
        // The base ISA could run it; the first that could not is named.
        let isa = self.isas.get(1).or(self.isas.first());
        Error::Unsupported {
            what,
            function,
            isa: isa.map_or(String::new(), |isa| isa.name.to_owned()),
            location: location
                .unwrap_or_else(|| format!("{} (compile with -g for the line)", self.file)),
            help: help.to_owned(),
        }
    }
}
