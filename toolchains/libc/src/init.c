/* Start of libc, called by the runtime before there is TLS or a data stack. */

#include <elf.h>
#include <unistd.h>
#include "libc.h"

#define AUX_CNT 38

static void dummy(void) {}
weak_alias(dummy, _init);

/* envp is followed by the auxiliary vector; both have been copied to where they stay. */
void __popcorn_libc_init(char **envp, char *argv0)
{
	size_t i, *auxv, aux[AUX_CNT] = { 0 };
	char *name = argv0;

	__environ = envp;
	for (i = 0; envp[i]; i++);
	libc.auxv = auxv = (void *)(envp + i + 1);
	for (i = 0; auxv[i]; i += 2)
		if (auxv[i] < AUX_CNT)
			aux[auxv[i]] = auxv[i + 1];
	__hwcap = 0; /* names one ISA's features; the program has none it could rely on */
	libc.page_size = aux[AT_PAGESZ];
	libc.secure = aux[AT_UID] != aux[AT_EUID] || aux[AT_GID] != aux[AT_EGID] || aux[AT_SECURE];

	if (!name)
		name = (char *)aux[AT_EXECFN];
	if (!name)
		name = "";
	__progname = __progname_full = name;
	for (i = 0; name[i]; i++)
		if (name[i] == '/')
			__progname = name + i + 1;

	__init_tls(aux);
}
