//! Which functions of libc can never reach user code: everything but the callers of `root` functions,
//! found in the call relocations of the base ISA's objects.
//!
//! A pointer to a function is not a call: stdio's and the locks' function pointers stay inside libc,
//! and a function that calls a pointer of the user's is a root by name.

use std::collections::{BTreeSet, HashMap, HashSet};

use anyhow::{Context, Result, bail};
use object::read::elf::{ElfFile64, FileHeader};
use object::{
    Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SectionIndex,
    SymbolKind, elf,
};

use super::classes::Classes;
use super::compile::{Class, Unit};

/// A function's code: the object it is in and its section (one function per section).
type Code = (usize, SectionIndex);

/// A name of a function. Aliases are functions of their own with the same code: musl gives one empty
/// function many weak names, each of which another object may define in earnest.
#[derive(Debug)]
struct Function {
    name: String,
    code: Code,
    /// Seen by other objects.
    global: bool,
    /// Gives way to another definition of the name.
    weak: bool,
}

#[derive(Debug)]
enum Callee {
    Code(Code),
    Name(String),
}

#[derive(Default)]
struct Graph {
    functions: Vec<Function>,
    calls: Vec<(Code, Callee)>,
}

/// What the call graph says.
#[derive(Debug, Default)]
pub struct Reach {
    /// Sorted names of the external leaf functions.
    pub leaves: BTreeSet<String>,
    /// The objects, by index, with functions that are no leaves.
    pub reaching: HashSet<usize>,
}

/// The call graph of all objects.
pub fn reach(
    units: &[Unit],
    objects: &[Vec<u8>],
    assembly: &[(String, Vec<u8>)],
    classes: &Classes,
) -> Result<Reach> {
    let mut graph = Graph::default();
    let named = units.iter().map(|unit| &unit.name).zip(objects);
    let named = named.chain(assembly.iter().map(|(name, object)| (name, object)));
    for (i, (name, object)) in named.enumerate() {
        graph
            .add(i, object)
            .with_context(|| format!("call graph of {name}"))?;
    }
    let may_be_root = |object: usize| {
        units
            .get(object)
            .is_some_and(|u| u.class == Class::Callback)
    };
    graph.leaves(classes, may_be_root)
}

impl Graph {
    fn add(&mut self, index: usize, object: &[u8]) -> Result<()> {
        let file: ElfFile64 = ElfFile64::parse(object)?;
        if file.elf_header().e_machine(file.endian()) != elf::EM_X86_64 {
            bail!("not an object of the base ISA");
        }
        for symbol in file.symbols() {
            if symbol.kind() == SymbolKind::Text
                && let Some(section) = symbol.section_index()
            {
                self.functions.push(Function {
                    name: symbol.name()?.to_owned(),
                    code: (index, section),
                    global: symbol.is_global(),
                    weak: symbol.is_weak(),
                });
            }
        }
        for section in file.sections() {
            for (_, relocation) in section.relocations() {
                let RelocationFlags::Elf {
                    r_type: elf::R_X86_64_PLT32,
                } = relocation.flags()
                else {
                    continue;
                };
                let RelocationTarget::Symbol(target) = relocation.target() else {
                    continue;
                };
                let target = file.symbol_by_index(target)?;
                let callee = match target.section_index() {
                    Some(section) if target.is_local() => Callee::Code((index, section)),
                    _ => Callee::Name(target.name()?.to_owned()),
                };
                self.calls.push(((index, section.index()), callee));
            }
        }
        Ok(())
    }

