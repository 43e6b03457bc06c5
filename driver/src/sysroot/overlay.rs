//! The source tree that is compiled: musl from the wheel, our overlay beside it, our edits applied.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

const ZIG: &str = "ziglang/lib/libc/";

/// Where the parts of the wheel go. The first match counts; the rest of the wheel is not needed.
const LAYOUT: &[(&str, &str)] = &[
    ("musl/src/", "musl/src/"),
    ("musl/include/", "include/"),
    ("musl/arch/generic/bits/", "include/bits/"),
    ("musl/arch/generic/fp_arch.h", "musl/arch/fp_arch.h"),
    ("musl/COPYRIGHT", "musl/COPYRIGHT"),
];

/// Parts that replace files of [`LAYOUT`]: the base ABI's layouts, and what musl's makefile generates.
const BASE_LAYOUT: &[(&str, &str)] = &[
    ("musl/arch/x86_64/bits/", "include/bits/"),
    ("musl/arch/x86_64/kstat.h", "musl/arch/kstat.h"),
    ("musl/arch/x86_64/ksigaction.h", "musl/arch/ksigaction.h"),
    (
        "include/x86_64-linux-musl/bits/alltypes.h",
        "include/bits/alltypes.h",
    ),
    (
        "include/x86_64-linux-musl/bits/syscall.h",
        "include/bits/syscall.h",
    ),
];

/// Parts of the overlay, which replace both.
const OVERLAY_LAYOUT: &[(&str, &str)] = &[
    ("libc/arch/neutral/bits/", "include/bits/"),
    ("libc/arch/neutral/", "musl/arch/"),
    ("libc/src/", "musl/overlay/"),
    ("libc/builtins/", "musl/builtins/"),
    ("libc/asm/", "musl/asm/"),
    ("include/", "include/"),
];

/// A staged source tree.
#[derive(Debug)]
pub struct Tree {
    /// Holds `src`, `overlay`, `builtins`, `asm` and `arch`.
    pub root: PathBuf,
    /// The headers to install; libc is compiled with the same ones.
    pub include: PathBuf,
}

/// Lays the tree out below `work`.
pub fn stage(wheel: &Path, work: &Path) -> Result<Tree> {
    let file = File::open(wheel).with_context(|| format!("{}", wheel.display()))?;
    let mut zip = zip::ZipArchive::new(file).with_context(|| format!("{}", wheel.display()))?;
    for layout in [LAYOUT, BASE_LAYOUT] {
        for i in 0..zip.len() {
            let mut entry = zip.by_index(i)?;
            let name = entry.name().to_owned();
            let Some(place) = name.strip_prefix(ZIG).and_then(|name| place(layout, name)) else {
                continue;
            };
            if entry.is_dir() || place.ends_with(".in") || is_other_arch(&place) {
                continue;
            }
            let mut contents = Vec::new();
            entry.read_to_end(&mut contents)?;
            put(&work.join(place), &contents)?;
        }
    }
    for (name, contents) in FILES {
        if let Some(place) = place(OVERLAY_LAYOUT, name) {
            put(&work.join(place), contents)?;
        }
    }
    let tree = Tree {
        root: work.join("musl"),
        include: work.join("include"),
    };
    for edit in parse_edits(text("libc/edits.diff")?)? {
        let path = match edit.file.strip_prefix("include/") {
            Some(header) => tree.include.join(header),
            None => tree.root.join(&edit.file),
        };
        let old = fs::read_to_string(&path).with_context(|| format!("editing {}", edit.file))?;
        fs::write(&path, edit.apply(&old)?)?;
    }
    Ok(tree)
}

fn place(layout: &[(&str, &str)], name: &str) -> Option<String> {
    layout
        .iter()
        .find_map(|(from, to)| Some(format!("{to}{}", name.strip_prefix(from)?)))
}

fn put(path: &Path, contents: &[u8]) -> Result<()> {
    let folder = path.parent().context("staging the root")?;
    fs::create_dir_all(folder)?;
    fs::write(path, contents).with_context(|| format!("{}", path.display()))
}

