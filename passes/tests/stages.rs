//! What the passes do to small modules, as text: snapshots explain, the differential tests prove.

use std::collections::HashSet;
use std::sync::Arc;

use popcorn_passes::merge::{self, Part};
use popcorn_passes::{Check, Clock, Error, OptLevel, Options, Output, Points, compile};
use popcorn_toolchains::ALL;

fn options(instrument: bool) -> Options {
    Options {
        isas: ALL.to_vec(),
        opt: OptLevel::O0,
        points: Points::Loops,
        instrument,
        whole: false,
        leaf: Arc::new(HashSet::from(["puts".to_owned()])),
        save_temps: None,
        name: "test.ll".to_owned(),
        check: Check::Between,
        clock: Clock::default(),
    }
}

/// The IR just before lowering, without attribute groups and metadata.
fn ir(source: &str, instrument: bool) -> String {
    let bytes = compile(source.as_bytes(), &options(instrument), Output::Ir).expect("compiles");
    let text = String::from_utf8(bytes).expect("text");
    text.lines()
        .filter(|l| !l.starts_with("attributes") && !l.starts_with(';') && !l.starts_with('!'))
        .collect::<Vec<_>>()
        .join("\n")
}

macro_rules! snapshot {
    ($name:ident, $file:literal, $instrument:literal) => {
        #[test]
        fn $name() {
            insta::assert_snapshot!(ir(include_str!(concat!("ir/", $file)), $instrument));
        }
    };
}

snapshot!(variadic_arguments_become_a_block, "variadic.ll", false);
snapshot!(computed_goto_becomes_a_switch, "goto.ll", false);
snapshot!(setjmp_becomes_a_token_and_a_pad, "setjmp.ll", false);
snapshot!(setjmp_in_an_instrumented_function, "setjmp.ll", true);
snapshot!(a_call_site_gets_a_pad_and_a_clone, "frames.ll", true);
snapshot!(
    structures_by_value_are_copied_by_the_callee,
    "byval.ll",
    true
);

#[test]
fn every_module_lowers_for_every_isa() {
    for (name, source) in [
        ("variadic", include_str!("ir/variadic.ll")),
        ("goto", include_str!("ir/goto.ll")),
        ("setjmp", include_str!("ir/setjmp.ll")),
        ("frames", include_str!("ir/frames.ll")),
        ("byval", include_str!("ir/byval.ll")),
    ] {
        for instrument in [false, true] {
            let bytes = compile(source.as_bytes(), &options(instrument), Output::Object);
            let bytes = bytes.unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(&bytes[..4], b"\x7fELF", "{name}");
            for isa in &ALL[1..] {
                let section = format!(".popcorn.obj.{}", isa.name);
                assert!(
                    bytes
                        .windows(section.len())
                        .any(|w| w == section.as_bytes()),
                    "{name}"
                );
            }
        }
    }
}

fn refusal(source: &str) -> String {
    match compile(source.as_bytes(), &options(true), Output::Object) {
        Err(e @ Error::Unsupported { .. }) => e.to_string(),
        Err(e) => panic!("another error: {e}"),
        Ok(_) => panic!("compiled"),
    }
}

#[test]
fn unknown_assembly_is_refused_by_function() {
    let e = refusal(
        "define void @aes_round() {\n call void asm sideeffect \"aesenc %xmm0, %xmm1\", \"\"()\n ret void\n}",
    );
    assert!(e.contains("`aes_round`") && e.contains("aesenc"), "{e}");
}

#[test]
fn unknown_intrinsics_are_refused_by_name() {
    let e = refusal(
        "declare <4 x i32> @llvm.x86.sha1nexte(<4 x i32>, <4 x i32>)\n\
         define <4 x i32> @hash(<4 x i32> %a) {\n\
         %r = call <4 x i32> @llvm.x86.sha1nexte(<4 x i32> %a, <4 x i32> %a)\n ret <4 x i32> %r\n}",
    );
    assert!(
        e.contains("llvm.x86.sha1nexte") && e.contains("`hash`"),
        "{e}"
    );
}

