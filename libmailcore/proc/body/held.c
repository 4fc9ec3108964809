/* What FILE_IS brought to a role: kept as text, told when it changed. */
#include "base/panic.h"
#include "base/secret.h"
#include "proc/body/body.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct held {
	struct held *next;
	enum file_kind kind;
	uint32_t index;
	char name[256];
	char *text; /* NULL: empty */
	size_t n;
	bool is_there, is_trusted;
};

static void drop_text(char *text, size_t n)
{
	if (text)
		secret_wipe(text, n);
	free(text);
}

/* At most as much as there is now: what grows comes again. */
static int read_text(int fd, char *text, size_t size, size_t *n)
{
	*n = 0;
	while (*n < size) {
		ssize_t got = pread(fd, text + *n, size - *n, (off_t)*n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		*n += (size_t)got;
	}
	return 0;
}

/* Into memory of its own, of which no copy stays anywhere. */
static int slurp(int fd, char **text, size_t *n)
{
	struct stat found;
	if (fstat(fd, &found) != 0)
		return -errno;
	if (found.st_size < 0 || found.st_size > PROC_FILE_MAX)
		return MC_E_LIMIT;
	size_t size = (size_t)found.st_size;
	char *memory = malloc(size + 1);
	if (!memory)
		return -ENOMEM;
	int error = read_text(fd, memory, size, n);
	if (error)
		drop_text(memory, size);
	else
		*text = memory;
	return error;
}

static struct held *find(
    struct proc *p, enum file_kind kind, uint32_t index, bool or_higher)
{
	for (struct held *h = p->held; h; h = h->next)
		if (h->kind == kind &&
		    (h->index == index || (or_higher && h->index > index)))
			return h;
	return NULL;
}

static struct held *find_or_add(
    struct proc *p, enum file_kind kind, uint32_t index)
{
	struct held *h = find(p, kind, index, false);
	if (h)
		return h;
	h = MUST_NEW(struct held);
	h->next = p->held;
	h->kind = kind;
	h->index = index;
	p->held = h;
	return h;
}

static bool same(
    const struct held *h, const struct msg_file_is *m, struct view text)
{
	return view_eq(view_of(h->name), m->name) &&
	       view_eq((struct view){ h->text, h->n }, text) &&
	       h->is_there == (m->is_there != 0) &&
	       h->is_trusted == (m->is_trusted != 0);
}

static void take(
    struct proc *p, const struct msg_file_is *m, char *text, size_t n)
{
	enum file_kind kind = (enum file_kind)m->kind;
	struct held *h = find_or_add(p, kind, m->index);
	bool changed = !same(h, m, (struct view){ text, n });
	if (view_to_cstr(m->name, h->name, sizeof h->name) != 0)
		h->name[0] = '\0';
	drop_text(h->text, h->n);
	h->text = text;
	h->n = n;
	h->is_there = m->is_there != 0;
	h->is_trusted = m->is_trusted != 0;
	if (changed && p->is_started && p->role->ops->file_changed)
		p->role->ops->file_changed(p, kind, m->index);
}

void held_on_file(struct proc *p, const struct msg *m, int fd)
{
	char *text = NULL;
	size_t n = 0;
	int error = m->file_is.kind < FILE_KIND_COUNT ? slurp(fd, &text, &n)
						      : MC_E_PROTO;
	close(fd);
	if (error)
		LOG(NULL, ERROR, "file.unreadable",
		    KV_VIEW("file", m->file_is.name), KV_ERR("error", error));
	if (error != MC_E_PROTO)
		take(p, &m->file_is, text, n);
}

void held_end(struct proc *p)
{
	while (p->held) {
		struct held *h = p->held;
		p->held = h->next;
		drop_text(h->text, h->n);
		free(h);
	}
}

bool proc_file(struct proc *p, enum file_kind kind, uint32_t index,
    struct view *name, struct view *text)
{
	const struct held *h = find(p, kind, index, false);
	if (!h && !find(p, kind, index, true))
		return false;
	if (name)
		*name = h ? view_of(h->name) : V_NONE;
	*text = h ? (struct view){ h->text, h->n } : V_NONE;
	return true;
}

bool proc_file_is_there(struct proc *p, enum file_kind kind, uint32_t index)
{
	const struct held *h = find(p, kind, index, false);
	return h && h->is_there;
}

bool proc_file_is_trusted(struct proc *p, enum file_kind kind, uint32_t index)
{
	const struct held *h = find(p, kind, index, false);
	return h && h->is_trusted;
}
