/* The page that every program has whose ISAs all have small ones. libc serves all programs and asks. */
#ifndef __popcorn_large_pages__
#define PAGESIZE 4096
#endif
