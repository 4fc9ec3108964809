#include "mailctl/transfer/export.h"
#include "base/arena.h"
#include "mailctl/transfer/stream.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MAILBOXES_MAX = 10000,
	ROUND_MESSAGES = 64,
	NAMES_MEMORY = 64 << 20,
};

struct box {
	struct view name;
	struct mailbox m;
};

struct exporter {
	struct store *store;
	struct tree *tree;
	const struct export_format *format;
	struct report *report;
	struct view only;
	struct arena memory;
	struct box *boxes;
	size_t n;
	struct view keywords[KEYWORDS_MAX]; /* of the account, by slot */
	/* The mailbox. */
	void *ctx;
	const struct box *box;
	struct message rows[ROUND_MESSAGES];
	size_t n_rows;
	uint32_t next_uid;
	uint64_t done, bytes, failed;
};

/* What there is, in one transaction. */

static int add_box(
    void *ctx, struct view name, const struct mailbox *m, bool has_children)
{
	struct exporter *x = ctx;
	bool ok = true;
	(void)has_children;
	if ((m->flags & MAILBOX_NOSELECT) ||
	    (x->only.n && !view_eq(x->only, name)))
		return 0;
	struct box *more = realloc(x->boxes, (x->n + 1) * sizeof *more);
	if (!more)
		return MC_E_TEMP;
	x->boxes = more;
	more[x->n].name = arena_copy(&x->memory, name, &ok);
	more[x->n].m = *m;
	x->n += ok;
	return ok ? 0 : MC_E_LIMIT;
}

static int read_keywords(struct exporter *x, struct store_txn *t)
{
	bool ok = true;
	for (unsigned i = 0; i < KEYWORDS_MAX; i++) {
		struct view name;
		int error = keyword_name(t, i, &name);
		if (error == MC_E_NOENT)
			continue;
		if (error)
			return error;
		x->keywords[i] = arena_copy(&x->memory, name, &ok);
	}
	return ok ? 0 : MC_E_TEMP;
}

static int look_around(struct exporter *x)
{
	struct store_txn t;
	int error = store_read(x->store, &t);
	if (error)
		return error;
	if (view_ieq(x->only, V("INBOX")))
		x->only = V("INBOX");
	error = mailbox_each(&t, add_box, x);
	/* What of a damaged list could be read is exported. */
	if (error == MC_E_CORRUPT) {
		report_problem(
		    x->report, V("the list of mailboxes"), err_text(error));
		error = 0;
	}
	if (!error)
		error = read_keywords(x, &t);
	store_end(&t);
	return !error && x->only.n && !x->n ? MC_E_NOENT : error;
}

/* Messages. */

static bool has_keyword(const struct message *m, unsigned slot)
{
	return m->keywords[slot / 8] & 1u << slot % 8;
}

static int take_row(void *ctx, const struct message *m)
{
	struct exporter *x = ctx;
	x->rows[x->n_rows++] = *m;
	return x->n_rows == ROUND_MESSAGES;
}

static int next_rows(struct exporter *x)
{
	struct store_txn t;
	x->n_rows = 0;
	if (x->next_uid == 0)
		return 0;
	int error = store_read(x->store, &t);
	if (error)
		return error;
	error = message_each(
	    &t, x->box->m.id, x->next_uid, UINT32_MAX, take_row, x);
	store_end(&t);
	if (x->n_rows)
		x->next_uid = x->rows[x->n_rows - 1].uid + 1;
	return error < 0 ? error : 0;
}

static struct view read_uidl(
    struct exporter *x, const struct message *row, char out[UIDL_OCTETS_MAX])
{
	struct store_txn t;
	struct view v;
	if (!(row->internal & MESSAGE_HAS_UIDL) ||
	    store_read(x->store, &t) != 0)
		return V_NONE;
	int error = message_uidl(&t, x->box->m.id, row, &v);
	if (error || v.n > UIDL_OCTETS_MAX)
		v.n = 0;
	memcpy(out, v.n ? v.p : "", v.n);
	store_end(&t);
	return (struct view){ out, v.n };
}

/* Which side failed matters: a message that cannot be read is left out, a
 * file that cannot be written ends it all. */
struct piping {
	struct exporter *x;
	int error;
};

static int put_piece(void *ctx, struct view piece)
{
	struct piping *p = ctx;
	p->error = p->x->format->put(p->x->ctx, piece);
	return p->error;
}

static int fail(struct exporter *x, const struct message *row, int error)
{
	char where[1100];
	x->failed++;
	struct buf text;
	buf_init(&text, sizeof where);
	buf_printf(&text, "%.*s, UID %u", (int)x->box->name.n, x->box->name.p,
	    row->uid);
	report_problem(x->report, buf_view(&text), err_text(error));
	buf_deinit(&text);
	return 0;
}

static int export_row(struct exporter *x, const struct message *row)
{
	struct view keywords[KEYWORDS_MAX];
	char uidl[UIDL_OCTETS_MAX];
	struct export_message m = { .row = row, .keywords = keywords };
	struct piping piping = { .x = x };
	for (unsigned i = 0; i < KEYWORDS_MAX; i++)
		if (has_keyword(row, i) && x->keywords[i].n)
			keywords[m.n_keywords++] = x->keywords[i];
	m.uidl = read_uidl(x, row, uidl);
	int error = x->format->begin(x->ctx, &m);
	if (error)
		return error;
	error = stream_message(
	    x->store, row->msgid, row->size_bytes, put_piece, &piping);
	if (piping.error)
		return piping.error;
	if (!error) {
		x->done++;
		x->bytes += row->size_bytes;
		return x->format->end(x->ctx);
	}
	int undone = x->format->abandon(x->ctx);
	/* Expunged while we were on our way: it is not missed. */
	if (!undone && error != MC_E_NOENT)
		undone = fail(x, row, error);
	return undone;
}

