/* The queue as a subject: its records, and the spool files of large bodies. */
#include "queued/spool/queue_db.h"
#include "queued/spool/queue_spool.h"
#include "tests/crash/subject.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct queue_db *db;

enum {
	NOW_S = 1000000,
	MESSAGES_MAX = 40,
	GROUP_MAX = 3,
	SPOOL_ABOVE = 8000, /* small, so that there are many files */
};

/* The spool's directory was there long before: its name is safe. */
static int make_spool(const char *dir)
{
	char upper[4096];
	if (mkdir(dir, 0700) != 0)
		return errno == EEXIST ? 0 : -errno;
	snprintf(upper, sizeof upper, "%s/..", dir);
	int fd = open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 || fsync(fd) != 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	return error;
}

static int open_queue(const char *dir, bool create)
{
	int error = create ? make_spool(dir) : 0;
	if (!error)
		error = queue_db_open(dir, false, &db);
	return error ? error : queue_spool_recover(db);
}

static void close_queue(void)
{
	queue_db_close(&db);
}

static struct queue_txn held;

static int hold(void)
{
	return queue_begin_read(db, &held);
}

static void release(void)
{
	queue_abort(&held);
}

struct look {
	struct queue_txn t;
	uint64_t digest;
	uint64_t ids[MESSAGES_MAX + GROUP_MAX];
	size_t n;
	int error;
};

static int note_id(void *ctx, const struct queue_envelope *e)
{
	struct look *l = ctx;
	if (e->is_damaged || l->n == MESSAGES_MAX + GROUP_MAX)
		return MC_E_CORRUPT;
	l->ids[l->n++] = e->id;
	return 0;
}

static int look_at_ids(struct look *l)
{
	*l = (struct look){ .n = 0 };
	int error = queue_begin_read(db, &l->t);
	if (!error)
		error = queue_each(&l->t, 0, note_id, l);
	return error;
}

/* Every byte of a body was written for its id. */
static int put_spooled(uint64_t id, struct view text)
{
	uint64_t name = queue_db_new_id(db, NOW_S);
	int dir = queue_db_dir(db), fd;
	int error = queue_spool_create(dir, name, &fd);
	if (error)
		return error;
	for (size_t at = 0; at < text.n && !error;) {
		struct view piece = view_head(view_skip(text, at), 20000);
		ssize_t n = write(fd, piece.p, piece.n);
		error = n < 0 ? -errno : 0;
		at += n < 0 ? 0 : (size_t)n;
	}
	close(fd);
	if (!error)
		error = queue_spool_keep(dir, name, text.n, id);
	if (error)
		queue_spool_discard(dir, name);
	return error;
}

struct group {
	struct queue_envelope e[GROUP_MAX];
	unsigned objects[GROUP_MAX];
	uint64_t spooled[GROUP_MAX];
	size_t n, n_spooled;
};

static int take(struct group *g)
{
	unsigned object = subject_objects++;
	struct view text = subject_text(object);
	uint64_t id = queue_db_new_id(db, NOW_S);
	struct queue_envelope e = { .id = id,
		.received_s = NOW_S,
		.size_bytes = text.n,
		.is_spooled = text.n > SPOOL_ABOVE,
		.n_recipients = 2,
		.sender = V("from@a.example"),
		.remote = V("192.0.2.1") };
	int error = e.is_spooled ? put_spooled(id, text) : 0;
	if (error)
		return error;
	if (e.is_spooled)
		g->spooled[g->n_spooled++] = id;
	g->objects[g->n] = object;
	g->e[g->n++] = e;
	return 0;
}

static void add(struct queue_txn *t, const struct group *g, size_t i)
{
	const struct queue_envelope *e = &g->e[i];
	queue_add(t, e, e->is_spooled ? V_NONE : subject_text(g->objects[i]));
	for (uint32_t k = 0; k < 2; k++) {
		const struct queue_rcpt r = { .index = k,
			.next_s = NOW_S,
			.address =
			    k ? V("two@b.example") : V("one@b.example") };
		queue_add_rcpt(t, e->id, &r);
	}
}

/* As queued/commit.c: files first, then one transaction. */
static int op_commit(void)
{
	struct look l;
	struct group g = { .n = 0 };
	struct queue_txn t;
	int error = look_at_ids(&l);
	queue_abort(&l.t);
	size_t n = 1 + chance(GROUP_MAX);
	if (error || l.n >= MESSAGES_MAX)
		return error;
	while (g.n < n && !error)
		error = take(&g);
	if (!error)
		error =
		    queue_spool_sync(queue_db_dir(db), g.spooled, g.n_spooled);
	if (!error)
		error = queue_begin_write(db, &t);
	if (!error) {
		for (size_t i = 0; i < g.n; i++)
			add(&t, &g, i);
		error = queue_commit(&t);
	}
	for (size_t i = 0; error && i < g.n_spooled; i++)
		queue_spool_remove(queue_db_dir(db), g.spooled[i]);
	return error;
}

