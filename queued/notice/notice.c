/* Who is told, by a message, of what became of a recipient (RFC 3461, 3464).
 *
 * A notice is made from what is settled, and committed in the transaction that
 * settles it: neither a crash nor a full disk can lose one or send it twice.
 * Mail that nobody vouched for gets none, since its sender may be forged: of
 * what cannot be delivered the postmaster hears. So he does of notices that
 * cannot be delivered themselves; of those to him nobody hears, they stay in
 * the queue as failed. */
#include "base/panic.h"
#include "base/rand.h"
#include "queued/queue_role.h"
#include "queued/spool/queue_spool.h"
#include "text/path.h"
#include "text/scan.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_asked_for(const struct rcpt *r, enum dsn_action action)
{
	static const uint8_t bits[DSN_ACTION_COUNT] = {
		[DSN_FAILED] = NOTIFY_FAILURE,
		[DSN_DELAYED] = NOTIFY_DELAY,
		[DSN_DELIVERED] = NOTIFY_SUCCESS,
		[DSN_RELAYED] = NOTIFY_SUCCESS,
	};
	uint8_t asked = r->r.notify & NOTIFY_OF_FRONTS;
	/* RFC 3461 5.2: without NOTIFY, failures, and delays if we like. */
	bool is_success = bits[action] == NOTIFY_SUCCESS;
	return asked ? asked & bits[action] : !is_success;
}

/* Who hears of it, or would. */
static struct view told_sender(const struct rcpt *r)
{
	return rcpt_has_owner(r) ? r->r.from : r->mail->e.sender;
}

/* Its sender was authenticated, or is the owner of a list of ours. */
static bool is_vouched_for(const struct rcpt *r)
{
	return rcpt_has_owner(r) ||
	       (r->mail->e.account.n && r->mail->e.sender.n);
}

bool notice_is_wanted(const struct rcpt *r, enum dsn_action action)
{
	const struct mail *m = r->mail;
	if (action == DSN_NONE)
		return false;
	if (m->e.submit_flags & SUBMIT_FLAG_NOTICE)
		return action == DSN_FAILED &&
		       !(m->e.submit_flags & SUBMIT_FLAG_LAST_NOTICE);
	if (!told_sender(r).n || !is_asked_for(r, action))
		return false; /* RFC 5321 6.1: none to "<>" */
	return is_vouched_for(r) || action == DSN_FAILED;
}

/* The first octets of a message. */

static int read_file(struct queue *q, const struct mail *m, char *out, size_t n)
{
	int fd;
	int error = queue_spool_open(queue_db_dir(q->db), m->e.id, &fd);
	if (error)
		return error;
	ssize_t got = pread(fd, out, n, 0);
	close(fd);
	return got == (ssize_t)n ? 0 : MC_E_TEMP;
}

static int read_record(
    struct queue *q, const struct mail *m, char *out, size_t n)
{
	struct queue_txn t;
	char *all = must_alloc(QUEUE_BODY_MAX);
	size_t n_all = 0;
	int error = queue_begin_read(q->db, &t);
	if (!error) {
		error = queue_get_body(&t, m->e.id, all, &n_all);
		queue_abort(&t);
	}
	if (!error && n_all < n)
		error = MC_E_CORRUPT;
	if (!error)
		memcpy(out, all, n);
	free(all);
	return error;
}

/* What cannot be read is not returned: the notice says more without. */
static struct view read_start(
    struct queue *q, const struct mail *m, char out[DSN_RETURN_MAX])
{
	size_t n = m->e.size_bytes < DSN_RETURN_MAX ? (size_t)m->e.size_bytes
						    : DSN_RETURN_MAX;
	int error = 0;
	if (m->e.is_spooled)
		error = read_file(q, m, out, n);
	else if (m->body)
		memcpy(out, m->body, n);
	else if (n)
		error = read_record(q, m, out, n);
	return (struct view){ out, error ? 0 : n };
}

/* RFC 8689 5: "behave as if RET=HDRS was present". */
static bool may_return_whole(const struct mail *m, struct view start)
{
	return start.n == m->e.size_bytes && !view_has_byte(start, '\0') &&
	       !(m->e.submit_flags &
		   (SUBMIT_FLAG_RET_HDRS | SUBMIT_FLAG_REQUIRETLS));
}

/* Those of one message that somebody is told the same of. */
static size_t collect(struct rcpt *first, struct dsn_rcpt out[DSN_RCPTS_MAX])
{
	size_t n = 0;
	struct list *all = &first->mail->rcpts;
	for (struct list *i = all->next; i != all && n < DSN_RCPTS_MAX;
	     i = i->next) {
		struct rcpt *r = CONTAINER(i, struct rcpt, link);
		if (!r->is_told || r->is_noticed ||
		    r->action != first->action ||
		    !view_eq(r->r.from, first->r.from))
			continue;
		r->is_noticed = true;
		out[n++] = (struct dsn_rcpt){ r->r.address, r->r.orcpt,
			r->r.reply, r->r.last_s, r->r.host };
	}
	return n;
}

/* The notice as a message of the queue. It has the header of what it is about:
 * RFC 8689 5 wants it protected as that was. */
