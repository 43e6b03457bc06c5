// Compresses a file at several levels and with a dictionary of its own, decompresses, and prints sizes
// and checksums.
//
// usage: zstd FILE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZDICT_STATIC_LINKING_ONLY
#include <zdict.h>
#include <zstd.h>

static unsigned long long checksum(const unsigned char *p, size_t n) {
  unsigned long long h = 1469598103934665603ull;
  for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * 1099511628211ull;
  return h;
}

static size_t ok(size_t code, const char *what) {
  if (!ZSTD_isError(code)) return code;
  printf("%s: %s\n", what, ZSTD_getErrorName(code));
  exit(1);
}

static unsigned char *slurp(const char *path, size_t *n) {
  FILE *f = fopen(path, "rb");
  unsigned char *p = malloc(1 << 20);
  if (!f || !p) exit(2);
  *n = fread(p, 1, 1 << 20, f);
  fclose(f);
  return p;
}

static void stream(const unsigned char *in, size_t n) {
  ZSTD_CStream *c = ZSTD_createCStream();
  unsigned char out[1000];
  unsigned long long h = 0;
  size_t total = 0, left = 1;
  ok(ZSTD_initCStream(c, 5), "stream");
  ZSTD_inBuffer ib = {in, n, 0};
  while (left || ib.pos < n) {
    ZSTD_outBuffer ob = {out, sizeof out, 0};
    left = ok(ZSTD_compressStream2(c, &ob, &ib, ZSTD_e_end), "stream");
    h = h * 31 + checksum(out, ob.pos);
    total += ob.pos;
  }
  printf("stream: %zu bytes, %016llx\n", total, h);
  ZSTD_freeCStream(c);
}

int main(int argc, char **argv) {
  static const int levels[] = {-5, 1, 3, 7, 12, 19};
  size_t n;
  if (argc != 2) return 2;
  unsigned char *in = slurp(argv[1], &n);
  size_t bound = ZSTD_compressBound(n);
  unsigned char *packed = malloc(bound), *back = malloc(n);
  printf("input: %zu bytes, %016llx\n", n, checksum(in, n));
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
    size_t m = ok(ZSTD_compress(packed, bound, in, n, levels[i]), "compress");
    memset(back, 0, n);
    size_t r = ok(ZSTD_decompress(back, n, packed, m), "decompress");
    printf("level %d: %zu bytes, %016llx, %s\n", levels[i], m, checksum(packed, m),
           r == n && !memcmp(in, back, n) ? "same" : "different");
  }
  stream(in, n);

  enum { SAMPLE = 512 };
  size_t sizes[200], count = n / SAMPLE < 200 ? n / SAMPLE : 200;
  unsigned char dictionary[4096];
  for (size_t i = 0; i < count; i++) sizes[i] = SAMPLE;
  size_t d = ZDICT_trainFromBuffer(dictionary, sizeof dictionary, in, sizes, (unsigned)count);
  if (ZDICT_isError(d)) {
    printf("dictionary: %s\n", ZDICT_getErrorName(d));
  } else {
    ZSTD_CCtx *c = ZSTD_createCCtx();
    ZSTD_DCtx *x = ZSTD_createDCtx();
    size_t m = ok(ZSTD_compress_usingDict(c, packed, bound, in, SAMPLE, dictionary, d, 3), "with dictionary");
    size_t r = ok(ZSTD_decompress_usingDict(x, back, n, packed, m, dictionary, d), "with dictionary");
    printf("dictionary: %zu bytes, %016llx; %zu bytes with it, %s\n", d, checksum(dictionary, d), m,
           r == SAMPLE && !memcmp(in, back, r) ? "same" : "different");
    ZSTD_freeCCtx(c);
    ZSTD_freeDCtx(x);
  }
  free(in), free(packed), free(back);
  return 42;
}
