/* The directories of users, as mailctl store goes to them. */
#include "mailctl/store/store.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_mail(const struct mailctl *m, int *fd)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/mail", m->conf->state_dir);
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

static int enter(int parent, const char *name, int *fd)
{
	*fd = openat(
	    parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

/* "domain/user" below mail. */
static int enter_both(int mail, const char *directory, int *fd)
{
	char domain[512];
	int level;
	const char *slash = strchr(directory, '/');
	if (!slash || (size_t)(slash - directory) >= sizeof domain)
		return MC_E_BAD;
	memcpy(domain, directory, (size_t)(slash - directory));
	domain[slash - directory] = '\0';
	int error = enter(mail, domain, &level);
	if (error)
		return error;
	error = enter(level, slash + 1, fd);
	close(level);
	return error;
}

static bool has_store(int dir)
{
	struct stat st;
	return fstatat(dir, "data.mdb", &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int store_target_open(const struct mailctl *m, const char *address, bool create,
    struct store_target *out)
{
	char directory[1024];
	int mail, error;
	out->input = out->output = 0;
	if (account_canonical(view_of(address), out->address) != 0 ||
	    account_directory(
		view_of(out->address), directory, sizeof directory) != 0)
		return complain(EX_DATAERR,
		    "\"%s\" is not an address that an account can have",
		    address);
	error = open_mail(m, &mail);
	if (!error) {
		error = enter_both(mail, directory, &out->dir);
		close(mail);
	}
	if (!error && !create && !has_store(out->dir)) {
		close(out->dir);
		error = -ENOENT;
	}
	if (error == -ENOENT)
		return complain(
		    EX_NOUSER, "%s: has no store here", out->address);
	return error ? complain(exit_code_of(error), "%s: %s", out->address,
			   err_text(error))
		     : 0;
}

static int hex(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *p = c ? strchr(digits, c) : NULL;
	return p ? (int)(p - digits) : -1;
}

/* The reverse of account_directory(). */
static bool name_of(const char *domain, const char *user, char *out, size_t cap)
{
	const char *const parts[] = { user, "@", domain };
	size_t n = 0;
	for (unsigned i = 0; i < 3; i++) {
		for (const char *p = parts[i]; *p; p++) {
			char c = *p;
			if (n + 1 >= cap)
				return false;
			if (c == '%' && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
				c = (char)(hex(p[1]) << 4 | hex(p[2]));
				p += 2;
			}
			out[n++] = c;
		}
	}
	out[n] = '\0';
	return true;
}

struct each {
	int (*fn)(void *ctx, const struct store_target *t);
	void *ctx;
	int code;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in fd that are no dot files, sorted; takes fd. */
static char **list(int fd, size_t *n)
{
	struct dirent *e;
	char **names = NULL;
	DIR *d = fdopendir(fd);
	*n = 0;
	if (!d)
		close(fd);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		char **more = realloc(names, (*n + 1) * sizeof *names);
		char *name = more ? strdup(e->d_name) : NULL;
		names = more ? more : names;
		if (!name)
			break;
		names[(*n)++] = name;
	}
	if (d)
		closedir(d);
	if (*n)
		qsort(names, *n, sizeof *names, by_name);
	return names;
}

static void list_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static void visit(
    struct each *e, int domain, const char *domain_name, const char *name)
{
	struct store_target t = { .dir = -1 };
	if (enter(domain, name, &t.dir) != 0)
		return;
	if (has_store(t.dir) &&
	    name_of(domain_name, name, t.address, sizeof t.address)) {
		int code = e->fn(e->ctx, &t);
		if (code > e->code)
			e->code = code;
	}
	close(t.dir);
}

static void visit_domain(struct each *e, int mail, const char *name)
{
	int domain, copy;
	size_t n;
	if (enter(mail, name, &domain) != 0)
		return;
	if (enter(domain, ".", &copy) == 0) {
		char **names = list(copy, &n);
		for (size_t i = 0; i < n; i++)
			visit(e, domain, name, names[i]);
		list_free(names, n);
	}
	close(domain);
}

int store_target_each(const struct mailctl *m,
    int (*fn)(void *ctx, const struct store_target *t), void *ctx)
{
	struct each e = { fn, ctx, 0 };
	int mail, copy;
	size_t n;
	int error = open_mail(m, &mail);
	if (error == -ENOENT)
		return 0;
	if (error)
		return complain(exit_code_of(error), "%s/mail: %s",
		    m->conf->state_dir, err_text(error));
	if (enter(mail, ".", &copy) == 0) {
		char **names = list(copy, &n);
		for (size_t i = 0; i < n; i++)
			visit_domain(&e, mail, names[i]);
		list_free(names, n);
	}
	close(mail);
	return e.code;
}
