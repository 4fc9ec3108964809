/* check and stats, in the child. */
#include "mailctl/store/store.h"
#include "store/check/check.h"
#include "store/mailbox/mailbox.h"
#include "store/mark.h"
#include "store/stats.h"
#include <stdio.h>
#include <string.h>

static int open_store(struct store **s)
{
	const struct store_options options = { .readonly = true };
	return store_open(".", &options, s);
}

static void put_number(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

static json_t *violation_json(const struct violation *v)
{
	json_t *o =
	    json_pack("{s:s, s:s}", "invariant", v->invariant, "text", v->text);
	if (v->mailbox)
		put_number(o, "mailbox", v->mailbox);
	if (v->uid)
		put_number(o, "uid", v->uid);
	if (v->msgid)
		put_number(o, "message", v->msgid);
	if (v->detail[0])
		json_object_set_new(o, "detail", json_of_text(v->detail));
	return o;
}

static void on_violation(void *ctx, const struct violation *v)
{
	(void)ctx;
	store_child_report("violation", violation_json(v));
}

static void on_phase(void *ctx, const char *phase)
{
	(void)ctx;
	store_child_report("phase", json_string(phase));
}

static int on_mailbox(
    void *ctx, struct view name, const struct mailbox *m, bool has_children)
{
	char text[1024];
	(void)ctx;
	(void)has_children;
	if (view_to_cstr(name, text, sizeof text) == 0)
		store_child_report(
		    "name", json_pack("{s:I, s:o}", "mailbox",
				(json_int_t)m->id, "name", json_of_text(text)));
	return 0;
}

void store_child_names(struct store *s)
{
	struct store_txn t;
	if (store_read(s, &t) != 0)
		return;
	int error = mailbox_each(&t, on_mailbox, NULL);
	(void)error; /* the check has said it */
	store_end(&t);
}

static int report_check(const struct check_result *r)
{
	json_t *o = json_object();
	json_object_set_new(
	    o, "state", json_string(r->violations ? "damaged" : "clean"));
	put_number(o, "n_violations", r->violations);
	put_number(o, "mailboxes", r->mailboxes);
	put_number(o, "rows", r->rows);
	put_number(o, "messages", r->objects);
	put_number(o, "retained", r->retained);
	put_number(o, "chunks", r->chunks);
	store_child_report("result", o);
	return r->violations ? STORE_DAMAGED : STORE_CLEAN;
}

/* A store that is there and cannot be opened. */
static int report_unusable(int error)
{
	struct violation v = { .invariant = "table-readable",
		.text = "every page of a table can be read" };
	const char *why =
	    error == MC_E_NOENT ? "there is no account in it" : err_text(error);
	if (error != MC_E_NOENT && error != MC_E_CORRUPT)
		return store_child_fail(error, "");
	snprintf(v.detail, sizeof v.detail, "%s", why);
	on_violation(NULL, &v);
	return report_check(&(struct check_result){ .violations = 1 });
}

/* Agents do not open it, whatever is found. */
static void report_mark(struct check_result *r)
{
	const struct violation v = { .invariant = "table-readable",
		.text = "every page of a table can be read",
		.detail = "a process that read the store was ended by it: "
			  "repair it" };
	on_violation(NULL, &v);
	r->violations++;
}

int store_child_check(int argc, char **argv)
{
	struct store *s;
	struct check_result r;
	const struct check_options options = {
		.bodies = argc < 1 || strcmp(argv[0], "--quick") != 0,
		.on_violation = on_violation,
		.on_phase = on_phase,
	};
	on_phase(NULL, "open");
	int error = open_store(&s);
	if (error)
		return report_unusable(error);
	error = store_check(s, &options, &r);
	if (!error && mark_is_set("."))
		report_mark(&r);
	if (!error && r.violations)
		store_child_names(s);
	store_close(&s);
	return error ? report_unusable(error) : report_check(&r);
}

static json_t *tables_json(const struct store_stats *st)
{
	json_t *tables = json_array();
	for (unsigned i = 0; i < STORE_STATS_TABLES; i++)
		json_array_append_new(tables,
		    json_pack("{s:s, s:I, s:I}", "table", st->tables[i].name,
			"entries", (json_int_t)st->tables[i].entries, "pages",
			(json_int_t)st->tables[i].pages));
	return tables;
}

int store_child_stats(int argc, char **argv)
{
	struct store *s;
	struct store_stats st;
	(void)argc;
	(void)argv;
	int error = open_store(&s);
	if (error)
		return store_child_fail(error, "");
	error = store_stats(s, &st);
	store_close(&s);
	if (error)
		return store_child_fail(error, "");
	json_t *o = json_object();
	put_number(o, "file_bytes", st.file_bytes);
	put_number(o, "free_bytes", st.free_bytes);
	put_number(o, "live_bytes", st.file_bytes - st.free_bytes);
	put_number(o, "mailboxes", st.mailboxes);
	put_number(o, "rows", st.rows);
	put_number(o, "messages", st.messages);
	put_number(o, "message_bytes", st.bytes);
	put_number(o, "retained", st.retained);
	put_number(o, "retained_bytes", st.retained_bytes);
	put_number(o, "stored_bytes", st.stored_bytes);
	put_number(o, "modseq", st.modseq);
	put_number(o, "changes_since", st.changes_since);
	json_object_set_new(o, "tables", tables_json(&st));
	store_child_report("result", o);
	return 0;
}
