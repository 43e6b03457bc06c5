//! The linker script: the same on every ISA but for the filling between functions.
//!
//! Sections arrive renamed (see [`input_name`]), so that their names sort into the solved order; the
//! script gives each output section its solved address and gathers its inputs by prefix.

use crate::class::Class;
use crate::solve::{BUILD_ID, IMAGE_BASE, Layout, SEGMENT};
use popcorn_metadata::sections;
use popcorn_metadata::symbols::linker::STACKMAP;
use popcorn_toolchains::Isa;
use std::fmt::Write;

/// The name a section gets for the link: class and, where the order is solved, position.
pub fn input_name(class: Class, position: Option<usize>) -> String {
    let output = class.output();
    match position {
        Some(position) => format!(".in{output}~{position:08}"),
        None => format!(".in{output}"),
    }
}

/// Writes the script.
pub fn script(isa: &Isa, entry: &str, layout: &Layout) -> String {
    let mut s = String::new();
    write_script(&mut s, isa, entry, layout).unwrap_or_default();
    s
}

fn write_script(s: &mut String, isa: &Isa, entry: &str, layout: &Layout) -> std::fmt::Result {
    writeln!(s, "ENTRY({entry})")?;
    // Flags: 1 execute, 2 write, 4 read.
    writeln!(s, "PHDRS {{")?;
    writeln!(s, "  headers PT_PHDR PHDRS FLAGS(4);")?;
    writeln!(s, "  text PT_LOAD FILEHDR PHDRS FLAGS(5);")?;
    writeln!(s, "  cold PT_LOAD FLAGS(5);")?;
    writeln!(s, "  rodata PT_LOAD FLAGS(4);")?;
    if layout.tls.size != 0 {
        writeln!(s, "  tls PT_TLS FLAGS(4);")?;
    }
    writeln!(s, "  data PT_LOAD FLAGS(6);")?;
    writeln!(s, "  state PT_LOAD FLAGS(6);")?;
    writeln!(s, "  ptext PT_LOAD FLAGS(5);")?;
    writeln!(s, "  prodata PT_LOAD FLAGS(4);")?;
    writeln!(s, "  pdata PT_LOAD FLAGS(6);")?;
    writeln!(s, "  stackmap PT_LOAD FLAGS(4);")?;
    writeln!(s, "  stack PT_GNU_STACK FLAGS(6);")?;
    writeln!(s, "}}\nSECTIONS {{")?;
    writeln!(s, "  . = {IMAGE_BASE:#x} + SIZEOF_HEADERS;")?;
    let fill: String = isa
        .trap
        .iter()
        .cycle()
        .take(4)
        .map(|b| format!("{b:02x}"))
        .collect();
    for (class, extent) in Class::ALIGNED.into_iter().zip(&layout.extents) {
        let segment = match class {
            Class::Text => "text",
            Class::Cold => "cold",
            Class::Rodata => "rodata",
            Class::Tdata => "rodata :tls",
            // Not part of what is loaded: a loader would zero it, in a segment that cannot be written.
            Class::Tbss => "tls",
            Class::State | Class::StateBss => "state",
            _ => "data",
        };
        if extent.size == 0 {
            continue;
        }
        let output = class.output();
        let reserved = match class {
            Class::Rodata => format!(". += {BUILD_ID}; "),
            _ => String::new(),
        };
        let fill = match class.is_text() {
            true => format!(" =0x{fill}"),
            false => String::new(),
        };
        // Zeroed TLS follows `.tdata` by itself; ld.lld disregards an address given to it.
        let address = match class {
            Class::Tbss => String::new(),
            _ => format!("{:#x} ", extent.address),
        };
        writeln!(
            s,
            "  {output} {address}: ALIGN({}) {{ {reserved}*(SORT_BY_NAME({}~*)) }} :{segment}{fill}",
            extent.align,
            input_name(class, None),
        )?;
    }
    let isa_only = layout.isa_only_start;
    let input = |class| input_name(class, None);
    writeln!(
        s,
        "  .private.text {isa_only:#x} : {{ *({0} .iplt .plt) }} :ptext =0x{fill}",
        input(Class::IsaOnlyText)
    )?;
    writeln!(s, "  . = ALIGN({SEGMENT:#x});")?;
    writeln!(
        s,
        "  .private.rodata : {{ *({0} .got .got.plt) }} :prodata",
        input(Class::IsaOnlyRodata)
    )?;
    writeln!(s, "  . = ALIGN({SEGMENT:#x});")?;
    writeln!(
        s,
        "  .private.data : {{ *({0}) }} :pdata",
        input(Class::IsaOnlyState)
    )?;
    writeln!(s, "  . = ALIGN({SEGMENT:#x});")?;
    // The word only makes sure that there is such a section.
    writeln!(s, "  {STACKMAP} = .;")?;
    writeln!(
        s,
        "  {1} : {{ QUAD(0) *({0}) }} :stackmap",
        input(Class::Lsda),
        sections::STACKMAP
    )?;
    writeln!(s, "  .eh_frame : {{ *(.eh_frame) }} :stackmap")?;
    for (name, value) in &layout.symbols {
        writeln!(s, "  \"{name}\" = {value:#x};")?;
    }
    writeln!(s, "}}")
}
