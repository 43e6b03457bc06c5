//! A cdylib or dylib: refused where it is all that a library is, left out where the library is an rlib besides,
//! since that is what programs use.

use std::fs;
use std::path::Path;

use object::write::Object;
use object::{Architecture, BinaryFormat, Endianness};
use toml::Table;

use super::link_line::LinkLine;
use crate::error::{Error, Result};

/// Does what can be done about a line that asks for a shared library.
pub fn leave_out(line: &LinkLine) -> Result<()> {
    let name = library_name(&line.output);
    // Cargo tells rustc, and rustc its linker.
    let manifest = std::env::var_os("CARGO_MANIFEST_PATH");
    let text = manifest.and_then(|path| fs::read_to_string(path).ok());
    let table: Option<Table> = text.and_then(|text| text.parse().ok());
    if !table.is_some_and(|table| is_rlib_too(&table, name)) {
        return Err(Error::usage(
            format!(
                "`{name}` is a cdylib or dylib: images are static, shared libraries cannot be built"
            ),
            "remove `cdylib` and `dylib` from `crate-type` in its Cargo.toml; programs use the `rlib`",
        ));
    }
    eprintln!(
        "cargo-popcorn: warning: the shared library `{name}` is not built; programs use the rlib"
    );
    // Cargo would build again what is not there.
    let empty = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let bytes = empty
        .write()
        .map_err(|e| Error::Plain(format!("`{name}`: {e}")))?;
    fs::write(&line.output, bytes).map_err(Error::io(&line.output))
}

/// `plug` of `…/libplug-0a1b.so`.
fn library_name(output: &Path) -> &str {
    let stem = output.file_stem().and_then(|f| f.to_str());
    let name = stem.map_or("a crate", |s| s.strip_prefix("lib").unwrap_or(s));
    name.split_once('-').map_or(name, |(name, _)| name)
}

/// Whether a manifest's library has the name and is something that programs can use.
fn is_rlib_too(manifest: &Table, name: &str) -> bool {
    let string =
        |section: &str, key: &str| Some(manifest.get(section)?.get(key)?.as_str()?.to_owned());
    let own = string("lib", "name").or_else(|| string("package", "name"));
    let library = manifest.get("lib");
    let types = library.and_then(|lib| lib.get("crate-type").or(lib.get("crate_type")));
    own.is_some_and(|own| own.replace('-', "_") == name)
        && types
            .and_then(|types| types.as_array())
            .is_some_and(|types| {
                types
                    .iter()
                    .any(|t| matches!(t.as_str(), Some("lib" | "rlib")))
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_say_what_else_a_library_is() {
        let is_rlib_too = |text: &str| is_rlib_too(&text.parse().unwrap(), "a_b");
        let package = "[package]\nname = 'a-b'\n";
        assert!(is_rlib_too(&format!(
            "{package}[lib]\ncrate-type = ['cdylib', 'rlib']"
        )));
        assert!(is_rlib_too(
            "[lib]\nname = 'a_b'\ncrate_type = ['dylib', 'lib']"
        ));
        assert!(!is_rlib_too(&format!(
            "{package}[lib]\ncrate-type = ['cdylib']"
        )));
        assert!(!is_rlib_too(&format!(
            "{package}[lib]\nname = 'c'\ncrate-type = ['lib']"
        )));
        assert!(!is_rlib_too(package));
    }

    #[test]
    fn libraries_are_named() {
        assert_eq!(library_name(Path::new("/x/libplug.so")), "plug");
        assert_eq!(library_name(Path::new("libplug-12.so")), "plug");
    }
}