static int export_rows(struct exporter *x)
{
	x->next_uid = 1;
	do {
		int error = next_rows(x);
		if (error == MC_E_CORRUPT || error == -EIO) {
			report_problem(x->report, x->box->name,
			    "rows cannot be read: the rest is left out");
			return 0;
		}
		for (size_t i = 0; i < x->n_rows && !error; i++) {
			report_progress(x->report, x->box->name, x->done,
			    x->box->m.messages);
			error = export_row(x, &x->rows[i]);
		}
		if (error)
			return error;
	} while (x->n_rows == ROUND_MESSAGES);
	return 0;
}

/* Mailboxes. */

static int by_bytes(const void *a, const void *b)
{
	const struct view *x = a, *y = b;
	return view_cmp(*x, *y);
}

static int use_keyword(void *ctx, const struct message *m)
{
	uint8_t *used = ctx;
	for (size_t i = 0; i < sizeof m->keywords; i++)
		used[i] |= m->keywords[i];
	return 0;
}

/* Those that its messages have, in an order that does not depend on the
 * account. */
static size_t keywords_of_box(struct exporter *x, struct view *out)
{
	struct store_txn t;
	struct message all = { .uid = 0 };
	size_t n = 0;
	if (store_read(x->store, &t) == 0) {
		/* Damage is found, and told, when rows are exported. */
		int error = message_each(
		    &t, x->box->m.id, 1, UINT32_MAX, use_keyword, all.keywords);
		(void)error;
		store_end(&t);
	}
	for (unsigned i = 0; i < KEYWORDS_MAX; i++)
		if (has_keyword(&all, i) && x->keywords[i].n)
			out[n++] = x->keywords[i];
	if (n)
		qsort(out, n, sizeof *out, by_bytes);
	return n;
}

static void add_row(struct exporter *x)
{
	json_t *row = json_object();
	struct view name = x->box->name;
	json_object_set_new(row, "mailbox", json_stringn(name.p, name.n));
	json_object_set_new(row, "messages", json_integer((json_int_t)x->done));
	json_object_set_new(row, "bytes", json_integer((json_int_t)x->bytes));
	json_object_set_new(row, "failed", json_integer((json_int_t)x->failed));
	report_row(x->report, row);
}

static int export_box(struct exporter *x, const struct box *box)
{
	struct view keywords[KEYWORDS_MAX];
	x->box = box;
	x->ctx = NULL;
	x->done = x->bytes = x->failed = 0;
	size_t n = keywords_of_box(x, keywords);
	int error = x->format->open(
	    &x->ctx, x->tree, x->report, box->name, &box->m, keywords, n);
	if (error == -ENAMETOOLONG || error == MC_E_LIMIT || error == -EEXIST) {
		report_problem(x->report, box->name,
		    "no file can have its name: left out");
		return 0;
	}
	if (error)
		return error;
	error = export_rows(x);
	int closed = x->format->close(x->ctx);
	if (!error)
		error = closed;
	if (!error)
		add_row(x);
	return error;
}

struct names {
	struct arena *memory;
	struct view *all;
	size_t n;
};

static int add_name(void *ctx, struct view name)
{
	struct names *names = ctx;
	bool ok = true;
	struct view *more = realloc(names->all, (names->n + 1) * sizeof *more);
	if (!more)
		return MC_E_TEMP;
	names->all = more;
	more[names->n] = arena_copy(names->memory, name, &ok);
	names->n += ok;
	return ok ? 0 : MC_E_LIMIT;
}

static int export_subscriptions(struct exporter *x)
{
	struct store_txn t;
	struct names names = { .memory = &x->memory };
	if (x->only.n)
		return 0;
	int error = store_read(x->store, &t);
	if (error)
		return error;
	error = mailbox_subscriptions(&t, add_name, &names);
	store_end(&t);
	if (error == MC_E_CORRUPT) {
		report_problem(x->report, V("subscriptions"), err_text(error));
		error = 0;
	}
	if (!error)
		error = x->format->subscriptions(x->tree, names.all, names.n);
	free(names.all);
	return error;
}

/* All files at once: much cheaper than each by itself. */
static int sync_files(const struct tree *t)
{
#ifdef __linux__
	return syncfs(t->root) == 0 ? 0 : -errno;
#else
	(void)t;
	sync();
	return 0;
#endif
}

int export_store(struct store *s, struct tree *t,
    const struct export_format *format, struct view mailbox,
    struct report *report)
{
	struct exporter x = { .store = s,
		.tree = t,
		.format = format,
		.report = report,
		.only = mailbox };
	arena_init(&x.memory, NAMES_MEMORY);
	int error = look_around(&x);
	for (size_t i = 0; i < x.n && !error; i++)
		error = export_box(&x, &x.boxes[i]);
	if (!error)
		error = export_subscriptions(&x);
	if (!error)
		error = sync_files(t);
	free(x.boxes);
	arena_deinit(&x.memory);
	return error;
}

int export_report(struct report *report)
{
	static const struct column columns[] = {
		{ "mailbox", "MAILBOX", false },
		{ "messages", "MESSAGES", true },
		{ "bytes", "BYTES", true },
		{ "failed", "FAILED", true },
	};
	return report_end(report, columns, sizeof columns / sizeof *columns);
}