#[test]
fn atomics_of_16_bytes_are_the_librarys() {
    let text = ir(
        "define i1 @swap(ptr %p, i128 %old, i128 %new) {\n\
         %r = cmpxchg ptr %p, i128 %old, i128 %new seq_cst seq_cst, align 16\n\
         %i = extractvalue { i128, i1 } %r, 1\n ret i1 %i\n}\n\
         define fp128 @read(ptr %p) {\n\
         %r = load atomic fp128, ptr %p seq_cst, align 16\n ret fp128 %r\n}\n\
         define i64 @narrow(ptr %p) {\n\
         %r = atomicrmw add ptr %p, i64 1 seq_cst, align 8\n ret i64 %r\n}",
        false,
    );
    for call in ["@__sync_val_compare_and_swap_16(", "@__atomic_load_16("] {
        assert!(text.contains(call), "{text}");
    }
    assert!(
        !text.contains("cmpxchg") && text.contains("atomicrmw add"),
        "{text}"
    );
    let e = refusal(
        "define fp128 @sum(ptr %p, fp128 %x) {\n\
         %r = atomicrmw fadd ptr %p, fp128 %x seq_cst, align 16\n ret fp128 %r\n}",
    );
    assert!(e.contains("16 bytes") && e.contains("`sum`"), "{e}");
}

#[test]
fn builtin_setjmp_is_refused() {
    let e = refusal(
        "declare i32 @llvm.eh.sjlj.setjmp(ptr)\n\
         define i32 @save(ptr %b) {\n %r = call i32 @llvm.eh.sjlj.setjmp(ptr %b)\n ret i32 %r\n}",
    );
    assert!(
        e.contains("__builtin_setjmp") && e.contains("`save`"),
        "{e}"
    );
}

#[test]
fn indirect_functions_are_refused() {
    let e = refusal(
        "@choose = ifunc void (), ptr @resolve\n\
         define ptr @resolve() {\n ret ptr null\n}",
    );
    assert!(e.contains("`choose`"), "{e}");
}

#[test]
fn x87_values_are_refused() {
    let e = refusal(
        "define x86_fp80 @f(x86_fp80 %x) {\n %y = fadd x86_fp80 %x, %x\n ret x86_fp80 %y\n}",
    );
    assert!(e.contains("-mlong-double-128"), "{e}");
}

#[test]
fn text_that_is_no_ir_is_an_error() {
    let e = compile(b"int main;", &options(true), Output::Object).expect_err("not IR");
    assert!(matches!(e, Error::Parse { .. }), "{e}");
}

#[test]
fn the_verifier_refuses_a_pad_with_a_phi_and_a_shared_pad() {
    // The pads pass would repair these, so they are given to the verifier as they are.
    let shared = "declare void @g(i32)\ndeclare i32 @__popcorn_personality()\n\
        define void @f(i32 %x) personality ptr @__popcorn_personality {\n\
        entry:\n invoke void @g(i32 1) to label %a unwind label %pad\n\
        a:\n invoke void @g(i32 2) to label %b unwind label %pad\n\
        b:\n ret void\n\
        pad:\n PHI %l = landingpad { ptr, i32 } cleanup\n call void @g(i32 USED)\n unreachable\n}";
    for (phi, used, rule) in [
        (
            "%p = phi i32 [ 1, %entry ], [ 2, %a ]\n",
            "%p",
            "holds a phi",
        ),
        ("", "%x", "share a landing pad"),
    ] {
        let source = shared.replace("PHI", phi).replace("USED", used);
        let e = popcorn_passes::verify_text(source.as_bytes())
            .expect_err("refused")
            .to_string();
        assert!(e.contains(rule) && e.contains("`f`"), "{e}");
    }
    for (source, rule) in [
        ("define void @f(...) {\n ret void\n}", "variadic"),
        (
            "declare void @g(ptr)\ndefine void @f(ptr %p) {\n call void @g(ptr byval(i64) %p)\n ret void\n}",
            "byval",
        ),
        (
            "define ptr @f() {\nentry:\n br label %a\na:\n %p = phi ptr [ blockaddress(@f, %a), %entry ]\n ret ptr %p\n}",
            "address of a block",
        ),
        (
            "@__popcorn_desc.f = constant i64 0\ndefine i32 @f() {\n %a = alloca i32\n %v = load i32, ptr %a\n ret i32 %v\n}",
            "alloca",
        ),
        (
            "@__popcorn_desc.f = constant i64 0\ndefine void @f() nounwind {\n ret void\n}",
            "not to unwind",
        ),
    ] {
        let e = popcorn_passes::verify_text(source.as_bytes())
            .expect_err("refused")
            .to_string();
        assert!(e.contains(rule), "{e}");
    }
}

