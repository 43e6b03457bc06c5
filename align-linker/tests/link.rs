//! Whole links, from C through plain clang to programs that run on every ISA.

mod common;

use common::{Bench, START, run};
use popcorn_align_linker::{Error, Job, Summary, link};
use popcorn_metadata::elf::{Elf, Symbol, sht, string};
use popcorn_metadata::package::{self, Package};
use popcorn_metadata::stackmap::{INSTRUMENTED, StackMap, TAKES_LONGJMP};
use popcorn_toolchains::{DEFAULT, Isa};
use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn link_ok(job: &Job) -> Summary {
    link(job).unwrap_or_else(|e| panic!("{e}"))
}

/// The message of a link that must fail, and must leave nothing behind.
fn link_error(job: &Job) -> String {
    let error: Error = link(job).expect_err("the link should fail");
    assert!(!job.output.exists(), "{error}");
    error.to_string()
}

/// Runs an ISA's image of a program under its emulator: exit status and output.
fn run_image(bench: &Bench, program: &[u8], isa: &Isa) -> (i32, String) {
    let path = bench.path(&format!("image.{}", isa.name));
    std::fs::write(&path, package::extract(program, isa).unwrap()).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(isa.emulator).arg(&path).output().unwrap();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8(output.stdout).unwrap(),
    )
}

/// Runs all images; they must say the same and end with 42.
fn run_everywhere(bench: &Bench, job: &Job) -> String {
    let program = std::fs::read(&job.output).unwrap();
    let (status, expected) = run_image(bench, &program, DEFAULT[0]);
    assert_eq!(status, 42, "{expected}");
    for isa in &DEFAULT[1..] {
        let (status, output) = run_image(bench, &program, isa);
        assert_eq!((status, &output), (42, &expected), "{}", isa.name);
    }
    expected
}

fn symbols(image: &[u8]) -> HashMap<String, Symbol> {
    let elf = Elf::parse(image).unwrap();
    let table = elf.sections().find(|s| s.kind == sht::SYMTAB).unwrap();
    let names = elf
        .contents(&elf.section(table.link as usize).unwrap())
        .unwrap();
    elf.contents(&table)
        .unwrap()
        .chunks_exact(Symbol::SIZE)
        .filter_map(Symbol::from_bytes)
        .map(|s| {
            (
                String::from_utf8(string(names, s.name).unwrap().to_vec()).unwrap(),
                s,
            )
        })
        .collect()
}

/// The ISAs' names as messages list them.
fn all() -> String {
    DEFAULT
        .iter()
        .map(|isa| isa.name)
        .collect::<Vec<_>>()
        .join(", ")
}

const MAIN: &str = r#"
void say(const char *s); void hex(unsigned long x);
static char zero[100]; int counter = 7; static const char text[] = "hello\n"; const char *where = text;
extern char __popcorn_image_start[], __popcorn_data_start[], __popcorn_data_end[];
int twice(int x); int (*hook)(int) = twice;
int pick(int x) { switch (x) { case 0: return 9; case 1: say("one\n"); return 3; case 2: return twice(8);
  case 3: return counter; case 4: zero[3] = 1; return 5; case 5: return 77; default: return -x; } }
double scale(double x) { return x * 1.2345678 + 3.25; }
int never_called(void) { return absent(); }
static int order; __attribute__((constructor(102))) void second(void) { order = order * 10 + 2; }
__attribute__((constructor(101))) void first(void) { order = order * 10 + 1; }
__attribute__((constructor)) void third(void) { order = order * 10 + 3; }
extern void (*__init_array_start[])(void), (*__init_array_end[])(void);
__attribute__((section("gathered"), used)) int g1 = 1; __attribute__((section("gathered"), used)) int g2 = 20;
extern int __start_gathered[], __stop_gathered[];
__attribute__((weak)) int optional(void);
int main(void) {
  say(where); hex((unsigned long)where); hex((unsigned long)zero); hex((unsigned long)&counter);
  hex((unsigned long)main); hex((unsigned long)hook); hex((unsigned long)__popcorn_data_start);
  zero[1]++;
  for (void (**f)(void) = __init_array_start; f < __init_array_end; f++) (*f)();
  int sum = 0; for (int *p = __start_gathered; p < __stop_gathered; p++) sum += *p;
  if (order != 123 || sum != 21 || optional || pick(1) != 3 || pick(5) != 77 || scale(2) < 5.7) return 1;
  return hook(counter) == 14 ? 42 : 1; }
