/* Linux: seccomp and Landlock; where they were not built in, nothing but a log
 * line.
 *
 * A call that is on no list fails with EPERM: libraries probe rare calls and
 * go on without them, and an upgrade of libc must not stop the mail. Calls
 * that no library makes by itself, and an attacker needs (exec, ptrace, mount,
 * kernel modules, ...), kill the process: nothing of ours gets there. */
#include "proc/isolation/sandbox.h"
#include "proc/isolation/drop.h"
#include "proc/isolation/sandbox_landlock.h"
#include <errno.h>

#if defined(MAILCORE_SECCOMP) && !defined(MAILCORE_SANITIZED)
#define WITH_SECCOMP 1
#include <fcntl.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#else
#define WITH_SECCOMP 0
#endif

const char *sandbox_layers(void)
{
	if (WITH_SECCOMP)
		return sandbox_has_landlock() ? "seccomp landlock" : "seccomp";
	return sandbox_has_landlock() ? "landlock" : "(no seccomp)";
}

#if WITH_SECCOMP

#define CALL(name) SCMP_SYS(name)

/* Memory, time, the loop, and descriptors that are there. */
static const int calls_common[] = {
	CALL(read),
	CALL(write),
	CALL(readv),
	CALL(writev),
	CALL(pread64),
	CALL(preadv),
	CALL(close),
	CALL(close_range),
	CALL(fstat),
	CALL(lseek),
	CALL(munmap),
	CALL(mremap),
	CALL(madvise),
	CALL(brk),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(sigaltstack),
	CALL(setitimer),
	CALL(futex),
	CALL(futex_waitv),
	CALL(sched_yield),
	CALL(sched_getaffinity),
	CALL(getpid),
	CALL(gettid),
	CALL(getppid),
	CALL(getuid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getegid),
	CALL(getresuid),
	CALL(getresgid),
	CALL(getrandom),
	CALL(clock_gettime),
	CALL(clock_getres),
	CALL(clock_nanosleep),
	CALL(nanosleep),
	CALL(gettimeofday),
	CALL(time),
	CALL(times),
	CALL(getrusage),
	CALL(epoll_create1),
	CALL(epoll_ctl),
	CALL(epoll_wait),
	CALL(epoll_pwait),
	CALL(epoll_pwait2),
	CALL(poll),
	CALL(ppoll),
	CALL(select),
	CALL(pselect6),
	CALL(eventfd2),
	CALL(pipe2),
	CALL(recvmsg),
	CALL(recvfrom),
	CALL(recvmmsg),
	CALL(sendmsg),
	CALL(sendto),
	CALL(sendmmsg),
	CALL(getsockopt),
	CALL(setsockopt),
	CALL(getsockname),
	CALL(getpeername),
	CALL(shutdown),
	CALL(dup),
	CALL(dup2),
	CALL(dup3),
	CALL(exit),
	CALL(exit_group),
	CALL(restart_syscall),
	CALL(getrlimit),
	CALL(ugetrlimit),
	CALL(uname),
	CALL(sysinfo),
	CALL(rseq),
	CALL(set_robust_list),
	CALL(get_robust_list),
	CALL(membarrier),
	CALL(capget),
};

static const int calls_net[] = {
	CALL(accept),
	CALL(accept4),
	CALL(socketpair),
	CALL(splice),
	CALL(tee),
};

static const int calls_connect[] = {
	CALL(bind),
	CALL(connect),
	CALL(socketpair),
};

