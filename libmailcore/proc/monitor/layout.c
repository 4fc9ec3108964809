/* The directories below state_dir, spool_dir and run_dir, and who owns them. */
#include "accounts/account.h"
#include "proc/isolation/drop.h"
#include "proc/monitor/monitor.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int layout_path(char *out, size_t cap, const char *dir, const char *name)
{
	int n = snprintf(out, cap, "%s/%s", dir, name);
	return n < 0 || (size_t)n >= cap ? MC_E_LIMIT : 0;
}

/* mkdir -p; the last part gets mode. */
static int make_path(const char *path, mode_t mode)
{
	char part[2 * CONF_STRING_MAX];
	size_t n = strlen(path);
	if (n >= sizeof part)
		return MC_E_LIMIT;
	for (size_t i = 1; i < n; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST &&
		    errno != EROFS && errno != EACCES)
			return -errno;
	}
	return mkdir(path, mode) != 0 && errno != EEXIST ? -errno : 0;
}

/* A second link might be to somebody else's file. */
static bool is_own(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1;
}

/* mode 0: it keeps the one that it has. */
static int own_file(
    int dir, const char *name, struct drop_user user, mode_t mode)
{
	int fd = openat(dir, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	int error = 0;
	if (is_own(fd) && (fchown(fd, user.uid, user.gid) != 0 ||
			      (mode && fchmod(fd, mode) != 0)))
		error = -errno;
	close(fd);
	return error;
}

/* What an administrator's mailctl made as root before the first start. */
static int own_files(int dir, struct drop_user user)
{
	int error = 0, copy = openat(dir, ".", O_RDONLY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	if (!d)
		return -errno;
	for (struct dirent *e; !error && (e = readdir(d));)
		if (e->d_name[0] != '.')
			error = own_file(dir, e->d_name, user, 0);
	closedir(d);
	return error == -ELOOP ? 0 : error;
}

static int own_directory(const char *path, const char *name)
{
	struct drop_user user;
	struct stat st;
	int error = drop_user_find(name, &user);
	if (error)
		return error;
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &st) != 0)
		return -errno;
	if (st.st_uid != user.uid) {
		error = own_files(dir, user);
		if (!error && fchown(dir, user.uid, user.gid) != 0)
			error = -errno;
	}
	close(dir);
	return error;
}

static int make(const struct conf *conf, const char *dir, const char *name,
    mode_t mode, enum role_user user)
{
	char path[2 * CONF_STRING_MAX];
	int n =
	    snprintf(path, sizeof path, "%s%s%s", dir, *name ? "/" : "", name);
	int error = (size_t)n >= sizeof path ? MC_E_LIMIT : 0;
	if (!error)
		error = make_path(path, mode);
	if (!error && user != USER_ROOT && drop_has_users(conf))
		error = own_directory(path, drop_user_name(conf, user));
	if (error)
		LOG(NULL, ERROR, "directory.failed", KV_STR("directory", path),
		    KV_ERR("error", error));
	return error;
}

static int own_database(int dir, struct drop_user user)
{
	static const struct {
		const char *name;
		mode_t mode;
	} files[] = {
		{ ACCOUNT_DB_FILE, 0640 },
		/* Readers write their place into it. */
		{ ACCOUNT_DB_FILE "-lock", 0660 },
	};

	int error = 0;
	for (size_t i = 0; i < sizeof files / sizeof files[0] && !error; i++) {
		error = own_file(dir, files[i].name, user, files[i].mode);
		if (error == -ENOENT)
			error = 0;
	}
	return error;
}

static int own_accounts(int dir, const char *auth)
{
	struct drop_user user;
	int error = drop_user_find(auth, &user);
	if (error)
		return error;
	user.uid = 0;
	if (fchown(dir, user.uid, user.gid) != 0 || fchmod(dir, 0750) != 0)
		return -errno;
	return own_database(dir, user);
}

/* The administrator's: auth reads them, and a captured one cannot give itself
 * an account or a password. Files of other names stay as they are. */
