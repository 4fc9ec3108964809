#include "mailctl/queue/queue_why.h"
#include "base/clock.h"
#include "mailctl/monitor_channel.h"
#include "queued/notice/explain.h"
#include "queued/remote/sched_relay.h"
#include "queued/spool/queue_db.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	RCPTS_MAX = 1000,
	PARKED_MAX = 100000, /* counted at most */
	TEXT_MAX = 512,
	ROUND_MESSAGES = 100,
};

struct looking {
	struct mailctl *m;
	bool is_id;
	uint64_t id;
	struct view address;
	struct queue_db *db;
	struct queue_txn t;
	uint64_t current, first; /* the message; where the next round begins */
	unsigned n_round;
	json_t *rows;
	/* While asking. */
	struct chan chan;
	bool is_up; /* queued answers */
	char *buffer;
};

static json_t *row_of(uint64_t message, const struct queue_rcpt *r)
{
	char id[QUEUE_ID_DIGITS + 1];
	queue_id_format(message, id);
	struct explanation e = explain_reply(r->reply);
	json_t *row = json_object();
	json_object_set_new(row, "id", json_string(id));
	json_object_set_new(row, "recipient", json_of_view(r->address));
	json_object_set_new(row, "kind", json_string(leaf_kind_name(r->kind)));
	if (leaf_is_command(r->kind) || leaf_is_file(r->kind))
		json_object_set_new(row, "target", json_of_view(r->text));
	json_object_set_new(
	    row, "state", json_string(rcpt_state_name(r->state)));
	json_object_set_new(row, "attempts", json_integer(r->attempts));
	json_object_set_new(row, "last_attempt", json_of_time(r->last_s));
	json_object_set_new(row, "next_attempt",
	    json_of_time(r->state == RCPT_WAITING ? r->next_s : 0));
	json_object_set_new(row, "host", json_of_view(r->host));
	json_object_set_new(row, "reply", json_of_view(r->reply));
	json_object_set_new(
	    row, "means", json_of_view(r->reply.n ? e.what : V("")));
	json_object_set_new(
	    row, "advice", json_of_view(r->reply.n ? e.todo : V("")));
	json_object_set_new(row, "parked_at", json_of_view(r->site));
	return row;
}

static int take_rcpt(void *ctx, const struct queue_rcpt *r)
{
	struct looking *k = ctx;
	if (!k->is_id && !view_ieq(k->address, r->address))
		return 0;
	if (json_array_size(k->rows) >= RCPTS_MAX)
		return 1;
	json_array_append_new(k->rows, row_of(k->current, r));
	return 0;
}

static int take_mail(void *ctx, const struct queue_envelope *e)
{
	struct looking *k = ctx;
	if (k->n_round == ROUND_MESSAGES)
		return 1;
	k->n_round++;
	k->current = e->id;
	k->first = e->id + 1;
	return queue_each_rcpt(&k->t, e->id, take_rcpt, k);
}

static int look_by_address(struct looking *k)
{
	int error;
	do {
		k->n_round = 0;
		error = queue_begin_read(k->db, &k->t);
		if (error)
			return error;
		error = queue_each(&k->t, k->first, take_mail, k);
		queue_abort(&k->t);
	} while (error >= 0 && k->n_round == ROUND_MESSAGES);
	return error < 0 ? error : 0;
}

static int look_by_id(struct looking *k)
{
	int error = queue_begin_read(k->db, &k->t);
	if (error)
		return error;
	k->current = k->id;
	error = queue_each_rcpt(&k->t, k->id, take_rcpt, k);
	queue_abort(&k->t);
	return error < 0 ? error : 0;
}

static int count_parked(void *ctx, const struct queue_ready *r)
{
	unsigned *n = ctx;
	(void)r;
	return ++*n >= PARKED_MAX;
}

static unsigned parked_at(struct looking *k, struct view site)
{
	unsigned n = 0;
	struct queue_ready first = { 0 };
	if (!site.n || queue_begin_read(k->db, &k->t))
		return 0;
	int error = queue_each_ready(&k->t, site, &first, count_parked, &n);
	queue_abort(&k->t);
	return error < 0 ? 0 : n;
}

static struct view text_of(const json_t *row, const char *key)
{
	return view_of(json_string_value(json_object_get(row, key)));
}

static json_int_t number_of(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

static json_t *json_site(const struct msg_ctl_site_is *is, unsigned n_parked)
{
	static const char *const states[SITE_STATE_COUNT] = { "not tried yet",
		"up", "down" };
	json_t *o = json_object();
	json_object_set_new(o, "name", json_of_view(is->site));
	json_object_set_new(o, "state",
	    json_string(is->state < SITE_STATE_COUNT ? states[is->state]
						     : "not known"));
	json_object_set_new(
	    o, "connections", json_integer((json_int_t)is->connections));
	json_object_set_new(o, "connections_max",
	    json_integer((json_int_t)is->connections_max));
	json_object_set_new(
	    o, "in_memory", json_integer((json_int_t)is->recipients));
	json_object_set_new(o, "parked", json_integer((json_int_t)n_parked));
	json_object_set_new(
	    o, "tried_again_in", json_integer((json_int_t)is->wait_s));
	json_object_set_new(o, "host", json_of_view(is->host));
	json_object_set_new(o, "trouble", json_of_view(is->text));
	return o;
}

/* Of what waits, how its destination is. */
static int ask_site(struct looking *k, json_t *row)
{
	struct msg in, out = { .type = MSG_CTL_SITE,
		.ctl_site = {
		    text_of(row, "parked_at"), text_of(row, "recipient") } };
	int fd = -1;
	int error = chan_send(&k->chan, &out, -1);
	if (!error)
		error = chan_recv(&k->chan, k->buffer, &in, &fd);
	if (fd >= 0)
		close(fd);
	if (error)
		return error;
	if (in.type != MSG_CTL_SITE_IS)
		return in.type == MSG_CTL_DONE ? MC_E_TEMP : MC_E_PROTO;
	if (in.ctl_site_is.site.n)
		json_object_set_new(row, "destination",
		    json_site(
			&in.ctl_site_is, parked_at(k, in.ctl_site_is.site)));
	return 0;
}

/* What cannot be asked is left out. */
static void ask_sites(struct looking *k)
{
	size_t i;
	json_t *row;
	int error = monitor_connect(k->m, "queued", &k->chan);
	k->is_up = !error;
	json_array_foreach(k->rows, i, row)
	{
		if (!error && view_eq(text_of(row, "state"), V("waiting")))
			error = ask_site(k, row);
	}
	chan_close(&k->chan);
}

/* What strangers said must not reach a terminal as control characters. */
static void say(const char *before, struct view v, const char *after)
{
	fputs(before, stdout);
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];
		putchar(c < 32 || c == 127 ? '?' : c);
	}
	fputs(after, stdout);
}