"#;

#[test]
fn a_program_has_equal_addresses_and_runs_everywhere() {
    let bench = Bench::new();
    let start = bench.fat("start.c", START);
    let main = MAIN.replace("int never_called", "int absent(void); int never_called");
    let main = bench.fat("main.c", &main);
    let lib = bench.fat("twice.c", "int twice(int x) { return 2 * x; }");
    let unused = bench.fat(
        "unused.c",
        "int gone(void); int unused(void) { return gone(); }",
    );
    let lib = bench.archive("lib.a", &[unused, lib]);
    let mut job = bench.job(&[&lib, &start, &main]);
    job.map = Some(bench.path("map"));
    let summary = link_ok(&job);
    let said = run_everywhere(&bench, &job);
    assert!(said.starts_with("hello\n"));

    // It runs as it is, too, and is what the format says.
    let direct = Command::new(&job.output).output().unwrap();
    assert_eq!(direct.status.code(), Some(42));
    let program = std::fs::read(&job.output).unwrap();
    let package = Package::parse(&program).unwrap();
    assert_eq!(package.build_id(), summary.build_id);
    assert_eq!(package.isas().count(), DEFAULT.len());
    for isa in DEFAULT {
        let image = package::extract(&program, isa).unwrap();
        let elf = Elf::parse(&image).unwrap();
        let (_, map) = elf.find(b".popcorn.stackmap").unwrap();
        assert_eq!(symbols(&image)["__popcorn_stackmap"].value, map.address);
        let map = StackMap::parse(elf.contents(&map).unwrap()).unwrap();
        map.validate().unwrap();
        assert_eq!((map.isa(), *map.build_id()), (isa.id, summary.build_id));
        assert!(elf.find(b".eh_frame").is_none());
        // What nothing refers to is gone, the symbol it would need never missed.
        assert!(
            symbols(&image)
                .get("never_called")
                .is_none_or(|s| s.section == 0)
        );
        let at = symbols(&image)["__popcorn_build_id"].value;
        let (_, rodata) = elf.find(b".rodata").unwrap();
        let id = &elf.contents(&rodata).unwrap()[(at - rodata.address) as usize..][..16];
        assert_eq!(id, summary.build_id);
    }
    let map = std::fs::read_to_string(bench.path("map")).unwrap();
    assert!(
        map.lines()
            .any(|l| l.contains(".text") && l.contains("lib.a(twice.c.o)")),
        "{map}"
    );

    // The same inputs give the same program, bit for bit.
    job.output = bench.path("again");
    link_ok(&job);
    assert_eq!(std::fs::read(&job.output).unwrap(), program);
}

