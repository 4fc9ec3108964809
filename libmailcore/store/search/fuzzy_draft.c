/* Making a block of the index of words. Words get a number as they come, and
 * each a chain of the messages that have it; they are sorted at the end. */
#include "base/panic.h"
#include "store/record/le.h"
#include "store/search/fuzzy_index.h"
#include <stdlib.h>

/* What the last message has beyond that is left out, so that no block takes
 * long. */
enum {
	ENTRIES_MAX = 32 * 1024,
	SLOTS = 4 * ENTRIES_MAX,
	PROBES_MAX = 128,
	POSTINGS_MAX = 256 * 1024,
	OCTETS_MAX = 1024 * 1024,
	TEXT_MAX = 2 * FUZZY_BLOCK_OCTETS,
	LISTS_MAX = 4 * (ENTRIES_MAX + POSTINGS_MAX)
};

struct entry {
	const char *p;        /* in octets */
	uint32_t first, last; /* postings, from 1 */
	uint8_t letters, n;
};

struct posting {
	uint32_t next;
	uint16_t message;
	uint8_t zones;
};

struct fuzzy_draft {
	uint32_t n, n_entries, n_postings, n_octets;
	size_t text_octets;
	uint64_t msgids[FUZZY_BLOCK_MESSAGES];
	struct buf lists, list;
	uint32_t slots[SLOTS]; /* of a hash: entries, from 1 */
	struct entry entries[ENTRIES_MAX];
	struct posting postings[POSTINGS_MAX];
	char octets[OCTETS_MAX];
};

static const uint64_t open_bit = (uint64_t)1 << 63;

struct fuzzy_draft *fuzzy_draft_new(void)
{
	struct fuzzy_draft *d = MUST_NEW(struct fuzzy_draft);
	buf_init(&d->lists, LISTS_MAX);
	buf_init(&d->list, 4 * FUZZY_BLOCK_MESSAGES);
	return d;
}

void fuzzy_draft_free(struct fuzzy_draft **handle)
{
	struct fuzzy_draft *d = *handle;
	*handle = NULL;
	if (d) {
		buf_deinit(&d->lists);
		buf_deinit(&d->list);
	}
	free(d);
}

void fuzzy_draft_reset(struct fuzzy_draft *d)
{
	d->n = d->n_entries = d->n_postings = d->n_octets = 0;
	d->text_octets = 0;
	buf_reset(&d->lists);
	memset(d->slots, 0, sizeof d->slots);
}

void fuzzy_draft_add(struct fuzzy_draft *d, uint64_t msgid)
{
	mc_assert(d->n < FUZZY_BLOCK_MESSAGES);
	d->msgids[d->n++] = msgid;
}

void fuzzy_draft_open(struct fuzzy_draft *d)
{
	d->msgids[d->n - 1] |= open_bit;
}

uint32_t fuzzy_draft_messages(const struct fuzzy_draft *d)
{
	return d->n;
}

bool fuzzy_draft_is_full(const struct fuzzy_draft *d)
{
	return d->n >= FUZZY_BLOCK_MESSAGES ||
	       d->text_octets >= FUZZY_BLOCK_OCTETS ||
	       d->n_entries >= ENTRIES_MAX / 4 * 3 ||
	       d->n_postings >= POSTINGS_MAX / 2 ||
	       d->n_octets >= OCTETS_MAX / 2;
}

static struct entry *new_entry(struct fuzzy_draft *d, const struct word *w)
{
	if (d->n_entries == ENTRIES_MAX || w->text.n > OCTETS_MAX - d->n_octets)
		return NULL;
	char *p = d->octets + d->n_octets;
	memcpy(p, w->text.p, w->text.n);
	d->n_octets += (uint32_t)w->text.n;
	struct entry *e = &d->entries[d->n_entries++];
	*e = (struct entry){
		.p = p, .letters = (uint8_t)w->letters, .n = (uint8_t)w->text.n
	};
	return e;
}

/* NULL: there is no room for another one, or many others fell on the same
 * slot, as somebody may have wanted. */
static struct entry *entry_of(struct fuzzy_draft *d, const struct word *w)
{
	size_t at = view_hash(w->text) % SLOTS;
	for (unsigned i = 0; i < PROBES_MAX; i++, at = (at + 1) % SLOTS) {
		if (d->slots[at] == 0) {
			struct entry *e = new_entry(d, w);
			d->slots[at] = e ? d->n_entries : 0;
			return e;
		}
		struct entry *e = &d->entries[d->slots[at] - 1];
		if (e->n == w->text.n && memcmp(e->p, w->text.p, e->n) == 0)
			return e;
	}
	return NULL;
}

