/* What PicoSAT's mkconfig.sh would write. */
#define PICOSAT_CC "cc"
#define PICOSAT_CFLAGS ""
#define PICOSAT_VERSION "965"
