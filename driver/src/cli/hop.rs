//! The hop specification of `popcorn run --hop`, as the runtime reads it from `POPCORN_HOP`.

use popcorn_toolchains::Isa;

use crate::args::unknown_isa;
use crate::error::{Error, Result};

/// `every=N[,max=M],isas=a:b:c` or `…,isas=self`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HopSpec {
    /// A hop at every N-th migration point that is passed.
    pub every: u64,
    /// Hops after which the program is left alone.
    pub max: Option<u64>,
    pub to: HopTo,
}

/// Where the hops go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HopTo {
    /// Capture and resume inside the process.
    SelfOnly,
    /// Around these, in this order.
    Cycle(Vec<String>),
}

const GRAMMAR: &str = "every=N[,max=M],isas=A:B:C or every=N[,max=M],isas=self";

impl HopSpec {
    /// Parses and checks a specification.
    pub fn parse(text: &str) -> Result<HopSpec> {
        let (mut every, mut max, mut to) = (None, None, None);
        for part in text.split(',') {
            let (name, value) = part.split_once('=').ok_or_else(|| bad(text, part))?;
            match name {
                "every" => every = Some(number(text, value)?),
                "max" => max = Some(number(text, value)?),
                "isas" if value == "self" => to = Some(HopTo::SelfOnly),
                "isas" => {
                    let names: Vec<String> = value.split(':').map(str::to_owned).collect();
                    for name in &names {
                        Isa::by_name(name).ok_or_else(|| unknown_isa(name))?;
                    }
                    to = Some(HopTo::Cycle(names));
                }
                _ => return Err(bad(text, part)),
            }
        }
        Ok(HopSpec {
            every: every.ok_or_else(|| bad(text, "every"))?,
            max,
            to: to.ok_or_else(|| bad(text, "isas"))?,
        })
    }

    /// The ISAs that the program will run as.
    pub fn isas(&self) -> Vec<&'static Isa> {
        match &self.to {
            HopTo::SelfOnly => Vec::new(),
            HopTo::Cycle(names) => names.iter().filter_map(|n| Isa::by_name(n)).collect(),
        }
    }
}

fn bad(text: &str, part: &str) -> Error {
    Error::usage(
        format!("invalid hop specification `{text}`: `{part}` is missing or wrong"),
        GRAMMAR,
    )
}

fn number(text: &str, value: &str) -> Result<u64> {
    match value.parse() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(bad(text, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use popcorn_toolchains::ALL;

    #[test]
    fn cycles_and_self() {
        let names = [ALL[1].name, ALL[2].name];
        let spec = HopSpec::parse(&format!("every=7,max=3,isas={}", names.join(":"))).unwrap();
        assert_eq!((spec.every, spec.max), (7, Some(3)));
        assert_eq!(spec.isas().len(), 2);
        let spec = HopSpec::parse("every=1,isas=self").unwrap();
        assert_eq!((spec.every, spec.max, spec.to), (1, None, HopTo::SelfOnly));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, named) in [
            ("every=0,isas=self", "`0`"),
            ("every=x,isas=self", "`x`"),
            ("isas=self", "`every`"),
            ("every=1", "`isas`"),
            ("every=1,isas=vax", "unknown ISA `vax`"),
            ("every=1,often=2,isas=self", "`often=2`"),
            ("", "``"),
        ] {
            let error = HopSpec::parse(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
