/* undelete, retention and expunge, in the child. */
#include "mailctl/store/store_retained.h"
#include "store/mailbox/retained.h"
#include "text/message/header.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEADER_MAX = 64 * 1024,
	TEXT_MAX = 500, /* of a field that is shown */
	ROWS_SLICE = 1000,
};

struct job {
	char **args;
	struct store *store;
	uint64_t time_s, msgid;
	uint32_t mailbox, into;
	json_t *result;
	uint64_t n;
};

static bool take_number(const char *text, uint64_t *n)
{
	*n = 0;
	return !*text || view_u64(view_of(text), n);
}

static bool is_mode(const struct job *j, const char *mode)
{
	return strcmp(j->args[ARG_MODE], mode) == 0;
}

/* Both names become ids; empty: 0. Complains. */
static int find_mailbox(struct job *j, unsigned arg, uint32_t *id)
{
	struct store_txn t;
	struct mailbox m;
	*id = 0;
	if (!*j->args[arg])
		return 0;
	int error = store_read(j->store, &t);
	if (error)
		return store_child_fail(error, "");
	error = mailbox_find(&t, view_of(j->args[arg]), &m);
	store_end(&t);
	if (!error && m.flags & MAILBOX_NOSELECT)
		error = MC_E_NOENT;
	*id = m.id;
	return error ? store_child_fail(error, j->args[arg]) : 0;
}

static int run(int argc, char **argv, bool readonly, int (*fn)(struct job *j))
{
	uint64_t retention_s;
	struct job j = { .args = argv };
	if (argc != ARGS || !take_number(argv[ARG_TIME], &j.time_s) ||
	    !take_number(argv[ARG_RETENTION], &retention_s))
		return EX_USAGE;
	if (!take_number(argv[ARG_MESSAGE], &j.msgid))
		return store_child_fail(MC_E_BAD, argv[ARG_MESSAGE]);
	const struct store_options options = { .readonly = readonly,
		.retention_s = (uint32_t)retention_s };
	int error = store_open(".", &options, &j.store);
	if (error)
		return store_child_fail(error, "");
	j.result = json_object();
	int code = find_mailbox(&j, ARG_MAILBOX, &j.mailbox);
	if (!code)
		code = find_mailbox(&j, ARG_INTO, &j.into);
	if (!code)
		code = fn(&j);
	if (!code)
		store_child_report("result", json_incref(j.result));
	json_decref(j.result);
	store_close(&j.store);
	return code;
}

