/* A compiler for 64-bit Windows: it compiles itself with headers that come with it, and has no long double of its own. */
#define TCC_VERSION "0.9.27"
#define TCC_TARGET_X86_64 1
#define TCC_TARGET_PE 1
#define CONFIG_TCC_STATIC 1
#define CONFIG_TCCBOOT 1