struct first_rcpt {
	struct queue_rcpt r;
	char address[64];
};

static int take_rcpt(void *ctx, const struct queue_rcpt *r)
{
	struct first_rcpt *f = ctx;
	f->r = *r;
	f->r.orcpt = f->r.reply = V_NONE;
	f->r.address = view_head(r->address, sizeof f->address);
	for (size_t i = 0; i < f->r.address.n; i++)
		f->address[i] = f->r.address.p[i];
	f->r.address.p = f->address;
	return 1;
}

/* The first recipient of a message by chance. */
static int aim(uint64_t *id, struct first_rcpt *f)
{
	struct look l;
	int error = look_at_ids(&l);
	if (!error && l.n == 0)
		error = MC_E_NOENT;
	if (!error) {
		*id = l.ids[chance((uint32_t)l.n)];
		int found = queue_each_rcpt(&l.t, *id, take_rcpt, f);
		error = found == 1 ? 0 : found < 0 ? found : MC_E_CORRUPT;
	}
	queue_abort(&l.t);
	return error;
}

static int op_postpone(void)
{
	struct queue_txn t;
	struct first_rcpt f;
	uint64_t id;
	int error = aim(&id, &f);
	if (!error)
		error = queue_begin_write(db, &t);
	if (error)
		return error;
	uint64_t due_s = f.r.next_s;
	f.r.next_s += 100;
	f.r.attempts++;
	f.r.reply = V("451 later");
	queue_update_rcpt(&t, id, &f.r, due_s);
	return queue_commit(&t);
}

static int op_remove(void)
{
	struct queue_txn t;
	struct first_rcpt f;
	uint64_t id;
	int error = aim(&id, &f);
	if (!error)
		error = queue_begin_write(db, &t);
	if (error)
		return error;
	queue_remove_rcpt(&t, id, f.r.index, f.r.next_s);
	return queue_commit(&t);
}

static int add_rcpt(void *ctx, const struct queue_rcpt *r)
{
	struct look *l = ctx;
	const uint64_t fields[] = { r->index, r->state, r->attempts,
		r->next_s };
	digest_add(&l->digest, fields, sizeof fields);
	digest_view(&l->digest, r->address);
	digest_view(&l->digest, r->reply);
	return 0;
}

static int read_spooled(uint64_t id, char *out, size_t *n)
{
	int fd;
	int error = queue_spool_open(queue_db_dir(db), id, &fd);
	if (error)
		return error;
	ssize_t got = read(fd, out, SUBJECT_TEXT_MAX);
	close(fd);
	*n = got < 0 ? 0 : (size_t)got;
	return got < 0 ? -errno : 0;
}

static int add_message(struct look *l, uint64_t id)
{
	static char body[SUBJECT_TEXT_MAX];
	struct queue_envelope e;
	size_t n;
	int error = queue_get(&l->t, id, &e);
	if (error)
		return error;
	digest_number(&l->digest, id);
	digest_number(&l->digest, e.size_bytes);
	digest_view(&l->digest, e.sender);
	error = e.is_spooled ? read_spooled(id, body, &n)
			     : queue_get_body(&l->t, id, body, &n);
	if (error)
		return error;
	digest_view(&l->digest, (struct view){ body, n });
	return queue_each_rcpt(&l->t, id, add_rcpt, l);
}

static int add_due(void *ctx, const struct queue_due *d)
{
	struct look *l = ctx;
	digest_number(&l->digest, d->time_s);
	digest_number(&l->digest, d->id + d->index);
	return 0;
}

static int digest(uint64_t *out)
{
	struct look l;
	const struct queue_due start = { 0 };
	int error = look_at_ids(&l);
	for (size_t i = 0; i < l.n && !error; i++)
		error = add_message(&l, l.ids[i]);
	if (!error)
		error = queue_each_due(&l.t, &start, add_due, &l);
	queue_abort(&l.t);
	*out = l.digest;
	return error;
}

/* Each message can be read, also when it is a file. */
static int check(void)
{
	uint64_t unused;
	return digest(&unused);
}

static const struct op ops[] = {
	{ "commit", 6, op_commit, true },
	{ "postpone", 3, op_postpone, false },
	{ "remove", 6, op_remove, false },
};

const struct subject subject_queue = { "queue", open_queue, close_queue, hold,
	release, check, digest, ops, sizeof ops / sizeof ops[0] };