static const int calls_files[] = {
	CALL(socketpair),
	CALL(open),
	CALL(openat),
	CALL(openat2),
	CALL(stat),
	CALL(lstat),
	CALL(stat64),
	CALL(fstat64),
	CALL(newfstatat),
	CALL(fstatat64),
	CALL(statx),
	CALL(access),
	CALL(faccessat),
	CALL(faccessat2),
	CALL(getdents64),
	CALL(mkdir),
	CALL(mkdirat),
	CALL(rmdir),
	CALL(unlink),
	CALL(unlinkat),
	CALL(rename),
	CALL(renameat),
	CALL(renameat2),
	CALL(link),
	CALL(linkat),
	CALL(truncate),
	CALL(ftruncate),
	CALL(fallocate),
	CALL(fsync),
	CALL(fdatasync),
	CALL(sync_file_range),
	CALL(syncfs),
	CALL(msync),
	CALL(flock),
	CALL(statfs),
	CALL(fstatfs),
	CALL(statfs64),
	CALL(fstatfs64),
	CALL(chmod),
	CALL(fchmod),
	CALL(fchmodat),
	CALL(readlink),
	CALL(readlinkat),
	CALL(getcwd),
	CALL(chdir),
	CALL(fchdir),
	CALL(memfd_create),
	CALL(bind),
	CALL(connect),
	CALL(pwrite64),
	CALL(pwritev),
	CALL(utimensat),
	CALL(fadvise64),
	CALL(copy_file_range),
	CALL(sendfile),
	CALL(umask),
	CALL(mlock),
	CALL(mincore),
};

static const int calls_deadly[] = {
	CALL(execve),
	CALL(execveat),
	CALL(ptrace),
	CALL(process_vm_readv),
	CALL(process_vm_writev),
	CALL(mount),
	CALL(umount2),
	CALL(pivot_root),
	CALL(chroot),
	CALL(setns),
	CALL(unshare),
	CALL(init_module),
	CALL(finit_module),
	CALL(delete_module),
	CALL(kexec_load),
	CALL(bpf),
	CALL(perf_event_open),
	CALL(userfaultfd),
	CALL(io_uring_setup),
	CALL(keyctl),
	CALL(add_key),
	CALL(request_key),
	CALL(swapon),
	CALL(reboot),
	CALL(fsopen),
	CALL(move_mount),
	CALL(open_tree),
	CALL(pidfd_getfd),
	CALL(open_by_handle_at),
	CALL(mknod),
	CALL(mknodat),
	CALL(personality),
	CALL(modify_ldt),
};

#define N(a) (sizeof(a) / sizeof(a)[0])

/* Calls that this architecture does not have are no error. */
static int add_all(
    scmp_filter_ctx f, uint32_t action, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int error = seccomp_rule_add(f, action, calls[i], 0);
		if (error && error != -EDOM && error != -EFAULT)
			return error;
	}
	return 0;
}

/* Allowed when one argument is right: no memory that can be run, no terminal or
 * device calls, no limits of other processes; stat by descriptor only, which is
 * what libc makes of fstat. */
struct narrow_call {
	int call;
	struct scmp_arg_cmp when;
};

static const struct narrow_call calls_narrow[] = {
	{ CALL(mmap), { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } },
	{ CALL(mprotect), { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } },
	{ CALL(ioctl), { 1, SCMP_CMP_EQ, FIONBIO, 0 } },
	{ CALL(ioctl), { 1, SCMP_CMP_EQ, FIONREAD, 0 } },
	{ CALL(prlimit64), { 0, SCMP_CMP_EQ, 0, 0 } },
	{ CALL(newfstatat), { 3, SCMP_CMP_EQ, AT_EMPTY_PATH, 0 } },
};

/* Not F_SETOWN and F_SETSIG: they send signals to whoever has the same user, as
 * all agents do. */
static const int fcntl_commands[] = {
	F_DUPFD,
	F_DUPFD_CLOEXEC,
	F_GETFD,
	F_SETFD,
	F_GETFL,
	F_SETFL,
	F_GETLK,
	F_SETLK,
	F_SETLKW,
#ifdef F_OFD_SETLK
	F_OFD_GETLK,
	F_OFD_SETLK,
	F_OFD_SETLKW,
#endif
#ifdef F_ADD_SEALS
	F_ADD_SEALS,
	F_GET_SEALS,
#endif
};

