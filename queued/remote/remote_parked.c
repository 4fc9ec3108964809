/* What waits on disk for its site: taken when there is room, one sender after
 * the other. */
#include "queued/remote/remote_inside.h"
#include <string.h>

enum {
	TURN_ROWS = 8,  /* of one sender */
	STALE_MAX = 64, /* that are removed at once */
	SCAN_SITES = 100,
};

struct taking {
	struct queue *q;
	struct queue_txn t;
	struct site *site;
	struct view name;
	unsigned n_left, n_turn, n_round;
	uint32_t sender; /* whose turn it is */
	bool is_started; /* sender is one that there is */
	struct queue_ready stale[STALE_MAX];
	unsigned n_stale;
};

/* The record must say so, too: what it does not know of would be taken again
 * and again. */
static bool is_stale(struct taking *k, const struct queue_ready *row)
{
	struct queue_rcpt r;
	return queue_get_rcpt(&k->t, row->id, row->index, &r) != 0 ||
	       !view_eq(r.site, k->name) || r.sender != row->sender;
}

static int take_row(void *ctx, const struct queue_ready *row)
{
	struct taking *k = ctx;
	struct rcpt *r;
	if (!k->is_started)
		k->sender = row->sender;
	k->is_started = true;
	if (row->sender != k->sender || !k->n_turn || !k->n_left)
		return 1;
	if (window_has(k->q, row->id, row->index))
		return 0;
	if (is_stale(k, row)) {
		if (k->n_stale < STALE_MAX)
			k->stale[k->n_stale++] = *row;
		return 0;
	}
	int error = window_take(k->q, &k->t, row->id, row->index, &r);
	if (error)
		return error;
	k->n_turn--;
	k->n_left--;
	k->n_round++;
	sched_relay_taken(&k->q->remote.sched, k->site, 1, false);
	r->taken_for = k->site;
	address_resolve(k->q, r);
	return 0;
}

/* The next sender's turn. *is_end: there is none behind. */
static int take_turn(struct taking *k, uint32_t from, bool *is_end)
{
	struct queue_ready first = { .sender = from };
	k->is_started = false;
	k->n_turn = TURN_ROWS;
	int error = queue_each_ready(&k->t, k->name, &first, take_row, k);
	*is_end = !k->is_started || k->sender == UINT32_MAX;
	return error < 0 ? error : 0;
}

/* Each sender once, from the one on whose turn it is. */
static int take_round(struct taking *k, uint32_t *next_sender)
{
	uint32_t start = *next_sender;
	bool is_end, has_wrapped = false;
	k->n_round = 0;
	while (k->n_left) {
		int error = take_turn(k, *next_sender, &is_end);
		if (error)
			return error;
		*next_sender = is_end ? 0 : k->sender + 1;
		if (is_end && has_wrapped)
			return 0;
		has_wrapped |= is_end;
		if (has_wrapped && !is_end && *next_sender > start)
			return 0;
	}
	return 0;
}

static void remove_stale(struct taking *k)
{
	struct queue_txn t;
	if (!k->n_stale || queue_begin_write(k->q->db, &t))
		return;
	for (unsigned i = 0; i < k->n_stale; i++)
		queue_remove_ready(&t, k->name, &k->stale[i]);
	int error = queue_commit(&t);
	LOG(NULL, WARN, "queue.stale-rows", KV_INT("count", k->n_stale),
	    KV_ERR("error", error));
}

void remote_take(struct queue *q, struct site *site, unsigned n)
{
	struct remote_site *s = site->user;
	uint32_t next_sender = s ? s->next_sender : 0;
	struct taking k = { .q = q,
		.site = site,
		.name = { site->name, site->name_n },
		.n_left = n };
	int error = q->db ? queue_begin_read(q->db, &k.t) : MC_E_TEMP;
	if (!error) {
		do
			error = take_round(&k, &next_sender);
		while (!error && k.n_left && k.n_round);
		queue_abort(&k.t);
	}
	if (error)
		LOG(NULL, ERROR, "queue.unreadable", KV_ERR("error", error));
	else
		remove_stale(&k);
	if (s)
		s->next_sender = next_sender;
	sched_relay_taken(&q->remote.sched, site, 0, error || k.n_left > 0);
}

void remote_scan(struct queue *q)
{
	struct remote *m = &q->remote;
	struct queue_txn t;
	int error = q->db ? queue_begin_read(q->db, &t) : MC_E_TEMP;
	if (error)
		return;
	for (unsigned i = 0; i < SCAN_SITES && !error; i++) {
		error = queue_next_site(&t, m->scanned, &m->scanned_n);
		if (!error)
			sched_relay_parked(&m->sched,
			    sched_relay_site(&m->sched,
				(struct view){ m->scanned, m->scanned_n }, 0));
	}
	queue_abort(&t);
	m->is_scanning = !error;
	queue_schedule_round(q);
}
