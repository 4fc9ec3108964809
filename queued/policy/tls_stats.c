#include "queued/policy/tls_stats.h"
#include "base/panic.h"
#include "queued/hash.h"
#include "queued/list.h"
#include "wire/rd.h"
#include <stdlib.h>
#include <string.h>

enum {
	NOTES_MAX = 5000,
	REMOVE_MAX = 100000, /* rows of one domain and day */
};

/* A key with what came since the last flush. */
struct note {
	struct hash_node node;
	uint64_t n_sessions;
	size_t key_n, value_n;
	char key[TLS_ROW_KEY_MAX];
	char value[TLS_ROW_VALUE_MAX]; /* of the last session */
};

struct tls_stats {
	struct hash notes;
};

struct tls_stats *tls_stats_new(void)
{
	return MUST_NEW(struct tls_stats);
}

static void drop(struct tls_stats *s, struct note *n)
{
	hash_remove(&s->notes, &n->node);
	free(n);
}

void tls_stats_free(struct tls_stats **sp)
{
	struct tls_stats *s = *sp;
	if (!s)
		return;
	for (struct hash_node *n; (n = hash_any(&s->notes));)
		drop(s, CONTAINER(n, struct note, node));
	hash_deinit(&s->notes);
	free(s);
	*sp = NULL;
}

static struct note *find(const struct tls_stats *s, struct view key)
{
	struct hash_node *h = hash_find(&s->notes, view_hash(key));
	for (; h; h = hash_find_next(h)) {
		struct note *n = CONTAINER(h, struct note, node);
		if (view_eq((struct view){ n->key, n->key_n }, key))
			return n;
	}
	return NULL;
}

void tls_stats_note(struct tls_stats *s, const struct tls_row *row)
{
	char key[TLS_ROW_KEY_MAX], value[TLS_ROW_VALUE_MAX];
	size_t n, prefix_n, value_n;
	if (tls_row_put_key(row, key, &n, &prefix_n) ||
	    tls_row_put_value(row, value, &value_n))
		return;
	struct note *note = find(s, (struct view){ key, n });
	if (!note && s->notes.n >= NOTES_MAX)
		return;
	if (!note) {
		note = MUST_NEW(struct note);
		memcpy(note->key, key, n);
		note->key_n = n;
		hash_add(
		    &s->notes, &note->node, view_hash((struct view){ key, n }));
	}
	note->n_sessions++;
	memcpy(note->value, value, value_n);
	note->value_n = value_n;
}

bool tls_stats_is_empty(const struct tls_stats *s)
{
	return s->notes.n == 0;
}

static void put(struct queue_txn *t, const struct note *n)
{
	struct view key = { n->key, n->key_n }, old;
	struct tls_row row, before;
	char value[TLS_ROW_VALUE_MAX];
	size_t value_n;
	if (tls_row_get(key, (struct view){ n->value, n->value_n }, &row))
		return;
	row.n_sessions = n->n_sessions;
	if (kv_get(&t->kv, QUEUE_TABLE_TLS, key, &old) == 0 &&
	    tls_row_get(key, old, &before) == 0)
		row.n_sessions += before.n_sessions;
	if (tls_row_put_value(&row, value, &value_n) == 0)
		kv_put(&t->kv, QUEUE_TABLE_TLS, key,
		    (struct view){ value, value_n });
}

int tls_stats_flush(struct tls_stats *s, struct queue_db *db)
{
	struct queue_txn t;
	int error = queue_begin_write(db, &t);
	if (error)
		return error;
	for (size_t i = 0; i < s->notes.cap; i++)
		for (struct hash_node *h = s->notes.buckets[i]; h; h = h->next)
			put(&t, CONTAINER(h, struct note, node));
	error = queue_commit(&t);
	if (error)
		return error;
	for (struct hash_node *h; (h = hash_any(&s->notes));)
		drop(s, CONTAINER(h, struct note, node));
	return 0;
}

static int prefix_of(
    uint32_t day, struct view domain, char key[TLS_ROW_KEY_MAX], size_t *n)
{
	struct tls_row row = { .day = day, .domain = domain };
	size_t whole;
	return tls_row_put_key(&row, key, &whole, n);
}

/* Behind all rows of a domain and day. */
static int behind_of(
    uint32_t day, struct view domain, char key[TLS_ROW_KEY_MAX], size_t *n)
{
	int error = prefix_of(day, domain, key, n);
	if (!error)
		key[*n - 1] = 1; /* past the NUL behind the domain */
	return error;
}

static int get_domain(struct view key, struct tls_domain *out)
{
	struct rd r = rd_of(key);
	struct view name;
	out->day = rd_u32(&r);
	if (r.failed || !view_cut(&r.rest, '\0', &name) ||
	    name.n > sizeof out->name)
		return MC_E_CORRUPT;
	memcpy(out->name, name.p, name.n);
	out->n = name.n;
	return 0;
}

int tls_stats_next(
    struct queue_txn *t, uint32_t before_day, struct tls_domain *d)
{
	struct kv_cursor c;
	char key[TLS_ROW_KEY_MAX];
	size_t n;
	int error = behind_of(d->day, tls_domain_view(d), key, &n);
	if (!error)
		error = kv_cursor_open(&c, &t->kv, QUEUE_TABLE_TLS);
	if (error)
		return error;
	error = kv_cursor_seek(&c, (struct view){ key, n });
	if (!error)
		error = get_domain(c.key, d);
	kv_cursor_close(&c);
	return !error && d->day >= before_day ? MC_E_NOENT : error;
}

int tls_stats_rows(struct queue_txn *t, uint32_t day, struct view domain,
    struct tls_row *out, size_t max, size_t *n)
{
	char bytes[TLS_ROW_KEY_MAX];
	struct view prefix = { bytes, 0 };
	struct kv_cursor c;
	int error = prefix_of(day, domain, bytes, &prefix.n);
	if (!error)
		error = kv_cursor_open(&c, &t->kv, QUEUE_TABLE_TLS);
	if (error)
		return error;
	*n = 0;
	error = kv_cursor_seek(&c, prefix);
	while (!error && *n < max && view_starts(c.key, prefix)) {
		if (tls_row_get(c.key, c.value, &out[*n]) == 0)
			(*n)++;
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}

void tls_stats_remove(struct queue_txn *t, uint32_t day, struct view domain)
{
	char first[TLS_ROW_KEY_MAX], behind[TLS_ROW_KEY_MAX];
	size_t n;
	unsigned dropped;
	if (prefix_of(day, domain, first, &n) ||
	    behind_of(day, domain, behind, &n))
		return;
	kv_drop_range(&t->kv, QUEUE_TABLE_TLS, (struct view){ first, n },
	    (struct view){ behind, n }, REMOVE_MAX, &dropped);
}
