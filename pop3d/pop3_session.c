#include "pop3d/pop3_session.h"
#include "base/panic.h"
#include "pop3d/pop3.h"
#include "pop3d/pop3_line.h"
#include "store/maildrop.h"
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	FAULTS_MAX = 20,
	ENTRIES_MAX = 10000000
};

struct pop3_command {
	struct view keyword;
	unsigned min, max; /* arguments */
	void (*run)(struct pop3_session *p, const struct pop3_words *w);
};

static void finish(struct pop3_session *p)
{
	p->done = true;
	agent_session_finish(p->shell);
}

/* Message number to entry; NULL after a reply. Deleted ones do not exist. */
static struct pop3_entry *entry_of(struct pop3_session *p, struct view number)
{
	uint32_t n;
	if (!view_u32(number, &n) || n == 0) {
		pop3_err(p->shell->out, "not a message number");
		return NULL;
	}
	if (n > p->n_entries || p->entries[n - 1].deleted) {
		pop3_err(p->shell->out, "no such message");
		return NULL;
	}
	return &p->entries[n - 1];
}

static size_t number_of(
    const struct pop3_session *p, const struct pop3_entry *e)
{
	return (size_t)(e - p->entries) + 1;
}

static void run_stat(struct pop3_session *p, const struct pop3_words *w)
{
	(void)w;
	buf_printf(
	    p->shell->out, "+OK %zu %" PRIu64 "\r\n", p->left, p->left_bytes);
}

static void start_list(struct pop3_session *p, enum pop3_job_kind kind)
{
	buf_printf(p->shell->out, "+OK %zu messages (%" PRIu64 " octets)\r\n",
	    p->left, p->left_bytes);
	p->job = (struct pop3_job){ .kind = kind };
}

static void run_list(struct pop3_session *p, const struct pop3_words *w)
{
	if (w->n_arguments == 0) {
		start_list(p, POP3_JOB_LIST);
		return;
	}
	const struct pop3_entry *e = entry_of(p, w->arguments[0]);
	if (e)
		buf_printf(p->shell->out, "+OK %zu %" PRIu64 "\r\n",
		    number_of(p, e), e->wire_bytes);
}

/* False: it has none, or it was expunged meanwhile. */
static bool put_imported(
    struct pop3_session *p, const struct pop3_entry *e, struct buf *out)
{
	struct store_txn t;
	struct view uidl;
	const struct message m = { .uid = e->uid,
		.internal = MESSAGE_HAS_UIDL };
	if (!e->imported || store_read(p->shell->store, &t) != 0)
		return false;
	int error = message_uidl(&t, p->mailbox, &m, &uidl);
	if (!error)
		buf_put(out, uidl);
	store_end(&t);
	return !error;
}

/* Dovecot's default format, or what the message was imported with, so that
 * clients of a migrated host do not fetch everything again (RFC 1939 7: 1 to
 * 70 printable octets, never reused). */
void pop3_put_uidl(
    struct pop3_session *p, const struct pop3_entry *e, struct buf *out)
{
	if (!put_imported(p, e, out))
		buf_printf(out, "%08x%08x", e->uid, p->uidvalidity);
}

static void run_uidl(struct pop3_session *p, const struct pop3_words *w)
{
	if (w->n_arguments == 0) {
		start_list(p, POP3_JOB_UIDL);
		return;
	}
	const struct pop3_entry *e = entry_of(p, w->arguments[0]);
	if (!e)
		return;
	buf_printf(p->shell->out, "+OK %zu ", number_of(p, e));
	pop3_put_uidl(p, e, p->shell->out);
	buf_put(p->shell->out, V("\r\n"));
}

static int sizes(
    struct pop3_session *p, uint64_t msgid, uint64_t *header, uint64_t *all)
{
	struct store_txn t;
	struct message_info info;
	int error = store_read(p->shell->store, &t);
	if (error)
		return error;
	error = message_info(&t, msgid, &info);
	if (!error) {
		*header = info.header_size;
		*all = info.size_bytes;
	}
	store_end(&t);
	return error;
}

/* lines: of the body; UINT64_MAX: all. */
static void start_body(
    struct pop3_session *p, struct pop3_entry *e, uint64_t lines)
{
	uint64_t head = 0, all = 0;
	int error = sizes(p, e->msgid, &head, &all);
	if (error == MC_E_NOENT) {
		pop3_err(p->shell->out, "message was expunged elsewhere");
		return;
	}
	if (error) {
		LOG(p->shell->log, ERROR, "message.unreadable",
		    KV_INT("uid", e->uid), KV_ERR("reason", error));
		pop3_err(p->shell->out, "[SYS/TEMP] message cannot be read");
		return;
	}
	if (lines == UINT64_MAX)
		buf_printf(
		    p->shell->out, "+OK %" PRIu64 " octets\r\n", e->wire_bytes);
	else
		pop3_ok(p->shell->out, "top of message follows");
	p->job = (struct pop3_job){ .kind = POP3_JOB_BODY,
		.at = (size_t)(e - p->entries),
		.end = lines ? all : head,
		.lines_left = lines,
		.header_size = head };
	dot_writer_init(&p->job.dots);
}

