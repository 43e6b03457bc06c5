//! Imports run down: no files of a crate import each other in a circle, and the folders of the runtime and of the passes
//! are layers.
//!
//! Read from the sources' `use` lines and paths, without tests. A folder's `mod.rs` counts as part of the files below
//! it, since it only puts them together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use popcorn_testsuite::toolchain;

/// The runtime's folders, from the lowest. What lies in one uses those below it and itself only.
const LAYERS: [&str; 8] = [
    "base", "arch", "kernel", "program", "stack", "image", "moves", "start",
];

/// The passes' phases, from the lowest. Files in none of these folders are for all of them.
const PHASES: [&str; 6] = ["llvm", "neutral", "program", "points", "frames", "lower"];

/// A crate's modules by path (`a::b`), each with the modules that it names.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// The source without comments, strings and tests, as words and signs.
fn tokens(source: &str) -> Vec<String> {
    let code = source
        .split("\n#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or("");
    let mut out: Vec<String> = Vec::new();
    for line in code.lines() {
        let line = line.split("//").next().unwrap_or("");
        // What stands between quotes is no path.
        let mut word = String::new();
        for (i, part) in line.split('"').enumerate() {
            if i % 2 == 1 {
                continue;
            }
            for c in part.chars() {
                if c.is_alphanumeric() || c == '_' {
                    word.push(c);
                    continue;
                }
                if !word.is_empty() {
                    out.push(std::mem::take(&mut word));
                }
                if "{}:,;*".contains(c) {
                    out.push(c.to_string());
                }
            }
            if !word.is_empty() {
                out.push(std::mem::take(&mut word));
            }
        }
    }
    out
}

/// The paths that a file names, from the crate's root: `use crate::a::{b, c::d}` and `crate::a::b` anywhere, and the
/// same behind `super`.
fn paths(module: &[&str], source: &str) -> Vec<Vec<String>> {
    let tokens = tokens(source);
    let mut out = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let mut base: Vec<String> = match &*tokens[i] {
            "crate" => Vec::new(),
            "super" => module[..module.len() - 1]
                .iter()
                .map(|s| (*s).to_owned())
                .collect(),
            _ => {
                i += 1;
                continue;
            }
        };
        i += 1;
        while tokens.get(i + 2).is_some_and(|t| t == "super") {
            base.pop();
            i += 3;
        }
        i = tree(&tokens, i, &base, &mut out);
    }
    out
}

/// Reads what follows a path's beginning: `::a::b` or `::{…}`; where it ends.
fn tree(tokens: &[String], mut i: usize, base: &[String], out: &mut Vec<Vec<String>>) -> usize {
    let mut path = base.to_vec();
    loop {
        if !(tokens.get(i).is_some_and(|t| t == ":") && tokens.get(i + 1).is_some_and(|t| t == ":"))
        {
            out.push(path);
            return i;
        }
        i += 2;
        match tokens.get(i).map(String::as_str) {
            Some("{") => {
                i += 1;
                while let Some(token) = tokens.get(i) {
                    match &**token {
                        "}" => return i + 1,
                        "," => i += 1,
                        word => {
                            let mut inner = path.clone();
                            if word != "self" && word != "*" {
                                inner.push(word.to_owned());
                            }
                            i = tree(tokens, i + 1, &inner, out);
                        }
                    }
                }
                return i;
            }
            Some(word) => {
                path.push(word.to_owned());
                i += 1;
            }
            None => return i,
        }
    }
}

fn files(folder: &Path, prefix: &str, out: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "bin" {
                files(&path, &format!("{prefix}{name}::"), out);
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            let source = fs::read_to_string(&path).unwrap_or_default();
            let module = match &*name {
                "lib" | "main" => "crate".to_owned(),
                "mod" => prefix.trim_end_matches("::").to_owned(),
                name => format!("{prefix}{name}"),
            };
            out.insert(module, source);
        }
    }
}