static int make_accounts(const struct conf *conf)
{
	char path[2 * CONF_STRING_MAX];
	int error = make(conf, conf->state_dir, "accounts", 0750, USER_ROOT);
	if (error || !drop_has_users(conf))
		return error;
	error = layout_path(path, sizeof path, conf->state_dir, "accounts");
	if (error)
		return error;
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	error = dir < 0 ? -errno : own_accounts(dir, conf->user_auth);
	if (dir >= 0)
		close(dir);
	if (error)
		LOG(NULL, ERROR, "directory.failed", KV_STR("directory", path),
		    KV_ERR("error", error));
	return error;
}

static bool has_root(const struct monitor *m, enum role_root root)
{
	for (size_t i = 0; i < m->daemon->n_roles; i++)
		if (m->daemon->roles[i].root == root)
			return true;
	return false;
}

int layout_make(const struct monitor *m)
{
	const struct conf *c = m->conf;
	int error = make(c, c->run_dir, "", 0755, USER_ROOT);
	if (!error)
		error = make(c, c->run_dir, "empty", 0555, USER_ROOT);
	if (!error)
		error = make(c, c->state_dir, "", 0755, USER_ROOT);
	if (!error && has_root(m, ROOT_ACCOUNTS))
		error = make_accounts(c);
	if (!error && has_root(m, ROOT_USER))
		error = make(c, c->state_dir, "mail", 0711, USER_ROOT);
	if (!error && has_root(m, ROOT_SPOOL))
		error = make(c, c->spool_dir, "", 0700, USER_QUEUE);
	return error;
}

static bool component_ok(struct view v)
{
	return v.n > 0 && v.n <= 255 && !view_eq(v, V(".")) &&
	       !view_eq(v, V("..")) && !view_has_byte(v, '/') &&
	       !view_has_byte(v, '\0');
}

/* A new name is as durable as the mail that will be below it: the agent cannot
 * see to that, it knows nothing above its own directory. */
static int make_below(int parent, const char *name, mode_t mode)
{
	if (mkdirat(parent, name, mode) != 0)
		return errno == EEXIST ? 0 : -errno;
	return fsync(parent) == 0 ? 0 : -errno;
}

/* Opens the directory name below parent, made when it is missing. */
static int enter(int parent, struct view component, mode_t mode, int *fd)
{
	char name[256];
	int error = view_to_cstr(component, name, sizeof name);
	if (!error)
		error = make_below(parent, name, mode);
	if (error)
		return error;
	int opened = openat(
	    parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (opened < 0)
		return -errno;
	*fd = opened;
	return 0;
}

static int own_user_dir(const struct conf *conf, int fd)
{
	struct drop_user user;
	struct stat st;
	if (!drop_has_users(conf))
		return 0;
	int error = drop_user_find(conf->user_store, &user);
	if (error)
		return error;
	if (fstat(fd, &st) != 0)
		return -errno;
	if (st.st_uid == user.uid)
		return 0;
	return fchown(fd, user.uid, user.gid) ? -errno : 0;
}

static int open_mail(const struct conf *conf, int *fd)
{
	char path[2 * CONF_STRING_MAX];
	int error = layout_path(path, sizeof path, conf->state_dir, "mail");
	if (error)
		return error;
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

int layout_user_dir(const struct conf *conf, struct view directory, int *out)
{
	struct view domain, user = directory;
	int mail, dir, fd;
	if (!view_cut(&user, '/', &domain) || !component_ok(domain) ||
	    !component_ok(user))
		return MC_E_BAD;
	int error = open_mail(conf, &mail);
	if (error)
		return error;
	error = enter(mail, domain, 0711, &dir);
	close(mail);
	if (error)
		return error;
	error = enter(dir, user, 0700, &fd);
	close(dir);
	if (error)
		return error;
	error = own_user_dir(conf, fd);
	if (error)
		close(fd);
	else
		*out = fd;
	return error;
}
