/* STORE: RFC 3501 6.4.6. In slices, so that no transaction is long and the
 * output has room for what each tells. */
#include "imapd/imap_command.h"
#include "imapd/imap_resp.h"
#include "text/message/envelope.h"
#include <string.h>

enum {
	SLICE_TOLD = 1000, /* messages, when each is answered */
	SLICE_SILENT = 5000
};

struct store_job {
	struct imap_session *s;
	struct flag_change change;
	bool silent;
	int error;
	uint32_t next_uid;
	uint64_t n_rows;
	struct imap_keywords keywords;
};

static bool store_args(struct imap_session *s, struct store_job *job)
{
	struct imap_args *a = &s->args;
	struct imap_set set;
	struct imap_flags flags = { .flags = 0 };
	if (!imap_space(a) || !imap_set(a, &set) || !imap_space(a))
		return false;
	job->change.op = imap_skip(a, '+')   ? FLAGS_ADD
			 : imap_skip(a, '-') ? FLAGS_REMOVE
					     : FLAGS_SET;
	job->silent = imap_word(a, V("FLAGS.SILENT"));
	if (!job->silent && !imap_word(a, V("FLAGS")))
		return imap_bad(a, "Unknown STORE item");
	if (!imap_space(a))
		return false;
	if (imap_peek(a, '(')) {
		if (!imap_flag_list(a, &flags))
			return false;
	} else {
		do {
			if (!imap_flag(a, &flags))
				return false;
		} while (imap_skip(a, ' '));
	}
	job->change.flags = flags.flags;
	job->change.keywords = flags.keywords;
	job->change.n_keywords = flags.n_keywords;
	return imap_end(a) && imap_view_resolve(s, &set, s->is_uid);
}

/* The rows after the change are kept; they are told once it is on disk. */
static void on_row(void *ctx, const struct message *m)
{
	struct store_job *job = ctx;
	job->n_rows++;
	if (!job->silent && !job->error)
		job->error = uidset_add(&job->s->found, m->uid, m->uid);
}

static int tell_row(
    void *ctx, struct store_txn *t, uint32_t seq, const struct message *m)
{
	struct store_job *job = ctx;
	struct imap_session *s = job->s;
	unsigned items =
	    IMAP_ROW_FLAGS | (s->is_uid ? (unsigned)IMAP_ROW_UID : 0);
	if (imap_out_full(s))
		return IMAP_SCAN_AGAIN;
	job->keywords.t = t;
	if (!imap_put_row(s->o.out, seq, m, items,
		uidset_has(&s->view.recent, m->uid), &job->keywords))
		return IMAP_SCAN_AGAIN;
	buf_put(s->o.out, V(")\r\n"));
	return IMAP_SCAN_NEXT;
}

/* Tells s->found; what does not fit stays in it. */
static int tell(struct store_job *job)
{
	struct imap_session *s = job->s;
	struct imap_scan scan = { .done = false };
	struct imap_scan_job rows = { &s->found, IMAP_BATCH_ROWS, tell_row,
		job };
	memset(job->keywords.names, 0, sizeof job->keywords.names);
	int error = imap_scan(s, &scan, &rows);
	if (scan.done || error)
		uidset_clear(&s->found);
	else if (scan.next_uid > 1)
		return uidset_remove(&s->found, 1, scan.next_uid - 1);
	return error;
}

/* The next slice of s->set, as UIDs. */
static int slice(struct store_job *job, struct uidset *out)
{
	const struct uidset *set = &job->s->set;
	uint32_t left = job->silent ? SLICE_SILENT : SLICE_TOLD;
	for (size_t i = 0; left && i < set->n_ranges; i++) {
		struct uid_range r = set->ranges[i];
		if (r.last < job->next_uid)
			continue;
		if (r.first < job->next_uid)
			r.first = job->next_uid;
		if (r.last - r.first >= left)
			r.last = r.first + left - 1;
		left -= r.last - r.first + 1;
		int error = uidset_add(out, r.first, r.last);
		if (error)
			return error;
	}
	job->next_uid = uidset_max(out) + 1;
	return 0;
}

static int store_slice(struct store_job *job)
{
	struct imap_session *s = job->s;
	struct uidset uids;
	uidset_init(&uids);
	int error = slice(job, &uids);
	if (!error)
		error = imap_view_store(s, &uids, &job->change, on_row, job);
	uidset_deinit(&uids);
	if (!error)
		error = job->error;
	if (!error && job->change.n_keywords)
		error = imap_view_tell_keywords(s);
	if (error)
		uidset_clear(&s->found);
	return error;
}

static void done(struct store_job *job)
{
	struct imap_session *s = job->s;
	imap_finish(s, IMAP_OK,
	    job->n_rows < s->set.count
		? "[EXPUNGEISSUED] Done, some messages are gone"
		: "Done");
}

static enum imap_step store_step(struct imap_session *s)
{
	struct store_job *job = s->job;
	int error = 0;
	if (s->found.count)
		error = tell(job);
	if (!error && s->found.count)
		return IMAP_STEP_FULL;
	if (!error && job->next_uid > uidset_max(&s->set))
		done(job);
	else if (!error)
		error = store_slice(job);
	if (error == MC_E_LIMIT)
		imap_finish(s, IMAP_NO, "[LIMIT] Too many keywords");
	else if (error)
		imap_finish_error(s, error);
	return IMAP_STEP_NEXT;
}

void imap_cmd_store(struct imap_session *s)
{
	struct store_job *job = ARENA_NEW(&s->arena, struct store_job);
	if (!job || !store_args(s, job)) {
		imap_finish_bad(s);
		return;
	}
	job->s = s;
	job->next_uid = 1;
	s->job = job;
	s->step = store_step;
}
