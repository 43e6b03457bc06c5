; One call site with a live value before and a derived one behind, and a local whose address escapes.
target triple = "x86_64-unknown-linux-musl"
declare i32 @work(ptr)
define i32 @keep(i32 %x) {
  %local = alloca i32
  store i32 %x, ptr %local
  %more = add i32 %x, 1
  %r = call i32 @work(ptr %local)
  %s = add i32 %r, %more
  ret i32 %s
}