#[test]
fn constructors_run_in_order_in_either_form() {
    const SOURCE: &str = r#"
int order; typedef void (*function)(void);
__attribute__((constructor)) void c(void) { order = order * 10 + 3; }
__attribute__((constructor)) void d(void) { order = order * 10 + 4; }
__attribute__((constructor(102))) void b(void) { order = order * 10 + 2; }
__attribute__((constructor(101))) void a(void) { order = order * 10 + 1; }
__attribute__((destructor)) void y(void) { order = order * 10 + 3; }
__attribute__((destructor)) void x(void) { order = order * 10 + 2; }
__attribute__((destructor(200))) void z(void) { order = order * 10 + 4; }
extern function __init_array_start[], __init_array_end[], __fini_array_start[], __fini_array_end[];
void hex(unsigned long x);
int main(void) {
  for (function *f = __init_array_start; f < __init_array_end; f++) (*f)();
  hex(order); if (order != 1234) return 1; order = 1;
  for (function *f = __fini_array_end; f > __fini_array_start;) (*--f)();
  hex(order); return order == 1234 ? 42 : 2; }
"#;
    let bench = Bench::new();
    let start = bench.fat("start.c", START);
    for flag in ["-fuse-init-array", "-fno-use-init-array"] {
        let main = bench.fat_flags("main.c", SOURCE, &[flag]);
        let job = bench.job(&[&start, &main]);
        link_ok(&job);
        run_everywhere(&bench, &job);
    }
}

#[test]
fn thread_local_variables_have_one_place_in_the_block() {
    let bench = Bench::new();
    let start = bench.fat("start.c", START);
    let main = bench.fat("main.c", include_str!("data/tls.c"));
    let job = bench.job(&[&start, &main]);
    link_ok(&job);
    run_everywhere(&bench, &job);
}

/// What `llvm-dwarfdump` makes of an unwind table: by address, whether the CFA counts from FP, its
/// offset, and the offsets of the slots that hold registers.
fn dwarfdump(elf: &Path) -> Vec<(u64, bool, i64, Vec<i64>)> {
    let text = run(Command::new("llvm-dwarfdump-22").arg("--eh-frame").arg(elf));
    let mut rows = Vec::new();
    for line in String::from_utf8(text).unwrap().lines() {
        let Some((address, rest)) = line.trim().split_once(": CFA=") else {
            continue;
        };
        let address = u64::from_str_radix(address.trim_start_matches("0x"), 16).unwrap();
        let (cfa, saved) = rest.split_once(": ").unwrap_or((rest, ""));
        let (base, offset) = cfa.split_once('+').unwrap_or((cfa, "0"));
        let fp = ["RBP", "W29", "X8"].contains(&base);
        assert!(fp || ["RSP", "WSP", "X2"].contains(&base), "{line}");
        let mut slots: Vec<i64> = saved
            .split(", ")
            .filter_map(|s| s.split_once("=[CFA"))
            .map(|(_, offset)| offset.trim_end_matches(']').parse().unwrap())
            .collect();
        slots.sort();
        rows.push((address, fp, offset.parse().unwrap(), slots));
    }
    rows
}

#[test]
fn the_stack_map_says_what_the_unwind_tables_said() {
    const REST: &str = r#"
long walk(long n); int __popcorn_personality(int a) { return a; }
__attribute__((noreturn)) void __popcorn_capture_next(void *r) { for (;;) ; }
long leaf(long n) { return n + 1; }
extern struct { long (*resume)(void *); long (*function)(long); } __popcorn_desc_walk __asm__("__popcorn_desc.walk");
long vla(long n) { volatile char a[n]; a[n - 1] = 3; return walk(a[n - 1]); }
long many(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j) {
  return walk(a) * b + walk(c) * d + walk(e) * f + walk(g) * h + walk(i) * j + a + c + e + g + i; }
int main(void) { return __popcorn_desc_walk.function(4) == 14 && vla(5) == 9
  && many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) > 100 ? 42 : 1; }
