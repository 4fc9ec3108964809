#include "store/search/fuzzy_index.h"
#include "store/record/le.h"

enum {
	HEAD_OCTETS = 20,
	GROUP_OCTETS = 8,
	MSGID_OCTETS = 8,
	MASK_OCTETS = 4,
	START_OCTETS = 4,
	ZONE_BITS = 3,
	LANES = 8 /* masks at a time */
};

static const uint64_t open_bit = (uint64_t)1 << 63;

/* Words of one size. */
struct group {
	unsigned letters, octets;
	uint32_t n;
	size_t first; /* number of its first word */
	struct view words;
};

static struct group group_at(const struct fuzzy_block *b, uint32_t i)
{
	const char *p = b->groups.p + (size_t)i * GROUP_OCTETS;
	return (struct group){ .letters = (unsigned char)p[0],
		.octets = (unsigned char)p[1],
		.n = get_le32(p + 4) };
}

/* What the groups say has to be there. */
static bool groups_fit(const struct fuzzy_block *b)
{
	uint64_t words = 0, octets = 0;
	for (uint32_t i = 0; i < b->n_groups; i++) {
		struct group g = group_at(b, i);
		if (g.letters == 0 || g.octets < g.letters)
			return false;
		words += g.n;
		octets += (uint64_t)g.n * g.octets;
	}
	return words == b->n_words && octets == b->words.n;
}

static bool cut(struct view *v, uint64_t n, struct view *out)
{
	if (n > v->n)
		return false;
	*out = view_head(*v, (size_t)n);
	*v = view_skip(*v, (size_t)n);
	return true;
}

int fuzzy_block_decode(struct view v, struct fuzzy_block *out)
{
	struct fuzzy_block b = { .n = 0 };
	struct view head;
	if (!cut(&v, HEAD_OCTETS, &head))
		return MC_E_CORRUPT;
	b.n = get_le32(head.p);
	b.n_groups = get_le32(head.p + 4);
	b.n_words = get_le32(head.p + 8);
	b.text_octets = get_le32(head.p + 16);
	uint64_t starts =
	    ((uint64_t)b.n_words + FUZZY_START_WORDS - 1) / FUZZY_START_WORDS;
	if (b.n == 0 || b.n > FUZZY_BLOCK_MESSAGES ||
	    !cut(&v, (uint64_t)b.n * MSGID_OCTETS, &b.msgids) ||
	    !cut(&v, (uint64_t)b.n_groups * GROUP_OCTETS, &b.groups) ||
	    !cut(&v, (uint64_t)b.n_words * MASK_OCTETS, &b.masks) ||
	    !cut(&v, starts * START_OCTETS, &b.starts) ||
	    !cut(&v, get_le32(head.p + 12), &b.words) || !groups_fit(&b))
		return MC_E_CORRUPT;
	b.lists = v;
	b.first = fuzzy_block_msgid(&b, 0, NULL);
	b.last = fuzzy_block_msgid(&b, b.n - 1, NULL);
	if (b.first > b.last)
		return MC_E_CORRUPT;
	*out = b;
	return 0;
}

uint64_t fuzzy_block_msgid(
    const struct fuzzy_block *b, uint32_t i, bool *is_open)
{
	uint64_t n = get_le64(b->msgids.p + (size_t)i * MSGID_OCTETS);
	if (is_open)
		*is_open = (n & open_bit) != 0;
	return n & ~open_bit;
}

bool fuzzy_block_is_large(const struct fuzzy_block *b)
{
	return b->n >= FUZZY_BLOCK_MESSAGES / 2 ||
	       b->text_octets >= FUZZY_BLOCK_OCTETS / 2;
}

/* Damage ends it: as far as memory goes, any list is one. */
static uint32_t take_number(struct view *v)
{
	uint32_t n = 0;
	for (unsigned shift = 0; v->n && shift < 28; shift += 7) {
		unsigned char c = (unsigned char)*v->p;
		v->p++;
		v->n--;
		n |= (uint32_t)(c & 0x7f) << shift;
		if (c < 0x80)
			break;
	}
	return n;
}

