#include "imapd/imap_view.h"
#include "imapd/imap_resp.h"
#include "imapd/imap_session.h"
#include <string.h>

void imap_view_init(struct imap_view *v)
{
	*v = (struct imap_view){ .mailbox = 0 };
	uidset_init(&v->uids);
	uidset_init(&v->recent);
	uidset_init(&v->gone);
	uidset_init(&v->changed);
}

void imap_view_close(struct imap_session *s)
{
	struct imap_view *v = &s->view;
	uidset_deinit(&v->uids);
	uidset_deinit(&v->recent);
	uidset_deinit(&v->gone);
	uidset_deinit(&v->changed);
	imap_view_init(v);
}

/* Messages with a UID from first on are \Recent in this session. */
static int add_recent(struct imap_view *v, uint32_t first)
{
	uint32_t last = uidset_max(&v->uids);
	if (first == 0 || first > last)
		return 0;
	int error = uidset_add(&v->recent, first, last);
	/* Of those UIDs some may be gone already. */
	return error ? error : uidset_intersect(&v->recent, &v->uids);
}

static int claim(struct imap_session *s, uint32_t recent_uid)
{
	uint32_t first = recent_uid;
	int error = 0;
	if (!s->view.readonly && recent_uid <= uidset_max(&s->view.uids))
		error =
		    mailbox_claim_recent(s->o.store, s->view.mailbox, &first);
	/* A full disk is no reason to show nobody the new mail. */
	if (error)
		first = recent_uid;
	return add_recent(&s->view, first);
}

static int read_uids(struct imap_session *s, const struct mailbox *m)
{
	struct store_txn t;
	int error = store_read(s->o.store, &t);
	if (error)
		return error;
	s->view.last_change = store_last_change(s->o.store);
	error = message_uids(&t, m->id, &s->view.uids);
	s->view.n_keywords = imap_count_keywords(&t);
	store_end(&t);
	return error;
}

int imap_view_open(
    struct imap_session *s, const struct mailbox *m, bool readonly)
{
	imap_view_close(s);
	s->view.mailbox = m->id;
	s->view.readonly = readonly;
	s->view.uidvalidity = m->uidvalidity;
	s->view.modseq = m->highestmodseq;
	int error = read_uids(s, m);
	if (!error)
		error = claim(s, m->recent_uid);
	if (error)
		imap_view_close(s);
	return error;
}

/* What message_changes calls. */
struct collect {
	struct imap_session *s;
	uint32_t old_max; /* UIDs above are new; they come in modseq order */
	bool is_new;
};

static int on_changed(void *ctx, const struct message *m)
{
	struct collect *c = ctx;
	struct imap_view *v = &c->s->view;
	if (m->uid > c->old_max) {
		c->is_new = true;
		return uidset_add(&v->uids, m->uid, m->uid);
	}
	if (m->modseq == v->own_modseq || m->modseq <= v->modseq ||
	    !uidset_has(&v->uids, m->uid))
		return 0;
	return uidset_add(&v->changed, m->uid, m->uid);
}

static int on_vanished(void *ctx, uint32_t first, uint32_t last)
{
	struct collect *c = ctx;
	return uidset_add(&c->s->view.gone, first, last);
}

/* The change log no longer reaches back to where we looked: compare all. */
static int compare_all(struct collect *c, struct store_txn *t)
{
	struct imap_view *v = &c->s->view;
	struct uidset now;
	uidset_init(&now);
	int error = message_uids(t, v->mailbox, &now);
	if (!error)
		error = uidset_copy(&v->gone, &v->uids);
	for (size_t i = 0; !error && i < now.n_ranges; i++)
		error = uidset_remove(
		    &v->gone, now.ranges[i].first, now.ranges[i].last);
	uidset_deinit(&now);
	if (error)
		return error;
	return message_each(t, v->mailbox, 1, UINT32_MAX, on_changed, c);
}