static void say_site(const json_t *site)
{
	struct view state = text_of(site, "state");
	say("  Its destination is ", text_of(site, "name"), "");
	say(", which is ", state, "");
	if (view_eq(state, V("down")))
		printf(", and is tried again in %lld s",
		    (long long)number_of(site, "tried_again_in"));
	printf("; %lld of %lld connections, %lld recipients at work, %lld "
	       "parked.\n",
	    (long long)number_of(site, "connections"),
	    (long long)number_of(site, "connections_max"),
	    (long long)number_of(site, "in_memory"),
	    (long long)number_of(site, "parked"));
	if (text_of(site, "trouble").n) {
		say("  Its last trouble: ", text_of(site, "trouble"), "");
		say(" (", text_of(site, "host"), ")\n");
	}
}

static void say_attempts(const json_t *row)
{
	struct view next = text_of(row, "next_attempt");
	struct view site = text_of(row, "parked_at");
	long long n = (long long)number_of(row, "attempts");
	say("  It is ", text_of(row, "state"), "; ");
	if (n)
		printf("tried %lld time%s", n, n == 1 ? "" : "s");
	else
		fputs("not tried yet", stdout);
	if (n && text_of(row, "last_attempt").n)
		say(", at last at ", text_of(row, "last_attempt"), "");
	if (site.n)
		say(".\n  It waits on disk until its destination can take it, "
		    "at the latest until ",
		    next, "");
	else if (next.n)
		say("; the next attempt is at ", next, "");
	fputs(".\n", stdout);
}

static void say_reply(const json_t *row)
{
	struct view host = text_of(row, "host");
	if (!text_of(row, "reply").n)
		return;
	if (host.n)
		say("  ", host, " said: ");
	else
		fputs("  The reason: ", stdout);
	say("", text_of(row, "reply"), "\n");
	say("  That means: ", text_of(row, "means"), ".\n");
	if (text_of(row, "advice").n)
		say("  ", text_of(row, "advice"), "\n");
}

static void say_target(const json_t *row)
{
	struct view kind = text_of(row, "kind"),
		    target = text_of(row, "target");
	if (view_eq(kind, V("forward")))
		fputs(", by the forward file of its Unix user", stdout);
	if (view_eq(kind, V("command")))
		say(", by the command ", target, "");
	if (view_eq(kind, V("user-command")))
		say(", by its Unix user's command ", target, "");
	if (view_eq(kind, V("file")))
		say(", into the file ", target, "");
	if (view_eq(kind, V("user-file")))
		say(", into its Unix user's file ", target, "");
	putchar('\n');
}

static void say_row(const json_t *row)
{
	const json_t *site = json_object_get(row, "destination");
	say("", text_of(row, "id"), " to ");
	say("", text_of(row, "recipient"), "");
	say_target(row);
	say_attempts(row);
	say_reply(row);
	if (site)
		say_site(site);
}

static int print(struct looking *k)
{
	size_t i;
	json_t *row;
	if (k->m->json)
		return json_dumpf(k->rows, stdout, JSON_INDENT(1)) == 0 &&
			       putchar('\n') != EOF
			   ? 0
			   : EX_IOERR;
	json_array_foreach(k->rows, i, row) say_row(row);
	if (!k->is_up)
		fputs("queued is not running: nothing is tried.\n", stdout);
	return 0;
}

static int run(struct looking *k)
{
	int error = queue_db_open(k->m->conf->spool_dir, true, &k->db);
	if (!error)
		error = k->is_id ? look_by_id(k) : look_by_address(k);
	if (error && error != MC_E_NOENT)
		return complain(
		    exit_code_of(error), "queue: %s", err_text(error));
	if (!json_array_size(k->rows))
		return complain(EX_NOUSER, "nothing like that is queued");
	ask_sites(k);
	return print(k);
}

int queue_why(struct mailctl *m, const char *what)
{
	struct looking k = { .m = m,
		.address = view_of(what),
		.rows = json_array(),
		.chan = { .fd = -1 },
		.buffer = malloc(MSG_BYTES_MAX) };
	k.is_id = queue_id_parse(k.address, &k.id);
	int code = k.rows && k.buffer ? run(&k) : EX_OSERR;
	queue_db_close(&k.db);
	json_decref(k.rows);
	free(k.buffer);
	return code;
}
