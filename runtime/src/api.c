/* popcorn.h. Instrumented: the move happens below popcorn_migrate, at the explicit migration point. */

int *__errno_location(void);
long __popcorn_ask(const char *isa);
long __popcorn_asked(void);
void __popcorn_poll_here(void);

int popcorn_migrate(const char *isa)
{
	long result = __popcorn_ask(isa);

	if (result > 0) {
		__popcorn_poll_here();
		result = __popcorn_asked();
	}
	if (result < 0) {
		*__errno_location() = (int)-result;
		return -1;
	}
	return 0;
}

/* For libc: a migration point, where another thread stops the program. */
void popcorn_pass_point(void)
{
	__popcorn_poll_here();
}
