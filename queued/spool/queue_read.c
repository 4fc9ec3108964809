/* The reading half of queued/spool/queue_db.h. */
#include "base/panic.h"
#include "queued/spool/queue_db.h"
#include "queued/spool/queue_record.h"
#include "wire/rd.h"

int queue_get(struct queue_txn *t, uint64_t id, struct queue_envelope *out)
{
	struct view v;
	struct queue_key key = queue_key_id(id);
	int error =
	    kv_get(&t->kv, QUEUE_TABLE_MESSAGES, queue_key_view(&key), &v);
	return error ? error : queue_record_get_envelope(v, id, out);
}

int queue_get_rcpt(
    struct queue_txn *t, uint64_t id, uint32_t index, struct queue_rcpt *out)
{
	struct view v;
	struct queue_key key = queue_key_part(id, index);
	int error =
	    kv_get(&t->kv, QUEUE_TABLE_RECIPIENTS, queue_key_view(&key), &v);
	return error ? error : queue_record_get_rcpt(v, index, out);
}

int queue_get_body(struct queue_txn *t, uint64_t id, char *out, size_t *n)
{
	size_t done = 0;
	struct view v;
	for (uint32_t chunk = 0;; chunk++) {
		struct queue_key key = queue_key_part(id, chunk);
		int error = kv_get(
		    &t->kv, QUEUE_TABLE_BODIES, queue_key_view(&key), &v);
		if (error == MC_E_NOENT)
			break;
		if (error)
			return error;
		if (v.n > QUEUE_BODY_MAX - done)
			return MC_E_CORRUPT;
		memcpy(out + done, v.p, v.n);
		done += v.n;
	}
	*n = done;
	return 0;
}

/* Gives each row from first on to fn, as long as it returns 0. */
static int each(struct queue_txn *t, unsigned table, struct view first,
    int (*fn)(void *ctx, struct view key, struct view value), void *ctx)
{
	struct kv_cursor c;
	int error = kv_cursor_open(&c, &t->kv, table);
	if (error)
		return error;
	int more = kv_cursor_seek(&c, first);
	while (!more && !error) {
		error = fn(ctx, c.key, c.value);
		if (!error)
			more = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	return error ? error : more == MC_E_NOENT ? 0 : more;
}

struct each_message {
	int (*fn)(void *ctx, const struct queue_envelope *e);
	void *ctx;
};

static int one_message(void *ctx, struct view key, struct view value)
{
	struct each_message *m = ctx;
	struct rd r = rd_of(key);
	uint64_t id = rd_u64(&r);
	struct queue_envelope e;
	if (queue_record_get_envelope(value, id, &e))
		e = (struct queue_envelope){ .id = id, .is_damaged = true };
	return m->fn(m->ctx, &e);
}

int queue_each(struct queue_txn *t, uint64_t first,
    int (*fn)(void *ctx, const struct queue_envelope *e), void *ctx)
{
	struct each_message m = { fn, ctx };
	struct queue_key key = queue_key_id(first);
	return each(
	    t, QUEUE_TABLE_MESSAGES, queue_key_view(&key), one_message, &m);
}

struct each_rcpt {
	uint64_t id;
	bool is_past; /* the last one; not fn ended it */
	int (*fn)(void *ctx, const struct queue_rcpt *r);
	void *ctx;
};

static int one_rcpt(void *ctx, struct view key, struct view value)
{
	struct each_rcpt *m = ctx;
	struct rd r = rd_of(key);
	m->is_past = rd_u64(&r) != m->id;
	if (m->is_past)
		return 1;
	uint32_t index = rd_u32(&r);
	struct queue_rcpt rcpt;
	if (queue_record_get_rcpt(value, index, &rcpt))
		rcpt = (struct queue_rcpt){ .index = index,
			.state = RCPT_FAILED,
			.reply = V("5.3.0 the record is damaged") };
	return m->fn(m->ctx, &rcpt);
}

int queue_each_rcpt(struct queue_txn *t, uint64_t id,
    int (*fn)(void *ctx, const struct queue_rcpt *r), void *ctx)
{
	struct each_rcpt m = { id, false, fn, ctx };
	struct queue_key key = queue_key_part(id, 0);
	int error =
	    each(t, QUEUE_TABLE_RECIPIENTS, queue_key_view(&key), one_rcpt, &m);
	return m.is_past ? 0 : error;
}

struct each_due {
	const struct queue_due *after;
	int (*fn)(void *ctx, const struct queue_due *d);
	void *ctx;
};

static int one_due(void *ctx, struct view key, struct view value)
{
	(void)value;
	struct each_due *m = ctx;
	struct rd r = rd_of(key);
	struct queue_due d;
	d.time_s = rd_u64(&r);
	d.id = rd_u64(&r);
	d.index = rd_u32(&r);
	if (!rd_end(&r))
		return MC_E_CORRUPT;
	const struct queue_due *a = m->after;
	if (d.time_s == a->time_s && d.id == a->id && d.index == a->index)
		return 0;
	return m->fn(m->ctx, &d);
}

int queue_each_due(struct queue_txn *t, const struct queue_due *after,
    int (*fn)(void *ctx, const struct queue_due *d), void *ctx)
{
	struct each_due m = { after, fn, ctx };
	struct queue_key key =
	    queue_key_due(after->time_s, after->id, after->index);
	return each(t, QUEUE_TABLE_DUE, queue_key_view(&key), one_due, &m);
}

struct each_ready {
	struct view site;
	bool is_past;
	int (*fn)(void *ctx, const struct queue_ready *r);
	void *ctx;
};

static int one_ready(void *ctx, struct view key, struct view value)
{
	(void)value;
	struct each_ready *m = ctx;
	size_t n = m->site.n;
	struct rd r = rd_of(view_skip(key, n < key.n ? n : key.n));
	m->is_past = !view_starts(key, m->site) || rd_u8(&r) != 0 || r.failed;
	if (m->is_past)
		return 1;
	struct queue_ready row = { .sender = rd_u32(&r) };
	row.id = rd_u64(&r);
	row.index = rd_u32(&r);
	return rd_end(&r) ? m->fn(m->ctx, &row) : MC_E_CORRUPT;
}

int queue_each_ready(struct queue_txn *t, struct view site,
    const struct queue_ready *first,
    int (*fn)(void *ctx, const struct queue_ready *r), void *ctx)
{
	struct each_ready m = { site, false, fn, ctx };
	struct queue_ready_key key;
	if (!queue_db_has_ready(t->db))
		return 0;
	queue_key_ready(&key, site, first->sender, first->id, first->index);
	int error = each(t, QUEUE_TABLE_READY,
	    (struct view){ key.bytes, key.n }, one_ready, &m);
	return m.is_past ? 0 : error;
}

int queue_next_site(struct queue_txn *t, char *out, size_t *n)
{
	struct kv_cursor c;
	char behind[QUEUE_SITE_MAX + 1];
	struct view site;
	if (!queue_db_has_ready(t->db))
		return MC_E_NOENT;
	int error = kv_cursor_open(&c, &t->kv, QUEUE_TABLE_READY);
	if (error)
		return error;
	/* All rows of a site go on with NUL, which no name has. */
	memcpy(behind, out, *n);
	behind[*n] = 1;
	error = kv_cursor_seek(&c, (struct view){ behind, *n + 1 });
	if (!error) {
		site = view_head(c.key, view_find_byte(c.key, '\0'));
		if (site.n && site.n <= QUEUE_SITE_MAX)
			memcpy(out, site.p, *n = site.n);
		else
			error = MC_E_CORRUPT;
	}
	kv_cursor_close(&c);
	return error;
}