static void put_number(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

static int report_done(struct job *j)
{
	put_number(j->result, "messages", j->n);
	json_object_set_new(
	    j->result, "dry_run", json_boolean(is_mode(j, "dry-run")));
	return 0;
}

/* undelete */

/* A decoded header field; null when there is none. */
static json_t *field_json(struct view header, struct view name)
{
	struct header_field f;
	struct buf plain;
	char text[TEXT_MAX + 1];
	if (!header_find(header, name, &f))
		return json_null();
	buf_init(&plain, HEADER_MAX);
	header_decode(f.value, &plain);
	struct view v = view_head(buf_view(&plain), TEXT_MAX);
	for (size_t i = 0; i < v.n; i++)
		text[i] = v.p[i] ? v.p[i] : '?';
	text[v.n] = '\0';
	buf_deinit(&plain);
	return json_of_text(text);
}

static void put_fields(struct job *j, uint64_t msgid, json_t *o)
{
	struct store_txn t;
	struct message_info info;
	struct view header = V("");
	char *bytes = malloc(HEADER_MAX);
	int error = bytes ? store_read(j->store, &t) : MC_E_TEMP;
	if (!error) {
		error = message_info(&t, msgid, &info);
		if (!error)
			header = view_head((struct view){ bytes, HEADER_MAX },
			    info.header_size);
		if (!error)
			error = message_read(&t, msgid, 0, bytes, header.n);
		if (!error)
			json_object_set_new(
			    o, "date", json_of_time((uint64_t)info.sent_s));
		store_end(&t);
	}
	if (error)
		header = V("");
	json_object_set_new(o, "from", field_json(header, V("From")));
	json_object_set_new(o, "subject", field_json(header, V("Subject")));
	free(bytes);
}

static void report_item(struct job *j, const struct retained_message *m)
{
	json_t *o = json_object();
	put_number(o, "message", m->msgid);
	put_number(o, "mailbox", m->mailbox);
	put_number(o, "uid", m->uid);
	put_number(o, "bytes", m->size_bytes);
	json_object_set_new(o, "expunged", json_of_time(m->expunged_s));
	json_object_set_new(o, "until", json_of_time(m->purge_s));
	put_fields(j, m->msgid, o);
	store_child_report("item", o);
}

/* What is wanted, first: its fields are read in transactions of their own. */
struct items {
	const struct undelete *wish;
	struct retained_message *all;
	size_t n, cap;
};

static int on_retained(void *ctx, const struct retained_message *m)
{
	struct items *items = ctx;
	if (!undelete_wants(items->wish, m))
		return 0;
	if (items->n == items->cap) {
		size_t cap = items->cap ? 2 * items->cap : 64;
		void *p = realloc(items->all, cap * sizeof *items->all);
		if (!p)
			return MC_E_TEMP;
		items->all = p;
		items->cap = cap;
	}
	items->all[items->n++] = *m;
	return 0;
}

static int look(struct job *j, const struct undelete *wish)
{
	struct store_txn t;
	struct items items = { .wish = wish };
	int error = store_read(j->store, &t);
	if (error)
		return error;
	error = message_retained(&t, on_retained, &items);
	store_end(&t);
	j->n = items.n;
	for (size_t i = 0; i < items.n && is_mode(j, "list"); i++)
		report_item(j, &items.all[i]);
	if (is_mode(j, "list"))
		store_child_names(j->store);
	free(items.all);
	return error;
}

static int undelete(struct job *j)
{
	const struct undelete wish = { .msgid = j->msgid,
		.mailbox = j->mailbox,
		.since_s = (uint32_t)j->time_s,
		.to = j->into };
	bool looks = is_mode(j, "list") || is_mode(j, "dry-run");
	int error =
	    looks ? look(j, &wish) : message_undelete(j->store, &wish, &j->n);
	return error ? store_child_fail(error, "") : report_done(j);
}

int store_child_undelete(int argc, char **argv)
{
	bool readonly = argc && *argv[ARG_MODE];
	return run(argc, argv, readonly, undelete);
}

/* retention */

static int report_retention(struct job *j)
{
	struct store_txn t;
	uint32_t own = 0, account = 0;
	uint64_t option;
	int error = store_read(j->store, &t);
	if (error)
		return error;
	error = mailbox_retention(&t, 0, &account);
	if (!error && j->mailbox)
		error = mailbox_retention(&t, j->mailbox, &own);
	store_end(&t);
	(void)take_number(j->args[ARG_RETENTION], &option);
	const char *from = own ? "mailbox" : account ? "account" : "option";
	put_number(j->result, "retention_s",
	    own       ? own
	    : account ? account
		      : option);
	json_object_set_new(j->result, "from", json_string(from));
	json_object_set_new(j->result, "mailbox",
	    j->mailbox ? json_of_text(j->args[ARG_MAILBOX]) : json_null());
	return error;
}

static int retention(struct job *j)
{
	int error = 0;
	if (*j->args[ARG_TIME])
		error = mailbox_set_retention(
		    j->store, j->mailbox, (uint32_t)j->time_s);
	if (!error)
		error = report_retention(j);
	return error ? store_child_fail(error, "") : 0;
}

int store_child_retention(int argc, char **argv)
{
	bool readonly = argc == ARGS && !*argv[ARG_TIME];
	return run(argc, argv, readonly, retention);
}

/* expunge */

struct old {
	struct job *job;
	struct uidset uids;
	uint32_t next; /* 0: all were seen */
	unsigned n;
};

static int on_row(void *ctx, const struct message *m)
{
	struct old *o = ctx;
	if (o->n++ == ROWS_SLICE) {
		o->next = m->uid;
		return 1;
	}
	if (m->savedate_s >= o->job->time_s)
		return 0;
	o->job->n++;
	return uidset_add(&o->uids, m->uid, m->uid);
}

static int find_old(struct old *o)
{
	struct store_txn t;
	uint32_t first = o->next;
	o->n = 0;
	o->next = 0;
	int error = store_read(o->job->store, &t);
	if (error)
		return error;
	error = message_each(&t, o->job->mailbox, first, UINT32_MAX, on_row, o);
	store_end(&t);
	return error > 0 ? 0 : error;
}

static int expunge(struct job *j)
{
	struct old o = { .job = j, .next = 1 };
	struct uidset gone;
	int error = 0;
	uidset_init(&o.uids);
	uidset_init(&gone);
	while (!error && o.next)
		error = find_old(&o);
	if (!error && j->n && !is_mode(j, "dry-run")) {
		error = message_expunge(
		    j->store, j->mailbox, &o.uids, false, &gone);
		j->n = gone.count;
	}
	uidset_deinit(&o.uids);
	uidset_deinit(&gone);
	return error ? store_child_fail(error, "") : report_done(j);
}

int store_child_expunge(int argc, char **argv)
{
	bool readonly = argc && *argv[ARG_MODE];
	return run(argc, argv, readonly, expunge);
}