static int read_changes(struct collect *c, struct store_txn *t)
{
	struct imap_view *v = &c->s->view;
	struct changes_sink sink = { on_changed, on_vanished, c };
	int error = message_changes(t, v->mailbox, v->modseq, &sink);
	if (error == MC_E_AGAIN)
		error = compare_all(c, t);
	if (!error)
		error = uidset_intersect(&v->gone, &v->uids);
	return error;
}

int imap_view_collect(struct imap_session *s)
{
	struct imap_view *v = &s->view;
	struct collect c = { s, uidset_max(&v->uids), false };
	struct store_txn t;
	struct mailbox m;
	uint64_t last_change = store_last_change(s->o.store);
	if (!v->mailbox || last_change == v->last_change)
		return 0;
	int error = store_read(s->o.store, &t);
	if (error)
		return error;
	error = mailbox_get(&t, v->mailbox, &m);
	if (!error && m.highestmodseq > v->modseq)
		error = read_changes(&c, &t);
	store_end(&t);
	if (error)
		return error;
	v->modseq = m.highestmodseq;
	v->last_change = last_change;
	v->exists_changed |= c.is_new;
	return c.is_new ? claim(s, m.recent_uid) : 0;
}

struct own_change {
	uint64_t modseq;
	void (*fn)(void *ctx, const struct message *m);
	void *ctx;
};

static void on_own_row(void *ctx, const struct message *m)
{
	struct own_change *own = ctx;
	if (m->modseq > own->modseq)
		own->modseq = m->modseq;
	if (own->fn)
		own->fn(own->ctx, m);
}

int imap_view_store(struct imap_session *s, const struct uidset *uids,
    const struct flag_change *change,
    void (*fn)(void *ctx, const struct message *m), void *ctx)
{
	struct own_change own = { 0, fn, ctx };
	int error = imap_view_collect(s);
	if (!error)
		error = message_store_flags(s->o.store, s->view.mailbox, uids,
		    change, UINT64_MAX, NULL, on_own_row, &own);
	if (error)
		return error;
	if (own.modseq > s->view.modseq)
		s->view.own_modseq = own.modseq;
	return imap_view_collect(s);
}

/* a without b. */
static int subtract(struct uidset *a, const struct uidset *b)
{
	struct uidset out;
	size_t j = 0;
	int error = 0;
	uidset_init(&out);
	for (size_t i = 0; !error && i < a->n_ranges; i++) {
		uint32_t first = a->ranges[i].first, last = a->ranges[i].last;
		while (j < b->n_ranges && b->ranges[j].last < first)
			j++;
		size_t k = j;
		for (; !error && k < b->n_ranges && b->ranges[k].first <= last;
		     k++) {
			if (b->ranges[k].first > first)
				error = uidset_add(
				    &out, first, b->ranges[k].first - 1);
			first = b->ranges[k].last + 1;
			if (b->ranges[k].last >= last)
				break;
		}
		if (!error && first && first <= last)
			error = uidset_add(&out, first, last);
	}
	if (error) {
		uidset_deinit(&out);
		return error;
	}
	uidset_deinit(a);
	*a = out;
	return 0;
}

/* From the highest down, so that no number told changes another one. Returns
 * the lowest UID that was told, 0 when none was. */
static uint32_t put_expunges(struct imap_session *s)
{
	const struct uidset *gone = &s->view.gone;
	uint32_t told = 0;
	for (size_t i = gone->n_ranges; i-- > 0;) {
		uint32_t uid = gone->ranges[i].last;
		for (; uid >= gone->ranges[i].first; uid--) {
			if (imap_out_full(s))
				return told;
			buf_put(s->o.out, V("* "));
			buf_put_u64(s->o.out, uidset_rank(&s->view.uids, uid));
			buf_put(s->o.out, V(" EXPUNGE\r\n"));
			told = uid;
		}
	}
	return told;
}

/* What of gone lies at uid or above. */
static int told_from(
    const struct uidset *gone, uint32_t uid, struct uidset *out)
{
	int error = 0;
	for (size_t i = 0; !error && i < gone->n_ranges; i++) {
		const struct uid_range *r = &gone->ranges[i];
		if (r->last >= uid)
			error = uidset_add(
			    out, r->first > uid ? r->first : uid, r->last);
	}
	return error;
}