"#;
    let bench = Bench::new();
    let start = bench.fat("start.c", START);
    let walk = bench.fat("walk.ll", include_str!("data/walk.ll"));
    let rest = bench.fat("rest.c", REST);
    let mut job = bench.job(&[&start, &walk, &rest]);
    job.save_temps = Some(bench.path("temps"));
    let summary = link_ok(&job);
    assert_eq!((summary.functions, summary.sites), (1, 2));
    run_everywhere(&bench, &job);

    let program = std::fs::read(&job.output).unwrap();
    for isa in DEFAULT {
        let image = package::extract(&program, isa).unwrap();
        let elf = Elf::parse(&image).unwrap();
        let (_, section) = elf.find(b".popcorn.stackmap").unwrap();
        let map = StackMap::parse(elf.contents(&section).unwrap()).unwrap();
        map.validate().unwrap();

        let oracle = dwarfdump(&bench.path(&format!("temps/{}.elf", isa.name)));
        assert!(oracle.len() > 12, "{}", isa.name);
        for (address, fp, offset, slots) in oracle {
            let rule = map.lookup(address).unwrap().rule;
            let mut mine: Vec<i64> = rule
                .saved()
                .map(|(_, at)| at)
                .chain(rule.ra_offset())
                .collect();
            mine.sort();
            let got = (rule.cfa_is_fp(), rule.cfa_offset(), mine);
            assert_eq!(got, (fp, offset, slots), "{} {address:#x}", isa.name);
        }

        let symbols = symbols(&image);
        let walk = symbols["walk"];
        let (start, end) = (walk.value, walk.value + walk.size);
        let mut pads = Vec::new();
        for address in start..end {
            let entry = map.lookup(address).unwrap();
            assert_eq!(entry.flags & INSTRUMENTED, INSTRUMENTED);
            if let Some(pad) = entry.pad {
                assert!((start..end).contains(&pad), "{}", isa.name);
                pads.push((pad, entry.flags & TAKES_LONGJMP != 0));
            }
        }
        pads.dedup();
        // In the order of the code: the recursive call's pad only captures, the leaf call's takes a longjmp.
        assert_eq!(
            pads.iter().map(|p| p.1).collect::<Vec<_>>(),
            [false, true],
            "{}",
            isa.name
        );
        assert_ne!(pads[0].0, pads[1].0);
        let main = map.lookup(symbols["main"].value).unwrap();
        assert_eq!((main.flags, main.pad), (0, None));
        let clone = map.lookup(symbols["walk.resume"].value).unwrap();
        assert_eq!(clone.flags, INSTRUMENTED);
        let (_, cold) = elf.find(b".text.cold").unwrap();
        assert_eq!(symbols["walk.resume"].value, cold.address);
    }
    let description = package::describe(&program).unwrap();
    assert_eq!((description.functions, description.sites), (1, 2));
    assert_eq!(description.isas[1].counts.pads, 2);
}

#[test]
fn undefined_and_duplicate_symbols_are_named() {
    let bench = Bench::new();
    let start = bench.fat("start.c", START);
    let main = bench.fat(
        "main.c",
        "int absent(void); int main(void) { return absent(); }",
    );
    let said = link_error(&bench.job(&[&start, &main]));
    assert!(
        said.contains(&format!("undefined symbol: absent ({})", all())),
        "{said}"
    );
    assert!(said.contains("main.c.o: main"), "{said}");

    let again = bench.fat("again.c", "int main(void) { return 2; }");
    let said = link_error(&bench.job(&[&start, &main, &again]));
    assert!(
        said.contains(&format!("duplicate symbol: main ({})", all())),
        "{said}"
    );
    assert!(
        said.contains("main.c.o") && said.contains("again.c.o"),
        "{said}"
    );

    let said = link_error(&bench.job(&[&main]));
    assert!(said.contains("undefined symbol: _start"), "{said}");
}