/// A function with this attribute that no ISA but the base ISA could run.
fn wide(attribute: &str) -> String {
    format!(
        "declare <4 x i64> @llvm.x86.avx2.psad.bw(<32 x i8>, <32 x i8>)\n\
         define <4 x i64> @f(<32 x i8> %a) {attribute} {{\n\
         %s = call <4 x i64> @llvm.x86.avx2.psad.bw(<32 x i8> %a, <32 x i8> %a)\n\
         ret <4 x i64> %s\n}}"
    )
}

#[test]
fn a_function_beyond_the_baseline_becomes_a_trap() {
    let text = ir(&wide("\"target-features\"=\"+sse2,+avx2\""), false);
    assert!(text.contains("@llvm.trap()"), "{text}");
    assert!(!text.contains("psad"), "{text}");
    for attribute in ["", "\"target-features\"=\"+sse2,+cmov\""] {
        let error = compile(wide(attribute).as_bytes(), &options(false), Output::Ir);
        let error = error.expect_err("refused").to_string();
        assert!(error.contains("llvm.x86.avx2.psad.bw"), "{error}");
    }
}

#[test]
fn merged_modules_are_internal_and_do_not_unwind() {
    let part = |name: &str, text: &str| Part {
        owner: name.to_owned(),
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let program = part(
        "main.ll",
        "declare i32 @helper(i32)\ndeclare i32 @outside()\ndeclare i32 @personality(...)\n\
         define i32 @main() personality ptr @personality {\n\
         %r = invoke i32 @helper(i32 1) to label %on unwind label %pad\non:\n ret i32 %r\n\
         pad:\n %p = landingpad { ptr, i32 } cleanup\n resume { ptr, i32 } %p\n}",
    );
    let library = part(
        "library.ll",
        "declare i32 @outside()\n\
         define i32 @helper(i32 %x) {\n %y = call i32 @outside()\n ret i32 %y\n}\n\
         define i32 @unused() {\n ret i32 1\n}\ndefine i32 @wanted() {\n ret i32 2\n}",
    );
    let keep = HashSet::from(["main".to_owned(), "wanted".to_owned()]);
    let merged = merge::merge(&[program.clone(), library], &keep).expect("merges");
    let bytes = compile(&merged, &options(false), Output::Ir).expect("compiles");
    let text = String::from_utf8(bytes).expect("text");
    assert!(text.contains("define internal i32 @helper"), "{text}");
    assert!(text.contains("define i32 @wanted"), "{text}");
    for gone in ["unused", "invoke", "landingpad", "personality ptr"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
    let twice = merge::merge(&[program.clone(), program], &keep).expect_err("refused");
    assert!(twice.to_string().contains("main"), "{twice}");
}

/// Assembly of an instrumented module at -O2.
fn assembly(source: &str, isa: &str) -> String {
    let isa = popcorn_toolchains::Isa::by_name(isa).expect("an ISA");
    let mut options = options(true);
    options.opt = OptLevel::O2;
    let bytes = compile(source.as_bytes(), &options, Output::Assembly(isa)).expect("compiles");
    String::from_utf8(bytes).expect("text")
}

/// The code of one function.
fn code<'a>(assembly: &'a str, function: &str) -> &'a str {
    let start = assembly.find(&format!("\n{function}:")).expect("is there");
    let end = assembly[start..].find(".cfi_endproc").expect("ends");
    &assembly[start..start + end]
}

