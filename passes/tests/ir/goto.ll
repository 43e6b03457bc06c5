; Computed goto through a table of labels becomes a switch over small integers.
target triple = "x86_64-unknown-linux-musl"
@table = internal constant [2 x ptr] [ptr blockaddress(@run, %one), ptr blockaddress(@run, %two)]
define i32 @run(i64 %i) {
  %p = getelementptr [2 x ptr], ptr @table, i64 0, i64 %i
  %target = load ptr, ptr %p
  indirectbr ptr %target, [label %one, label %two]
one:
  ret i32 1
two:
  ret i32 2
}
