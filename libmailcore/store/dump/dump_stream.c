#include "store/dump/dump_stream.h"
#include "store/dump/dump_record.h"
#include "store/record/crc32c.h"
#include "wire/rd.h"
#include "wire/wr.h"

enum {
	HEAD_OCTETS = 5, /* type and length */
	SUM_OCTETS = 4,
	WRITER_MAX = 2 * DUMP_RECORD_MAX,
};

static const struct view magic = V_INIT("Mailcore dump 1\n");

enum {
	MAGIC_OCTETS = 16
};

static uint32_t sum(uint64_t number, struct view record)
{
	char p[8];
	struct wr w = wr_into(p, sizeof p);
	wr_u64(&w, number);
	return crc32c(crc32c(0, wr_view(&w)), record);
}

void dump_writer_init(struct dump_writer *w)
{
	*w = (struct dump_writer){ .n = 0 };
	buf_init(&w->out, WRITER_MAX);
}

void dump_writer_deinit(struct dump_writer *w)
{
	buf_deinit(&w->out);
}

void dump_write(struct dump_writer *w, const struct dump_record *r)
{
	char p[HEAD_OCTETS];
	if (w->n == 0)
		buf_put(&w->out, magic);
	size_t at = buf_len(&w->out);
	buf_put(&w->out, (struct view){ p, sizeof p });
	dump_record_encode(r, &w->out);
	if (buf_error(&w->out))
		return;
	struct view v = view_skip(buf_view(&w->out), at);
	struct wr head = wr_into(p, sizeof p);
	wr_u8(&head, (uint8_t)r->type);
	wr_u32(&head, (uint32_t)(v.n - sizeof p));
	memcpy(w->out.p + w->out.start + at, p, sizeof p);
	struct wr tail = wr_into(p, SUM_OCTETS);
	wr_u32(&tail, sum(w->n++, v));
	buf_put(&w->out, wr_view(&tail));
}

void dump_write_end(struct dump_writer *w)
{
	const struct dump_record r = { .type = DUMP_END, .n_records = w->n };
	dump_write(w, &r);
}

void dump_reader_init(struct dump_reader *r,
    int (*read)(void *ctx, char *p, size_t n, size_t *got), void *ctx)
{
	*r = (struct dump_reader){ .read = read, .ctx = ctx, .type = '?' };
	buf_init(&r->fields, DUMP_RECORD_MAX + HEAD_OCTETS + SUM_OCTETS);
}

void dump_reader_deinit(struct dump_reader *r)
{
	buf_deinit(&r->fields);
}

/* Appends exactly n octets to fields, in steps: a length is not believed
 * before its octets are there. *any: some were read. */
static int take(struct dump_reader *r, size_t n, bool *any)
{
	while (n) {
		size_t got = 0, want = n < DUMP_PIECE_MAX ? n : DUMP_PIECE_MAX;
		char *p = buf_reserve(&r->fields, want);
		if (!p)
			return MC_E_CORRUPT;
		int error = r->read(r->ctx, p, want, &got);
		if (error)
			return error;
		if (got == 0)
			return MC_E_CORRUPT;
		buf_commit(&r->fields, got);
		*any = true;
		n -= got;
	}
	return 0;
}

/* MC_E_NOENT: nothing more comes. */
static int take_magic(struct dump_reader *r)
{
	bool any = false;
	buf_reset(&r->fields);
	r->n = 0;
	r->type = '?';
	int error = take(r, MAGIC_OCTETS, &any);
	if (error == MC_E_CORRUPT && !any)
		return MC_E_NOENT;
	if (error == MC_E_CORRUPT || view_eq(buf_view(&r->fields), magic))
		return error;
	return error ? error : MC_E_BAD;
}

static int take_record(struct dump_reader *r, struct view *fields)
{
	bool any;
	buf_reset(&r->fields);
	r->n++;
	r->type = '?';
	int error = take(r, HEAD_OCTETS, &any);
	if (error)
		return error;
	struct rd head = rd_of(buf_view(&r->fields));
	r->type = (char)rd_u8(&head);
	size_t n = rd_u32(&head);
	if (n > DUMP_RECORD_MAX)
		return MC_E_CORRUPT;
	error = take(r, n + SUM_OCTETS, &any);
	if (error)
		return error;
	struct view all = view_head(buf_view(&r->fields), HEAD_OCTETS + n);
	struct rd tail = rd_of(view_skip(buf_view(&r->fields), all.n));
	if (rd_u32(&tail) != sum(r->n - 1, all))
		return MC_E_CORRUPT;
	*fields = view_skip(all, HEAD_OCTETS);
	return 0;
}

static int check_header(const struct dump_record *h)
{
	if (h->type != DUMP_HEADER)
		return MC_E_BAD;
	return h->format == DUMP_FORMAT ? 0 : MC_E_VERSION;
}

int dump_read(struct dump_reader *r, struct dump_record *out)
{
	struct view fields;
	bool first = !r->inside;
	int error = first ? take_magic(r) : 0;
	if (error)
		return error;
	error = take_record(r, &fields);
	if (!error)
		error = dump_record_decode(
		    (enum dump_type)(unsigned char)r->type, fields, out);
	if (!error && first)
		error = check_header(out);
	if (error)
		return error;
	r->inside = out->type != DUMP_END;
	return out->type == DUMP_END && out->n_records != r->n - 1
		   ? MC_E_CORRUPT
		   : 0;
}