/// A loop with a call, a local variable with an address, and 32-bit integers in and out.
const SHORT_WAYS: &str = r#"
    target triple = "x86_64-unknown-linux-gnu"
    declare i32 @next(i32, ptr)
    define i64 @f(i32 %n, double %x) {
    entry:
      %local = alloca i32
      store i32 0, ptr %local
      br label %loop
    loop:
      %i = phi i32 [ %n, %entry ], [ %j, %loop ]
      %y = phi double [ %x, %entry ], [ %z, %loop ]
      %z = fadd double %y, 1.0
      %j = call i32 @next(i32 %i, ptr %local)
      %more = icmp ne i32 %j, 0
      br i1 %more, label %loop, label %end
    end:
      %w = sext i32 %j to i64
      %l = load i32, ptr %local
      %v = sext i32 %l to i64
      %s = add i64 %w, %v
      ret i64 %s
    }
"#;

#[test]
fn riscv_takes_short_ways() {
    let text = assembly(SHORT_WAYS, "riscv64");
    let f = code(&text, "f");
    // The other registers are kept, and one instruction is enough for flag and data-stack pointer.
    for wanted in [
        "0(gp)",
        "%tprel_lo(__popcorn_dsp)(tp)",
        "call\t__popcorn_poll",
    ] {
        assert!(f.contains(wanted), "no {wanted} in\n{f}");
    }
    assert!(!f.contains("%tprel_hi"), "{f}");
    // The psABI has 32-bit integers sign-extended, arguments and results.
    assert!(!f.contains("sext.w"), "{f}");
}

#[test]
fn code_does_not_name_its_descriptor() {
    for isa in ["x86_64", "aarch64", "riscv64"] {
        let text = assembly(SHORT_WAYS, isa);
        for function in ["f", "__popcorn_resume.f"] {
            let code = code(&text, function);
            assert!(!code.contains("__popcorn_desc"), "{code}");
            // One call, however many pads: the block is not copied.
            let calls = code.matches("__popcorn_capture_next").count();
            assert_eq!(calls, 1, "{code}");
        }
    }
}

#[test]
fn phis_stand_in_front_of_what_describes_variables() {
    let source = r#"
    target triple = "x86_64-unknown-linux-gnu"
    declare i64 @g(i64)
    define i64 @f(i64 %n) !dbg !3 {
      %r = call i64 @g(i64 %n), !dbg !7
        #dbg_value(i64 %r, !6, !DIExpression(), !7)
      %s = call i64 @g(i64 %r), !dbg !7
        #dbg_value(i64 %s, !6, !DIExpression(), !7)
      %t = add i64 %r, %s, !dbg !7
      ret i64 %t, !dbg !7
    }
    !llvm.dbg.cu = !{!0}
    !llvm.module.flags = !{!2}
    !0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: FullDebug)
    !1 = !DIFile(filename: "f.c", directory: "/")
    !2 = !{i32 2, !"Debug Info Version", i32 3}
    !3 = distinct !DISubprogram(name: "f", file: !1, line: 1, type: !4, unit: !0, spFlags: DISPFlagDefinition)
    !4 = !DISubroutineType(types: !5)
    !5 = !{null}
    !6 = !DILocalVariable(name: "x", scope: !3, file: !1, line: 2, type: !8)
    !7 = !DILocation(line: 2, scope: !3)
    !8 = !DIBasicType(name: "long", size: 64, encoding: DW_ATE_signed)
    "#;
    assert!(ir(source, true).contains("phi i64"));
}

#[test]
fn a_clock_has_each_phase_and_each_back_end() {
    let clock = Clock::running();
    let options = Options {
        clock: clock.clone(),
        ..options(true)
    };
    compile(SHORT_WAYS.as_bytes(), &options, Output::Object).expect("compiles");
    let times = clock.times();
    for phase in ["read", "neutral", "optimise", "points", "frames", "verify"] {
        assert!(times.iter().any(|t| t.phase == phase && t.isa.is_none()));
    }
    for isa in ALL {
        let own = |t: &&popcorn_passes::Time| {
            t.phase == "back end" && t.isa.is_some_and(|i| i.id == isa.id)
        };
        assert_eq!(times.iter().filter(own).count(), 1, "{}", isa.name);
    }
    assert!(Clock::default().times().is_empty());
}

/// The IR at -O2 with points in loops.
fn with_points(source: &str) -> String {
    let mut options = options(true);
    options.opt = OptLevel::O2;
    let bytes = compile(source.as_bytes(), &options, Output::Ir).expect("compiles");
    String::from_utf8(bytes).expect("text")
}

