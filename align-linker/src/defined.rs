//! The symbols that the linker defines.

use popcorn_metadata::symbols::linker;

/// Those that any Unix linker defines. `_GLOBAL_OFFSET_TABLE_` is ld.lld's.
const CUSTOMARY: [&str; 17] = [
    "__ehdr_start",
    "__executable_start",
    "etext",
    "_etext",
    "edata",
    "_edata",
    "__bss_start",
    "_end",
    "end",
    "__global_pointer$",
    "_GLOBAL_OFFSET_TABLE_",
    "__preinit_array_start",
    "__preinit_array_end",
    "__init_array_start",
    "__init_array_end",
    "__fini_array_start",
    "__fini_array_end",
];

/// Whether the linker defines this symbol.
pub fn is_defined(name: &str) -> bool {
    linker::ALL.contains(&name)
        || CUSTOMARY.contains(&name)
        || name.starts_with("__start_")
        || name.starts_with("__stop_")
}
