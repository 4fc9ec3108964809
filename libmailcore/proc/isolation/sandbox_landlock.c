#include "proc/isolation/sandbox_landlock.h"
#include "proc/isolation/drop.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#if defined(__linux__) && !defined(MAILCORE_SANITIZED) &&                      \
    __has_include(<linux/landlock.h>)
#define WITH_LANDLOCK 1
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#else
#define WITH_LANDLOCK 0
#endif

bool sandbox_has_landlock(void)
{
	return WITH_LANDLOCK;
}

#if WITH_LANDLOCK

/* Of any kernel's version of it; older ones are told a shorter size. */
struct ruleset {
	uint64_t files, net, scopes;
};

enum {
	FILES_EXECUTE = 1 << 0,
	FILES_MAKE_CHAR = 1 << 6,
	FILES_MAKE_BLOCK = 1 << 11,
	FILES_ABI_1 = (1 << 13) - 1,
	FILES_REFER = 1 << 13,    /* 2 */
	FILES_TRUNCATE = 1 << 14, /* 3 */
	FILES_IOCTL = 1 << 15,    /* 5 */
	NET_ALL = 3,              /* 4: bind and connect, TCP */
	SCOPES_ALL = 3,           /* 6: abstract sockets, signals */
};

static size_t describe(long abi, struct ruleset *r)
{
	*r = (struct ruleset){ .files = FILES_ABI_1 };
	if (abi >= 2)
		r->files |= FILES_REFER;
	if (abi >= 3)
		r->files |= FILES_TRUNCATE;
	if (abi >= 5)
		r->files |= FILES_IOCTL;
	if (abi >= 4)
		r->net = NET_ALL;
	if (abi >= 6)
		r->scopes = SCOPES_ALL;
	return abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
}

static int allow_here(int ruleset, uint64_t files)
{
	struct landlock_path_beneath_attr here = {
		.allowed_access =
		    files & ~(uint64_t)(FILES_EXECUTE | FILES_MAKE_CHAR |
					FILES_MAKE_BLOCK | FILES_IOCTL),
		.parent_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	if (here.parent_fd < 0)
		return -errno;
	long error = syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &here, 0);
	int result = error ? -errno : 0;
	close(here.parent_fd);
	return result;
}

static int restrict_files(enum role_sandbox class)
{
	struct ruleset r;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return abi < 0 ? -errno : MC_E_UNSUPPORTED;
	size_t size = describe(abi, &r);
	if (class == SANDBOX_CONNECT)
		r.net = 0; /* what is not handled is not forbidden */
	long made = syscall(SYS_landlock_create_ruleset, &r, size, 0);
	if (made < 0)
		return -errno;
	int ruleset = (int)made, error = 0;
	if (class == SANDBOX_FILES)
		error = allow_here(ruleset, r.files);
	if (!error && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		error = -errno;
	close(ruleset);
	return error;
}

void sandbox_landlock(const struct role *role)
{
	int error = restrict_files(role->sandbox);
	if (error)
		drop_missing(role, "landlock", error);
}

#else

void sandbox_landlock(const struct role *role)
{
	drop_missing(role, "landlock", MC_E_UNSUPPORTED);
}

#endif
