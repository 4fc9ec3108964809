#include "pop3d/pop3_session.h"

enum {
	PIECE_BYTES = 8192
};

static bool has_room(const struct pop3_session *p)
{
	return buf_len(p->shell->out) < p->shell->out_mark &&
	       !buf_error(p->shell->out);
}

static void list_rows(struct pop3_session *p)
{
	struct pop3_job *job = &p->job;
	struct buf *out = p->shell->out;
	for (; job->at < p->n_entries && has_room(p); job->at++) {
		const struct pop3_entry *e = &p->entries[job->at];
		if (e->deleted)
			continue;
		buf_printf(out, "%zu ", job->at + 1);
		if (job->kind == POP3_JOB_LIST)
			buf_put_u64(out, e->wire_bytes);
		else
			pop3_put_uidl(p, e, out);
		buf_put(out, V("\r\n"));
	}
	if (job->at < p->n_entries)
		return;
	buf_put(out, V(".\r\n"));
	job->kind = POP3_JOB_NONE;
}

/* How much of a piece of the body TOP still wants. */
static size_t wanted_bytes(struct pop3_job *job, struct view piece)
{
	size_t used = 0;
	while (job->lines_left && used < piece.n) {
		used += view_find_byte(view_skip(piece, used), '\n');
		if (used < piece.n) {
			used++;
			job->lines_left--;
		}
	}
	return used;
}

static void put_piece(struct pop3_session *p, struct view piece)
{
	struct pop3_job *job = &p->job;
	size_t use = piece.n;
	if (job->offset >= job->header_size && job->lines_left != UINT64_MAX) {
		use = wanted_bytes(job, piece);
		if (job->lines_left == 0)
			job->end = job->offset + use;
	}
	dot_writer_put(&job->dots, view_head(piece, use), p->shell->out);
	job->offset += use;
}

/* Header and body in pieces that do not cross the border between them. */
static size_t next_piece(const struct pop3_job *job)
{
	uint64_t end = job->end;
	if (job->offset < job->header_size && job->header_size < end)
		end = job->header_size;
	uint64_t left = end - job->offset;
	return left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
}

static int read_pieces(struct pop3_session *p, struct store_txn *t)
{
	struct pop3_job *job = &p->job;
	char piece[PIECE_BYTES];
	const struct pop3_entry *e = &p->entries[job->at];
	while (job->offset < job->end && has_room(p)) {
		size_t n = next_piece(job);
		int error = message_read(t, e->msgid, job->offset, piece, n);
		if (error)
			return error;
		put_piece(p, (struct view){ piece, n });
	}
	return 0;
}

/* The answer has begun, so a message that cannot be read can only end the
 * session: a shortened message must not look whole. */
static void give_up(struct pop3_session *p, int error)
{
	LOG(p->shell->log, ERROR, "message.unreadable",
	    KV_INT("uid", p->entries[p->job.at].uid), KV_ERR("reason", error));
	p->job.kind = POP3_JOB_NONE;
	p->done = true;
	agent_session_finish(p->shell);
}

static void body(struct pop3_session *p)
{
	struct store_txn t;
	int error = store_read(p->shell->store, &t);
	if (!error) {
		error = read_pieces(p, &t);
		store_end(&t);
	}
	if (error) {
		give_up(p, error);
	} else if (p->job.offset >= p->job.end) {
		dot_writer_end(&p->job.dots, p->shell->out);
		p->job.kind = POP3_JOB_NONE;
	}
}

void pop3_job_run(struct pop3_session *p)
{
	while (p->job.kind != POP3_JOB_NONE && has_room(p)) {
		if (p->job.kind == POP3_JOB_BODY)
			body(p);
		else
			list_rows(p);
	}
}
