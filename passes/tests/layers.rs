//! Imports between the crate's files run down only, from phase to phase, and never in a circle.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The phases, lowest first. What is in none of these folders is for all of them.
const LAYERS: [&str; 6] = ["llvm", "neutral", "program", "points", "frames", "lower"];

/// Modules by path (`frames::sites`), with their text.
fn modules() -> BTreeMap<String, String> {
    fn collect(folder: &Path, prefix: &str, out: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let stem = path.file_stem().expect("a name").to_string_lossy();
            let name = match (prefix, &*stem) {
                (_, "lib") => continue,
                (_, "mod") => prefix.to_owned(),
                ("", stem) => stem.to_owned(),
                (prefix, stem) => format!("{prefix}::{stem}"),
            };
            if path.is_dir() {
                collect(&path, &name, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("text");
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                out.insert(name, code.to_owned());
            }
        }
    }
    let mut out = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    collect(&root, "", &mut out);
    assert!(out.len() > 40, "{out:?}");
    out
}

/// The paths behind `use`, groups taken apart, and those that begin with `crate::` elsewhere.
fn paths(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let lines = text.lines().filter(|l| !l.trim_start().starts_with("//"));
    let code: String = lines.map(|l| format!("{l}\n")).collect();
    for statement in code.split("use ").skip(1) {
        let statement = statement.split(';').next().unwrap_or_default();
        let flat: String = statement.split_whitespace().collect();
        match flat.split_once('{') {
            Some((head, group)) => {
                let items = group.trim_end_matches('}').split(',');
                out.extend(items.map(|item| format!("{head}{item}")));
            }
            None => out.push(flat),
        }
    }
    for inline in code.split("crate::").skip(1) {
        let is_path = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
        let path = inline.split(is_path).next().unwrap_or_default();
        out.push(format!("crate::{path}"));
    }
    out
}

/// For each module those that it imports from.
fn imports() -> BTreeMap<String, Vec<String>> {
    let modules = modules();
    let resolve = |from: &str, path: &str| {
        let parent = from.rsplit_once("::").map_or("", |(parent, _)| parent);
        let is_folder = modules.keys().any(|m| m.starts_with(&format!("{from}::")));
        let absolute = if let Some(rest) = path.strip_prefix("crate::") {
            rest.to_owned()
        } else if let Some(rest) = path.strip_prefix("super::") {
            format!("{parent}::{rest}")
        } else if is_folder {
            format!("{from}::{path}")
        } else {
            return None;
        };
        let mut candidate = absolute.trim_start_matches("::");
        loop {
            if modules.contains_key(candidate) {
                return (candidate != from).then(|| candidate.to_owned());
            }
            candidate = candidate.rsplit_once("::")?.0;
        }
    };
    let of = |(name, text): (&String, &String)| {
        let found = paths(text);
        let found = found.iter().filter_map(|p| resolve(name, p));
        (name.clone(), found.collect())
    };
    modules.iter().map(of).collect()
}

#[test]
fn imports_run_down() {
    let layer = |module: &str| {
        let folder = module.split("::").next().unwrap_or_default();
        LAYERS.iter().position(|l| *l == folder)
    };
    let mut seen = 0;
    for (from, targets) in imports() {
        for to in targets {
            if let (Some(own), Some(other)) = (layer(&from), layer(&to)) {
                assert!(other <= own, "{from} imports from {to}, which is above it");
                seen += usize::from(other < own);
            }
        }
    }
    assert!(seen > 40, "only {seen} imports are understood");
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    fn visit<'a>(
        module: &'a str,
        imports: &'a BTreeMap<String, Vec<String>>,
        way: &mut Vec<&'a str>,
        done: &mut Vec<&'a str>,
    ) {
        if done.contains(&module) {
            return;
        }
        assert!(!way.contains(&module), "a circle: {way:?}, {module}");
        way.push(module);
        for next in &imports[module] {
            visit(next, imports, way, done);
        }
        way.pop();
        done.push(module);
    }
    let imports = imports();
    let mut done = Vec::new();
    for module in imports.keys() {
        visit(module, &imports, &mut Vec::new(), &mut done);
    }
}
