; A structure passed in memory: the callee copies.
target triple = "x86_64-unknown-linux-musl"
%s = type { [5 x i64] }
declare void @work(ptr)
define void @callee(ptr byval(%s) align 8 %v) {
  call void @work(ptr %v)
  ret void
}
define void @caller(ptr %p) {
  tail call void @callee(ptr byval(%s) align 8 %p)
  ret void
}
