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

/// A function: the object it is in and its section (one function per section).
type Node = (usize, SectionIndex);

#[derive(Default)]
struct Graph {
    /// All names of a function, with whether other objects see it.
    names: HashMap<Node, Vec<(String, bool)>>,
    /// Calls to functions of the same object.
    local_calls: Vec<(Node, Node)>,
    /// Calls by name.
    calls: Vec<(Node, String)>,
}

/// Sorted names of the external leaf functions.
pub fn leaf_functions(
    units: &[Unit],
    objects: &[Vec<u8>],
    assembly: &[(String, Vec<u8>)],
    classes: &Classes,
) -> Result<BTreeSet<String>> {
    let mut graph = Graph::default();
    let named = units.iter().map(|unit| &unit.name).zip(objects);
    let named = named.chain(assembly.iter().map(|(name, object)| (name, object)));
    for (i, (name, object)) in named.enumerate() {
        graph
            .add(i, object)
            .with_context(|| format!("call graph of {name}"))?;
    }
    let may_be_root =
        |node: &Node| units.get(node.0).is_some_and(|u| u.class == Class::Callback);
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
                let name = symbol.name()?.to_owned();
                let names = self.names.entry((index, section)).or_default();
                names.push((name, symbol.is_global()));
            }
        }
        for section in file.sections() {
            let from = (index, section.index());
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
                match target.section_index() {
                    Some(to) if target.is_local() => self.local_calls.push((from, (index, to))),
                    _ => self.calls.push((from, target.name()?.to_owned())),
                }
            }
        }
        Ok(())
    }

    fn leaves(
        &self,
        classes: &Classes,
        may_be_root: impl Fn(&Node) -> bool,
    ) -> Result<BTreeSet<String>> {
        let mut by_name: HashMap<&str, Vec<Node>> = HashMap::new();
        for (node, names) in &self.names {
            for (name, _) in names.iter().filter(|(_, global)| *global) {
                by_name.entry(name).or_default().push(*node);
            }
        }
        let mut callers: HashMap<Node, Vec<Node>> = HashMap::new();
        for (from, to) in &self.local_calls {
            callers.entry(*to).or_default().push(*from);
        }
        for (from, name) in &self.calls {
            // A weak definition may be replaced by any other of the name: all of them are called.
            for to in by_name.get(name.as_str()).into_iter().flatten() {
                callers.entry(*to).or_default().push(*from);
            }
        }

        let named = |node: &Node, set: &HashSet<String>| {
            let mut names = self.names.get(node).into_iter().flatten();
            names.any(|(name, _)| set.contains(name))
        };
        let mut reaching: HashSet<Node> = HashSet::new();
        let mut work: Vec<Node> = self
            .names
            .keys()
            .filter(|node| may_be_root(node) && named(node, &classes.roots))
            .copied()
            .collect();
        while let Some(node) = work.pop() {
            if reaching.insert(node) {
                let callers = callers.get(&node).into_iter().flatten();
                work.extend(callers.filter(|caller| !named(caller, &classes.cuts)));
            }
        }

        let mut leaves: BTreeSet<String> = classes.leaves.iter().cloned().collect();
        let mut reached = HashSet::new();
        for (node, names) in &self.names {
            let names = names.iter().filter(|(_, global)| *global);
            let names = names.map(|(name, _)| name.clone());
            if reaching.contains(node) {
                reached.extend(names);
            } else {
                leaves.extend(names);
            }
        }
        leaves.retain(|name| !reached.contains(name));
        Ok(leaves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(n: usize) -> Node {
        (n, SectionIndex(1))
    }

    #[test]
    fn callers_of_roots_are_not_leaves_and_cuts_stop_the_search() {
        let mut graph = Graph::default();
        for (n, name) in ["qsort", "scan", "lookup", "getaddr", "strlen"].iter().enumerate() {
            graph.names.insert(node(n), vec![((*name).to_owned(), true)]);
        }
        graph.calls = vec![
            (node(1), "qsort".into()),
            (node(2), "qsort".into()),
            (node(3), "lookup".into()),
            (node(1), "strlen".into()),
        ];
        let classes = Classes::parse("root qsort\ncut lookup\nleaf __popcorn_syscall\n").unwrap();
        let leaves = graph.leaves(&classes, |_| true).unwrap();
        let leaves: Vec<&str> = leaves.iter().map(String::as_str).collect();
        assert_eq!(leaves, ["__popcorn_syscall", "getaddr", "lookup", "strlen"]);
    }

    #[test]
    fn a_name_with_two_definitions_is_a_leaf_only_if_both_are() {
        let mut graph = Graph::default();
        graph.names.insert(node(0), vec![("handlers".into(), true)]);
        graph.names.insert(node(1), vec![("dummy".into(), false), ("handlers".into(), true)]);
        graph.names.insert(node(2), vec![("caller".into(), true)]);
        graph.calls = vec![(node(2), "handlers".into())];
        let classes = Classes::parse("root handlers\n").unwrap();
        let leaves = graph.leaves(&classes, |n| n.0 == 0).unwrap();
        assert!(leaves.is_empty(), "{leaves:?}");
    }
}