static bool tell_expunges(struct imap_session *s)
{
	struct imap_view *v = &s->view;
	struct uidset told;
	uint32_t lowest = put_expunges(s);
	if (lowest == 0)
		return false;
	uidset_init(&told);
	if (told_from(&v->gone, lowest, &told) != 0 ||
	    subtract(&v->uids, &told) != 0 || subtract(&v->gone, &told) != 0 ||
	    subtract(&v->changed, &told) != 0 ||
	    subtract(&v->recent, &told) != 0)
		imap_session_bye(s, "Out of memory");
	uidset_deinit(&told);
	return v->gone.count == 0;
}

static void tell_exists(struct imap_session *s)
{
	buf_printf(s->o.out, "* %llu EXISTS\r\n* %llu RECENT\r\n",
	    (unsigned long long)s->view.uids.count,
	    (unsigned long long)s->view.recent.count);
	s->view.exists_changed = false;
}

struct tell {
	struct imap_session *s;
	struct imap_keywords keywords;
};

static int tell_row(
    void *ctx, struct store_txn *t, uint32_t seq, const struct message *m)
{
	struct tell *tell = ctx;
	struct imap_session *s = tell->s;
	if (imap_out_full(s))
		return IMAP_SCAN_AGAIN;
	tell->keywords.t = t;
	if (!imap_put_row(s->o.out, seq, m, IMAP_ROW_UID | IMAP_ROW_FLAGS,
		uidset_has(&s->view.recent, m->uid), &tell->keywords))
		return IMAP_SCAN_AGAIN;
	buf_put(s->o.out, V(")\r\n"));
	return IMAP_SCAN_NEXT;
}

int imap_view_tell_keywords(struct imap_session *s)
{
	struct store_txn t;
	int error = store_read(s->o.store, &t);
	if (error)
		return error;
	unsigned n = imap_count_keywords(&t);
	if (n != s->view.n_keywords)
		imap_put_flags(s->o.out, &t, s->view.readonly);
	s->view.n_keywords = n;
	store_end(&t);
	return 0;
}

static bool tell_flags(struct imap_session *s)
{
	struct imap_view *v = &s->view;
	struct tell tell = { .s = s };
	struct imap_scan scan = { .done = false };
	struct imap_scan_job job = { &v->changed, IMAP_BATCH_ROWS, tell_row,
		&tell };
	while (!scan.done) {
		memset(tell.keywords.names, 0, sizeof tell.keywords.names);
		if (imap_scan(s, &scan, &job) != 0)
			return true; /* told when the store works again */
		if (!scan.done && imap_out_full(s))
			break;
	}
	if (scan.done) {
		uidset_clear(&v->changed);
		return true;
	}
	if (scan.next_uid > 1 &&
	    uidset_remove(&v->changed, 1, scan.next_uid - 1) != 0)
		imap_session_bye(s, "Out of memory");
	return false;
}

bool imap_view_tell(struct imap_session *s, bool expunges)
{
	struct imap_view *v = &s->view;
	if (expunges && v->gone.count && !tell_expunges(s))
		return false;
	if (v->exists_changed)
		tell_exists(s);
	if (!v->changed.count)
		return true;
	return imap_view_tell_keywords(s) != 0 || tell_flags(s);
}

/* "*" is the highest one that there is, so "9999:*" is the same as "*:9999"
 * (RFC 3501 9, seq-range). */
static struct uid_range star_is(struct uid_range r, uint32_t highest)
{
	if (r.last == 0)
		r.last = highest;
	if (r.first == 0)
		r.first = highest;
	if (r.first > r.last)
		r = (struct uid_range){ .first = r.last, .last = r.first };
	return r;
}

static bool resolve_uids(struct imap_session *s, const struct imap_set *set)
{
	uint32_t max = uidset_max(&s->view.uids);
	for (size_t i = 0; max && i < set->n; i++) {
		struct uid_range r = star_is(set->ranges[i], max);
		if (uidset_add(&s->set, r.first, r.last) != 0)
			return imap_bad(&s->args, "Message set too large");
	}
	if (uidset_intersect(&s->set, &s->view.uids) != 0)
		return imap_bad(&s->args, "Message set too large");
	return true;
}

