#include "store/search/extract_segment.h"
#include "store/record/crc32c.h"
#include "store/record/le.h"

enum {
	HEAD_OCTETS = 4,
	TEXT_MAX = EXTRACT_SEGMENT_OCTETS + EXTRACT_OCTETS_MAX + 64
};

static const uint32_t cut_bit = 1u << 31;

uint32_t extract_check(uint64_t size_bytes, struct date internaldate)
{
	char p[18];
	put_le(p, size_bytes, 8);
	put_le(p + 8, (uint64_t)internaldate.unix_s, 8);
	put_le(p + 16, (uint16_t)internaldate.zone_min, 2);
	return crc32c(0, (struct view){ p, sizeof p });
}

struct key extract_key(uint64_t msgid)
{
	struct key k = { .n = sizeof msgid };
	msgid = htobe64(msgid);
	memcpy(k.p, &msgid, sizeof msgid);
	return k;
}

struct extract_entry extract_entry_at(
    const struct extract_segment *s, uint32_t i)
{
	const char *p = s->entries.p + (size_t)i * EXTRACT_ENTRY_OCTETS;
	uint32_t end = get_le32(p + 12);
	return (struct extract_entry){ get_le64(p), get_le32(p + 8),
		end & ~cut_bit, (end & cut_bit) != 0 };
}

bool extract_segment_is_ordered(const struct extract_segment *s)
{
	struct extract_entry before = { .msgid = 0 };
	bool has_cut = false;
	for (uint32_t i = 0; i < s->n; i++) {
		struct extract_entry e = extract_entry_at(s, i);
		if (e.msgid <= before.msgid || e.end < before.end)
			return false;
		has_cut |= e.cut;
		before = e;
	}
	return has_cut == s->has_cut;
}

int extract_segment_peek(struct view v, struct extract_segment *out)
{
	struct extract_segment s = { .id = 0 };
	if (v.n < HEAD_OCTETS)
		return MC_E_CORRUPT;
	s.n = get_le32(v.p) & ~cut_bit;
	s.has_cut = (get_le32(v.p) & cut_bit) != 0;
	v = view_skip(v, HEAD_OCTETS);
	if (s.n == 0 || s.n > EXTRACT_SEGMENT_MESSAGES ||
	    v.n < (size_t)s.n * EXTRACT_ENTRY_OCTETS)
		return MC_E_CORRUPT;
	s.entries = view_head(v, (size_t)s.n * EXTRACT_ENTRY_OCTETS);
	v = view_skip(v, s.entries.n);
	struct extract_entry last = extract_entry_at(&s, s.n - 1);
	s.first = extract_entry_at(&s, 0).msgid;
	s.last = last.msgid;
	s.filter = view_head(v, extract_filter_octets(last.end));
	s.text = view_skip(v, s.filter.n);
	if (s.text.n != last.end || s.first > s.last)
		return MC_E_CORRUPT;
	*out = s;
	return 0;
}

int extract_segment_decode(struct view value, struct extract_segment *out)
{
	int error = extract_segment_peek(value, out);
	return error || extract_segment_is_ordered(out) ? error : MC_E_CORRUPT;
}

void extract_draft_init(struct extract_draft *d)
{
	*d = (struct extract_draft){ .n = 0 };
	buf_init(&d->entries, EXTRACT_SEGMENT_MESSAGES * EXTRACT_ENTRY_OCTETS);
	buf_init(&d->text, TEXT_MAX);
}

void extract_draft_deinit(struct extract_draft *d)
{
	buf_deinit(&d->entries);
	buf_deinit(&d->text);
}

void extract_draft_reset(struct extract_draft *d)
{
	buf_reset(&d->entries);
	buf_reset(&d->text);
	d->n = 0;
	d->has_cut = false;
}

void extract_draft_end(
    struct extract_draft *d, uint64_t msgid, uint32_t check, bool cut)
{
	char p[EXTRACT_ENTRY_OCTETS];
	put_le(p, msgid, 8);
	put_le(p + 8, check, 4);
	put_le(p + 12, buf_len(&d->text) | (cut ? cut_bit : 0), 4);
	buf_put(&d->entries, (struct view){ p, sizeof p });
	d->has_cut |= cut;
	if (d->n++ == 0)
		d->first = msgid;
}

bool extract_draft_is_full(const struct extract_draft *d)
{
	return d->n >= EXTRACT_SEGMENT_MESSAGES ||
	       buf_len(&d->text) >= EXTRACT_SEGMENT_OCTETS;
}

void extract_draft_load(
    struct extract_draft *d, const struct extract_segment *s)
{
	extract_draft_reset(d);
	buf_put(&d->entries, s->entries);
	buf_put(&d->text, s->text);
	d->first = s->first;
	d->n = s->n;
	d->has_cut = s->has_cut;
}

void extract_draft_put(
    struct kv_txn *t, enum extract_zone zone, const struct extract_draft *d)
{
	struct key k = extract_key(d->first);
	struct view entries = buf_view(&d->entries), text = buf_view(&d->text);
	size_t filter_octets = extract_filter_octets(text.n);
	size_t octets = HEAD_OCTETS + entries.n + filter_octets + text.n;
	char *p = d->n ? kv_reserve(t, EXTRACT_TABLE_ZONES + zone, key_view(&k),
			     octets, false)
		       : NULL;
	if (!p)
		return;
	put_le(p, d->n | (d->has_cut ? cut_bit : 0), HEAD_OCTETS);
	p += HEAD_OCTETS;
	memcpy(p, entries.p, entries.n);
	p += entries.n;
	extract_filter_make(text, p);
	if (text.n)
		memcpy(p + filter_octets, text.p, text.n);
}
