/* The outermost function of a program that can be moved: constructors, main, exit. */

#include <stdlib.h>
#include "libc.h"

typedef void constructor(int, char **, char **);

extern weak hidden constructor *const __preinit_array_start[], *const __preinit_array_end[];
extern weak hidden constructor *const __init_array_start[], *const __init_array_end[];

extern int main(int, char **, char **);
hidden void _init(void);

void __popcorn_libc_main(long argc, char **argv, char **envp)
{
	constructor *const *p;

	for (p = __preinit_array_start; p < __preinit_array_end; p++)
		(*p)(argc, argv, envp);
	_init();
	for (p = __init_array_start; p < __init_array_end; p++)
		(*p)(argc, argv, envp);
	exit(main(argc, argv, envp));
}