/// Whether musl keeps this file for one of its own architectures, or for its dynamic linker or its
/// older allocator: such files lie one folder deeper than generic ones.
pub fn is_other_arch(name: &str) -> bool {
    let Some((_, inside)) = name.split_once("src/") else {
        return false;
    };
    let mut folders = inside.split('/');
    let (first, second, third) = (folders.next(), folders.next(), folders.next());
    match (first, second, third) {
        (Some("include"), ..) => false,
        (_, Some("mallocng"), Some(_)) => false,
        (_, _, third) => third.is_some(),
    }
}

/// An embedded text file by its name below `toolchains/`.
pub fn text(name: &str) -> Result<&'static str> {
    let (_, contents) = FILES
        .iter()
        .find(|(found, _)| *found == name)
        .with_context(|| format!("{name} is not embedded"))?;
    std::str::from_utf8(contents).with_context(|| name.to_owned())
}

/// One hunk of `edits.diff`.
#[derive(Debug, PartialEq, Eq)]
struct Edit {
    file: String,
    /// Why, and where to look when it does not apply.
    title: String,
    old: String,
    new: String,
}

impl Edit {
    fn apply(&self, text: &str) -> Result<String> {
        match text.matches(&self.old).count() {
            1 => Ok(text.replacen(&self.old, &self.new, 1)),
            n => bail!(
                "edits.diff: {}: hunk `{}` matches {n} times instead of once",
                self.file,
                self.title
            ),
        }
    }
}

/// A diff without line numbers: `--- FILE`, `@@ TITLE`, then lines that begin with space, `-` or `+`.
/// What precedes the first file is prose.
fn parse_edits(text: &str) -> Result<Vec<Edit>> {
    let mut edits: Vec<Edit> = Vec::new();
    let mut file = None;
    for (i, line) in text.lines().enumerate() {
        if let Some(name) = line.strip_prefix("--- ") {
            file = Some(name.to_owned());
            continue;
        }
        let Some(file) = &file else { continue };
        if let Some(title) = line.strip_prefix("@@ ") {
            edits.push(Edit {
                file: file.clone(),
                title: title.to_owned(),
                old: String::new(),
                new: String::new(),
            });
            continue;
        }
        let Some(edit) = edits.last_mut().filter(|edit| edit.file == *file) else {
            bail!("edits.diff:{}: no hunk", i + 1);
        };
        let (kind, rest) = line.split_at(line.len().min(1));
        if kind != "+" {
            edit.old.push_str(rest);
            edit.old.push('\n');
        }
        match kind {
            "" | " " | "+" => {
                edit.new.push_str(rest);
                edit.new.push('\n');
            }
            "-" => {}
            _ => bail!("edits.diff:{}: `{line}`", i + 1),
        }
    }
    Ok(edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "Prose.\n\n--- a.c\n@@ why\n one\n-two\n+2\n";

    #[test]
    fn an_edit_replaces_its_lines() {
        let edits = parse_edits(DIFF).unwrap();
        assert_eq!(edits.len(), 1);
        assert_eq!(
            edits[0].apply("zero\none\ntwo\n").unwrap(),
            "zero\none\n2\n"
        );
    }

    #[test]
    fn an_edit_that_does_not_match_once_is_an_error() {
        let edits = parse_edits(DIFF).unwrap();
        for text in ["one\nthree\n", "one\ntwo\none\ntwo\n"] {
            let error = edits[0].apply(text).unwrap_err().to_string();
            assert!(error.contains("a.c") && error.contains("why"), "{error}");
        }
    }

    #[test]
    fn lines_outside_a_hunk_are_errors() {
        assert!(parse_edits("--- a.c\n-x\n").is_err());
        assert!(parse_edits("--- a.c\n@@ y\nx\n").is_err());
    }

    #[test]
    fn the_embedded_edits_parse() {
        let edits = parse_edits(text("libc/edits.diff").unwrap()).unwrap();
        assert!(edits.len() > 10);
        assert!(edits.iter().all(|edit| edit.old != edit.new));
    }

    #[test]
    fn arch_folders_are_told_from_generic_ones() {
        assert!(is_other_arch("musl/src/string/aarch64/memcpy.S"));
        assert!(is_other_arch("src/malloc/oldmalloc/malloc.c"));
        assert!(!is_other_arch("src/malloc/mallocng/malloc.c"));
        assert!(!is_other_arch("src/include/sys/mman.h"));
        assert!(!is_other_arch("src/string/memcpy.c"));
        assert!(!is_other_arch("include/sys/epoll.h"));
    }
}