static void run_retr(struct pop3_session *p, const struct pop3_words *w)
{
	struct pop3_entry *e = entry_of(p, w->arguments[0]);
	if (!e)
		return;
	start_body(p, e, UINT64_MAX);
	e->retrieved |= p->job.kind == POP3_JOB_BODY;
}

static void run_top(struct pop3_session *p, const struct pop3_words *w)
{
	uint32_t lines;
	struct pop3_entry *e = entry_of(p, w->arguments[0]);
	if (!e)
		return;
	if (view_u32(w->arguments[1], &lines))
		start_body(p, e, lines);
	else
		pop3_err(p->shell->out, "not a number of lines");
}

static void run_dele(struct pop3_session *p, const struct pop3_words *w)
{
	struct pop3_entry *e = entry_of(p, w->arguments[0]);
	if (!e)
		return;
	e->deleted = true;
	p->left--;
	p->left_bytes -= e->wire_bytes;
	pop3_ok(p->shell->out, "marked for deletion");
}

static void run_rset(struct pop3_session *p, const struct pop3_words *w)
{
	(void)w;
	p->left = p->n_entries;
	p->left_bytes = 0;
	for (size_t i = 0; i < p->n_entries; i++) {
		p->entries[i].deleted = false;
		p->left_bytes += p->entries[i].wire_bytes;
	}
	pop3_ok(p->shell->out, "nothing is marked for deletion");
}

static void run_noop(struct pop3_session *p, const struct pop3_words *w)
{
	(void)w;
	pop3_ok(p->shell->out, "nothing done");
}

/* IMPLEMENTATION in the TRANSACTION state only (RFC 2449 6.9), USER and SASL
 * in both (6.2, 6.3). */
static void run_capa(struct pop3_session *p, const struct pop3_words *w)
{
	(void)w;
	pop3_ok(p->shell->out, "capabilities");
	pop3_capabilities(p->shell->out);
	buf_put(p->shell->out, V("USER\r\nSASL PLAIN LOGIN SCRAM-SHA-256\r\n"
				 "IMPLEMENTATION Mailcore\r\n.\r\n"));
}

static void run_quit(struct pop3_session *p, const struct pop3_words *w)
{
	(void)w;
	int error = pop3_update(p);
	if (error) {
		LOG(p->shell->log, ERROR, "maildrop.update",
		    KV_ERR("reason", error));
		pop3_err(p->shell->out,
		    "[SYS/TEMP] some deleted messages were not removed");
	} else {
		pop3_ok(p->shell->out, "bye");
	}
	finish(p);
}

static const struct pop3_command commands[] = {
	{ V_INIT("STAT"), 0, 0, run_stat },
	{ V_INIT("LIST"), 0, 1, run_list },
	{ V_INIT("RETR"), 1, 1, run_retr },
	{ V_INIT("DELE"), 1, 1, run_dele },
	{ V_INIT("NOOP"), 0, 0, run_noop },
	{ V_INIT("RSET"), 0, 0, run_rset },
	{ V_INIT("TOP"), 2, 2, run_top },
	{ V_INIT("UIDL"), 0, 1, run_uidl },
	{ V_INIT("CAPA"), 0, 0, run_capa },
	{ V_INIT("QUIT"), 0, 0, run_quit },
};

static void fault(struct pop3_session *p, const char *text)
{
	pop3_err(p->shell->out, text);
	if (++p->faults >= FAULTS_MAX)
		finish(p);
}

static void dispatch(struct pop3_session *p, struct view line)
{
	struct pop3_words w;
	pop3_split(line, &w);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		const struct pop3_command *c = &commands[i];
		if (!view_ieq(c->keyword, w.keyword))
			continue;
		if (w.too_many || w.n_arguments < c->min ||
		    w.n_arguments > c->max)
			fault(p, "wrong number of arguments");
		else
			c->run(p, &w);
		return;
	}
	fault(p, "unknown command");
}

static bool take_line(struct pop3_session *p, struct view *in)
{
	enum line_fault why = LINE_FAULT_NONE;
	struct view line;
	if (p->skipping && !line_skip(in))
		return false;
	p->skipping = false;
	struct view before = *in;
	switch (line_take(in, POP3_LINE_MAX, &line, &why)) {
	case PARSE_MORE:
		return false;
	case PARSE_BAD:
		p->skipping = pop3_line_goes_on(before, *in);
		fault(p, pop3_line_fault(why));
		return true;
	case PARSE_OK:
		break;
	}
	dispatch(p, line);
	pop3_job_run(p);
	return true;
}

static size_t session_input(void *engine, struct view in)
{
	struct pop3_session *p = engine;
	struct view rest = in;
	while (!p->done && p->job.kind == POP3_JOB_NONE && take_line(p, &rest))
		;
	return p->done ? in.n : in.n - rest.n;
}

static void session_more(void *engine)
{
	pop3_job_run(engine);
}

/* The maildrop is what it was at login: nothing to tell. */
static void session_wake(void *engine)
{
	(void)engine;
}

