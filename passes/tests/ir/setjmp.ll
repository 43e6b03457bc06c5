; setjmp, then a call that may longjmp.
target triple = "x86_64-unknown-linux-musl"
@buf = external global [26 x i64]
declare i32 @setjmp(ptr) returns_twice
declare void @work(i32)
define i32 @guarded(i32 %x) {
  %r = call i32 @setjmp(ptr @buf) returns_twice
  %first = icmp eq i32 %r, 0
  br i1 %first, label %try, label %done
try:
  call void @work(i32 %x)
  br label %done
done:
  ret i32 %r
}