/* Wake-ups travel through sockets in the file system. */
static const struct narrow_call calls_files_narrow[] = {
	{ CALL(socket), { 0, SCMP_CMP_EQ, AF_UNIX, 0 } },
};

static const struct narrow_call calls_connect_narrow[] = {
	{ CALL(socket), { 0, SCMP_CMP_EQ, AF_INET, 0 } },
	{ CALL(socket), { 0, SCMP_CMP_EQ, AF_INET6, 0 } },
};

static int add_narrow(
    scmp_filter_ctx f, const struct narrow_call *calls, size_t n)
{
	int error = 0;
	for (size_t i = 0; i < n && !error; i++) {
		error = seccomp_rule_add_array(
		    f, SCMP_ACT_ALLOW, calls[i].call, 1, &calls[i].when);
		/* A call that this architecture does not have. */
		if (error == -EDOM || error == -EFAULT)
			error = 0;
	}
	return error;
}

static int add_fcntl(scmp_filter_ctx f)
{
	int error = 0;
	for (size_t i = 0; i < N(fcntl_commands) && !error; i++) {
		scmp_datum_t command = (scmp_datum_t)fcntl_commands[i];
		const struct narrow_call calls[] = {
			{ CALL(fcntl), { 1, SCMP_CMP_EQ, command, 0 } },
			{ CALL(fcntl64), { 1, SCMP_CMP_EQ, command, 0 } },
		};
		error = add_narrow(f, calls, N(calls));
	}
	return error;
}

/* abort() is a signal to oneself. */
static int add_own(scmp_filter_ctx f)
{
	const struct narrow_call calls[] = {
		{ CALL(tgkill), { 0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0 } },
	};
	int error = add_narrow(f, calls, N(calls));
	return error ? error : add_fcntl(f);
}

static int add_files(scmp_filter_ctx f)
{
	int error = add_all(f, SCMP_ACT_ALLOW, calls_files, N(calls_files));
	if (!error)
		error =
		    add_narrow(f, calls_files_narrow, N(calls_files_narrow));
	return error;
}

static int add_connect(scmp_filter_ctx f)
{
	int error = add_all(f, SCMP_ACT_ALLOW, calls_connect, N(calls_connect));
	if (!error)
		error = add_narrow(
		    f, calls_connect_narrow, N(calls_connect_narrow));
	return error;
}

static int add_class(scmp_filter_ctx f, enum role_sandbox class)
{
	switch (class) {
	case SANDBOX_NET:
		return add_all(f, SCMP_ACT_ALLOW, calls_net, N(calls_net));
	case SANDBOX_CONNECT:
		return add_connect(f);
	case SANDBOX_FILES:
		return add_files(f);
	case SANDBOX_KEYS:
	case SANDBOX_NONE:
		break;
	}
	return 0;
}

static int filter_calls(enum role_sandbox class)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!f)
		return -ENOMEM;
	int error = add_all(f, SCMP_ACT_ALLOW, calls_common, N(calls_common));
	if (!error)
		error = add_narrow(f, calls_narrow, N(calls_narrow));
	if (!error)
		error = add_own(f);
	if (!error)
		error = add_class(f, class);
	if (!error)
		error = add_all(
		    f, SCMP_ACT_KILL_PROCESS, calls_deadly, N(calls_deadly));
	/* Large sets are searched, not walked. */
	if (!error)
		error = seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!error)
		error = seccomp_load(f);
	seccomp_release(f);
	return error;
}

static void enter_seccomp(const struct role *role)
{
	int error = filter_calls(role->sandbox);
	if (error)
		drop_missing(role, "seccomp", error);
}

#else

static void enter_seccomp(const struct role *role)
{
	drop_missing(role, "seccomp", MC_E_UNSUPPORTED);
}

#endif

void sandbox_enter(const struct role *role)
{
	if (role->sandbox == SANDBOX_NONE)
		return;
	sandbox_landlock(role);
	enter_seccomp(role);
}
