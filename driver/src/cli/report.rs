//! `popcorn inspect` of an image: what the process was, where it stands and what its variables are, as
//! text or as JSON.

use std::fmt::{self, Write};
use std::path::Path;

use popcorn_metadata::bytes::{u32_at, u64_at};
use popcorn_metadata::elf::Elf;
use popcorn_metadata::image::objects::object;
use popcorn_metadata::image::{Checkpoint, FD_GIVEN, FD_KEEPER, Fd, Map, VERSION, checkpoint};
use popcorn_metadata::info::{Function, Info, Site};
use popcorn_metadata::package;
use popcorn_metadata::record::{descriptor, header};
use serde::Serialize;

use crate::cli::checkpoint::isa_name;
use crate::cli::exe::Exe;
use crate::cli::image::{self, ImageFile};
use crate::cli::values::{Memory, Record};
use crate::error::{Error, Result};

/// Everything there is to say of an image.
#[derive(Debug, Serialize)]
pub struct Report {
    image: String,
    version: u32,
    bytes: u64,
    isa: &'static str,
    build_id: String,
    program: String,
    /// Seconds since 1970.
    taken: u64,
    process: u64,
    arguments: Vec<String>,
    directory: String,
    umask: u32,
    threads: Vec<Thread>,
    memory: Vec<Region>,
    descriptors: Vec<Descriptor>,
    signals: Vec<Disposition>,
    timers: Vec<Timer>,
}

#[derive(Debug, Serialize)]
struct Thread {
    /// As the program knows it.
    id: u32,
    /// Signals that it blocks.
    blocked: Vec<u64>,
    /// Frames, innermost first.
    frames: Vec<Frame>,
}

#[derive(Debug, Serialize)]
struct Frame {
    function: String,
    /// It has no frame of its own: its code is part of the next frame's.
    inlined: bool,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    values: Vec<Value>,
}

#[derive(Debug, Serialize)]
struct Value {
    /// The variable, if that is known.
    name: Option<String>,
    /// Bytes from the start of the frame record, for what has no name.
    offset: Option<u32>,
    #[serde(rename = "type")]
    ty: String,
    value: String,
}

#[derive(Debug, Serialize)]
struct Region {
    start: u64,
    end: u64,
    protection: String,
    kind: &'static str,
    /// Bytes of it in the image.
    stored: u64,
}

#[derive(Debug, Serialize)]
struct Descriptor {
    number: i32,
    kind: &'static str,
    path: String,
    access: &'static str,
    append: bool,
    close_on_exec: bool,
    offset: u64,
    /// Whoever restores the process gives it this descriptor.
    given: bool,
    /// It is a duplicate of this one.
    same_as: Option<i32>,
}

#[derive(Debug, Serialize)]
struct Disposition {
    signal: u64,
    handler: String,
}

#[derive(Debug, Serialize)]
struct Timer {
    which: &'static str,
    /// Microseconds.
    value: u64,
    interval: u64,
}

