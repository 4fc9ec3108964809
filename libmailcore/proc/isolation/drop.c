#include "proc/isolation/drop.h"
#include "proc/isolation/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

const char *drop_user_name(const struct conf *conf, enum role_user user)
{
	switch (user) {
	case USER_ROOT:
	case USER_UNIX:
		return NULL;
	case USER_NET:
		return conf->user_net;
	case USER_AUTH:
		return conf->user_auth;
	case USER_KEYS:
		return conf->user_keys;
	case USER_STORE:
		return conf->user_store;
	case USER_QUEUE:
		return conf->user_queue;
	case USER_ALIAS:
		return conf->alias_user;
	}
	return NULL;
}

int drop_user_find(const char *name, struct drop_user *out)
{
	char bytes[4096];
	struct passwd pw, *found = NULL;
	int error = getpwnam_r(name, &pw, bytes, sizeof bytes, &found);
	if (error)
		return -error;
	if (!found)
		return MC_E_NOENT;
	*out = (struct drop_user){ found->pw_uid, found->pw_gid };
	return 0;
}

bool drop_has_users(const struct conf *conf)
{
	return conf->isolation != ISOLATION_NONE && geteuid() == 0;
}

void drop_descriptors(int first)
{
#ifdef __linux__
	if (close_range((unsigned)first, ~0U, 0) == 0)
		return;
#endif
	long max = sysconf(_SC_OPEN_MAX);
	for (int fd = first; fd < (max > 0 ? max : 1024); fd++)
		close(fd);
}

bool drop_root_path(
    const struct conf *conf, enum role_root root, char *out, size_t cap)
{
	switch (root) {
	case ROOT_SLASH:
	case ROOT_USER:
		return false;
	case ROOT_EMPTY:
		snprintf(out, cap, "%s/empty", conf->run_dir);
		return true;
	case ROOT_ACCOUNTS:
		snprintf(out, cap, "%s/accounts", conf->state_dir);
		return true;
	case ROOT_SPOOL:
		snprintf(out, cap, "%s", conf->spool_dir);
		return true;
	}
	return false;
}

void drop_missing(const struct role *role, const char *layer, int error)
{
	log_emit(NULL,
	    role->count == COUNT_ON_DEMAND ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN,
	    "isolation.missing", KV_STR("layer", layer), KV_ERR("error", error),
	    KV_LAST);
}

static int enter(const struct conf *conf, const struct role *role, int fd)
{
	char path[CONF_STRING_MAX + 16];
	if (fd >= 0)
		return fchdir(fd) ? -errno : 0;
	if (!drop_root_path(conf, role->root, path, sizeof path))
		return 0;
	if (chdir(path) == 0)
		return 0;
	int error = -errno;
	LOG(NULL, ERROR, "isolation.failed", KV_STR("directory", path),
	    KV_ERR("error", error));
	return error;
}

static void change_root(const struct conf *conf, const struct role *role)
{
	if (conf->isolation != ISOLATION_FULL || role->root == ROOT_SLASH)
		return;
	if (chroot(".") != 0)
		drop_missing(role, "chroot", -errno);
}

/* Found before the root directory changes: /etc/passwd is outside. */
static int find_user(const struct conf *conf, const struct role *role,
    struct drop_user *out, bool *change)
{
	const char *name = drop_user_name(conf, role->user);
	*change = false;
	if (!name || conf->isolation == ISOLATION_NONE)
		return 0;
	if (geteuid() != 0) {
		drop_missing(role, "user", -EPERM);
		return 0;
	}
	int error = drop_user_find(name, out);
	if (error)
		LOG(NULL, ERROR, "isolation.failed", KV_STR("user", name),
		    KV_ERR("error", error));
	*change = !error;
	return error;
}

static int change_user(const struct role *role, struct drop_user user)
{
	if (setgroups(1, &user.gid) != 0)
		drop_missing(role, "groups", -errno);
	if (setresgid(user.gid, user.gid, user.gid) != 0 ||
	    setresuid(user.uid, user.uid, user.uid) != 0) {
		drop_missing(role, "user", -errno);
		return 0;
	}
	if (user.uid != 0 && (setuid(0) == 0 || seteuid(0) == 0)) {
		LOG(NULL, ERROR, "isolation.failed",
		    KV_STR("user", "root can be had back"));
		return MC_E_DENIED;
	}
	return 0;
}

