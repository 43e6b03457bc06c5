/* Formatted output to files. The text is made in memory, by code that has no frames; then it is written, by code that has
 * them: a process can be moved while it waits for room. */

#include <stdlib.h>
#include "stdio_impl.h"

hidden int __vfprintf_into(FILE *restrict, const char *restrict, va_list);
hidden size_t __text_grow(FILE *, const unsigned char *, size_t);

int vfprintf(FILE *restrict f, const char *restrict format, va_list arguments)
{
	unsigned char room[512];
	FILE text;
	int result, before;
	size_t length;

	/* What formatting looks at. */
	text.flags = 0;
	text.rpos = text.rend = 0;
	text.buf = text.wbase = text.wpos = room;
	text.buf_size = sizeof room;
	text.wend = room + sizeof room;
	text.lbf = EOF;
	text.lock = -1;
	text.mode = 0;
	text.cookie = 0;
	text.locale = 0;
	text.write = __text_grow;
	result = __vfprintf_into(&text, format, arguments);
	length = text.wpos - text.wbase;

	FLOCK(f);
	before = f->flags & F_ERR;
	f->flags &= ~F_ERR;
	if (!f->wend && __towrite(f))
		result = -1;
	else if (length && __fwritex(text.wbase, length, f) != length)
		result = -1;
	if (ferror(f))
		result = -1;
	f->flags |= before;
	FUNLOCK(f);
	free(text.cookie);
	return result;
}