/// Reads an image, with its program for names and types.
pub fn report(path: &Path, program: Option<&Path>) -> Result<Report> {
    let file = ImageFile::open(path)?;
    let checkpoint = file.checkpoint()?;
    let exe = file.program(&checkpoint, program)?;
    let elf =
        Elf::parse(&exe.bytes).map_err(|e| Error::Plain(format!("{}: {e}", exe.path.display())))?;
    let memory = Memory::new(&checkpoint, elf);
    let header = checkpoint.image().header();
    Ok(Report {
        image: path.display().to_string(),
        version: VERSION,
        bytes: header.length,
        isa: isa_name(header.isa),
        build_id: image::hex(&header.build_id),
        program: exe.path.display().to_string(),
        taken: checkpoint.process.time,
        process: checkpoint.process.pid,
        arguments: checkpoint.arguments().map(lossy).collect(),
        directory: lossy(checkpoint.directory()),
        umask: checkpoint.process.umask,
        threads: checkpoint
            .threads()
            .map(|thread| {
                Ok(Thread {
                    id: thread.state.id,
                    blocked: (1..=64)
                        .filter(|n| thread.state.signal_mask >> (n - 1) & 1 != 0)
                        .collect(),
                    frames: frames(path, &thread, &exe, &memory)?,
                })
            })
            .collect::<Result<_>>()?,
        memory: regions(&checkpoint),
        descriptors: checkpoint
            .descriptors()
            .filter(|(fd, _)| fd.fd_flags & FD_KEEPER == 0)
            .map(|(fd, path)| descriptor(&fd, path, object_name(&checkpoint, &fd)))
            .collect(),
        signals: checkpoint
            .signals()
            .map(|s| Disposition {
                signal: s.number,
                handler: match s.handler {
                    0 => "default".to_owned(),
                    1 => "ignored".to_owned(),
                    at => memory.function(at).unwrap_or_else(|| format!("{at:#x}")),
                },
            })
            .collect(),
        timers: checkpoint
            .timers()
            .map(|t| Timer {
                which: match t.which {
                    0 => "real",
                    1 => "virtual",
                    _ => "profiling",
                },
                value: t.value,
                interval: t.interval,
            })
            .collect(),
    })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The frames of the records, and those inlined into them.
fn frames(
    path: &Path,
    thread: &checkpoint::Thread<'_>,
    exe: &Exe,
    memory: &Memory<'_>,
) -> Result<Vec<Frame>> {
    let damaged = |what: &str| {
        let what = format!("{}: {what}", path.display());
        Error::usage(what, "the image does not fit its program")
    };
    let table = package::info(&exe.bytes).map_err(|e| exe.error(e))?;
    let table =
        Info::parse(table).map_err(|e| Error::Plain(format!("{}: {e}", exe.path.display())))?;
    let mut records = thread.bytes;
    let mut frames = Vec::new();
    for n in 0..thread.records.frames {
        let wrong = || damaged(&format!("frame record {n} makes no sense"));
        let descriptor = u64_at(records, header::DESCRIPTOR).ok_or_else(wrong)?;
        let known = memory
            .read(descriptor, descriptor::SIZE)
            .ok_or_else(wrong)?;
        let size = u32_at(&known, descriptor::RECORD_SIZE).unwrap_or(0) as usize;
        let bytes = records
            .get(..size)
            .filter(|_| size >= header::SIZE)
            .ok_or_else(wrong)?;
        let function = table
            .find(descriptor)
            .map_err(|e| Error::Plain(format!("{}: {e}", exe.path.display())))?
            .unwrap_or_else(|| Function {
                name: nameless(memory, &known),
                ..Function::default()
            });
        let record = Record {
            bytes,
            function: &function,
            memory,
        };
        frames_of(&record, &mut frames);
        records = &records[size..];
    }
    Ok(frames)
}

/// A function that the table does not have, by its descriptor.
fn nameless(memory: &Memory<'_>, descriptor: &[u8]) -> String {
    let function = u64_at(descriptor, descriptor::FUNCTION).unwrap_or(0);
    let name = memory.function(function);
    name.unwrap_or_else(|| format!("{function:#x}"))
}

fn frames_of(record: &Record<'_>, frames: &mut Vec<Frame>) {
    let function = record.function;
    let nothing = Site::default();
    let site = u32_at(record.bytes, header::SITE).unwrap_or(0) as usize;
    let site = function.sites.get(site).unwrap_or(&nothing);
    let first = frames.len();
    let depth = site.at.len().max(1);
    for n in 0..depth {
        let at = site.at.get(n);
        frames.push(Frame {
            function: at.map_or(&function.name, |at| &at.function).clone(),
            inlined: n + 1 < depth,
            file: at.map(|at| at.file.clone()),
            line: at.map(|at| at.line),
            column: at.map(|at| at.column),
            values: Vec::new(),
        });
    }
    for binding in &site.bindings {
        let variable = &function.variables[binding.variable as usize];
        let ty = &function.types[variable.ty as usize];
        let place = frames.get_mut(first + binding.depth as usize);
        if let (Some(frame), Some(value)) = (place, record.show(binding.place, ty)) {
            frame.values.push(Value {
                name: Some(variable.name.clone()),
                offset: None,
                ty: ty.name.clone(),
                value,
            });
        }
    }
    use popcorn_metadata::info::Place;
    let named = |slot: u32| {
        let mut bindings = site.bindings.iter();
        bindings.any(|b| matches!(b.place, Place::Slot(s) | Place::Extended(s) if s == slot))
    };
    let Some(outermost) = frames.last_mut() else {
        return;
    };
    let mut slots: Vec<u32> = site.stored.iter().copied().filter(|&s| !named(s)).collect();
    slots.sort_unstable();
    for slot in slots {
        let of = &function.slots[slot as usize];
        if let Some(value) = record.show_slot(slot) {
            outermost.values.push(Value {
                name: None,
                offset: Some(of.offset),
                ty: function.types[of.ty as usize].name.clone(),
                value,
            });
        }
    }
}

fn regions(checkpoint: &Checkpoint<'_>) -> Vec<Region> {
    let stored = |start: u64, end: u64| {
        let inside = checkpoint
            .memory()
            .filter(|s| (start..end).contains(&s.address));
        inside.map(|s| s.file_length).sum()
    };
    let mut own = checkpoint
        .memory()
        .filter(|s| s.address < 1 << 31)
        .map(|s| (s.address, s.address + s.length));
    let data = own.next().map(|(start, end)| {
        let end = own.map(|(_, end)| end).max().unwrap_or(end);
        Region {
            start,
            end,
            protection: "rw-".to_owned(),
            kind: "program data",
            stored: stored(start, end),
        }
    });
    let maps = checkpoint.maps().map(|map: Map| {
        let end = map.start + map.length;
        let bit = |bit: u32, shown: char| if map.prot & bit != 0 { shown } else { '-' };
        Region {
            start: map.start,
            end,
            protection: [bit(1, 'r'), bit(2, 'w'), bit(4, 'x')].iter().collect(),
            kind: match map.role {
                0 => "memory",
                1 => "file",
                3 => "data stack",
                4 => "shared",
                _ => "other",
            },
            stored: stored(map.start, end),
        }
    });
    data.into_iter().chain(maps).collect()
}

/// What a descriptor is open on, if no path leads to it.
fn object_name(checkpoint: &Checkpoint<'_>, fd: &Fd) -> Option<&'static str> {
    let object = checkpoint.objects.get(fd.object.checked_sub(1)?)?;
    Some(object::name(object.kind))
}

fn descriptor(fd: &Fd, path: &[u8], object: Option<&'static str>) -> Descriptor {
    const O_APPEND: u32 = 0o2000;
    Descriptor {
        number: fd.fd,
        kind: object.unwrap_or(match fd.mode {
            0o100000 => "file",
            0o040000 => "directory",
            0o020000 => "character device",
            0o060000 => "block device",
            0o010000 => "pipe",
            0o140000 => "socket",
            _ => "other",
        }),
        path: lossy(path),
        access: match fd.flags & 3 {
            0 => "read",
            1 => "write",
            _ => "read and write",
        },
        append: fd.flags & O_APPEND != 0,
        close_on_exec: fd.fd_flags & 1 != 0,
        offset: fd.offset,
        given: fd.fd_flags & FD_GIVEN != 0,
        same_as: (fd.same_as >= 0).then_some(fd.same_as),
    }
}

impl Report {
    /// As JSON.
    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.unwrap_or_default() + "\n"
    }
}

/// As text.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "image      {} ({} bytes), process {} as {}",
            self.image, self.bytes, self.process, self.isa
        )?;
        writeln!(f, "program    {}", self.program)?;
        writeln!(f, "build id   {}", self.build_id)?;
        writeln!(f, "arguments  {}", self.arguments.join(" "))?;
        writeln!(f, "directory  {}, umask {:03o}", self.directory, self.umask)?;
        for (n, thread) in self.threads.iter().enumerate() {
            write!(f, "\nthread {}: {} frames", n + 1, thread.frames.len())?;
            if !thread.blocked.is_empty() {
                let list: Vec<_> = thread.blocked.iter().map(u64::to_string).collect();
                write!(f, ", blocks signals {}", list.join(" "))?;
            }
            writeln!(f)?;
            for (n, frame) in thread.frames.iter().enumerate() {
                write_frame(f, n, frame)?;
            }
        }
        writeln!(f, "\nmemory")?;
        for r in &self.memory {
            let pages = (r.end - r.start).div_ceil(1024);
            writeln!(
                f,
                "  {:#014x}-{:#014x} {} {:>9} KiB, {:>9} bytes stored, {}",
                r.start, r.end, r.protection, pages, r.stored, r.kind
            )?;
        }
        writeln!(f, "\ndescriptors")?;
        for d in &self.descriptors {
            write!(f, "{:>5} {} ", d.number, d.kind)?;
            match (d.same_as, d.given) {
                (Some(same), _) => write!(f, "{}, the same as {same}", d.path)?,
                (_, true) => write!(f, "{}, given by whoever restores", d.path)?,
                _ => write!(f, "{}, {}, at {}", d.path, d.access, d.offset)?,
            }
            let marks = [(d.append, ", append"), (d.close_on_exec, ", close on exec")];
            let marks: String = marks.iter().filter(|m| m.0).map(|m| m.1).collect();
            writeln!(f, "{marks}")?;
        }
        for s in &self.signals {
            writeln!(
                f,
                "{}signal {:>2} {}",
                if s.signal == self.signals[0].signal {
                    "\n"
                } else {
                    ""
                },
                s.signal,
                s.handler
            )?;
        }
        for t in &self.timers {
            writeln!(
                f,
                "timer {}: {} us, every {} us",
                t.which, t.value, t.interval
            )?;
        }
        Ok(())
    }
}

fn write_frame(f: &mut fmt::Formatter<'_>, n: usize, frame: &Frame) -> fmt::Result {
    let mut line = format!("#{n:<3} {}", frame.function);
    if let (Some(file), Some(number)) = (&frame.file, frame.line) {
        write!(line, " at {file}:{number}")?;
    }
    if frame.inlined {
        line.push_str(" (inlined)");
    }
    writeln!(f, "{line}")?;
    for v in &frame.values {
        match (&v.name, v.offset) {
            (Some(name), _) => writeln!(f, "       {} {name} = {}", v.ty, v.value)?,
            (None, offset) => {
                writeln!(
                    f,
                    "       {} [record+{}] = {}",
                    v.ty,
                    offset.unwrap_or(0),
                    v.value
                )?;
            }
        }
    }
    Ok(())
}