fn graph(krate: &str) -> Graph {
    let mut modules = BTreeMap::new();
    files(&toolchain::root().join(krate).join("src"), "", &mut modules);
    let mut graph = Graph::new();
    for (module, source) in &modules {
        let parts: Vec<&str> = module.split("::").collect();
        let used = graph.entry(module.clone()).or_default();
        for path in paths(&parts, source) {
            // The longest beginning that is a module.
            let named = (1..=path.len())
                .rev()
                .map(|n| path[..n].join("::"))
                .find(|name| modules.contains_key(name));
            used.extend(named.filter(|name| name != module));
        }
    }
    // The root and the files that put a folder together are no places of their own.
    graph.remove("crate");
    graph
}

/// Whether one module is the folder of the other.
fn is_folder_of(a: &str, b: &str) -> bool {
    b.strip_prefix(a).is_some_and(|rest| rest.starts_with("::"))
}

/// A circle of modules, if there is one.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    fn visit<'a>(
        graph: &'a Graph,
        at: &'a str,
        way: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|m| *m == at) {
            return Some(way[start..].iter().map(|m| (*m).to_owned()).collect());
        }
        if done.contains(at) {
            return None;
        }
        way.push(at);
        for next in graph.get(at)? {
            let together = is_folder_of(at, next) || is_folder_of(next, at);
            if !together && let Some(found) = visit(graph, next, way, done) {
                return Some(found);
            }
        }
        way.pop();
        done.insert(at);
        None
    }
    let mut done = BTreeSet::new();
    graph
        .keys()
        .find_map(|start| visit(graph, start, &mut Vec::new(), &mut done))
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    for krate in [
        "toolchains",
        "metadata",
        "passes",
        "align-linker",
        "runtime",
        "driver",
        "testsuite",
    ] {
        let graph = graph(krate);
        assert!(graph.len() > 3, "{krate}: no sources found");
        if let Some(circle) = circle(&graph) {
            panic!(
                "{krate}: {} import each other in a circle",
                circle.join(" -> ")
            );
        }
    }
}

/// Imports of a crate that run up; each module's layer is its folder's place in `layers`.
fn upward(graph: &Graph, layers: &[&str]) -> Vec<String> {
    let layer = |module: &str| {
        let folder = module.split("::").next().unwrap_or("");
        layers.iter().position(|l| *l == folder)
    };
    let mut wrong = Vec::new();
    for (module, used) in graph {
        for other in used {
            if let (Some(own), Some(others)) = (layer(module), layer(other))
                && others > own
            {
                wrong.push(format!("{module} uses {other}"));
            }
        }
    }
    wrong
}

#[test]
fn the_runtimes_imports_run_down() {
    let graph = graph("runtime");
    for module in graph.keys() {
        let folder = module.split("::").next().unwrap_or("");
        assert!(
            LAYERS.contains(&folder),
            "runtime/src: {module} is in no layer; the layers are {LAYERS:?}"
        );
    }
    let wrong = upward(&graph, &LAYERS);
    assert!(
        wrong.is_empty(),
        "imports that run up:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_passes_imports_run_down() {
    let wrong = upward(&graph("passes"), &PHASES);
    assert!(
        wrong.is_empty(),
        "imports that run up:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn paths_are_read() {
    let source = "use crate::a::{self, b::C, d};\nfn f() { super::e::g(); } // crate::no\n";
    let read: Vec<String> = paths(&["x", "y"], source)
        .iter()
        .map(|path| path.join("::"))
        .collect();
    assert_eq!(read, ["a", "a::b::C", "a::d", "x::e::g"]);
    let mut graph = Graph::new();
    for (from, to) in [("a", "b"), ("b", "c"), ("c", "a")] {
        graph.insert(from.to_owned(), BTreeSet::from([to.to_owned()]));
    }
    assert_eq!(circle(&graph).map(|c| c.len()), Some(3));
    graph.insert("c".to_owned(), BTreeSet::new());
    assert_eq!(circle(&graph), None);
}
