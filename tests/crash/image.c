#include "tests/crash/image.h"
#include "base/panic.h"
#include "tests/crash/subject.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SECTOR = 512,
	FILE_MAX_OCTETS = 256 << 20,
	NAME_OCTETS = 64,
};

/* A change of a file that is not safe yet. */
struct pending {
	bool is_size;
	uint64_t offset, n;
	const char *data;
};

struct file {
	uint64_t inode;
	bool is_dir;
	char *bytes; /* what is safe */
	size_t size, cap;
	struct pending *pending;
	size_t n_pending, cap_pending;
};

/* A name in a directory, or a change of one: made when file is not NULL,
 * removed otherwise. */
struct entry {
	uint64_t dir;
	char name[NAME_OCTETS];
	struct file *file;
};

/* A rename is both changes at once, and safe with either directory. */
struct change {
	struct entry entries[2];
	size_t n;
};

struct image {
	bool trust_syncs;
	uint64_t root;
	struct file **files;
	size_t n_files;
	struct entry *names; /* what is safe */
	size_t n_names;
	struct change *changes;
	size_t n_changes;
};

static void *grown(void *p, size_t n, size_t size)
{
	if (n & (n - 1))
		return p; /* room was made at the last power of two */
	p = realloc(p, (n ? 2 * n : 1) * size);
	if (!p)
		fatal("out of memory");
	return p;
}

struct image *image_new(bool trust_syncs)
{
	struct image *i = MUST_NEW(struct image);
	i->trust_syncs = trust_syncs;
	return i;
}

void image_free(struct image *i)
{
	for (size_t k = 0; k < i->n_files; k++) {
		free(i->files[k]->bytes);
		free(i->files[k]->pending);
		free(i->files[k]);
	}
	free(i->files);
	free(i->names);
	free(i->changes);
	free(i);
}

/* The youngest: numbers of inodes are used again. */
static struct file *file_of(struct image *i, uint64_t inode)
{
	for (size_t k = i->n_files; k-- > 0;)
		if (i->files[k]->inode == inode)
			return i->files[k];
	return NULL;
}

static struct file *file_new(struct image *i, uint64_t inode, bool is_dir)
{
	struct file *f = MUST_NEW(struct file);
	f->inode = inode;
	f->is_dir = is_dir;
	i->files = grown(i->files, i->n_files, sizeof(struct file *));
	i->files[i->n_files++] = f;
	return f;
}

static void resize(struct file *f, uint64_t size)
{
	if (size > FILE_MAX_OCTETS)
		fatal("file too large");
	if (size > f->cap) {
		f->cap = 2 * (size_t)size;
		f->bytes = realloc(f->bytes, f->cap);
		if (!f->bytes)
			fatal("out of memory");
	}
	if (size > f->size)
		memset(f->bytes + f->size, 0, (size_t)size - f->size);
	f->size = (size_t)size;
}

static void put(struct file *f, uint64_t offset, const char *data, size_t n)
{
	if (offset + n > f->size)
		resize(f, offset + n);
	memcpy(f->bytes + offset, data, n);
}

static void add_pending(
    struct image *i, const struct trace_event *e, const char *data)
{
	struct file *f = file_of(i, e->a);
	if (!f)
		return;
	f->pending = grown(f->pending, f->n_pending, sizeof *f->pending);
	f->pending[f->n_pending++] =
	    (struct pending){ e->kind == TRACE_TRUNCATE, e->offset, e->n,
		    data };
}

static void set_entry(
    struct entry *e, uint64_t dir, struct view name, struct file *file)
{
	*e = (struct entry){ .dir = dir, .file = file };
	if (name.n >= NAME_OCTETS)
		fatal("name too long");
	memcpy(e->name, name.p, name.n);
}

static void add_change(
    struct image *i, const struct trace_event *e, const char *name)
{
	struct view all = { name, e->n_name }, old = V_NONE;
	struct change c = { .n = 1 };
	struct file *f = NULL;
	if (e->kind == TRACE_RENAME) {
		f = file_of(i, e->c);
		view_cut(&all, '\0', &old);
		set_entry(&c.entries[1], e->a, old, NULL);
		set_entry(&c.entries[0], e->b, all, f);
		c.n = 2;
	} else {
		if (e->kind == TRACE_LINK)
			f = file_of(i, e->b);
		else if (e->kind != TRACE_UNLINK)
			f = file_new(i, e->b, e->kind == TRACE_MKDIR);
		set_entry(&c.entries[0], e->a, all, f);
	}
	i->changes = grown(i->changes, i->n_changes, sizeof *i->changes);
	i->changes[i->n_changes++] = c;
}

static void apply_entry(struct entry **names, size_t *n, const struct entry *e)
{
	size_t k = 0;
	while (k < *n && ((*names)[k].dir != e->dir ||
			     strcmp((*names)[k].name, e->name) != 0))
		k++;
	if (k < *n)
		(*names)[k] = (*names)[--*n];
	if (!e->file)
		return;
	*names = realloc(*names, (*n + 1) * sizeof **names);
	if (!*names)
		fatal("out of memory");
	(*names)[(*n)++] = *e;
}

static void apply_change(
    struct entry **names, size_t *n, const struct change *c)
{
	for (size_t k = 0; k < c->n; k++)
		apply_entry(names, n, &c->entries[k]);
}

static bool touches(const struct change *c, uint64_t dir)
{
	return c->entries[0].dir == dir ||
	       (c->n == 2 && c->entries[1].dir == dir);
}

