/* One message on a session: the queue's messages about it become a transaction
 * of the client, whose results go back. The body is in memory when it came that
 * way, which is at most 64 KiB; else it is read from its file as the peer takes
 * it. */
#include "base/panic.h"
#include "queued/relay/relay.h"
#include "text/scan.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	/* Of a transaction's strings; 1,000 recipients have room. */
	STRINGS_MAX_BYTES = 1 << 20,
	RCPTS_FIRST = 16,
	ADDRESS_MAX = 320,
};

static void tell_result(struct relay_session *s, uint32_t index,
    enum relay_status status, bool has_dsn, struct view text)
{
	struct msg out = { .type = MSG_RELAY_RESULT,
		.relay_result = { s->id, index, (uint8_t)status, has_dsn,
		    view_head(text, 400) } };
	relay_tell(s->relay, &out);
}

/* By which mail that comes round is known. In another script it would ask of
 * the next hop what the message does not (RFC 6532). */
static struct view head_of(
    struct arena *a, const struct msg_relay_mail *m, bool *ok)
{
	char line[ADDRESS_MAX + 20];
	bool is_utf8 = scan_has_eightbit(m->delivered_to);
	if (!m->delivered_to.n ||
	    (is_utf8 && !(m->flags & SUBMIT_FLAG_UTF8_HEADER)))
		return V("");
	int n = snprintf(line, sizeof line, "Delivered-To: %.*s\r\n",
	    (int)m->delivered_to.n, m->delivered_to.p);
	return arena_copy(a, (struct view){ line, (size_t)n }, ok);
}

void relay_transaction_open(
    struct relay_session *s, const struct msg_relay_mail *m)
{
	struct relay_transaction *tx = &s->tx;
	bool ok = true;
	relay_transaction_reset(s);
	arena_init(&tx->strings, STRINGS_MAX_BYTES);
	tx->is_open = true;
	tx->queue_id = m->queue_id;
	tx->head = head_of(&tx->strings, m, &ok);
	tx->size = tx->head.n + m->size;
	tx->mail = (struct smtp_client_mail){
		.sender = arena_copy(&tx->strings, m->sender, &ok),
		.envid = arena_copy(&tx->strings, m->envid, &ok),
		.ret = m->flags & SUBMIT_FLAG_RET_FULL   ? SMTP_RET_FULL
		       : m->flags & SUBMIT_FLAG_RET_HDRS ? SMTP_RET_HDRS
							 : SMTP_RET_NONE,
		.is_8bit = (m->flags & SUBMIT_FLAG_8BITMIME) != 0,
		.is_utf8 = (m->flags & SUBMIT_FLAG_UTF8_HEADER) != 0,
		.requires_tls = (m->flags & SUBMIT_FLAG_REQUIRETLS) != 0,
		.size = tx->size,
	};
	mc_assert(ok); /* all are small */
}

static bool grow(struct relay_transaction *tx)
{
	size_t cap = tx->cap ? 2 * tx->cap : RCPTS_FIRST;
	if (tx->n_rcpts < tx->cap)
		return true;
	if (cap > SMTP_CLIENT_RCPTS_MAX)
		cap = SMTP_CLIENT_RCPTS_MAX;
	if (tx->n_rcpts == cap)
		return false;
	struct smtp_client_rcpt *rcpts =
	    realloc(tx->rcpts, cap * sizeof *rcpts);
	if (rcpts)
		tx->rcpts = rcpts;
	uint32_t *indices = realloc(tx->indices, cap * sizeof *indices);
	if (indices)
		tx->indices = indices;
	if (!rcpts || !indices)
		return false;
	tx->cap = cap;
	return true;
}

void relay_transaction_rcpt(
    struct relay_session *s, const struct msg_relay_rcpt *m)
{
	struct relay_transaction *tx = &s->tx;
	bool ok = grow(tx);
	if (ok)
		tx->rcpts[tx->n_rcpts] = (struct smtp_client_rcpt){
			.address = arena_copy(&tx->strings, m->address, &ok),
			.orcpt = arena_copy(&tx->strings, m->orcpt, &ok),
			.notify = m->notify,
		};
	if (ok)
		tx->indices[tx->n_rcpts++] = m->index;
	else
		tell_result(s, m->index, RELAY_NOT_TRIED, false,
		    V("more recipients than one transaction takes"));
}