static void limit(
    const struct role *role, const char *layer, int resource, rlim_t most)
{
	struct rlimit now;
	if (getrlimit((__rlimit_resource_t)resource, &now) != 0)
		return;
	now.rlim_cur = now.rlim_max < most ? now.rlim_max : most;
	if (most == 0)
		now.rlim_max = 0;
	if (setrlimit((__rlimit_resource_t)resource, &now) != 0)
		drop_missing(role, layer, -errno);
}

static void limit_all(const struct conf *conf, const struct role *role)
{
	limit(role, "rlimit-core", RLIMIT_CORE, 0);
	limit(role, "rlimit-nofile", RLIMIT_NOFILE, 1 << 20);
	/* Per user, and in force for all but root: no fork, no thread. */
	if (role->user != USER_ROOT && !(role->holds & HOLDS_PROGRAMS) &&
	    conf->isolation != ISOLATION_NONE)
		limit(role, "rlimit-nproc", RLIMIT_NPROC, 0);
}

static void no_new_privileges(const struct role *role)
{
#ifdef __linux__
	if (!(role->holds & HOLDS_SETUID) &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		drop_missing(role, "no-new-privileges", -errno);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		drop_missing(role, "undumpable", -errno);
#else
	drop_missing(role, "no-new-privileges", MC_E_UNSUPPORTED);
#endif
}

/* Who owns all mail, keys or passwords: what such a user runs could read them.
 */
static bool is_ours(const struct conf *conf, const char *name)
{
	static const enum role_user ours[] = { USER_NET, USER_AUTH, USER_KEYS,
		USER_STORE, USER_QUEUE };

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (strcmp(name, drop_user_name(conf, ours[i])) == 0)
			return true;
	return false;
}

static const char *refuse_unix_user(
    const struct conf *conf, const char *name, struct drop_user *out)
{
	int error = drop_user_find(name, out);
	if (error == MC_E_NOENT)
		return "there is no such user";
	if (error)
		return "4.3.0 the system's users cannot be read";
	if (out->uid == 0)
		return "root's programs are not run for mail";
	if (drop_has_users(conf))
		return is_ours(conf, name) ? "it is a user of the daemons"
					   : NULL;
	return out->uid == geteuid()
		   ? NULL
		   : "without isolation, or a start as root, no process can "
		     "become another user";
}

/* Unlike roles with users of their own, this one must not stay what it was. */
static int become_unix_user(const char *name, struct drop_user user)
{
	if (initgroups(name, user.gid) != 0 ||
	    setresgid(user.gid, user.gid, user.gid) != 0 ||
	    setresuid(user.uid, user.uid, user.uid) != 0)
		return -errno;
	return setuid(0) == 0 || seteuid(0) == 0 ? MC_E_DENIED : 0;
}

static int become_nobody(const struct conf *conf, const struct role *role)
{
	struct drop_user user;
	int error = drop_user_find(conf->user_net, &user);
	return error ? error : change_user(role, user);
}

int drop_role_as(const struct conf *conf, const struct role *role,
    const char *name, const char **refusal)
{
	struct drop_user user = { 0, 0 };
	int error = 0;
	*refusal = refuse_unix_user(conf, name, &user);
	limit_all(conf, role);
	if (drop_has_users(conf))
		error = *refusal ? become_nobody(conf, role)
				 : become_unix_user(name, user);
	if (!error && chdir("/") != 0)
		error = -errno;
	if (!error)
		no_new_privileges(role);
	return error;
}

int drop_role(const struct conf *conf, const struct role *role, int directory)
{
	struct drop_user user = { 0, 0 };
	bool change = false;
	int error = find_user(conf, role, &user, &change);
	if (!error)
		error = enter(conf, role, directory);
	if (error)
		return error;
	change_root(conf, role);
	limit_all(conf, role);
	if (change)
		error = change_user(role, user);
	if (error)
		return error;
	no_new_privileges(role);
	if (conf->sandbox)
		sandbox_enter(role);
	return 0;
}
