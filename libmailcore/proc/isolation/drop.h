#ifndef PROC_ISOLATION_DROP_H
#define PROC_ISOLATION_DROP_H
/* How a role gives up what it does not need. Each layer is a switch; one that
 * the host refuses (a container without SYS_CHROOT, a start without root) is
 * logged as "isolation.missing" with its name, and the rest still applies. */
#include "proc/role.h"
#include <sys/types.h>

struct drop_user {
	uid_t uid;
	gid_t gid;
};

/* The option's value for a user class: a name, or NULL for USER_ROOT, and for
 * USER_UNIX, which has none. */
const char *drop_user_name(const struct conf *conf, enum role_user user);
/* MC_E_NOENT when the system does not know it. */
int drop_user_find(const char *name, struct drop_user *out) MUST_CHECK;
/* Whether processes get users of their own: full or no-chroot, as root. */
bool drop_has_users(const struct conf *conf);

/* Logs a layer that the host refuses to a role; agents, which come and go all
 * day, do so at level debug: other roles have said it. */
void drop_missing(const struct role *role, const char *layer, int error);

/* Closes every descriptor from first on. */
void drop_descriptors(int first);

/* Locks this process in, for good: working directory and root (directory is
 * borrowed, -1: root says which), groups, user, no new privileges, limits,
 * system calls and files. Errors only when going on would be less safe than
 * the configuration says: an unknown user, no such directory, a user that
 * could be undone. */
int drop_role(
    const struct conf *conf, const struct role *role, int directory) MUST_CHECK;

/* The same for USER_UNIX, with all groups of his. *refusal: why this process
 * cannot, or must not, become him (never root, nor a user of the daemons); it
 * is user_net then; with "4" in front when that may change. NULL: he is. */
int drop_role_as(const struct conf *conf, const struct role *role,
    const char *name, const char **refusal) MUST_CHECK;

/* The directory that is a role's root; false for ROOT_SLASH and ROOT_USER. */
bool drop_root_path(
    const struct conf *conf, enum role_root root, char *out, size_t cap);
#endif
