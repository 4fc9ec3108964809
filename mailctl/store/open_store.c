#include "mailctl/store/open_store.h"
#include "proc/monitor/monitor.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

static int check_account(struct mailctl *m, const char *address)
{
	char dir[4096];
	struct resolved r;
	struct accounts *a =
	    accounts_new(m->conf, accounts_dir(m, dir, sizeof dir));
	resolve_account(a, view_of(address), &r);
	accounts_free(&a);
	if (r.kind == ADDRESS_TEMP)
		return complain(
		    EX_TEMPFAIL, "%s: the accounts cannot be read", address);
	if (r.kind != ADDRESS_LOCAL || r.rule != RESOLVE_EXACT || r.is_alias)
		return complain(EX_NOUSER, "%s: no such account", address);
	return 0;
}

/* Made by the first daemon, usually. */
static int make_mail(const struct mailctl *m)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/mail", m->conf->state_dir);
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0755) != 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(path, 0711) != 0 && errno != EEXIST ? -errno : 0;
}

static int open_existing(const struct mailctl *m, const char *name, int *fd)
{
	char path[4096];
	int n =
	    snprintf(path, sizeof path, "%s/mail/%s", m->conf->state_dir, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return MC_E_LIMIT;
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	return errno == ENOENT ? MC_E_NOENT : -errno;
}

static int make_dir(const struct mailctl *m, const char *name, int *fd)
{
	int error = make_mail(m);
	return error ? error : layout_user_dir(m->conf, view_of(name), fd);
}

int mail_dir_open(
    struct mailctl *m, const char *address, bool create, struct mail_dir *out)
{
	char name[2 * CONF_STRING_MAX];
	out->fd = -1;
	if (account_canonical(view_of(address), out->address) != 0)
		return complain(EX_DATAERR,
		    "\"%s\" is not an address that an account can have",
		    address);
	int code = create ? check_account(m, out->address) : 0;
	if (code)
		return code;
	int error = account_directory(view_of(out->address), name, sizeof name);
	if (!error && create)
		error = make_dir(m, name, &out->fd);
	else if (!error)
		error = open_existing(m, name, &out->fd);
	if (error == MC_E_NOENT)
		return complain(EX_NOUSER, "%s: has no mail", out->address);
	if (error)
		return complain(exit_code_of(error), "%s/mail/%s: %s",
		    m->conf->state_dir, name, err_text(error));
	return 0;
}

void mail_dir_close(struct mail_dir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

int become_owner(int fd)
{
	struct stat st;
#ifdef __linux__
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
#endif
	if (fstat(fd, &st) != 0)
		return -errno;
	if (geteuid() != 0 || st.st_uid == 0)
		return 0;
	if (setgroups(1, &st.st_gid) != 0 ||
	    setresgid(st.st_gid, st.st_gid, st.st_gid) != 0 ||
	    setresuid(st.st_uid, st.st_uid, st.st_uid) != 0)
		return -errno;
	return setuid(0) == 0 ? -EPERM : 0;
}

int wait_for(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return complain(
			    EX_OSERR, "waitpid: %s", err_text(-errno));
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return complain(EX_SOFTWARE,
	    "the process that had the store died of "
	    "signal %d",
	    WTERMSIG(status));
}

static int in_child(struct mailctl *m, const struct mail_dir *d,
    int (*fn)(struct mailctl *m, void *ctx), void *ctx)
{
	int error = become_owner(d->fd);
	if (!error && fchdir(d->fd) != 0)
		error = -errno;
	if (error)
		return complain(
		    exit_code_of(error), "%s: %s", d->address, err_text(error));
	umask(077);
	int code = fn(m, ctx);
	if (fflush(stdout) != 0 && !code)
		code = complain(EX_IOERR, "cannot write the output");
	return code;
}

int mail_dir_run(struct mailctl *m, const struct mail_dir *d,
    int (*fn)(struct mailctl *m, void *ctx), void *ctx)
{
	fflush(stdout);
	fflush(stderr);
	pid_t pid = fork();
	if (pid < 0)
		return complain(EX_OSERR, "fork: %s", err_text(-errno));
	if (pid == 0)
		_exit(in_child(m, d, fn, ctx));
	return wait_for(pid);
}
