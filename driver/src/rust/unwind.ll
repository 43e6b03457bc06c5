; What std asks of an unwinder. No Rust frame is ever unwound: a panic aborts, and a backtrace is empty.
; Linked into the program before it is optimised, so that all that would use a backtrace goes.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"

define i32 @_Unwind_Backtrace(ptr %callback, ptr %argument) { ret i32 5 } ; the end of the stack
define i32 @_Unwind_RaiseException(ptr %exception) { ret i32 5 }
define void @_Unwind_DeleteException(ptr %exception) { ret void }
define void @_Unwind_Resume(ptr %exception) {
  call void @abort()
  unreachable
}
define ptr @_Unwind_FindEnclosingFunction(ptr %pc) { ret ptr null }
define i64 @_Unwind_GetCFA(ptr %context) { ret i64 0 }
define i64 @_Unwind_GetIP(ptr %context) { ret i64 0 }
define i64 @_Unwind_GetIPInfo(ptr %context, ptr %before) { ret i64 0 }
define ptr @_Unwind_GetLanguageSpecificData(ptr %context) { ret ptr null }
define i64 @_Unwind_GetRegionStart(ptr %context) { ret i64 0 }
define i64 @_Unwind_GetTextRelBase(ptr %context) { ret i64 0 }
define i64 @_Unwind_GetDataRelBase(ptr %context) { ret i64 0 }
define void @_Unwind_SetGR(ptr %context, i32 %register, i64 %value) { ret void }
define void @_Unwind_SetIP(ptr %context, i64 %value) { ret void }
declare void @abort()