#[test]
fn what_differs_per_isa_is_named() {
    let bench = Bench::new();
    let (a, b) = (DEFAULT[0].name, DEFAULT[1].name);
    let start = bench.fat("start.c", START);
    let source = |what: &'static str, other: &'static str| {
        move |isa: &Isa| {
            if isa.id == 1 {
                other.to_owned()
            } else {
                what.to_owned()
            }
        }
    };
    let sizes = bench.fat_each(
        "sizes.c",
        source(
            "long table[4] = {1}; int main(void) { return table[0]; }",
            "long table[5] = {1}; int main(void) { return table[0]; }",
        ),
        &[],
    );
    let said = link_error(&bench.job(&[&start, &sizes]));
    assert!(
        said.contains(&format!(
            "symbol table has different sizes per ISA: 32 on {a}, 40 on {b}"
        )),
        "{said}"
    );

    let contents = bench.fat_each(
        "contents.c",
        source(
            "long table[4] = {1, 2}; int main(void) { return table[0]; }",
            "long table[4] = {1, 3}; int main(void) { return table[0]; }",
        ),
        &[],
    );
    let said = link_error(&bench.job(&[&start, &contents]));
    assert!(
        said.contains(&format!(
            "contents of table differ between {a} and {b} at byte 8"
        )),
        "{said}"
    );

    let state = bench.fat_each(
        "state.c",
        source(
            "int main(void) { return 42; }",
            "int hidden = 3; int main(void) { return hidden++; }",
        ),
        &[],
    );
    let said = link_error(&bench.job(&[&start, &state]));
    assert!(
        said.contains(&format!(
            "writable section .data.hidden exists only for {b}"
        )),
        "{said}"
    );
}

#[test]
fn a_function_must_be_instrumented_on_every_isa_or_on_none() {
    const REST: &str = "int __popcorn_personality(int a) { return a; } void __popcorn_capture_next(void *r) { for (;;) ; }
        long leaf(long n) { return n; } long walk(long n); int main(void) { return walk(3); }";
    let bench = Bench::new();
    let start = bench.fat("start.c", START);
    let rest = bench.fat("rest.c", REST);
    let whole = include_str!("data/walk.ll");
    let without = whole.replace(
        "invoke i64 @walk(i64 %m) to label %then unwind label %pad",
        "call i64 @walk(i64 %m)\n  br label %then",
    );
    let without = without.replace(
        "invoke i64 @leaf(i64 %a) to label %end unwind label %jump",
        "call i64 @leaf(i64 %a)\n  br label %end",
    );
    let (pads, calls) = (
        without.find("pad:\n").unwrap(),
        without.find("define i64 @walk.resume").unwrap(),
    );
    let without = format!("{}}}\n{}", &without[..pads], &without[calls..]);
    let walk = bench.fat_each(
        "walk.ll",
        |isa| {
            if isa.id == 2 {
                without.clone()
            } else {
                whole.to_owned()
            }
        },
        &[],
    );
    // One ISA's back end may find every call of a function dead; its frames then never need a pad.
    let job = bench.job(&[&start, &walk, &rest]);
    link_ok(&job);
    std::fs::remove_file(&job.output).unwrap();

    let bare = without.replace("personality ptr @__popcorn_personality ", "");
    let walk = bench.fat_each(
        "walk.ll",
        |isa| {
            if isa.id == 2 {
                bare.clone()
            } else {
                without.clone()
            }
        },
        &[],
    );
    let said = link_error(&bench.job(&[&start, &walk, &rest]));
    let expected = format!(
        "function walk: is instrumented either here or on {}",
        DEFAULT[0].name
    );
    assert!(said.contains(&expected), "{said}");
}

#[test]
fn a_name_must_come_from_one_object() {
    let bench = Bench::new();
    let start = bench.fat("start.c", START);
    let (here, there) = ("int f(void) { return 1; }", "int g(void) { return 1; }");
    let a = bench.fat_each(
        "a.c",
        |isa| if isa.id == 0 { here } else { there }.to_owned(),
        &[],
    );
    let b = bench.fat_each(
        "b.c",
        |isa| if isa.id == 0 { there } else { here }.to_owned(),
        &[],
    );
    let main = bench.fat(
        "main.c",
        "int f(void); int g(void); int main(void) { return f() + g(); }",
    );
    let said = link_error(&bench.job(&[&start, &main, &a, &b]));
    assert!(
        said.contains("symbol f has different definitions per ISA"),
        "{said}"
    );
}

