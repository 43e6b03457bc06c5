target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-musl"

declare i32 @__popcorn_personality(...)
declare void @__popcorn_capture_next(ptr) noreturn
declare i64 @leaf(i64)

@__popcorn_desc.walk = constant { ptr, ptr, i32, i32, ptr, ptr } { ptr @walk.resume, ptr @walk, i32 48, i32 2, ptr @__popcorn_name.walk, ptr null }, section ".rodata.popcorn.desc.walk"
@__popcorn_name.walk = internal constant [5 x i8] c"walk\00", section ".rodata.popcorn.name.walk"

define i64 @walk(i64 %n) uwtable personality ptr @__popcorn_personality {
  %done = icmp eq i64 %n, 0
  br i1 %done, label %bottom, label %more
bottom:
  ret i64 0
more:
  %m = sub i64 %n, 1
  %a = invoke i64 @walk(i64 %m) to label %then unwind label %pad
then:
  %b = invoke i64 @leaf(i64 %a) to label %end unwind label %jump
end:
  %c = add i64 %b, %n
  ret i64 %c
pad:
  %l = landingpad { ptr, i32 } cleanup
  %r = extractvalue { ptr, i32 } %l, 0
  store ptr @__popcorn_desc.walk, ptr %r
  call void @__popcorn_capture_next(ptr %r)
  unreachable
jump:
  %l2 = landingpad { ptr, i32 } catch ptr null
  %r2 = extractvalue { ptr, i32 } %l2, 0
  %k2 = extractvalue { ptr, i32 } %l2, 1
  %w = zext i32 %k2 to i64
  store i64 %w, ptr %r2
  call void @__popcorn_capture_next(ptr %r2)
  unreachable
}

define i64 @walk.resume(ptr %rec) uwtable section ".text.popcorn.resume.walk" personality ptr @__popcorn_personality {
  %x = load i64, ptr %rec
  ret i64 %x
}
