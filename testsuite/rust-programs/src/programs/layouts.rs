//! The structures that std passes to libc are laid out as musl has them: name, size, offsets. The test suite
//! compares this with what a C program says that was compiled against the sysroot.
//#Oracle: layouts.c

use std::mem::offset_of;

macro_rules! layout {
    ($name:literal, $ty:ty, $($field:ident as $c:literal),*) => {
        print!("{} {}", $name, size_of::<$ty>());
        $( print!(" {}={}", $c, offset_of!($ty, $field)); )*
        println!();
    };
}

pub fn run() {
    layout!("stat", libc::stat64, st_dev as "st_dev", st_ino as "st_ino", st_nlink as "st_nlink",
        st_mode as "st_mode", st_uid as "st_uid", st_rdev as "st_rdev", st_size as "st_size",
        st_blksize as "st_blksize", st_blocks as "st_blocks", st_mtime as "st_mtim");
    layout!("dirent", libc::dirent64, d_ino as "d_ino", d_off as "d_off", d_reclen as "d_reclen",
        d_type as "d_type", d_name as "d_name");
    layout!("sockaddr_in", libc::sockaddr_in, sin_port as "sin_port", sin_addr as "sin_addr");
    layout!("sockaddr_in6", libc::sockaddr_in6, sin6_port as "sin6_port",
        sin6_addr as "sin6_addr", sin6_scope_id as "sin6_scope_id");
    layout!("sockaddr_un", libc::sockaddr_un, sun_path as "sun_path");
    layout!("sockaddr_storage", libc::sockaddr_storage, ss_family as "ss_family");
    layout!("addrinfo", libc::addrinfo, ai_family as "ai_family", ai_addrlen as "ai_addrlen",
        ai_addr as "ai_addr", ai_canonname as "ai_canonname", ai_next as "ai_next");
    layout!("sigaction", libc::sigaction, sa_sigaction as "sa_sigaction", sa_mask as "sa_mask",
        sa_flags as "sa_flags", sa_restorer as "sa_restorer");
    layout!("siginfo_t", libc::siginfo_t, si_signo as "si_signo", si_errno as "si_errno",
        si_code as "si_code");
    layout!("sigset_t", libc::sigset_t,);
    layout!("stack_t", libc::stack_t, ss_sp as "ss_sp", ss_flags as "ss_flags", ss_size as "ss_size");
    layout!("timespec", libc::timespec, tv_nsec as "tv_nsec");
    layout!("pthread_t", libc::pthread_t,);
    layout!("pthread_attr_t", libc::pthread_attr_t,);
    layout!("pthread_mutex_t", libc::pthread_mutex_t,);
    layout!("pthread_cond_t", libc::pthread_cond_t,);
    layout!("pthread_rwlock_t", libc::pthread_rwlock_t,);
    layout!("pthread_key_t", libc::pthread_key_t,);
    layout!("sem_t", libc::sem_t,);
    layout!("iovec", libc::iovec, iov_len as "iov_len");
    // Two lengths are wider here; what the upper halves hold, libc clears or ignores.
    layout!("msghdr", libc::msghdr, msg_name as "msg_name", msg_namelen as "msg_namelen",
        msg_iov as "msg_iov", msg_iovlen as "msg_iovlen", msg_control as "msg_control",
        msg_controllen as "msg_controllen", msg_flags as "msg_flags");
    layout!("cmsghdr", libc::cmsghdr, cmsg_len as "cmsg_len", cmsg_level as "cmsg_level",
        cmsg_type as "cmsg_type");
    layout!("passwd", libc::passwd, pw_uid as "pw_uid", pw_dir as "pw_dir", pw_shell as "pw_shell");
    layout!("pollfd", libc::pollfd, events as "events", revents as "revents");
    layout!("rlimit", libc::rlimit64, rlim_max as "rlim_max");
    layout!("statvfs", libc::statvfs64, f_blocks as "f_blocks", f_fsid as "f_fsid",
        f_namemax as "f_namemax");
    layout!("termios", libc::termios, c_cc as "c_cc");
    layout!("winsize", libc::winsize, ws_col as "ws_col");
    layout!("utsname", libc::utsname, release as "release", machine as "machine");
    layout!("posix_spawnattr_t", libc::posix_spawnattr_t,);
    layout!(
        "posix_spawn_file_actions_t",
        libc::posix_spawn_file_actions_t,
    );
    layout!("cpu_set_t", libc::cpu_set_t,);
    layout!("rusage", libc::rusage, ru_maxrss as "ru_maxrss", ru_nivcsw as "ru_nivcsw");
    println!("_SC_PAGESIZE {}", libc::_SC_PAGESIZE);
    println!("_SC_NPROCESSORS_ONLN {}", libc::_SC_NPROCESSORS_ONLN);
    println!("_SC_GETPW_R_SIZE_MAX {}", libc::_SC_GETPW_R_SIZE_MAX);
    println!("_SC_HOST_NAME_MAX {}", libc::_SC_HOST_NAME_MAX);
    println!("_SC_IOV_MAX {}", libc::_SC_IOV_MAX);
    println!(
        "EAI_NONAME {} EAI_SYSTEM {}",
        libc::EAI_NONAME,
        libc::EAI_SYSTEM
    );
    println!(
        "POSIX_SPAWN {} {}",
        libc::POSIX_SPAWN_SETPGROUP,
        libc::POSIX_SPAWN_SETSIGDEF
    );
    println!("PTHREAD_STACK_MIN {}", libc::PTHREAD_STACK_MIN >= 2048);
    println!(
        "O {:o} {:o} {:o}",
        libc::O_CLOEXEC,
        libc::O_DIRECTORY,
        libc::O_TMPFILE
    );
    println!("MSG_NOSIGNAL {}", libc::MSG_NOSIGNAL);
}
