/* The message: after DATA (RFC 5321 4.5.2), or in chunks (RFC 3030 2). */
#include "queued/client/smtp_client_state.h"

enum {
	/* Large enough to cost nothing, small enough that a peer without room
	 * says so before it was sent the whole message. */
	CHUNK_MAX = 1 << 20,
	/* Chunks that wait for their replies. */
	CHUNKS_IN_FLIGHT = 8,
};

void smtp_client_begin_body(struct smtp_client *c)
{
	c->state = SMTP_CLIENT_BODY;
	dot_writer_init(&c->tx.dots);
	smtp_client_notify(c, SMTP_EVENT_BODY);
}

/* RFC 5321 2.3.8: no bare CR, no bare LF. A peer that took one for a line end
 * could be made to see a final dot where there is none: dot_writer sees to LF,
 * and here each CR gets its LF. */
static void put_lines(
    struct smtp_transaction *tx, struct view v, struct buf *out)
{
	while (v.n) {
		if (tx->after_cr && v.p[0] != '\n')
			dot_writer_put(&tx->dots, V("\n"), out);
		size_t cr = view_find_byte(v, '\r');
		tx->after_cr = cr < v.n;
		dot_writer_put(&tx->dots, view_head(v, cr + 1), out);
		v = view_skip(v, cr + 1);
	}
}

static size_t put_data(struct smtp_client *c, struct view piece)
{
	struct smtp_transaction *tx = &c->tx;
	put_lines(tx, piece, &c->out);
	tx->left -= piece.n;
	if (tx->left == 0) {
		dot_writer_end(&tx->dots, &c->out);
		c->state = SMTP_CLIENT_BUSY;
		smtp_client_sent(c, SMTP_STAGE_END);
	}
	return piece.n;
}

static bool begin_chunk(struct smtp_client *c)
{
	struct smtp_transaction *tx = &c->tx;
	bool is_last = tx->left <= CHUNK_MAX;
	if (c->n_flight &&
	    (!c->caps.pipelining || c->n_flight == CHUNKS_IN_FLIGHT))
		return false;
	tx->chunk_left = is_last ? tx->left : CHUNK_MAX;
	buf_printf(&c->out, "BDAT %llu%s\r\n",
	    (unsigned long long)tx->chunk_left, is_last ? " LAST" : "");
	smtp_client_sent(c, is_last ? SMTP_STAGE_END : SMTP_STAGE_BODY);
	c->flight[c->n_flight - 1].end = SMTP_END_OPEN;
	tx->data_sent = true;
	return true;
}

static void end_chunk(struct smtp_client *c)
{
	c->flight[c->n_flight - 1].end = smtp_client_out_end(c);
	if (c->tx.left == 0)
		c->state = SMTP_CLIENT_BUSY;
}

static size_t put_chunks(struct smtp_client *c, struct view piece)
{
	struct smtp_transaction *tx = &c->tx;
	struct view rest = piece;
	do {
		if (tx->chunk_left == 0 && !begin_chunk(c))
			break;
		size_t n =
		    rest.n < tx->chunk_left ? rest.n : (size_t)tx->chunk_left;
		buf_put(&c->out, view_head(rest, n));
		rest = view_skip(rest, n);
		tx->left -= n;
		tx->chunk_left -= n;
		if (tx->chunk_left == 0)
			end_chunk(c);
	} while (rest.n);
	return piece.n - rest.n;
}

size_t smtp_client_body(struct smtp_client *c, struct view piece, bool is_last)
{
	struct smtp_transaction *tx = &c->tx;
	if (c->state != SMTP_CLIENT_BODY)
		return 0;
	if (piece.n > tx->left || (is_last && piece.n < tx->left)) {
		smtp_client_body_lost(c, V("it has another size"));
		return 0;
	}
	smtp_client_enter(c);
	size_t held = buf_len(&c->out);
	size_t room = held < SMTP_OUT_BODY ? SMTP_OUT_BODY - held : 0;
	size_t n = 0;
	piece = view_head(piece, room);
	if (room && (piece.n || tx->left == 0))
		n = c->caps.chunking ? put_chunks(c, piece)
				     : put_data(c, piece);
	smtp_client_leave(c);
	return n;
}

void smtp_client_on_chunk(struct smtp_client *c, size_t index)
{
	struct smtp_transaction *tx = &c->tx;
	bool is_ok = smtp_client_is_ok(c);
	(void)index;
	if (is_ok || c->state == SMTP_CLIENT_OVER)
		return;
	smtp_client_tell_rest(c);
	if (tx->chunk_left) {
		/* What was announced and not sent cannot be taken back. */
		smtp_client_end(c);
		return;
	}
	c->state = SMTP_CLIENT_BUSY;
	smtp_client_go_on(c);
}