    fn leaves(&self, classes: &Classes, may_be_root: impl Fn(usize) -> bool) -> Result<Reach> {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut by_code: HashMap<Code, Vec<usize>> = HashMap::new();
        for (i, function) in self.functions.iter().enumerate() {
            if function.global {
                by_name.entry(&function.name).or_default().push(i);
            }
            by_code.entry(function.code).or_default().push(i);
        }
        let mut callers: HashMap<usize, Vec<Code>> = HashMap::new();
        for (from, callee) in &self.calls {
            // A weak definition may be replaced by any other of the name: all of them are called.
            let callees = match callee {
                Callee::Code(code) => by_code.get(code),
                Callee::Name(name) => by_name.get(name.as_str()),
            };
            for &to in callees.into_iter().flatten() {
                callers.entry(to).or_default().push(*from);
            }
        }

        let mut reaching: HashSet<usize> = HashSet::new();
        let mut work: Vec<usize> = Vec::new();
        for (i, function) in self.functions.iter().enumerate() {
            let waits = classes.waiting.contains(&function.name);
            let calls = classes.roots.contains(&function.name) && may_be_root(function.code.0);
            if waits || calls {
                work.push(i);
                // A strong root is the function itself, whatever else it is called; a weak one may be
                // musl's empty function, whose other names mean other things.
                if !function.weak {
                    work.extend(by_code.get(&function.code).into_iter().flatten());
                }
            }
        }
        while let Some(i) = work.pop() {
            if !reaching.insert(i) {
                continue;
            }
            for caller in callers.get(&i).into_iter().flatten() {
                let names = by_code.get(caller).map_or(&[][..], Vec::as_slice);
                if !names
                    .iter()
                    .any(|&n| classes.cuts.contains(&self.functions[n].name))
                {
                    work.extend(names);
                }
            }
        }

        let name_of = |i: usize| self.functions[i].name.clone();
        let global = (0..self.functions.len()).filter(|&i| self.functions[i].global);
        let mut leaves: BTreeSet<String> = global.map(name_of).collect();
        leaves.extend(classes.leaves.iter().cloned());
        for &i in &reaching {
            if self.functions[i].global {
                leaves.remove(&self.functions[i].name);
            }
        }
        let reaching = reaching.iter().map(|&i| self.functions[i].code.0);
        Ok(Reach {
            leaves,
            reaching: reaching.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(n: usize) -> Code {
        (n, SectionIndex(1))
    }

    fn function(name: &str, n: usize) -> Function {
        Function {
            name: name.to_owned(),
            code: code(n),
            global: true,
            weak: false,
        }
    }

    fn call(from: usize, name: &str) -> (Code, Callee) {
        (code(from), Callee::Name(name.to_owned()))
    }

    fn leaves(graph: &Graph, table: &str) -> Vec<String> {
        let classes = Classes::parse(table).unwrap();
        let reach = graph.leaves(&classes, |object| object < 10).unwrap();
        reach.leaves.into_iter().collect()
    }

    #[test]
    fn callers_of_roots_are_not_leaves_and_cuts_stop_the_search() {
        let names = ["qsort", "scan", "lookup", "getaddr", "strlen"];
        let graph = Graph {
            functions: names.iter().zip(0..).map(|(n, i)| function(n, i)).collect(),
            calls: vec![
                call(1, "qsort"),
                call(2, "qsort"),
                call(3, "lookup"),
                call(1, "strlen"),
                (code(4), Callee::Code(code(2))),
            ],
        };
        assert_eq!(
            leaves(&graph, "root qsort\ncut lookup\nleaf __popcorn_syscall\n"),
            ["__popcorn_syscall", "getaddr", "lookup", "strlen"]
        );
    }

    #[test]
    fn all_names_of_a_root_are_roots_but_not_those_of_an_empty_weak_one() {
        let weak = |name, n| Function {
            weak: true,
            ..function(name, n)
        };
        let graph = Graph {
            functions: vec![
                function("__pthread_once", 0),
                weak("pthread_once", 0),
                weak("__fork_handler", 1),
                weak("__aio_atfork", 1),
            ],
            calls: vec![],
        };
        let table = "root __pthread_once\nroot __fork_handler\n";
        assert_eq!(leaves(&graph, table), ["__aio_atfork"]);
    }

    #[test]
    fn a_name_with_two_definitions_is_a_leaf_only_if_both_are() {
        let graph = Graph {
            functions: vec![
                function("handlers", 0),
                // Empty, for programs without handlers; in a file that cannot have roots.
                function("handlers", 11),
                function("other_weak_name", 11),
                function("caller", 12),
            ],
            calls: vec![call(12, "handlers")],
        };
        assert_eq!(leaves(&graph, "root handlers\n"), ["other_weak_name"]);
    }
}