/* RFC 1939 11: a message is as large as it is on the wire, where every line
 * ends in CRLF. */
static uint64_t wire_bytes(struct store_txn *t, const struct message *m)
{
	struct message_info info;
	if (!(m->internal & MESSAGE_BARE_LF) ||
	    message_info(t, m->msgid, &info) != 0)
		return m->size_bytes;
	return info.crlf_bytes;
}

struct loading {
	struct pop3_session *p;
	struct store_txn *t;
};

static int add_entry(void *ctx, const struct message *m)
{
	struct loading *l = ctx;
	struct pop3_session *p = l->p;
	if (p->n_entries == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 64;
		if (cap > ENTRIES_MAX)
			return MC_E_LIMIT;
		struct pop3_entry *more =
		    realloc(p->entries, cap * sizeof *more);
		if (!more)
			return MC_E_LIMIT;
		p->entries = more;
		p->cap = cap;
	}
	p->entries[p->n_entries++] = (struct pop3_entry){
		.msgid = m->msgid,
		.wire_bytes = wire_bytes(l->t, m),
		.uid = m->uid,
		.imported = (m->internal & MESSAGE_HAS_UIDL) != 0,
	};
	p->left++;
	p->left_bytes += p->entries[p->n_entries - 1].wire_bytes;
	return 0;
}

static int load(struct pop3_session *p)
{
	struct store_txn t;
	struct mailbox inbox;
	struct loading l = { p, &t };
	int error = store_read(p->shell->store, &t);
	if (error)
		return error;
	error = mailbox_find(&t, V("INBOX"), &inbox);
	if (!error) {
		p->mailbox = inbox.id;
		p->uidvalidity = inbox.uidvalidity;
		error =
		    message_each(&t, inbox.id, 1, UINT32_MAX, add_entry, &l);
	}
	store_end(&t);
	return error;
}

static void session_close(void *engine)
{
	struct pop3_session *p = engine;
	if (p->lock >= 0)
		close(p->lock);
	free(p->entries);
	free(p);
}

static void *session_open(struct agent_session *s)
{
	struct pop3_session *p = MUST_NEW(struct pop3_session);
	p->shell = s;
	p->lock = -1;
	int error = s->store ? maildrop_lock(".", &p->lock) : MC_E_TEMP;
	if (!error)
		error = load(p);
	if (!error) {
		buf_printf(s->out, "+OK %zu messages\r\n", p->n_entries);
		return p;
	}
	LOG(s->log, WARN, "maildrop.refused", KV_ERR("reason", error));
	pop3_err(s->out, error == MC_E_BUSY
			     ? "[IN-USE] another session has the maildrop"
			     : "[SYS/TEMP] the maildrop cannot be opened");
	session_close(p);
	return NULL;
}

static int add_marked(
    const struct pop3_session *p, bool deleted, struct uidset *uids)
{
	int error = 0;
	for (size_t i = 0; i < p->n_entries && !error; i++) {
		const struct pop3_entry *e = &p->entries[i];
		if (deleted ? e->deleted : e->retrieved && !e->deleted)
			error = uidset_add(uids, e->uid, e->uid);
	}
	return error;
}

static int mark_seen(struct pop3_session *p)
{
	const struct flag_change seen = { .op = FLAGS_ADD,
		.flags = MESSAGE_SEEN };
	struct uidset uids, modified;
	uidset_init(&uids);
	uidset_init(&modified);
	int error = add_marked(p, false, &uids);
	if (!error && uids.count)
		error = message_store_flags(p->shell->store, p->mailbox, &uids,
		    &seen, UINT64_MAX, &modified, NULL, NULL);
	uidset_deinit(&modified);
	uidset_deinit(&uids);
	return error;
}

int pop3_update(struct pop3_session *p)
{
	struct uidset uids, expunged;
	uidset_init(&uids);
	uidset_init(&expunged);
	int error = add_marked(p, true, &uids);
	if (!error && uids.count)
		error = message_expunge(
		    p->shell->store, p->mailbox, &uids, false, &expunged);
	LOG(p->shell->log, INFO, "pop3.quit", KV_INT("messages", p->n_entries),
	    KV_INT("deleted", expunged.count));
	uidset_deinit(&expunged);
	uidset_deinit(&uids);
	return error ? error : mark_seen(p);
}

/* RFC 1939 3: "without removing any messages or sending any response". */
static void session_timeout(void *engine)
{
	finish(engine);
}

static void session_bye(void *engine)
{
	struct pop3_session *p = engine;
	/* In the middle of a message any words would become part of it. */
	if (p->job.kind == POP3_JOB_NONE)
		pop3_err(p->shell->out, "[SYS/TEMP] the server is stopping");
	finish(p);
}

const struct agent_protocol pop3_agent_protocol = {
	.open = session_open,
	.input = session_input,
	.more = session_more,
	.wake = session_wake,
	.timeout = session_timeout,
	.bye = session_bye,
	.close = session_close,
	.damaged = V_INIT("-ERR [SYS/PERM] the mail store is damaged\r\n"),
};