struct search {
	const struct fuzzy_block *b;
	const struct word_pattern *pattern;
	unsigned zones;
	struct fuzzy_hits *hits;
};

/* Those that have a word. */
static void add_list(const struct search *s, size_t word)
{
	const struct fuzzy_block *b = s->b;
	size_t at =
	    get_le32(b->starts.p + word / FUZZY_START_WORDS * START_OCTETS);
	struct view v = view_skip(b->lists, at);
	uint32_t message = UINT32_MAX; /* -1 */
	for (size_t i = 0; i < word % FUZZY_START_WORDS; i++)
		v = view_skip(v, take_number(&v));
	size_t n = take_number(&v);
	for (v = view_head(v, n); v.n;) {
		uint32_t number = take_number(&v);
		message += number >> ZONE_BITS;
		if (message < b->n && number & s->zones)
			s->hits->bits[message / 64] |= (uint64_t)1
						       << message % 64;
	}
}

static struct word word_at(const struct group *g, uint32_t i)
{
	size_t at = (size_t)i * g->octets;
	return (struct word){ { g->words.p + at, g->octets }, g->letters };
}

static void compare(const struct search *s, const struct group *g, uint32_t i)
{
	size_t number = g->first + i;
	uint32_t mask = get_le32(s->b->masks.p + number * MASK_OCTETS);
	struct word w = word_at(g, i);
	if (word_mask_may_be_near(s->pattern, mask) &&
	    word_compare(s->pattern, &w) != WORD_FAR)
		add_list(s, number);
}

/* Whether any of some masks is near: without branches, for vectors. */
static bool is_any_near(const struct word_pattern *p, const char *masks)
{
	uint32_t different[LANES], far = 0;
	for (unsigned i = 0; i < LANES; i++)
		different[i] =
		    get_le32(masks + (size_t)i * MASK_OCTETS) ^ p->mask;
	for (unsigned j = 0; j < 2 * p->edits; j++)
		for (unsigned i = 0; i < LANES; i++)
			different[i] &= different[i] - 1;
	for (unsigned i = 0; i < LANES; i++)
		far += different[i] != 0;
	return far < LANES;
}

/* Words of about the same length. */
static void look_near(const struct search *s, const struct group *g)
{
	const char *masks = s->b->masks.p + g->first * MASK_OCTETS;
	uint32_t i = 0;
	for (; i + LANES <= g->n; i += LANES)
		if (is_any_near(s->pattern, masks + (size_t)i * MASK_OCTETS))
			for (uint32_t j = i; j < i + LANES; j++)
				compare(s, g, j);
	for (; i < g->n; i++)
		compare(s, g, i);
}

/* Longer ones that begin so. */
static void look_behind(const struct search *s, const struct group *g)
{
	struct view start = s->pattern->word.text;
	uint32_t low = 0, high = g->octets < start.n ? 0 : g->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct word w = word_at(g, middle);
		if (view_cmp(view_head(w.text, start.n), start) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < g->n; low++) {
		struct word w = word_at(g, low);
		if (!view_starts(w.text, start))
			return;
		add_list(s, g->first + low);
	}
}

void fuzzy_block_find(const struct fuzzy_block *b, const struct word_pattern *w,
    unsigned zones, struct fuzzy_hits *hits)
{
	struct search s = { b, w, zones, hits };
	struct view words = b->words;
	size_t first = 0;
	for (uint32_t i = 0; i < b->n_groups; i++) {
		struct group g = group_at(b, i);
		g.first = first;
		g.words = view_head(words, (size_t)g.n * g.octets);
		words = view_skip(words, g.words.n);
		first += g.n;
		if (g.letters + w->edits >= w->word.letters &&
		    g.letters <= w->word.letters + w->edits)
			look_near(&s, &g);
		else if (g.letters > w->word.letters &&
			 w->word.letters >= WORD_PREFIX_LETTERS)
			look_behind(&s, &g);
	}
}
