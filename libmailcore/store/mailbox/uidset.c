#include "store/mailbox/uidset.h"
#include <stdlib.h>
#include <string.h>

enum {
	RANGES_MAX = 1000000
};

void uidset_init(struct uidset *s)
{
	*s = (struct uidset){ 0 };
}

void uidset_deinit(struct uidset *s)
{
	free(s->ranges);
	uidset_init(s);
}

void uidset_clear(struct uidset *s)
{
	s->n_ranges = 0;
	s->count = 0;
}

static uint32_t size_of(const struct uid_range *r)
{
	return r->last - r->first + 1;
}

/* Index of the first range that ends at or behind uid; n_ranges: none. */
static size_t find(const struct uidset *s, uint32_t uid)
{
	size_t low = 0, high = s->n_ranges;
	if (high && s->ranges[high - 1].last < uid)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->ranges[middle].last < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Makes the counts right again from range i on. */
static void recount(struct uidset *s, size_t i)
{
	uint32_t before = 0;
	if (i > 0)
		before = s->ranges[i - 1].before + size_of(&s->ranges[i - 1]);
	for (; i < s->n_ranges; i++) {
		s->ranges[i].before = before;
		before += size_of(&s->ranges[i]);
	}
	s->count = before;
}

static int grow(struct uidset *s)
{
	if (s->n_ranges >= RANGES_MAX)
		return MC_E_LIMIT;
	if (s->n_ranges < s->cap)
		return 0;
	size_t cap = s->cap ? s->cap * 2 : 4;
	struct uid_range *p = realloc(s->ranges, cap * sizeof *p);
	if (!p)
		return MC_E_LIMIT;
	s->ranges = p;
	s->cap = cap;
	return 0;
}

/* Replaces ranges from..to (exclusive) by one. */
static int splice(struct uidset *s, size_t from, size_t to, struct uid_range r)
{
	if (from == to) {
		int error = grow(s);
		if (error)
			return error;
	}
	memmove(s->ranges + from + 1, s->ranges + to,
	    (s->n_ranges - to) * sizeof r);
	s->n_ranges = s->n_ranges + 1 - (to - from);
	s->ranges[from] = r;
	recount(s, from);
	return 0;
}

int uidset_add(struct uidset *s, uint32_t first, uint32_t last)
{
	if (first == 0 || first > last)
		return MC_E_BAD;
	struct uid_range r = { first, last, 0 };
	/* Ranges that touch the new one are joined with it. */
	size_t from = find(s, first - 1), to = from;
	while (to < s->n_ranges &&
	       (last == UINT32_MAX || s->ranges[to].first <= last + 1))
		to++;
	if (from < to) {
		if (s->ranges[from].first < r.first)
			r.first = s->ranges[from].first;
		if (s->ranges[to - 1].last > r.last)
			r.last = s->ranges[to - 1].last;
	}
	return splice(s, from, to, r);
}

static int split(struct uidset *s, size_t i, uint32_t first, uint32_t last)
{
	struct uid_range left = s->ranges[i], right = left;
	left.last = first - 1;
	right.first = last + 1;
	int error = splice(s, i, i, left);
	if (error)
		return error;
	s->ranges[i + 1] = right;
	recount(s, i + 1);
	return 0;
}

int uidset_remove(struct uidset *s, uint32_t first, uint32_t last)
{
	if (first == 0 || first > last)
		return MC_E_BAD;
	size_t i = find(s, first);
	if (i == s->n_ranges)
		return 0;
	if (s->ranges[i].first < first && s->ranges[i].last > last)
		return split(s, i, first, last);
	size_t from = i;
	if (s->ranges[i].first < first) {
		s->ranges[i].last = first - 1;
		from = i + 1;
	}
	size_t to = from;
	while (to < s->n_ranges && s->ranges[to].last <= last)
		to++;
	if (to < s->n_ranges && s->ranges[to].first <= last)
		s->ranges[to].first = last + 1;
	if (to > from)
		memmove(s->ranges + from, s->ranges + to,
		    (s->n_ranges - to) * sizeof *s->ranges);
	s->n_ranges -= to - from;
	recount(s, i);
	return 0;
}

int uidset_copy(struct uidset *to, const struct uidset *from)
{
	if (from->n_ranges > to->cap) {
		struct uid_range *p =
		    realloc(to->ranges, from->n_ranges * sizeof *p);
		if (!p)
			return MC_E_LIMIT;
		to->ranges = p;
		to->cap = from->n_ranges;
	}
	if (from->n_ranges)
		memcpy(to->ranges, from->ranges,
		    from->n_ranges * sizeof *from->ranges);
	to->n_ranges = from->n_ranges;
	to->count = from->count;
	return 0;
}

/* Appends to out what a has in common with ranges of other. */
static int cut(
    struct uidset *out, const struct uid_range *a, const struct uidset *other)
{
	for (size_t i = find(other, a->first); i < other->n_ranges; i++) {
		const struct uid_range *b = &other->ranges[i];
		if (b->first > a->last)
			break;
		int error =
		    uidset_add(out, a->first > b->first ? a->first : b->first,
			a->last < b->last ? a->last : b->last);
		if (error)
			return error;
	}
	return 0;
}

int uidset_intersect(struct uidset *s, const struct uidset *other)
{
	struct uidset out;
	uidset_init(&out);
	for (size_t i = 0; i < s->n_ranges; i++) {
		int error = cut(&out, &s->ranges[i], other);
		if (error) {
			uidset_deinit(&out);
			return error;
		}
	}
	uidset_deinit(s);
	*s = out;
	return 0;
}

bool uidset_has(const struct uidset *s, uint32_t uid)
{
	size_t i = find(s, uid);
	return i < s->n_ranges && s->ranges[i].first <= uid;
}

uint32_t uidset_rank(const struct uidset *s, uint32_t uid)
{
	size_t i = find(s, uid);
	if (i == s->n_ranges || s->ranges[i].first > uid)
		return 0;
	return s->ranges[i].before + (uid - s->ranges[i].first) + 1;
}

uint32_t uidset_count_to(const struct uidset *s, uint32_t uid)
{
	size_t i = find(s, uid);
	if (i == s->n_ranges)
		return (uint32_t)s->count;
	if (s->ranges[i].first > uid)
		return s->ranges[i].before;
	return s->ranges[i].before + (uid - s->ranges[i].first) + 1;
}

uint32_t uidset_at(const struct uidset *s, uint32_t rank)
{
	if (rank == 0 || rank > s->count)
		return 0;
	size_t low = 0, high = s->n_ranges;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (s->ranges[middle].before < rank)
			low = middle;
		else
			high = middle;
	}
	return s->ranges[low].first + (rank - s->ranges[low].before) - 1;
}

uint32_t uidset_max(const struct uidset *s)
{
	return s->n_ranges ? s->ranges[s->n_ranges - 1].last : 0;
}

uint32_t uidset_next(const struct uidset *s, uint32_t uid)
{
	if (uid == UINT32_MAX)
		return 0;
	size_t i = find(s, uid + 1);
	if (i == s->n_ranges)
		return 0;
	return s->ranges[i].first > uid ? s->ranges[i].first : uid + 1;
}

void uidset_put(struct buf *out, const struct uidset *s)
{
	for (size_t i = 0; i < s->n_ranges; i++) {
		if (i)
			buf_put_char(out, ',');
		buf_put_u64(out, s->ranges[i].first);
		if (s->ranges[i].last == s->ranges[i].first)
			continue;
		buf_put_char(out, ':');
		buf_put_u64(out, s->ranges[i].last);
	}
}