#[test]
fn a_loop_of_few_rounds_has_a_point_if_a_call_in_it_may_take_long() {
    let loop_around = |callee: &str| {
        format!(
            r#"
    target triple = "x86_64-unknown-linux-gnu"
    @seen = global i64 0
    declare i32 @puts(ptr)
    declare i64 @unknown(i64)
    define internal i64 @short(i64 %x) noinline {{
      %y = mul i64 %x, 3
      ret i64 %y
    }}
    define internal i64 @long(i64 %x) noinline {{
      br label %loop
    loop:
      %i = phi i64 [ 0, %0 ], [ %j, %loop ]
      store volatile i64 %i, ptr @seen
      %j = add i64 %i, 1
      %more = icmp ult i64 %j, %x
      br i1 %more, label %loop, label %end
    end:
      ret i64 %j
    }}
    define i64 @f(i64 %x, ptr %p) {{
    entry:
      br label %loop
    loop:
      %i = phi i64 [ 0, %entry ], [ %j, %loop ]
      %s = phi i64 [ %x, %entry ], [ %t, %loop ]
      {callee}
      %t = add i64 %s, %r
      %j = add i64 %i, 1
      %more = icmp ult i64 %j, 100
      br i1 %more, label %loop, label %end
    end:
      ret i64 %t
    }}"#
        )
    };
    let polls = |callee: &str| {
        let text = with_points(&loop_around(callee));
        let start = text.find("define i64 @f(").expect("f");
        let end = start + text[start..].find("\n}").expect("ends");
        text[start..end].contains("@__popcorn_poll()")
    };
    assert!(!polls("%r = call i64 @short(i64 %s)"));
    assert!(polls("%r = call i64 @unknown(i64 %s)"));
    // A leaf of libc may block, and take as long as what it is given is large.
    assert!(polls(
        "%c = call i32 @puts(ptr %p)\n %r = sext i32 %c to i64"
    ));
    assert!(polls("%r = call i64 @long(i64 %s)"));
}

#[test]
fn variadic_blocks_have_room_for_what_is_read_unasked() {
    let text = ir(
        "declare i64 @syscall(i64, ...)\n\
         define i64 @f() {\n %r = call i64 (i64, ...) @syscall(i64 3, i64 7)\n ret i64 %r\n}",
        false,
    );
    assert!(text.contains("alloca [64 x i8]"), "{text}");
}

#[test]
fn a_variadic_function_stays_what_it_was() {
    let text = ir(
        "$g = comdat any\n\
         define internal void @f(ptr %x, ...) unnamed_addr section \".text.here\" align 64 {\n ret void\n}\n\
         define linkonce_odr hidden void @g(ptr %x, ...) comdat {\n ret void\n}\n\
         define weak protected void @h(i32 %x, ...) gc \"statepoint-example\" {\n ret void\n}\n\
         declare extern_weak void @i(i32, ...)\n\
         define void @user(ptr %p) {\n call void (ptr, ...) @f(ptr %p, i32 1)\n \
         call void (i32, ...) @i(i32 1)\n ret void\n}",
        false,
    );
    for wanted in [
        "define internal void @f(ptr %x, ptr %varargs) section \".text.here\" align 64",
        "define linkonce_odr hidden void @g(ptr %x, ptr %varargs) comdat",
        "define weak protected void @h(i32 %x, ptr %varargs) gc \"statepoint-example\"",
        "declare extern_weak void @i(i32, ptr)",
    ] {
        let bare: Vec<String> = text
            .lines()
            .map(|line| line.replace(" #0", "").replace(" #1", ""))
            .collect();
        assert!(
            bare.iter().any(|l| l.contains(wanted)),
            "{wanted} in\n{text}"
        );
    }
}

#[test]
fn what_a_back_end_refuses_is_an_error() {
    let source = "define i32 @f(i32 %x) {\n\
                  call void asm sideeffect \"\", \"i\"(i32 %x)\n ret i32 %x\n}";
    let error = compile(source.as_bytes(), &options(false), Output::Object);
    let error = error.expect_err("refused").to_string();
    let wanted = ["test.ll", ALL[1].name, "constraint 'i'"];
    assert!(wanted.iter().all(|w| error.contains(w)), "{error}");
}
