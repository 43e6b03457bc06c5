; A variadic definition, a call with an int and a quad, and a call without variadic arguments.
target triple = "x86_64-unknown-linux-musl"
%list = type { i32, i32, ptr, ptr }
define i32 @first(i32 %n, ...) {
  %ap = alloca %list, align 16
  call void @llvm.va_start.p0(ptr %ap)
  %area.at = getelementptr i8, ptr %ap, i64 8
  %area = load ptr, ptr %area.at
  %v = load i32, ptr %area
  call void @llvm.va_end.p0(ptr %ap)
  ret i32 %v
}
define i32 @caller(i32 %x) {
  %a = call i32 (i32, ...) @first(i32 2, i32 %x, fp128 0xL00000000000000003FFF000000000000)
  %b = call i32 (i32, ...) @first(i32 0)
  %s = add i32 %a, %b
  ret i32 %s
}
declare void @llvm.va_start.p0(ptr)
declare void @llvm.va_end.p0(ptr)
