//! Whole links, from C through plain clang to programs that run on every ISA.

mod common;

use common::{Bench, START};
use popcorn_align_linker::link;

const MAIN: &str = r#"
void say(const char *s); void hex(unsigned long x);
static char zero[100]; int counter = 7; static const char text[] = "hello\n"; const char *where = text;
extern char __popcorn_image_start[], __popcorn_data_start[], __popcorn_data_end[];
int twice(int x); int (*hook)(int) = twice;
int main(void) {
  say(where); hex((unsigned long)where); hex((unsigned long)zero); hex((unsigned long)&counter);
  hex((unsigned long)main); hex((unsigned long)hook); hex((unsigned long)__popcorn_data_start);
  zero[1]++; return hook(counter) == 14 ? 42 : 1; }
"#;

#[test]
fn hello() {
    let bench = Bench::new();
    let start = bench.fat("start.c", START);
    let main = bench.fat("main.c", MAIN);
    let lib = bench.fat("twice.c", "int twice(int x) { return 2 * x; }");
    let unused = bench.fat(
        "unused.c",
        "int missing(void); int unused(void) { return missing(); }",
    );
    let lib = bench.archive("lib.a", &[unused, lib]);
    let mut job = bench.job(&[&start, &main, &lib]);
    job.save_temps = Some("/tmp/link-temps".into());
    link(&job).unwrap_or_else(|e| panic!("{e}"));
}
