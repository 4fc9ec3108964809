#include "mailctl/transfer/maildir/mbsync_state.h"
#include <stdlib.h>

enum {
	PAIRS_MAX = 50000000
};

struct validities {
	uint32_t near_side, far_side;
};

/* "FarUidValidity 1234", up to an empty line; Master and Slave in old ones. */
static struct validities take_header(struct view *text)
{
	struct validities v = { 0, 0 };
	struct view line, key;
	while (text->n) {
		view_cut(text, '\n', &line);
		if (!line.n)
			break;
		view_cut(&line, ' ', &key);
		if (view_eq(key, V("FarUidValidity")) ||
		    view_eq(key, V("MasterUidValidity")))
			(void)view_u32(line, &v.far_side);
		else if (view_eq(key, V("NearUidValidity")) ||
			 view_eq(key, V("SlaveUidValidity")))
			(void)view_u32(line, &v.near_side);
	}
	return v;
}

static bool add_pair(struct mbsync_state *s, uint32_t far_uid, uint32_t near)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 256;
		void *more = cap > PAIRS_MAX
				 ? NULL
				 : realloc(s->pairs, cap * sizeof *s->pairs);
		if (!more)
			return false;
		s->pairs = more;
		s->cap = cap;
	}
	s->pairs[s->n++] = (struct mbsync_pair){ near, far_uid };
	return true;
}

static int by_near(const void *a, const void *b)
{
	const struct mbsync_pair *x = a, *y = b;
	return x->near_uid < y->near_uid ? -1 : x->near_uid > y->near_uid;
}

/* "far near flags"; 0 stands for a message that is on one side only. */
static bool take_pairs(struct view text, struct mbsync_state *s)
{
	struct view line, far_word, near_word;
	while (text.n) {
		uint32_t far_uid, near;
		view_cut(&text, '\n', &line);
		view_cut(&line, ' ', &far_word);
		view_cut(&line, ' ', &near_word);
		if (view_u32(far_word, &far_uid) &&
		    view_u32(near_word, &near) && far_uid && near &&
		    !add_pair(s, far_uid, near))
			return false;
	}
	if (s->n)
		qsort(s->pairs, s->n, sizeof *s->pairs, by_near);
	return true;
}

void mbsync_state_parse(
    struct view uidvalidity, struct view state, struct mbsync_state *out)
{
	struct view line;
	uint32_t own;
	*out = (struct mbsync_state){ .n = 0 };
	view_cut(&uidvalidity, '\n', &line);
	if (!view_u32(line, &own))
		return;
	out->uidvalidity = own;
	struct validities v = take_header(&state);
	if (!v.far_side || v.near_side != own)
		return;
	if (take_pairs(state, out)) {
		out->mapped = true;
		out->uidvalidity = v.far_side;
	} else {
		mbsync_state_deinit(out);
	}
}

void mbsync_state_deinit(struct mbsync_state *s)
{
	free(s->pairs);
	*s = (struct mbsync_state){ .n = 0 };
}

uint32_t mbsync_state_uid(const struct mbsync_state *s, uint32_t near_uid)
{
	const struct mbsync_pair key = { near_uid, 0 };
	if (!s->uidvalidity)
		return 0;
	if (!s->mapped)
		return near_uid;
	const struct mbsync_pair *found =
	    s->n ? bsearch(&key, s->pairs, s->n, sizeof *s->pairs, by_near)
		 : NULL;
	return found ? found->far_uid : 0;
}
