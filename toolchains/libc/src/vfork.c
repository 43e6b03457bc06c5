/* vfork's child has memory of its own: it returns into frames that its parent still needs. The kernel has the parent wait
 * all the same until the child is another program or has ended; emulators have it go on at once. */

#include <unistd.h>
#include "fork_impl.h"
#include "lock.h"
#include "pthread_impl.h"
#include "syscall.h"

pid_t vfork(void)
{
	pid_t ret;
	sigset_t set;

	__block_all_sigs(&set);
	LOCK(__abort_lock);
	ret = __syscall(SYS_vfork);
	__post_Fork(ret);
	__restore_sigs(&set);
	return __syscall_ret(ret);
}