/* All UIDs between two sequence numbers. */
static bool add_numbers(struct imap_session *s, uint32_t first, uint32_t last)
{
	const struct uidset *uids = &s->view.uids;
	uint32_t uid = uidset_at(uids, first), end = uidset_at(uids, last);
	return uidset_add(&s->set, uid, end) == 0 ||
	       imap_bad(&s->args, "Message set too large");
}

static bool resolve_numbers(struct imap_session *s, const struct imap_set *set)
{
	uint32_t exists = (uint32_t)s->view.uids.count;
	for (size_t i = 0; i < set->n; i++) {
		struct uid_range r = set->ranges[i];
		bool has_star = r.last == 0;
		if (has_star && exists == 0)
			continue; /* "1:*" of an empty mailbox */
		r = star_is(r, exists);
		if (has_star && r.last > exists)
			r.last = exists; /* "9:*" where there are 8 */
		if (r.last > exists)
			return imap_bad(&s->args, "No such message number");
		if (!add_numbers(s, r.first, r.last))
			return false;
	}
	return uidset_intersect(&s->set, &s->view.uids) == 0 ||
	       imap_bad(&s->args, "Message set too large");
}

bool imap_view_resolve(
    struct imap_session *s, const struct imap_set *set, bool is_uid)
{
	uidset_clear(&s->set);
	return is_uid ? resolve_uids(s, set) : resolve_numbers(s, set);
}

enum {
	SEEK_GAP = 64, /* rows that are cheaper to step over than to seek */
	ROW_SEEK = 100 /* message_each is to start again */
};

struct scanning {
	struct imap_session *s;
	struct store_txn *t;
	struct imap_scan *scan;
	const struct imap_scan_job *job;
	unsigned left;
};

static int scan_row(void *ctx, const struct message *m)
{
	struct scanning *c = ctx;
	const struct uidset *set = c->job->set;
	size_t *range = &c->scan->range;
	while (*range < set->n_ranges && set->ranges[*range].last < m->uid)
		++*range;
	if (*range == set->n_ranges) {
		c->scan->done = true;
		return IMAP_SCAN_STOP;
	}
	uint32_t first = set->ranges[*range].first;
	if (m->uid < first) {
		c->scan->next_uid = first;
		return first - m->uid > SEEK_GAP ? ROW_SEEK : 0;
	}
	c->scan->next_uid = m->uid;
	int got = c->job->fn(
	    c->job->ctx, c->t, uidset_rank(&c->s->view.uids, m->uid), m);
	if (got < 0 || got == IMAP_SCAN_AGAIN)
		return got;
	c->scan->next_uid = m->uid + 1;
	c->scan->n_rows++;
	return got == IMAP_SCAN_STOP || --c->left == 0 ? IMAP_SCAN_STOP : 0;
}

static int scan_rows(struct scanning *c)
{
	const struct uidset *set = c->job->set;
	uint32_t last = uidset_max(set);
	int got = ROW_SEEK;
	if (c->scan->next_uid == 0)
		c->scan->next_uid = 1;
	while (got == ROW_SEEK && c->scan->next_uid <= last)
		got = message_each(c->t, c->s->view.mailbox, c->scan->next_uid,
		    last, scan_row, c);
	if (got == 0 || got == ROW_SEEK || c->scan->next_uid > last)
		c->scan->done = true;
	return got < 0 ? got : 0;
}

int imap_scan(struct imap_session *s, struct imap_scan *scan,
    const struct imap_scan_job *job)
{
	struct store_txn t;
	struct scanning c = { s, &t, scan, job, job->max_rows };
	if (job->set->count == 0) {
		scan->done = true;
		return 0;
	}
	int error = store_read(s->o.store, &t);
	if (error)
		return error;
	error = scan_rows(&c);
	store_end(&t);
	return error;
}
