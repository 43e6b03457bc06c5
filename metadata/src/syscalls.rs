//! The one table of system calls: the base ABI's numbers (x86-64, `asm/unistd_64.h` of Linux 6.1), those of ISAs whose
//! kernels use `asm-generic/unistd.h`, and what becomes of each call.
//!
//! A row is `number NAME "name" generic way`: the base ABI's number, the constant [`nr`] has for it, its name, its
//! number in `asm-generic` (or `none`), and its [`Way`]. README's list of refused calls is tested against it.

/// What becomes of a call that a program makes in the base ABI's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is the same on every port, but for its number.
    Same,
    /// Ports that use `asm-generic` have another form or another layout: the runtime translates
    /// (`runtime/src/kernel/translate.rs`).
    Other,
    /// It fails with `ENOSYS` on every ISA, the base ISA included, so that a program meets the same kernel wherever it
    /// is. Why.
    Refused(Why),
}

/// One system call of the base ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Its number in the base ABI.
    pub number: u16,
    /// Its name, as in the kernel's headers.
    pub name: &'static str,
    /// Its number in `asm-generic/unistd.h`, if it is there.
    pub generic: Option<u16>,
    pub way: Way,
}

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Segments,
    Ports,
    Registers,
    Clone3,
    Gone,
    Emulators,
    Async,
    Rseq,
    Remap,
    Faults,
}

impl Why {
    pub fn text(self) -> &'static str {
        match self {
            Self::Segments => "segment registers are one CPU's",
            Self::Ports => "I/O ports are one CPU's",
            Self::Registers => "its layouts are one CPU's",
            Self::Clone3 => "threads are libc's to make, by `clone`",
            Self::Gone => "kernels no longer have it",
            Self::Emulators => "emulators do not have it, so it would be gone after a hop",
            Self::Async => "its state inside the kernel would not survive a hop",
            Self::Rseq => "its critical sections are one CPU's code",
            Self::Remap => "kernels only emulate it",
            Self::Faults => "its descriptor's memory would not survive a hop",
        }
    }
}

/// One more than the highest number.
pub const END: usize = 451;

macro_rules! generic {
    (none) => {
        None
    };
    ($number:literal) => {
        Some($number)
    };
}

macro_rules! table {
    ($($number:literal $constant:ident $name:literal $generic:tt $way:ident $(($why:expr))?;)*) => {
        /// The base ABI's numbers.
        pub mod nr {
            $(#[doc = concat!("`", $name, "`")] pub const $constant: i64 = $number;)*
        }

        /// By the base ABI's number.
        static CALLS: [Option<Call>; END] = {
            let mut calls = [None; END];
            $(
                assert!(calls[$number].is_none(), "a number has two rows");
                calls[$number] = Some(Call {
                    number: $number,
                    name: $name,
                    generic: generic!($generic),
                    way: Way::$way $(($why))?,
                });
            )*
            calls
        };
    };
}

/// The call of a number of the base ABI, if there is one.
#[inline]
pub fn lookup(number: i64) -> Option<&'static Call> {
    CALLS.get(usize::try_from(number).ok()?)?.as_ref()
}

/// The row of a number below [`END`].
pub const fn row(number: usize) -> Option<Call> {
    CALLS[number]
}

/// All calls, by number.
pub fn all() -> impl Iterator<Item = &'static Call> {
    CALLS.iter().flatten()
}

