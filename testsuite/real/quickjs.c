// Runs a JavaScript file in QuickJS, pending jobs included. `print` is the only function of the host's.
//
// usage: quickjs FILE
#include <quickjs.h>
#include <stdio.h>
#include <stdlib.h>

static JSValue print(JSContext *js, JSValueConst this, int argc, JSValueConst *argv) {
  (void)this;
  for (int i = 0; i < argc; i++) {
    const char *text = JS_ToCString(js, argv[i]);
    if (!text) return JS_EXCEPTION;
    printf("%s%s", i ? " " : "", text);
    JS_FreeCString(js, text);
  }
  printf("\n");
  return JS_UNDEFINED;
}

static int report(JSContext *js) {
  JSValue e = JS_GetException(js);
  const char *text = JS_ToCString(js, e);
  printf("exception: %s\n", text ? text : "?");
  JS_FreeCString(js, text);
  JS_FreeValue(js, e);
  return 1;
}

int main(int argc, char **argv) {
  static char source[1 << 16];
  FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
  if (!f) return 2;
  size_t n = fread(source, 1, sizeof source - 1, f);
  fclose(f);

  JSRuntime *runtime = JS_NewRuntime();
  JSContext *js = JS_NewContext(runtime), *job;
  JSValue global = JS_GetGlobalObject(js);
  JS_SetPropertyStr(js, global, "print", JS_NewCFunction(js, print, "print", 1));
  JS_FreeValue(js, global);
  JSValue result = JS_Eval(js, source, n, argv[1], JS_EVAL_TYPE_GLOBAL);
  int status = JS_IsException(result) ? report(js) : 42;
  JS_FreeValue(js, result);
  while (JS_ExecutePendingJob(runtime, &job) > 0) continue;
  JS_FreeContext(js);
  JS_FreeRuntime(runtime);
  return status;
}