static bool put_posting(struct fuzzy_draft *d, struct entry *e, unsigned zone)
{
	uint16_t message = (uint16_t)(d->n - 1);
	if (e->last && d->postings[e->last - 1].message == message) {
		d->postings[e->last - 1].zones |= (uint8_t)zone;
		return true;
	}
	if (d->n_postings == POSTINGS_MAX)
		return false;
	d->postings[d->n_postings++] =
	    (struct posting){ 0, message, (uint8_t)zone };
	if (e->last)
		d->postings[e->last - 1].next = d->n_postings;
	else
		e->first = d->n_postings;
	e->last = d->n_postings;
	return true;
}

static bool put_word(
    struct fuzzy_draft *d, const struct word *w, enum extract_zone zone)
{
	struct entry *e = entry_of(d, w);
	return e && put_posting(d, e, EXTRACT_BIT(zone));
}

void fuzzy_draft_words(
    struct fuzzy_draft *d, enum extract_zone zone, struct view text)
{
	bool fits = text.n <= TEXT_MAX - d->text_octets;
	struct word w;
	if (d->msgids[d->n - 1] & open_bit)
		return;
	d->text_octets += fits ? text.n : 0;
	while (fits && word_next(&text, &w))
		fits = put_word(d, &w, zone);
	if (!fits)
		fuzzy_draft_open(d);
}

static int compare_entries(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;
	if (a->letters != b->letters)
		return a->letters < b->letters ? -1 : 1;
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	return memcmp(a->p, b->p, a->n);
}

static void put_number(struct buf *out, uint32_t n)
{
	for (; n >= 0x80; n >>= 7)
		buf_put_char(out, (char)(n | 0x80));
	buf_put_char(out, (char)n);
}

static void put_le32(struct buf *out, uint32_t n)
{
	char p[4];
	put_le(p, n, sizeof p);
	buf_put(out, (struct view){ p, sizeof p });
}

/* A run of entries of one size from i on. */
static uint32_t group_end(const struct fuzzy_draft *d, uint32_t i)
{
	uint32_t end = i;
	while (end < d->n_entries &&
	       d->entries[end].letters == d->entries[i].letters &&
	       d->entries[end].n == d->entries[i].n)
		end++;
	return end;
}

static uint32_t count_groups(const struct fuzzy_draft *d)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < d->n_entries; i = group_end(d, i))
		n++;
	return n;
}

static void put_groups(const struct fuzzy_draft *d, struct buf *out)
{
	for (uint32_t i = 0, end; i < d->n_entries; i = end) {
		const char size[4] = { (char)d->entries[i].letters,
			(char)d->entries[i].n };
		end = group_end(d, i);
		buf_put(out, (struct view){ size, sizeof size });
		put_le32(out, end - i);
	}
}

/* Behind its length, which has an octet nearly always. */
static void put_list(struct fuzzy_draft *d, const struct entry *e)
{
	uint32_t before = UINT32_MAX; /* -1 */
	buf_reset(&d->list);
	for (uint32_t i = e->first; i; i = d->postings[i - 1].next) {
		const struct posting *g = &d->postings[i - 1];
		put_number(&d->list, (g->message - before) * 8 + g->zones);
		before = g->message;
	}
	put_number(&d->lists, (uint32_t)buf_len(&d->list));
	buf_put(&d->lists, buf_view(&d->list));
}

/* And where each 32nd begins. */
static void put_starts(struct fuzzy_draft *d, struct buf *out)
{
	for (uint32_t i = 0; i < d->n_entries; i++) {
		if (i % FUZZY_START_WORDS == 0)
			put_le32(out, (uint32_t)buf_len(&d->lists));
		put_list(d, &d->entries[i]);
	}
}

void fuzzy_draft_encode(struct fuzzy_draft *d, struct buf *out)
{
	qsort(d->entries, d->n_entries, sizeof *d->entries, compare_entries);
	put_le32(out, d->n);
	put_le32(out, count_groups(d));
	put_le32(out, d->n_entries);
	put_le32(out, d->n_octets);
	put_le32(out, (uint32_t)d->text_octets);
	for (uint32_t i = 0; i < d->n; i++) {
		put_le32(out, (uint32_t)d->msgids[i]);
		put_le32(out, (uint32_t)(d->msgids[i] >> 32));
	}
	put_groups(d, out);
	for (uint32_t i = 0; i < d->n_entries; i++) {
		const struct entry *e = &d->entries[i];
		struct word w = { { e->p, e->n }, e->letters };
		put_le32(out, word_mask(&w));
	}
	put_starts(d, out);
	for (uint32_t i = 0; i < d->n_entries; i++)
		buf_put(out, (struct view){ d->entries[i].p, d->entries[i].n });
	buf_put(out, buf_view(&d->lists));
}