table! {
    0 READ "read" 63 Same;
    1 WRITE "write" 64 Same;
    2 OPEN "open" none Other;
    3 CLOSE "close" 57 Same;
    4 STAT "stat" none Other;
    5 FSTAT "fstat" 80 Other;
    6 LSTAT "lstat" none Other;
    7 POLL "poll" none Other;
    8 LSEEK "lseek" 62 Same;
    9 MMAP "mmap" 222 Same;
    10 MPROTECT "mprotect" 226 Same;
    11 MUNMAP "munmap" 215 Same;
    12 BRK "brk" 214 Same;
    13 RT_SIGACTION "rt_sigaction" 134 Same;
    14 RT_SIGPROCMASK "rt_sigprocmask" 135 Same;
    15 RT_SIGRETURN "rt_sigreturn" 139 Same;
    16 IOCTL "ioctl" 29 Same;
    17 PREAD64 "pread64" 67 Same;
    18 PWRITE64 "pwrite64" 68 Same;
    19 READV "readv" 65 Same;
    20 WRITEV "writev" 66 Same;
    21 ACCESS "access" none Other;
    22 PIPE "pipe" none Other;
    23 SELECT "select" none Other;
    24 SCHED_YIELD "sched_yield" 124 Same;
    25 MREMAP "mremap" 216 Same;
    26 MSYNC "msync" 227 Same;
    27 MINCORE "mincore" 232 Same;
    28 MADVISE "madvise" 233 Same;
    29 SHMGET "shmget" 194 Same;
    30 SHMAT "shmat" 196 Same;
    31 SHMCTL "shmctl" 195 Same;
    32 DUP "dup" 23 Same;
    33 DUP2 "dup2" none Other;
    34 PAUSE "pause" none Other;
    35 NANOSLEEP "nanosleep" 101 Same;
    36 GETITIMER "getitimer" 102 Same;
    37 ALARM "alarm" none Other;
    38 SETITIMER "setitimer" 103 Same;
    39 GETPID "getpid" 172 Same;
    40 SENDFILE "sendfile" 71 Same;
    41 SOCKET "socket" 198 Same;
    42 CONNECT "connect" 203 Same;
    43 ACCEPT "accept" 202 Same;
    44 SENDTO "sendto" 206 Same;
    45 RECVFROM "recvfrom" 207 Same;
    46 SENDMSG "sendmsg" 211 Same;
    47 RECVMSG "recvmsg" 212 Same;
    48 SHUTDOWN "shutdown" 210 Same;
    49 BIND "bind" 200 Same;
    50 LISTEN "listen" 201 Same;
    51 GETSOCKNAME "getsockname" 204 Same;
    52 GETPEERNAME "getpeername" 205 Same;
    53 SOCKETPAIR "socketpair" 199 Same;
    54 SETSOCKOPT "setsockopt" 208 Same;
    55 GETSOCKOPT "getsockopt" 209 Same;
    56 CLONE "clone" 220 Other;
    57 FORK "fork" none Other;
    58 VFORK "vfork" none Other;
    59 EXECVE "execve" 221 Same;
    60 EXIT "exit" 93 Same;
    61 WAIT4 "wait4" 260 Same;
    62 KILL "kill" 129 Same;
    63 UNAME "uname" 160 Same;
    64 SEMGET "semget" 190 Same;
    65 SEMOP "semop" 193 Same;
    66 SEMCTL "semctl" 191 Other;
    67 SHMDT "shmdt" 197 Same;
    68 MSGGET "msgget" 186 Same;
    69 MSGSND "msgsnd" 189 Same;
    70 MSGRCV "msgrcv" 188 Same;
    71 MSGCTL "msgctl" 187 Same;
    72 FCNTL "fcntl" 25 Other;
    73 FLOCK "flock" 32 Same;
    74 FSYNC "fsync" 82 Same;
    75 FDATASYNC "fdatasync" 83 Same;
    76 TRUNCATE "truncate" 45 Same;
    77 FTRUNCATE "ftruncate" 46 Same;
    78 GETDENTS "getdents" none Other;
    79 GETCWD "getcwd" 17 Same;
    80 CHDIR "chdir" 49 Same;
    81 FCHDIR "fchdir" 50 Same;
    82 RENAME "rename" none Other;
    83 MKDIR "mkdir" none Other;
    84 RMDIR "rmdir" none Other;
    85 CREAT "creat" none Other;
    86 LINK "link" none Other;
    87 UNLINK "unlink" none Other;
    88 SYMLINK "symlink" none Other;
    89 READLINK "readlink" none Other;
    90 CHMOD "chmod" none Other;
    91 FCHMOD "fchmod" 52 Same;
    92 CHOWN "chown" none Other;
    93 FCHOWN "fchown" 55 Same;
    94 LCHOWN "lchown" none Other;
    95 UMASK "umask" 166 Same;
    96 GETTIMEOFDAY "gettimeofday" 169 Same;
    97 GETRLIMIT "getrlimit" 163 Other;
    98 GETRUSAGE "getrusage" 165 Same;
    99 SYSINFO "sysinfo" 179 Same;
    100 TIMES "times" 153 Same;
    101 PTRACE "ptrace" 117 Refused(Why::Registers);
    102 GETUID "getuid" 174 Same;
    103 SYSLOG "syslog" 116 Same;
    104 GETGID "getgid" 176 Same;
    105 SETUID "setuid" 146 Same;
    106 SETGID "setgid" 144 Same;
    107 GETEUID "geteuid" 175 Same;
    108 GETEGID "getegid" 177 Same;
    109 SETPGID "setpgid" 154 Same;
    110 GETPPID "getppid" 173 Same;
    111 GETPGRP "getpgrp" none Other;
    112 SETSID "setsid" 157 Same;
    113 SETREUID "setreuid" 145 Same;
    114 SETREGID "setregid" 143 Same;
    115 GETGROUPS "getgroups" 158 Same;
    116 SETGROUPS "setgroups" 159 Same;
    117 SETRESUID "setresuid" 147 Same;
    118 GETRESUID "getresuid" 148 Same;
    119 SETRESGID "setresgid" 149 Same;
    120 GETRESGID "getresgid" 150 Same;
    121 GETPGID "getpgid" 155 Same;
    122 SETFSUID "setfsuid" 151 Same;
    123 SETFSGID "setfsgid" 152 Same;
    124 GETSID "getsid" 156 Same;
    125 CAPGET "capget" 90 Same;
    126 CAPSET "capset" 91 Same;
    127 RT_SIGPENDING "rt_sigpending" 136 Same;
    128 RT_SIGTIMEDWAIT "rt_sigtimedwait" 137 Same;
    129 RT_SIGQUEUEINFO "rt_sigqueueinfo" 138 Same;
    130 RT_SIGSUSPEND "rt_sigsuspend" 133 Same;
    131 SIGALTSTACK "sigaltstack" 132 Same;
    132 UTIME "utime" none Other;
    133 MKNOD "mknod" none Other;
    134 USELIB "uselib" none Refused(Why::Gone);
    135 PERSONALITY "personality" 92 Same;
    136 USTAT "ustat" none Refused(Why::Gone);
    137 STATFS "statfs" 43 Same;
    138 FSTATFS "fstatfs" 44 Same;
    139 SYSFS "sysfs" none Refused(Why::Gone);
    140 GETPRIORITY "getpriority" 141 Same;
    141 SETPRIORITY "setpriority" 140 Same;
    142 SCHED_SETPARAM "sched_setparam" 118 Same;
    143 SCHED_GETPARAM "sched_getparam" 121 Same;
    144 SCHED_SETSCHEDULER "sched_setscheduler" 119 Same;
    145 SCHED_GETSCHEDULER "sched_getscheduler" 120 Same;
    146 SCHED_GET_PRIORITY_MAX "sched_get_priority_max" 125 Same;
    147 SCHED_GET_PRIORITY_MIN "sched_get_priority_min" 126 Same;
    148 SCHED_RR_GET_INTERVAL "sched_rr_get_interval" 127 Same;
    149 MLOCK "mlock" 228 Same;
    150 MUNLOCK "munlock" 229 Same;
    151 MLOCKALL "mlockall" 230 Same;
    152 MUNLOCKALL "munlockall" 231 Same;
    153 VHANGUP "vhangup" 58 Same;
    154 MODIFY_LDT "modify_ldt" none Refused(Why::Segments);
    155 PIVOT_ROOT "pivot_root" 41 Same;
    156 SYSCTL "_sysctl" none Refused(Why::Gone);
    157 PRCTL "prctl" 167 Same;
    158 ARCH_PRCTL "arch_prctl" none Other;
    159 ADJTIMEX "adjtimex" 171 Same;
    160 SETRLIMIT "setrlimit" 164 Other;
    161 CHROOT "chroot" 51 Same;
    162 SYNC "sync" 81 Same;
    163 ACCT "acct" 89 Same;
    164 SETTIMEOFDAY "settimeofday" 170 Same;
    165 MOUNT "mount" 40 Same;
    166 UMOUNT2 "umount2" 39 Same;
    167 SWAPON "swapon" 224 Same;
    168 SWAPOFF "swapoff" 225 Same;
    169 REBOOT "reboot" 142 Same;
    170 SETHOSTNAME "sethostname" 161 Same;
    171 SETDOMAINNAME "setdomainname" 162 Same;
    172 IOPL "iopl" none Refused(Why::Ports);
    173 IOPERM "ioperm" none Refused(Why::Ports);
    174 CREATE_MODULE "create_module" none Refused(Why::Gone);
    175 INIT_MODULE "init_module" 105 Same;
    176 DELETE_MODULE "delete_module" 106 Same;
    177 GET_KERNEL_SYMS "get_kernel_syms" none Refused(Why::Gone);
    178 QUERY_MODULE "query_module" none Refused(Why::Gone);
    179 QUOTACTL "quotactl" 60 Same;
    180 NFSSERVCTL "nfsservctl" 42 Same;
    181 GETPMSG "getpmsg" none Refused(Why::Gone);
    182 PUTPMSG "putpmsg" none Refused(Why::Gone);
    183 AFS_SYSCALL "afs_syscall" none Refused(Why::Gone);
    184 TUXCALL "tuxcall" none Refused(Why::Gone);
    185 SECURITY "security" none Refused(Why::Gone);
    186 GETTID "gettid" 178 Same;
    187 READAHEAD "readahead" 213 Same;
    188 SETXATTR "setxattr" 5 Same;
    189 LSETXATTR "lsetxattr" 6 Same;
    190 FSETXATTR "fsetxattr" 7 Same;
    191 GETXATTR "getxattr" 8 Same;
    192 LGETXATTR "lgetxattr" 9 Same;
    193 FGETXATTR "fgetxattr" 10 Same;
    194 LISTXATTR "listxattr" 11 Same;
    195 LLISTXATTR "llistxattr" 12 Same;
    196 FLISTXATTR "flistxattr" 13 Same;
    197 REMOVEXATTR "removexattr" 14 Same;
    198 LREMOVEXATTR "lremovexattr" 15 Same;
    199 FREMOVEXATTR "fremovexattr" 16 Same;
    200 TKILL "tkill" 130 Same;
    201 TIME "time" none Other;
    202 FUTEX "futex" 98 Same;
    203 SCHED_SETAFFINITY "sched_setaffinity" 122 Same;
    204 SCHED_GETAFFINITY "sched_getaffinity" 123 Same;
    205 SET_THREAD_AREA "set_thread_area" none Refused(Why::Segments);
    206 IO_SETUP "io_setup" 0 Refused(Why::Async);
    207 IO_DESTROY "io_destroy" 1 Refused(Why::Async);
    208 IO_GETEVENTS "io_getevents" 4 Refused(Why::Async);
    209 IO_SUBMIT "io_submit" 2 Refused(Why::Async);
    210 IO_CANCEL "io_cancel" 3 Refused(Why::Async);
    211 GET_THREAD_AREA "get_thread_area" none Refused(Why::Segments);
    212 LOOKUP_DCOOKIE "lookup_dcookie" 18 Same;
    213 EPOLL_CREATE "epoll_create" none Other;
    214 EPOLL_CTL_OLD "epoll_ctl_old" none Refused(Why::Gone);
    215 EPOLL_WAIT_OLD "epoll_wait_old" none Refused(Why::Gone);
    216 REMAP_FILE_PAGES "remap_file_pages" 234 Refused(Why::Remap);
    217 GETDENTS64 "getdents64" 61 Same;
    218 SET_TID_ADDRESS "set_tid_address" 96 Same;
    219 RESTART_SYSCALL "restart_syscall" 128 Same;
    220 SEMTIMEDOP "semtimedop" 192 Same;
    221 FADVISE64 "fadvise64" 223 Same;
    222 TIMER_CREATE "timer_create" 107 Same;
    223 TIMER_SETTIME "timer_settime" 110 Same;
    224 TIMER_GETTIME "timer_gettime" 108 Same;
    225 TIMER_GETOVERRUN "timer_getoverrun" 109 Same;
    226 TIMER_DELETE "timer_delete" 111 Same;
    227 CLOCK_SETTIME "clock_settime" 112 Same;
    228 CLOCK_GETTIME "clock_gettime" 113 Same;
    229 CLOCK_GETRES "clock_getres" 114 Same;
    230 CLOCK_NANOSLEEP "clock_nanosleep" 115 Same;
    231 EXIT_GROUP "exit_group" 94 Same;
    232 EPOLL_WAIT "epoll_wait" none Other;
    233 EPOLL_CTL "epoll_ctl" 21 Other;
    234 TGKILL "tgkill" 131 Same;
    235 UTIMES "utimes" none Other;
    236 VSERVER "vserver" none Refused(Why::Gone);
    237 MBIND "mbind" 235 Same;
    238 SET_MEMPOLICY "set_mempolicy" 237 Same;
    239 GET_MEMPOLICY "get_mempolicy" 236 Same;
    240 MQ_OPEN "mq_open" 180 Same;
    241 MQ_UNLINK "mq_unlink" 181 Same;
    242 MQ_TIMEDSEND "mq_timedsend" 182 Same;
    243 MQ_TIMEDRECEIVE "mq_timedreceive" 183 Same;
    244 MQ_NOTIFY "mq_notify" 184 Same;
    245 MQ_GETSETATTR "mq_getsetattr" 185 Same;
    246 KEXEC_LOAD "kexec_load" 104 Same;
    247 WAITID "waitid" 95 Same;
    248 ADD_KEY "add_key" 217 Same;
    249 REQUEST_KEY "request_key" 218 Same;
    250 KEYCTL "keyctl" 219 Same;
    251 IOPRIO_SET "ioprio_set" 30 Same;
    252 IOPRIO_GET "ioprio_get" 31 Same;
    253 INOTIFY_INIT "inotify_init" none Other;
    254 INOTIFY_ADD_WATCH "inotify_add_watch" 27 Same;
    255 INOTIFY_RM_WATCH "inotify_rm_watch" 28 Same;
    256 MIGRATE_PAGES "migrate_pages" 238 Same;
    257 OPENAT "openat" 56 Other;
    258 MKDIRAT "mkdirat" 34 Same;
    259 MKNODAT "mknodat" 33 Same;
    260 FCHOWNAT "fchownat" 54 Same;
    261 FUTIMESAT "futimesat" none Other;
    262 NEWFSTATAT "newfstatat" 79 Other;
    263 UNLINKAT "unlinkat" 35 Same;
    264 RENAMEAT "renameat" none Other;
    265 LINKAT "linkat" 37 Same;
    266 SYMLINKAT "symlinkat" 36 Same;
    267 READLINKAT "readlinkat" 78 Same;
    268 FCHMODAT "fchmodat" 53 Same;
    269 FACCESSAT "faccessat" 48 Same;
    270 PSELECT6 "pselect6" 72 Same;
    271 PPOLL "ppoll" 73 Same;
    272 UNSHARE "unshare" 97 Same;
    273 SET_ROBUST_LIST "set_robust_list" 99 Same;
    274 GET_ROBUST_LIST "get_robust_list" 100 Same;
    275 SPLICE "splice" 76 Same;
    276 TEE "tee" 77 Same;
    277 SYNC_FILE_RANGE "sync_file_range" 84 Same;
    278 VMSPLICE "vmsplice" 75 Same;
    279 MOVE_PAGES "move_pages" 239 Same;
    280 UTIMENSAT "utimensat" 88 Same;
    281 EPOLL_PWAIT "epoll_pwait" 22 Other;
    282 SIGNALFD "signalfd" none Other;
    283 TIMERFD_CREATE "timerfd_create" 85 Same;
    284 EVENTFD "eventfd" none Other;
    285 FALLOCATE "fallocate" 47 Same;
    286 TIMERFD_SETTIME "timerfd_settime" 86 Same;
    287 TIMERFD_GETTIME "timerfd_gettime" 87 Same;
    288 ACCEPT4 "accept4" 242 Same;
    289 SIGNALFD4 "signalfd4" 74 Same;
    290 EVENTFD2 "eventfd2" 19 Same;
    291 EPOLL_CREATE1 "epoll_create1" 20 Same;
    292 DUP3 "dup3" 24 Same;
    293 PIPE2 "pipe2" 59 Other;
    294 INOTIFY_INIT1 "inotify_init1" 26 Same;
    295 PREADV "preadv" 69 Same;
    296 PWRITEV "pwritev" 70 Same;
    297 RT_TGSIGQUEUEINFO "rt_tgsigqueueinfo" 240 Same;
    298 PERF_EVENT_OPEN "perf_event_open" 241 Same;
    299 RECVMMSG "recvmmsg" 243 Same;
    300 FANOTIFY_INIT "fanotify_init" 262 Other;
    301 FANOTIFY_MARK "fanotify_mark" 263 Same;
    302 PRLIMIT64 "prlimit64" 261 Same;
    303 NAME_TO_HANDLE_AT "name_to_handle_at" 264 Same;
    304 OPEN_BY_HANDLE_AT "open_by_handle_at" 265 Other;
    305 CLOCK_ADJTIME "clock_adjtime" 266 Same;
    306 SYNCFS "syncfs" 267 Same;
    307 SENDMMSG "sendmmsg" 269 Same;
    308 SETNS "setns" 268 Same;
    309 GETCPU "getcpu" 168 Same;
    310 PROCESS_VM_READV "process_vm_readv" 270 Same;
    311 PROCESS_VM_WRITEV "process_vm_writev" 271 Same;
    312 KCMP "kcmp" 272 Same;
    313 FINIT_MODULE "finit_module" 273 Same;
    314 SCHED_SETATTR "sched_setattr" 274 Same;
    315 SCHED_GETATTR "sched_getattr" 275 Same;
    316 RENAMEAT2 "renameat2" 276 Same;
    317 SECCOMP "seccomp" 277 Same;
    318 GETRANDOM "getrandom" 278 Same;
    319 MEMFD_CREATE "memfd_create" 279 Same;
    320 KEXEC_FILE_LOAD "kexec_file_load" 294 Same;
    321 BPF "bpf" 280 Same;
    322 EXECVEAT "execveat" 281 Same;
    323 USERFAULTFD "userfaultfd" 282 Refused(Why::Faults);
    324 MEMBARRIER "membarrier" 283 Same;
    325 MLOCK2 "mlock2" 284 Same;
    326 COPY_FILE_RANGE "copy_file_range" 285 Same;
    327 PREADV2 "preadv2" 286 Same;
    328 PWRITEV2 "pwritev2" 287 Same;
    329 PKEY_MPROTECT "pkey_mprotect" 288 Same;
    330 PKEY_ALLOC "pkey_alloc" 289 Same;
    331 PKEY_FREE "pkey_free" 290 Same;
    332 STATX "statx" 291 Same;
    333 IO_PGETEVENTS "io_pgetevents" 292 Refused(Why::Async);
    334 RSEQ "rseq" 293 Refused(Why::Rseq);
    424 PIDFD_SEND_SIGNAL "pidfd_send_signal" 424 Same;
    425 IO_URING_SETUP "io_uring_setup" 425 Refused(Why::Async);
    426 IO_URING_ENTER "io_uring_enter" 426 Refused(Why::Async);
    427 IO_URING_REGISTER "io_uring_register" 427 Refused(Why::Async);
    428 OPEN_TREE "open_tree" 428 Same;
    429 MOVE_MOUNT "move_mount" 429 Same;
    430 FSOPEN "fsopen" 430 Same;
    431 FSCONFIG "fsconfig" 431 Same;
    432 FSMOUNT "fsmount" 432 Same;
    433 FSPICK "fspick" 433 Same;
    434 PIDFD_OPEN "pidfd_open" 434 Same;
    435 CLONE3 "clone3" 435 Refused(Why::Clone3);
    436 CLOSE_RANGE "close_range" 436 Same;
    437 OPENAT2 "openat2" 437 Refused(Why::Emulators);
    438 PIDFD_GETFD "pidfd_getfd" 438 Same;
    439 FACCESSAT2 "faccessat2" 439 Same;
    440 PROCESS_MADVISE "process_madvise" 440 Same;
    441 EPOLL_PWAIT2 "epoll_pwait2" 441 Other;
    442 MOUNT_SETATTR "mount_setattr" 442 Same;
    443 QUOTACTL_FD "quotactl_fd" 443 Same;
    444 LANDLOCK_CREATE_RULESET "landlock_create_ruleset" 444 Same;
    445 LANDLOCK_ADD_RULE "landlock_add_rule" 445 Same;
    446 LANDLOCK_RESTRICT_SELF "landlock_restrict_self" 446 Same;
    447 MEMFD_SECRET "memfd_secret" 447 Same;
    448 PROCESS_MRELEASE "process_mrelease" 448 Same;
    449 FUTEX_WAITV "futex_waitv" 449 Same;
    450 SET_MEMPOLICY_HOME_NODE "set_mempolicy_home_node" 450 Same;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_a_way_on_every_port() {
        for call in all() {
            let reachable = call.generic.is_some() || call.way != Way::Same;
            assert!(reachable, "{} is forgotten", call.name);
            assert_eq!(lookup(call.number.into()), Some(call));
        }
        assert_eq!(lookup(-1), None);
        assert_eq!(lookup(END as i64), None);
        assert!(lookup(END as i64 - 1).is_some());
    }

    #[test]
    fn names_and_generic_numbers_are_unique() {
        for call in all() {
            let others = || all().filter(|other| other.number > call.number);
            assert!(others().all(|o| o.name != call.name), "{}", call.name);
            let twice = others().any(|o| call.generic.is_some() && o.generic == call.generic);
            assert!(!twice, "{}", call.name);
        }
    }

    /// The kernel's headers, as `linux-raw-sys` has them for the base ABI.
    #[test]
    fn numbers_are_the_kernels() {
        use linux_raw_sys::general as kernel;
        macro_rules! same {
            ($($ours:ident $theirs:ident),*) => {
                $(assert_eq!(nr::$ours, i64::from(kernel::$theirs));)*
            };
        }
        same!(
            READ __NR_read, MMAP __NR_mmap, RT_SIGACTION __NR_rt_sigaction, CLONE __NR_clone,
            EXECVE __NR_execve, PRCTL __NR_prctl, GETDENTS64 __NR_getdents64, OPENAT __NR_openat,
            RENAMEAT2 __NR_renameat2, MEMFD_CREATE __NR_memfd_create, STATX __NR_statx,
            IO_URING_SETUP __NR_io_uring_setup, OPENAT2 __NR_openat2, EPOLL_PWAIT2 __NR_epoll_pwait2,
            SET_MEMPOLICY_HOME_NODE __NR_set_mempolicy_home_node
        );
    }

    /// README's list of calls that fail.
    #[test]
    fn the_readme_lists_what_is_refused() {
        let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
        let readme = std::fs::read_to_string(readme).unwrap();
        let start = readme
            .find("These system calls fail with `ENOSYS`")
            .unwrap();
        let list = readme[start..].split("\n\n").next().unwrap();
        let quoted = list.split('`').skip(1).step_by(2).map(str::to_owned);
        let mut listed: Vec<String> = quoted
            .filter(|name| !["ENOSYS", "--trace"].contains(&&**name))
            .collect();
        listed.sort();
        let refused = all().filter(|call| matches!(call.way, Way::Refused(_)));
        let mut refused: Vec<String> = refused.map(|call| call.name.to_owned()).collect();
        refused.sort();
        assert_eq!(listed, refused);
    }
}
