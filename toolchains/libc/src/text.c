/* A text that is made in memory: what a file does when its buffer is full. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "stdio_impl.h"

hidden size_t __text_grow(FILE *f, const unsigned char *more, size_t length)
{
	size_t used = f->wpos - f->wbase, size = 2 * f->buf_size;
	unsigned char *new;

	if (length > SIZE_MAX / 4 || f->flags & F_ERR)
		return 0;
	if (size < used + length)
		size = 2 * (used + length);
	new = malloc(size);
	if (!new) {
		f->flags |= F_ERR;
		return 0;
	}
	memcpy(new, f->wbase, used);
	memcpy(new + used, more, length);
	/* The first is the caller's, and as long as no other one is. */
	if (f->cookie)
		free(f->cookie);
	f->cookie = f->buf = f->wbase = new;
	f->wpos = new + used + length;
	f->buf_size = size;
	f->wend = new + size;
	return length;
}