static struct mail *mail_of(const struct mail *about, const struct dsn *d,
    const struct buf *text, struct list *out)
{
	struct queue_envelope e = { .submit_flags = SUBMIT_FLAG_NOTICE,
		.received_s = d->now_s };
	e.submit_flags |= about->e.submit_flags & SUBMIT_FLAG_REQUIRETLS;
	if (scan_has_eightbit(buf_view(text)))
		e.submit_flags |= SUBMIT_FLAG_8BITMIME;
	if (scan_has_eightbit(d->to))
		e.submit_flags |=
		    SUBMIT_FLAG_SMTPUTF8 | SUBMIT_FLAG_UTF8_HEADER;
	if (d->is_for_postmaster)
		e.submit_flags |= SUBMIT_FLAG_LAST_NOTICE;
	struct mail *m = mail_new_of_ours(&e, d->to, buf_view(text));
	list_push(out, &m->link);
	return m;
}

static void log_notice(
    const struct mail *about, const struct mail *notice, const struct dsn *d)
{
	static const char *const names[DSN_ACTION_COUNT] = { "failed",
		"delayed", "delivered", "relayed" };
	char id[QUEUE_ID_DIGITS + 1];
	struct log_ctx ctx = queue_log(about);
	queue_id_format(notice->e.id, id);
	LOG(&ctx, INFO, "notice", KV_STR("action", names[d->action]),
	    KV_VIEW("to", d->to), KV_INT("recipients", d->n_rcpts),
	    KV_STR("notice", id));
}

struct making {
	struct dsn d; /* borrows from the rest */
	struct dsn_rcpt rcpts[DSN_RCPTS_MAX];
	char postmaster[PATH_MAX_OCTETS];
	char start[DSN_RETURN_MAX];
};

static void address(struct queue *q, const struct rcpt *first, struct making *k)
{
	k->d.sender = k->d.to = told_sender(first);
	k->d.is_for_postmaster = !is_vouched_for(first);
	if (!k->d.is_for_postmaster)
		return;
	snprintf(k->postmaster, sizeof k->postmaster, "postmaster@%s",
	    proc_conf(q->proc)->hostname);
	k->d.to = view_of(k->postmaster);
}

/* RFC 6533 4. A message that came with SMTPUTF8 came a way that takes it. */
static bool is_utf8(const struct mail *m, const struct dsn *d)
{
	bool is = scan_has_eightbit(d->to) ||
		  (m->e.submit_flags & SUBMIT_FLAG_UTF8_HEADER);
	if (!(m->e.submit_flags & SUBMIT_FLAG_SMTPUTF8))
		return is;
	for (size_t i = 0; i < d->n_rcpts && !is; i++)
		is = scan_has_eightbit(d->rcpts[i].address) ||
		     view_istarts(d->rcpts[i].orcpt, V("utf-8;"));
	return is || scan_has_eightbit(d->sender);
}

static void describe(
    struct queue *q, struct rcpt *first, uint64_t now_s, struct making *k)
{
	struct mail *m = first->mail;
	k->d = (struct dsn){ .action = first->action,
		.hostname = view_of(proc_conf(q->proc)->hostname),
		.envid = m->e.envid,
		.id = m->e.id,
		.arrived_s = m->e.received_s,
		.now_s = now_s,
		.retry_until_s = m->e.received_s + queue_lifetime_s(q, m),
		.rcpts = k->rcpts,
		.n_rcpts = collect(first, k->rcpts),
		.original = read_start(q, m, k->start),
		.random = { rand_u64(), rand_u64() } };
	k->d.is_whole =
	    first->action == DSN_FAILED && may_return_whole(m, k->d.original);
	address(q, first, k);
	k->d.is_utf8 = is_utf8(m, &k->d);
}

static void make(
    struct queue *q, struct rcpt *first, uint64_t now_s, struct list *out)
{
	struct making *k = MUST_NEW(struct making);
	struct buf text;
	describe(q, first, now_s, k);
	buf_init(&text, QUEUE_BODY_MAX);
	dsn_put(&k->d, &text);
	struct mail *notice = mail_of(first->mail, &k->d, &text, out);
	notice->e.id = queue_db_new_id(q->db, now_s);
	log_notice(first->mail, notice, &k->d);
	buf_deinit(&text);
	free(k);
}

void notice_make_all(struct queue *q, uint64_t now_s, struct list *out)
{
	struct list *all = &q->settled;
	for (struct list *i = all->next; i != all; i = i->next)
		CONTAINER(i, struct rcpt, work)->is_noticed = false;
	for (struct list *i = all->next; i != all; i = i->next) {
		struct rcpt *r = CONTAINER(i, struct rcpt, work);
		if (r->is_told && !r->is_noticed)
			make(q, r, now_s, out);
	}
}

void notice_free_all(struct list *notices)
{
	while (!list_empty(notices))
		mail_free(CONTAINER(notices->next, struct mail, link));
}

void notice_send_all(struct queue *q, struct list *notices)
{
	while (!list_empty(notices)) {
		struct mail *m = CONTAINER(notices->next, struct mail, link);
		list_remove(&m->link);
		window_add(q, m);
	}
}
