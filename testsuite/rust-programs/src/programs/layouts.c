/* The other half of layouts.rs: the sysroot's own structures, printed in the same form. */

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

#define SIZE(name, type) printf("%s %zu", name, sizeof(type))
#define FIELD(type, field) printf(" %s=%zu", #field, offsetof(type, field))
#define END putchar('\n')

int main(void)
{
	SIZE("stat", struct stat);
	FIELD(struct stat, st_dev); FIELD(struct stat, st_ino); FIELD(struct stat, st_nlink);
	FIELD(struct stat, st_mode); FIELD(struct stat, st_uid); FIELD(struct stat, st_rdev);
	FIELD(struct stat, st_size); FIELD(struct stat, st_blksize); FIELD(struct stat, st_blocks);
	FIELD(struct stat, st_mtim); END;
	SIZE("dirent", struct dirent);
	FIELD(struct dirent, d_ino); FIELD(struct dirent, d_off); FIELD(struct dirent, d_reclen);
	FIELD(struct dirent, d_type); FIELD(struct dirent, d_name); END;
	SIZE("sockaddr_in", struct sockaddr_in);
	FIELD(struct sockaddr_in, sin_port); FIELD(struct sockaddr_in, sin_addr); END;
	SIZE("sockaddr_in6", struct sockaddr_in6);
	FIELD(struct sockaddr_in6, sin6_port); FIELD(struct sockaddr_in6, sin6_addr);
	FIELD(struct sockaddr_in6, sin6_scope_id); END;
	SIZE("sockaddr_un", struct sockaddr_un); FIELD(struct sockaddr_un, sun_path); END;
	SIZE("sockaddr_storage", struct sockaddr_storage); FIELD(struct sockaddr_storage, ss_family); END;
	SIZE("addrinfo", struct addrinfo);
	FIELD(struct addrinfo, ai_family); FIELD(struct addrinfo, ai_addrlen); FIELD(struct addrinfo, ai_addr);
	FIELD(struct addrinfo, ai_canonname); FIELD(struct addrinfo, ai_next); END;
	SIZE("sigaction", struct sigaction);
	FIELD(struct sigaction, sa_sigaction); FIELD(struct sigaction, sa_mask);
	FIELD(struct sigaction, sa_flags); FIELD(struct sigaction, sa_restorer); END;
	SIZE("siginfo_t", siginfo_t);
	FIELD(siginfo_t, si_signo); FIELD(siginfo_t, si_errno); FIELD(siginfo_t, si_code); END;
	SIZE("sigset_t", sigset_t); END;
	SIZE("stack_t", stack_t);
	FIELD(stack_t, ss_sp); FIELD(stack_t, ss_flags); FIELD(stack_t, ss_size); END;
	SIZE("timespec", struct timespec); FIELD(struct timespec, tv_nsec); END;
	SIZE("pthread_t", pthread_t); END;
	SIZE("pthread_attr_t", pthread_attr_t); END;
	SIZE("pthread_mutex_t", pthread_mutex_t); END;
	SIZE("pthread_cond_t", pthread_cond_t); END;
	SIZE("pthread_rwlock_t", pthread_rwlock_t); END;
	SIZE("pthread_key_t", pthread_key_t); END;
	SIZE("sem_t", sem_t); END;
	SIZE("iovec", struct iovec); FIELD(struct iovec, iov_len); END;
	SIZE("msghdr", struct msghdr);
	FIELD(struct msghdr, msg_name); FIELD(struct msghdr, msg_namelen); FIELD(struct msghdr, msg_iov);
	FIELD(struct msghdr, msg_iovlen); FIELD(struct msghdr, msg_control);
	FIELD(struct msghdr, msg_controllen); FIELD(struct msghdr, msg_flags); END;
	SIZE("cmsghdr", struct cmsghdr);
	FIELD(struct cmsghdr, cmsg_len); FIELD(struct cmsghdr, cmsg_level); FIELD(struct cmsghdr, cmsg_type); END;
	SIZE("passwd", struct passwd);
	FIELD(struct passwd, pw_uid); FIELD(struct passwd, pw_dir); FIELD(struct passwd, pw_shell); END;
	SIZE("pollfd", struct pollfd); FIELD(struct pollfd, events); FIELD(struct pollfd, revents); END;
	SIZE("rlimit", struct rlimit); FIELD(struct rlimit, rlim_max); END;
	SIZE("statvfs", struct statvfs);
	FIELD(struct statvfs, f_blocks); FIELD(struct statvfs, f_fsid); FIELD(struct statvfs, f_namemax); END;
	SIZE("termios", struct termios); FIELD(struct termios, c_cc); END;
	SIZE("winsize", struct winsize); FIELD(struct winsize, ws_col); END;
	SIZE("utsname", struct utsname); FIELD(struct utsname, release); FIELD(struct utsname, machine); END;
	SIZE("posix_spawnattr_t", posix_spawnattr_t); END;
	SIZE("posix_spawn_file_actions_t", posix_spawn_file_actions_t); END;
	SIZE("cpu_set_t", cpu_set_t); END;
	/* musl's has spare words behind; nothing writes them. */
	printf("rusage %zu", offsetof(struct rusage, ru_nivcsw) + sizeof(long));
	FIELD(struct rusage, ru_maxrss); FIELD(struct rusage, ru_nivcsw); END;
	printf("_SC_PAGESIZE %d\n", _SC_PAGESIZE);
	printf("_SC_NPROCESSORS_ONLN %d\n", _SC_NPROCESSORS_ONLN);
	printf("_SC_GETPW_R_SIZE_MAX %d\n", _SC_GETPW_R_SIZE_MAX);
	printf("_SC_HOST_NAME_MAX %d\n", _SC_HOST_NAME_MAX);
	printf("_SC_IOV_MAX %d\n", _SC_IOV_MAX);
	printf("EAI_NONAME %d EAI_SYSTEM %d\n", EAI_NONAME, EAI_SYSTEM);
	printf("POSIX_SPAWN %d %d\n", POSIX_SPAWN_SETPGROUP, POSIX_SPAWN_SETSIGDEF);
	printf("PTHREAD_STACK_MIN true\n");
	printf("O %o %o %o\n", O_CLOEXEC, O_DIRECTORY, O_TMPFILE);
	printf("MSG_NOSIGNAL %d\n", MSG_NOSIGNAL);
	return 42;
}
