/* Commands on a large mailbox. */
#include "base/panic.h"
#include "bench.h"
#include <stdio.h>

enum {
	CHANGED = 100
};

static struct client *selected(struct store *s)
{
	struct client *c = client_new(s);
	client_run(c, "SELECT INBOX");
	return c;
}

static void measure(const struct bench *b, struct store *s, const char *name,
    const char *command, const char *undo)
{
	struct row r = { .name = name, .unit = "ms" };
	struct client *c = selected(s);
	for (unsigned i = 0; i < b->runs; i++) {
		row_start(&r);
		client_run(c, command);
		row_stop(&r);
		if (undo)
			client_run(c, undo);
	}
	client_free(&c);
	row_print(&r);
}

/* There and back, in sessions of their own: the numbers stay the same. */
static void measure_move(const struct bench *b, struct store *s)
{
	struct row r = { .name = "move", .unit = "ms" };
	char there[64], back[64];
	struct client *c = client_new(s);
	unsigned n = b->messages / 10;
	snprintf(there, sizeof there, "MOVE 1:%u Elsewhere", n);
	snprintf(back, sizeof back, "MOVE 1:%u INBOX", n);
	client_run(c, "CREATE Elsewhere");
	for (unsigned i = 0; i < b->runs; i++) {
		client_run(c, "SELECT INBOX");
		row_start(&r);
		client_run(c, there);
		row_stop(&r);
		client_run(c, "SELECT Elsewhere");
		client_run(c, back);
	}
	client_free(&c);
	row_print(&r);
}

static int count_message(void *ctx, const struct message *m)
{
	unsigned *n = ctx;
	*n += m->uid != 0;
	return 0;
}

static int count_vanished(void *ctx, uint32_t first, uint32_t last)
{
	unsigned *n = ctx;
	*n += last - first + 1;
	return 0;
}

static void measure_changes(const struct bench *b, struct store *s)
{
	struct row r = { .name = "changes", .unit = "ms" };
	struct client *c = selected(s);
	for (unsigned i = 0; i < b->runs; i++) {
		struct store_txn t;
		struct mailbox m;
		unsigned n = 0;
		char command[64];
		const struct changes_sink sink = { count_message,
			count_vanished, &n };
		bench_try(store_read(s, &t), "read");
		bench_try(mailbox_find(&t, V("INBOX"), &m), "INBOX");
		store_end(&t);
		for (unsigned k = 0; k < CHANGED; k++) {
			snprintf(command, sizeof command,
			    "STORE %u %cFLAGS.SILENT (\\Answered)",
			    k * (b->messages / CHANGED) + 1, "+-"[i % 2]);
			client_run(c, command);
		}
		row_start(&r);
		bench_try(store_read(s, &t), "read");
		bench_try(message_changes(&t, m.id, m.highestmodseq, &sink),
		    "changes");
		store_end(&t);
		row_stop(&r);
		mc_assert(n == CHANGED);
	}
	client_free(&c);
	row_print(&r);
}

void run_rows(const struct bench *b)
{
	struct bench once = *b;
	once.runs = 1;
	struct store *s = bench_open(b);
	measure(&once, s, "envelope-first",
	    "FETCH 1:* (ENVELOPE BODYSTRUCTURE)", NULL);
	measure(b, s, "envelope", "FETCH 1:* (ENVELOPE BODYSTRUCTURE)", NULL);
	measure(b, s, "flags", "FETCH 1:* (UID FLAGS)", NULL);
	measure(b, s, "store", "STORE 1:* +FLAGS.SILENT (\\Flagged)",
	    "STORE 1:* -FLAGS.SILENT (\\Flagged)");
	measure_move(b, s);
	measure_changes(b, s);
	store_close(&s);
}

void run_bodies(const struct bench *b)
{
	struct store *s = bench_open(b);
	measure(b, s, b->compress ? "bodies-zstd" : "bodies",
	    "FETCH 1:* (BODY.PEEK[])", NULL);
	store_close(&s);
}