#[test]
fn helpers_that_one_isa_has_are_private() {
    let bench = Bench::new();
    let start = bench.fat("start.c", START);
    let main = bench.fat_each(
        "main.c",
        |isa| {
            let helper = "__attribute__((noinline)) int helper(int x) { return x + 2; }";
            let (helper, call) = if isa.id == 2 { (helper, "helper(40)") } else { ("", "42") };
            format!("{helper} int other(void) {{ return 0; }} int main(void) {{ return {call} + other(); }}")
        },
        &[],
    );
    let job = bench.job(&[&start, &main]);
    link_ok(&job);
    run_everywhere(&bench, &job);
    let program = std::fs::read(&job.output).unwrap();
    let image = package::extract(&program, DEFAULT[2]).unwrap();
    let elf = Elf::parse(&image).unwrap();
    let (_, private) = elf.find(b".private.text").unwrap();
    assert_eq!(symbols(&image)["helper"].value, private.address);
}

#[test]
fn inputs_that_are_not_ours_are_named() {
    let bench = Bench::new();
    let plain = bench.compile(DEFAULT[0], "plain.c", "int main(void) { return 0; }", &[]);
    let said = link_error(&bench.job(&[&plain]));
    assert!(
        said.contains(&format!(
            "was not compiled by popcorn-cc for {}",
            DEFAULT[1].name
        )),
        "{said}"
    );
    let text = bench.path("text.o");
    std::fs::write(&text, "not an object").unwrap();
    let said = link_error(&bench.job(&[&text]));
    assert!(
        said.contains("text.o: not a 64-bit little-endian ELF file"),
        "{said}"
    );
    let said = link_error(&bench.job(&[&bench.path("missing.o")]));
    assert!(said.contains("missing.o: No such file"), "{said}");
    let common = bench.fat_flags(
        "common.c",
        "int tentative; int main(void) { return tentative; }",
        &["-fcommon"],
    );
    let said = link_error(&bench.job(&[&common]));
    assert!(said.contains("the common symbol tentative"), "{said}");
}

#[test]
fn a_user_who_replaces_a_leaf_function_is_warned() {
    let bench = Bench::new();
    let start = bench.fat("start.c", START);
    let main = bench.fat(
        "main.c",
        "long strlen(const char *s) { return 42; } int main(void) { return strlen(\"\"); }",
    );
    let mut job = bench.job(&[&start, &main]);
    job.leaf = Some(std::sync::Arc::new(
        ["strlen".to_owned(), "memcpy".to_owned()].into(),
    ));
    job.leaf_provider = Some(bench.path("libc.a"));
    let summary = link_ok(&job);
    assert_eq!(summary.warnings.len(), 1);
    assert!(
        summary.warnings[0].contains("-fno-builtin-strlen"),
        "{:?}",
        summary.warnings
    );
}

#[test]
fn one_of_two_equal_groups_is_taken() {
    const SHARED: &str = r#"
.section .text.shared,"axG",@progbits,shared,comdat
.weak shared
.type shared,@function
shared:
"#;
    let bench = Bench::new();
    let start = bench.fat("start.c", START);
    let object = |name: &str, body: &str| {
        bench.fat_each(
            name,
            |isa| {
                let ret = if isa.id == 0 {
                    "mov $21, %eax\\n ret"
                } else if isa.id == 1 {
                    "mov w0, #21\\n ret"
                } else {
                    "li a0, 21\\n ret"
                };
                let text = format!("{SHARED} {ret}\n.size shared, .-shared\n.text\n");
                let text = text.trim().replace('\n', "\\n").replace('"', "\\\"");
                format!("__asm__(\"{text}\"); int shared(void); {body}")
            },
            &[],
        )
    };
    let a = object(
        "a.c",
        "int other(void); int main(void) { return shared() + other(); }",
    );
    let b = object("b.c", "int other(void) { return shared(); }");
    let job = bench.job(&[&start, &a, &b]);
    link_ok(&job);
    run_everywhere(&bench, &job);
}
