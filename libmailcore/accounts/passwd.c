#include "accounts/passwd.h"
#include "base/buf.h"
#include "base/panic.h"
#include "log/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LOOK_EVERY_MS = 1000
};

struct entry {
	char *address;          /* heap */
	struct view credential; /* in text */
};

struct passwd_file {
	char *path, *domain;
	struct buf text;
	struct entry *entries; /* in order of address */
	size_t n_entries;
	struct stat seen;
	bool is_loaded;
	uint64_t looked_at_ms;
};

struct passwd_file *passwd_new(const char *path, const char *domain)
{
	struct passwd_file *f = MUST_NEW(struct passwd_file);
	f->path = strdup(path);
	f->domain = strdup(domain);
	if (!f->path || !f->domain)
		fatal("out of memory");
	buf_init(&f->text, PASSWD_BYTES_MAX);
	return f;
}

static void forget(struct passwd_file *f)
{
	for (size_t i = 0; i < f->n_entries; i++)
		free(f->entries[i].address);
	free(f->entries);
	f->entries = NULL;
	f->n_entries = 0;
	f->is_loaded = false;
	buf_deinit(&f->text);
}

void passwd_free(struct passwd_file **f)
{
	if (!*f)
		return;
	forget(*f);
	free((*f)->path);
	free((*f)->domain);
	free(*f);
	*f = NULL;
}

static int add_line(struct passwd_file *f, struct view line, size_t *cap)
{
	char address[ACCOUNT_ADDRESS_MAX + 1];
	struct view name, credential;
	bool has_more = view_cut(&line, ':', &name);
	view_cut(&line, ':', &credential);
	if (!has_more || credential.n > ACCOUNT_CREDENTIAL_MAX)
		return MC_E_BAD;
	int error = view_has_byte(name, '@')
			? account_canonical(name, address)
			: account_join(name, view_of(f->domain), address);
	if (error)
		return error;
	if (f->n_entries == *cap) {
		size_t more = *cap ? 2 * *cap : 64;
		struct entry *grown = realloc(f->entries, more * sizeof *grown);
		if (!grown || more > 2 * PASSWD_ENTRIES_MAX)
			return MC_E_LIMIT;
		f->entries = grown;
		*cap = more;
	}
	char *copy = strdup(address);
	if (!copy)
		return MC_E_LIMIT;
	f->entries[f->n_entries++] = (struct entry){ copy, credential };
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	return strcmp(x->address, y->address);
}

static int parse(struct passwd_file *f)
{
	struct view rest = buf_view(&f->text), line;
	size_t cap = 0;
	for (int number = 1; rest.n; number++) {
		view_cut(&rest, '\n', &line);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (!line.n || line.p[0] == '#')
			continue;
		int error = add_line(f, line, &cap);
		if (error == MC_E_LIMIT)
			return error;
		if (error)
			LOG(NULL, WARN, "passwd.line", KV_STR("file", f->path),
			    KV_INT("line", number));
	}
	if (f->n_entries)
		qsort(f->entries, f->n_entries, sizeof *f->entries, by_address);
	return 0;
}

static int read_all(struct passwd_file *f, int fd)
{
	for (;;) {
		char *to = buf_reserve(&f->text, 65536);
		if (!to)
			return MC_E_LIMIT;
		ssize_t n = read(fd, to, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		buf_commit(&f->text, (size_t)n);
	}
}

static int load(struct passwd_file *f)
{
	forget(f);
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	int error = fstat(fd, &f->seen) == 0 ? read_all(f, fd) : -errno;
	close(fd);
	if (!error)
		error = parse(f);
	if (error)
		forget(f);
	f->is_loaded = !error;
	return error;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int refresh(struct passwd_file *f, uint64_t now_ms)
{
	struct stat st;
	if (f->is_loaded && now_ms - f->looked_at_ms < LOOK_EVERY_MS)
		return 0;
	f->looked_at_ms = now_ms;
	if (stat(f->path, &st) != 0)
		return -errno;
	if (f->is_loaded && is_same(&st, &f->seen))
		return 0;
	int error = load(f);
	if (error)
		LOG(NULL, ERROR, "passwd.failed", KV_STR("file", f->path),
		    KV_ERR("error", error));
	return error;
}

static int copy_entry(const struct entry *e, struct account *out)
{
	*out = (struct account){ 0 };
	snprintf(out->address, sizeof out->address, "%s", e->address);
	return view_to_cstr(
	    e->credential, out->credential, sizeof out->credential);
}

int passwd_get(struct passwd_file *f, struct view address, uint64_t now_ms,
    struct account *out)
{
	char key[ACCOUNT_ADDRESS_MAX + 1];
	int error = refresh(f, now_ms);
	if (!error)
		error = view_to_cstr(address, key, sizeof key);
	if (error)
		return error;
	struct entry want = { .address = key };
	const struct entry *e = f->n_entries
				    ? bsearch(&want, f->entries, f->n_entries,
					  sizeof want, by_address)
				    : NULL;
	return e ? copy_entry(e, out) : MC_E_NOENT;
}

int passwd_any(struct passwd_file *f, uint64_t number, struct account *out)
{
	if (!f->n_entries)
		return MC_E_NOENT;
	return copy_entry(&f->entries[number % f->n_entries], out);
}
