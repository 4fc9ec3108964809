#include "queued/spool/queue_record.h"
#include "wire/rd.h"

/* The bounds of msg.def. */
enum {
	ADDRESS_MAX = 320,
	REMOTE_MAX = 64,
	HELO_MAX = 255,
	ENVID_MAX = 100,
	ORCPT_MAX = 500,
	TEXT_MAX = 1000,
	HOST_MAX = 255,
};

/* Text that goes into messages between processes: no NUL. */
static struct view rd_text(struct rd *r, size_t max)
{
	struct view v = rd_bytes(r, max);
	if (view_has_byte(v, '\0'))
		r->failed = true;
	return v;
}

int queue_record_put_envelope(
    const struct queue_envelope *e, char *out, size_t *n)
{
	struct wr w = wr_into(out, QUEUE_RECORD_MAX);
	wr_u8(&w, QUEUE_ENVELOPE_VERSION);
	wr_u8(&w, e->is_spooled);
	wr_u32(&w, e->submit_flags);
	wr_u64(&w, e->received_s);
	wr_u64(&w, e->session);
	wr_u64(&w, e->size_bytes);
	wr_u32(&w, e->n_recipients);
	wr_bytes(&w, e->sender, ADDRESS_MAX);
	wr_bytes(&w, e->account, ADDRESS_MAX);
	wr_bytes(&w, e->remote, REMOTE_MAX);
	wr_bytes(&w, e->helo, HELO_MAX);
	wr_bytes(&w, e->envid, ENVID_MAX);
	*n = w.n;
	return w.failed ? MC_E_LIMIT : 0;
}

int queue_record_get_envelope(
    struct view v, uint64_t id, struct queue_envelope *out)
{
	struct rd r = rd_of(v);
	if (rd_u8(&r) != QUEUE_ENVELOPE_VERSION)
		return v.n ? MC_E_VERSION : MC_E_CORRUPT;
	struct queue_envelope e = { .id = id };
	uint8_t spooled = rd_u8(&r);
	e.is_spooled = spooled != 0;
	e.submit_flags = rd_u32(&r);
	e.received_s = rd_u64(&r);
	e.session = rd_u64(&r);
	e.size_bytes = rd_u64(&r);
	e.n_recipients = rd_u32(&r);
	e.sender = rd_text(&r, ADDRESS_MAX);
	e.account = rd_text(&r, ADDRESS_MAX);
	e.remote = rd_text(&r, REMOTE_MAX);
	e.helo = rd_text(&r, HELO_MAX);
	e.envid = rd_text(&r, ENVID_MAX);
	if (!rd_end(&r) || spooled > 1)
		return MC_E_CORRUPT;
	*out = e;
	return 0;
}

/* What an alias or forward file made of it stands behind the rest, and only
 * then. */
static void put_leaf(struct wr *w, const struct queue_rcpt *r)
{
	if (r->kind == LEAF_ADDRESS)
		return;
	wr_u8(w, (uint8_t)r->kind);
	wr_bytes(w, r->text, TEXT_MAX);
	wr_bytes(w, r->from, ADDRESS_MAX);
	wr_bytes(w, r->origin, ADDRESS_MAX);
}

static void get_leaf(struct rd *r, struct queue_rcpt *q)
{
	if (!r->rest.n)
		return;
	uint8_t kind = rd_u8(r);
	q->kind = (enum leaf_kind)kind;
	q->text = rd_text(r, TEXT_MAX);
	q->from = rd_text(r, ADDRESS_MAX);
	q->origin = rd_text(r, ADDRESS_MAX);
	if (kind == LEAF_ADDRESS || kind >= LEAF_KIND_COUNT)
		r->failed = true;
}

int queue_record_put_rcpt(const struct queue_rcpt *r, char *out, size_t *n)
{
	struct wr w = wr_into(out, QUEUE_RECORD_MAX);
	wr_u8(&w, QUEUE_RCPT_VERSION);
	wr_u8(&w, (uint8_t)r->state);
	wr_u8(&w, r->notify);
	wr_u32(&w, r->attempts);
	wr_u64(&w, r->next_s);
	wr_u64(&w, r->last_s);
	wr_bytes(&w, r->address, ADDRESS_MAX);
	wr_bytes(&w, r->orcpt, ORCPT_MAX);
	wr_bytes(&w, view_head(r->reply, QUEUE_REPLY_MAX), QUEUE_REPLY_MAX);
	wr_bytes(&w, r->host, HOST_MAX);
	wr_bytes(&w, r->site, QUEUE_SITE_MAX);
	wr_u32(&w, r->sender);
	put_leaf(&w, r);
	*n = w.n;
	return w.failed ? MC_E_LIMIT : 0;
}

int queue_record_get_rcpt(struct view v, uint32_t index, struct queue_rcpt *out)
{
	struct rd r = rd_of(v);
	uint8_t version = rd_u8(&r);
	if (!version || version > QUEUE_RCPT_VERSION)
		return v.n ? MC_E_VERSION : MC_E_CORRUPT;
	struct queue_rcpt q = { .index = index };
	uint8_t state = rd_u8(&r);
	q.state = (enum rcpt_state)state;
	q.notify = rd_u8(&r);
	q.attempts = rd_u32(&r);
	q.next_s = rd_u64(&r);
	q.last_s = rd_u64(&r);
	q.address = rd_text(&r, ADDRESS_MAX);
	q.orcpt = rd_text(&r, ORCPT_MAX);
	q.reply = rd_text(&r, QUEUE_REPLY_MAX);
	if (version >= 2) {
		q.host = rd_text(&r, HOST_MAX);
		q.site = rd_text(&r, QUEUE_SITE_MAX);
		q.sender = rd_u32(&r);
	}
	get_leaf(&r, &q);
	if (!rd_end(&r) || state >= RCPT_STATE_COUNT)
		return MC_E_CORRUPT;
	*out = q;
	return 0;
}