static void sync_names(struct image *i, uint64_t dir)
{
	size_t kept = 0;
	for (size_t k = 0; k < i->n_changes; k++) {
		if (touches(&i->changes[k], dir))
			apply_change(&i->names, &i->n_names, &i->changes[k]);
		else
			i->changes[kept++] = i->changes[k];
	}
	/* grown() counts on powers of two: start anew. */
	struct change *rest = NULL;
	for (size_t k = 0; k < kept; k++) {
		rest = grown(rest, k, sizeof *rest);
		rest[k] = i->changes[k];
	}
	free(i->changes);
	i->changes = rest;
	i->n_changes = kept;
}

static void sync_bytes(struct file *f)
{
	for (size_t k = 0; k < f->n_pending; k++) {
		const struct pending *p = &f->pending[k];
		if (p->is_size)
			resize(f, p->offset);
		else
			put(f, p->offset, p->data, (size_t)p->n);
	}
	free(f->pending);
	f->pending = NULL;
	f->n_pending = 0;
}

static void sync_inode(struct image *i, uint64_t inode)
{
	struct file *f = file_of(i, inode);
	if (inode == i->root || (f && f->is_dir))
		sync_names(i, inode);
	/* Without the names there would be nothing to look at. */
	else if (f && i->trust_syncs)
		sync_bytes(f);
}

/* The bytes are safe, but not others of the file that wait. Later versions of
 * the same sector stay behind: there is only one descriptor with O_DSYNC. */
static void write_durable(
    struct image *i, const struct trace_event *e, const char *data)
{
	struct file *f = file_of(i, e->a);
	if (f)
		put(f, e->offset, data, (size_t)e->n);
}

void image_apply(struct image *i, const struct trace_event *e, const char *name,
    const char *data)
{
	switch ((enum trace_kind)e->kind) {
	case TRACE_ROOT:
		i->root = e->a;
		break;
	case TRACE_CREATE:
	case TRACE_MKDIR:
	case TRACE_LINK:
	case TRACE_UNLINK:
	case TRACE_RENAME:
		add_change(i, e, name);
		break;
	case TRACE_WRITE_DURABLE:
		if (i->trust_syncs)
			write_durable(i, e, data);
		else
			add_pending(i, e, data);
		break;
	case TRACE_WRITE:
	case TRACE_TRUNCATE:
		add_pending(i, e, data);
		break;
	case TRACE_SYNC:
		sync_inode(i, e->a);
		break;
	case TRACE_ACK:
	case TRACE_KINDS:
		break;
	}
}

/* Each sector of it with this chance out of 8. */
static void put_some(struct file *f, const struct pending *p, unsigned share)
{
	uint64_t at = p->offset, end = p->offset + p->n;
	while (at < end) {
		uint64_t next = (at / SECTOR + 1) * SECTOR;
		if (next > end)
			next = end;
		if (chance(8) < share)
			put(f, at, p->data + (at - p->offset),
			    (size_t)(next - at));
		at = next;
	}
}

/* A copy of f as the cut left it. */
static struct file cut_file(const struct file *f)
{
	static const unsigned shares[] = { 0, 1, 4, 7, 8 };
	unsigned share = shares[chance(5)];
	struct file cut = { .inode = f->inode };
	resize(&cut, f->size);
	if (f->size)
		memcpy(cut.bytes, f->bytes, f->size);
	for (size_t k = 0; k < f->n_pending; k++) {
		const struct pending *p = &f->pending[k];
		if (!p->is_size)
			put_some(&cut, p, share);
		else if (chance(8) < share)
			resize(&cut, p->offset);
	}
	/* The new size may be known before the bytes are there, or after. */
	if (cut.size > f->size && chance(2))
		resize(
		    &cut, f->size + chance((uint32_t)(cut.size - f->size) + 1));
	return cut;
}

/* The table of readers is written through a map, at any time. */
static void scramble(struct file *f)
{
	for (size_t k = 0; k < f->size; k++)
		f->bytes[k] = (char)chance(256);
}

static void write_file(const char *path, const struct file *f)
{
	struct file cut = cut_file(f);
	if (strstr(path, "-lock") && chance(2))
		scramble(&cut);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 ||
	    (cut.size && write(fd, cut.bytes, cut.size) != (ssize_t)cut.size))
		fatal("cannot write %s", path);
	close(fd);
	free(cut.bytes);
}

static void write_tree(
    const struct entry *names, size_t n, uint64_t dir, const char *path)
{
	char child[PATH_MAX];
	for (size_t k = 0; k < n; k++) {
		if (names[k].dir != dir)
			continue;
		int len =
		    snprintf(child, sizeof child, "%s/%s", path, names[k].name);
		if (len < 0 || len >= PATH_MAX)
			fatal("path too long");
		if (!names[k].file->is_dir)
			write_file(child, names[k].file);
		else if (mkdir(child, 0700) != 0)
			fatal("cannot make %s", child);
		else
			write_tree(names, n, names[k].file->inode, child);
	}
}

void image_write(struct image *i, const struct trace_event *during,
    const char *name, const char *data, const char *dir)
{
	/* What was under way counts as begun, and is not safe. */
	struct trace_event begun = *during;
	if (begun.kind == TRACE_WRITE_DURABLE)
		begun.kind = TRACE_WRITE;
	bool is_write = begun.kind == TRACE_WRITE;
	struct file *f = is_write ? file_of(i, begun.a) : NULL;
	size_t n_pending = f ? f->n_pending : 0;
	if (is_write)
		image_apply(i, &begun, name, data);
	struct entry *names = malloc((i->n_names + 1) * sizeof *names);
	if (!names)
		fatal("out of memory");
	size_t n = i->n_names;
	memcpy(names, i->names ? i->names : names, n * sizeof *names);
	size_t reached = chance((uint32_t)i->n_changes + 1);
	for (size_t k = 0; k < reached; k++)
		apply_change(&names, &n, &i->changes[k]);
	write_tree(names, n, i->root, dir);
	free(names);
	if (f)
		f->n_pending = n_pending;
}
