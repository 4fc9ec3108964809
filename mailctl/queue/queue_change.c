#include "mailctl/queue/queue_change.h"
#include "base/clock.h"
#include "mailctl/monitor_channel.h"
#include "queued/spool/queue_db.h"
#include <stdlib.h>
#include <unistd.h>

enum {
	ROUND_MESSAGES = 100
};

struct item {
	uint64_t id;
	uint32_t index;
	json_t *row; /* of rows */
};

struct changing {
	struct mailctl *m;
	const struct queue_filter *filter;
	enum queue_action action;
	uint64_t now_s;
	json_t *rows;
	struct item *items;
	size_t n, cap;
	/* While reading. */
	struct queue_db *db;
	struct queue_txn t;
	uint64_t id, first; /* the message; where the next round begins */
	unsigned n_round;
	/* While asking. */
	struct chan chan;
	char *buffer;
	size_t counts[QUEUE_CHANGE_COUNT];
};

static int take_rcpt(void *ctx, const struct queue_rcpt *r)
{
	struct changing *c = ctx;
	char id[QUEUE_ID_DIGITS + 1];
	if (!queue_filter_takes_rcpt(c->filter, r))
		return 0;
	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 64;
		struct item *more = realloc(c->items, cap * sizeof *more);
		if (!more)
			return -ENOMEM;
		c->items = more;
		c->cap = cap;
	}
	queue_id_format(c->id, id);
	json_t *row = json_pack("{s:s, s:o, s:s, s:s}", "id", id, "recipient",
	    json_of_view(r->address), "state", rcpt_state_name(r->state),
	    "result", "as it was");
	json_array_append_new(c->rows, row);
	c->items[c->n++] = (struct item){ c->id, r->index, row };
	return 0;
}

static int take_mail(void *ctx, const struct queue_envelope *e)
{
	struct changing *c = ctx;
	if (c->n_round == ROUND_MESSAGES)
		return 1;
	c->n_round++;
	c->id = e->id;
	c->first = e->id + 1;
	if (!queue_filter_takes_mail(c->filter, e, c->now_s))
		return 0;
	return queue_each_rcpt(&c->t, e->id, take_rcpt, c);
}

/* Short transactions: the queue goes on meanwhile. */
static int collect(struct changing *c)
{
	int error = queue_db_open(c->m->conf->spool_dir, true, &c->db);
	if (error)
		return error == MC_E_NOENT ? 0 : error;
	do {
		c->n_round = 0;
		error = queue_begin_read(c->db, &c->t);
		if (error)
			break;
		error = queue_each(&c->t, c->first, take_mail, c);
		queue_abort(&c->t);
	} while (error >= 0 && c->n_round == ROUND_MESSAGES);
	queue_db_close(&c->db);
	return error < 0 ? error : 0;
}

static int take_statuses(
    struct changing *c, struct item *items, size_t n, struct view statuses)
{
	static const char *const words[QUEUE_CHANGE_COUNT] = { "done", "gone",
		"being delivered", "try again" };
	if (statuses.n != n)
		return MC_E_PROTO;
	for (size_t i = 0; i < n; i++) {
		unsigned char s = (unsigned char)statuses.p[i];
		if (s >= QUEUE_CHANGE_COUNT)
			return MC_E_PROTO;
		c->counts[s]++;
		json_object_set_new(
		    items[i].row, "result", json_string(words[s]));
	}
	return 0;
}

static int take_answer(struct changing *c, struct item *items, size_t n)
{
	struct msg in;
	int fd = -1;
	int error = chan_recv(&c->chan, c->buffer, &in, &fd);
	if (fd >= 0)
		close(fd);
	if (error)
		return error;
	if (in.type == MSG_CTL_QUEUE_DONE)
		return take_statuses(c, items, n, in.ctl_queue_done.statuses);
	return in.type == MSG_CTL_DONE ? MC_E_TEMP : MC_E_PROTO;
}

static int ask_some(struct changing *c, struct item *items, size_t n)
{
	char bytes[QUEUE_ITEMS_MAX * QUEUE_ITEM_OCTETS];
	struct wr w = wr_into(bytes, sizeof bytes);
	for (size_t i = 0; i < n; i++) {
		wr_u64(&w, items[i].id);
		wr_u32(&w, items[i].index);
	}
	struct msg out = { .type = MSG_CTL_QUEUE,
		.ctl_queue = { (uint8_t)c->action, { bytes, w.n } } };
	int error = chan_send(&c->chan, &out, -1);
	return error ? error : take_answer(c, items, n);
}

static int ask_all(struct changing *c)
{
	int error = monitor_connect(c->m, "queued", &c->chan);
	for (size_t i = 0; i < c->n && !error; i += QUEUE_ITEMS_MAX) {
		size_t n = c->n - i;
		error = ask_some(
		    c, c->items + i, n < QUEUE_ITEMS_MAX ? n : QUEUE_ITEMS_MAX);
	}
	chan_close(&c->chan);
	return error;
}

/* What is gone needs no change; the rest that was not done, another attempt. */
static int code_of(const struct changing *c)
{
	size_t n = c->counts[QUEUE_CHANGE_BUSY] + c->counts[QUEUE_CHANGE_TEMP];
	return n ? complain(EX_TEMPFAIL, "%zu recipients were not changed", n)
		 : 0;
}

static int run(struct changing *c)
{
	int error = collect(c);
	if (error)
		return complain(
		    exit_code_of(error), "queue: %s", err_text(error));
	if (!c->n)
		return complain(EX_NOUSER, "nothing like that is queued");
	if (c->filter->dry_run)
		return 0;
	error = ask_all(c);
	if (error == MC_E_TEMP)
		return complain(EX_TEMPFAIL, "the queue cannot be changed now");
	return error ? monitor_complain("queued", error) : code_of(c);
}

int queue_change(
    struct mailctl *m, const struct queue_filter *f, enum queue_action action)
{
	static const struct column columns[] = {
		{ "id", "ID", false },
		{ "state", "STATE", false },
		{ "result", "RESULT", false },
		{ "recipient", "RECIPIENT", false },
	};
	struct changing c = { .m = m,
		.filter = f,
		.action = action,
		.now_s = (uint64_t)clock_wall_s(),
		.rows = json_array(),
		.buffer = malloc(MSG_BYTES_MAX) };
	int code = c.buffer && c.rows ? run(&c) : EX_OSERR;
	int printed = print_rows(m, c.rows, columns, 4);
	free(c.items);
	free(c.buffer);
	return code ? code : printed;
}