static bool keep_body(struct relay_transaction *tx, struct view body)
{
	tx->body = malloc(body.n ? body.n : 1);
	if (!tx->body)
		return false;
	if (body.n)
		memcpy(tx->body, body.p, body.n);
	tx->size = tx->mail.size = tx->head.n + body.n;
	return true;
}

/* Nothing was tried. */
static void give_up(struct relay_session *s, struct view why)
{
	struct relay_transaction *tx = &s->tx;
	for (size_t i = 0; i < tx->n_rcpts; i++)
		tell_result(s, tx->indices[i], RELAY_TEMPORARY, false, why);
	relay_transaction_done(s);
}

void relay_transaction_start(struct relay_session *s, struct view body, int fd)
{
	struct relay_transaction *tx = &s->tx;
	tx->fd = fd;
	if (fd < 0 && !keep_body(tx, body)) {
		give_up(s, V("451 4.3.0 no memory for the message"));
		return;
	}
	if (tx->n_rcpts == 0) {
		relay_transaction_done(s);
		return;
	}
	tx->is_running = true;
	tx->mail.rcpts = tx->rcpts;
	tx->mail.n_rcpts = tx->n_rcpts;
	smtp_client_mail(s->client, &tx->mail);
	relay_connection_pump(s);
	conn_flush(s->conn);
}

static enum relay_status status_of(enum smtp_outcome outcome)
{
	switch (outcome) {
	case SMTP_OUTCOME_OK:
		return RELAY_OK;
	case SMTP_OUTCOME_TEMP:
		break;
	case SMTP_OUTCOME_PERM:
		return RELAY_PERMANENT;
	case SMTP_OUTCOME_NOT_TRIED:
		return RELAY_NOT_TRIED;
	}
	return RELAY_TEMPORARY;
}

void relay_transaction_on_rcpt(
    struct relay_session *s, const struct smtp_client_event *e)
{
	mc_assert(e->index < s->tx.n_rcpts);
	tell_result(s, s->tx.indices[e->index],
	    status_of(smtp_verdict_outcome(&e->result)), e->has_dsn,
	    e->result.text);
}

void relay_transaction_done(struct relay_session *s)
{
	struct msg out = { .type = MSG_RELAY_DONE, .relay_done = { s->id } };
	relay_transaction_reset(s);
	s->n_mails++;
	s->relay->n_mails++;
	relay_tell(s->relay, &out);
}

/* -errno; MC_E_BAD when the file is shorter than it was said to be. */
static int read_piece(struct relay_session *s, struct view *out)
{
	struct relay_transaction *tx = &s->tx;
	char *piece = s->relay->piece;
	uint64_t left = tx->size - tx->sent;
	size_t want =
	    left < RELAY_PIECE_BYTES ? (size_t)left : RELAY_PIECE_BYTES;
	ssize_t n;
	off_t at = (off_t)(tx->sent - tx->head.n);
	do {
		n = pread(tx->fd, piece, want, at);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0 && want)
		return MC_E_BAD;
	*out = (struct view){ piece, (size_t)n };
	return 0;
}

static int next_piece(struct relay_session *s, struct view *out)
{
	const struct relay_transaction *tx = &s->tx;
	if (tx->sent < tx->head.n) {
		*out = view_skip(tx->head, (size_t)tx->sent);
		return 0;
	}
	if (tx->fd >= 0)
		return read_piece(s, out);
	*out = (struct view){ tx->body + (tx->sent - tx->head.n),
		(size_t)(tx->size - tx->sent) };
	return 0;
}

bool relay_transaction_feed(struct relay_session *s)
{
	struct relay_transaction *tx = &s->tx;
	struct view piece;
	if (!tx->wants_body)
		return false;
	int error = next_piece(s, &piece);
	if (error) {
		tx->wants_body = false;
		smtp_client_body_lost(s->client, view_of(err_text(error)));
		return true;
	}
	bool is_last = tx->sent + piece.n == tx->size;
	size_t n = smtp_client_body(s->client, piece, is_last);
	tx->sent += n;
	if (is_last && n == piece.n)
		tx->wants_body = false;
	return n > 0;
}

void relay_transaction_reset(struct relay_session *s)
{
	struct relay_transaction *tx = &s->tx;
	if (tx->is_open) {
		arena_deinit(&tx->strings);
		free(tx->rcpts);
		free(tx->indices);
		free(tx->body);
		if (tx->fd >= 0)
			close(tx->fd);
	}
	*tx = (struct relay_transaction){ .fd = -1 };
}
