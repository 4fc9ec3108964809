/* Base subjects: RFC 5256 2.1. */
#include "text/codec.h"
#include "text/message/envelope.h"
#include "text/message/header.h"

enum {
	SUBJECT_OCTETS_MAX = 4096
};

/* Step 1: "convert all tabs and continuations to space; multiple spaces to a
 * single space". */
static void squeeze(struct view v, struct buf *out)
{
	bool blank = false;
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			blank = true;
			continue;
		}
		if (blank)
			buf_put_char(out, ' ');
		blank = false;
		buf_put_char(out, c);
	}
}

/* Step 2: subj-trailer = "(fwd)" / WSP */
static struct view without_trailer(struct view v)
{
	for (;;) {
		v = view_trim(v);
		struct view tail = view_skip(v, v.n < 5 ? v.n : v.n - 5);
		if (!view_eq(tail, V("(fwd)")))
			return v;
		v.n -= 5;
	}
}

/* subj-blob = "[" *BLOBCHAR "]" *WSP */
static bool skip_blob(struct view *v)
{
	size_t i = 1;
	if (v->n == 0 || v->p[0] != '[')
		return false;
	while (i < v->n && v->p[i] != '[' && v->p[i] != ']')
		i++;
	if (i >= v->n || v->p[i] != ']')
		return false;
	*v = view_trim(view_skip(*v, i + 1));
	return true;
}

/* subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
static bool skip_leader(struct view *v)
{
	struct view rest = view_trim(*v);
	while (skip_blob(&rest))
		continue;
	if (view_starts(rest, V("fwd")))
		rest = view_skip(rest, 3);
	else if (view_starts(rest, V("re")) || view_starts(rest, V("fw")))
		rest = view_skip(rest, 2);
	else
		return false;
	rest = view_trim(rest);
	skip_blob(&rest);
	if (rest.n == 0 || rest.p[0] != ':')
		return false;
	*v = view_trim(view_skip(rest, 1));
	return true;
}

/* Steps 3 to 5. */
static struct view without_leaders(struct view v)
{
	for (;;) {
		struct view rest = v;
		if (skip_leader(&v))
			continue;
		if (!skip_blob(&rest) || rest.n == 0)
			return v;
		v = rest;
	}
}

void base_subject(struct view subject, struct buf *out)
{
	struct buf decoded, folded, plain;
	buf_init(&decoded, 4 * SUBJECT_OCTETS_MAX);
	buf_init(&folded, 64 * SUBJECT_OCTETS_MAX);
	buf_init(&plain, SUBJECT_OCTETS_MAX);
	header_decode(view_head(subject, SUBJECT_OCTETS_MAX), &decoded);
	utf8_fold(buf_view(&decoded), &folded);
	squeeze(view_head(buf_view(&folded), SUBJECT_OCTETS_MAX), &plain);
	struct view v = buf_view(&plain);
	for (;;) {
		v = without_leaders(without_trailer(v));
		/* Step 6: a forwarded subject in brackets. */
		if (v.n < 6 || !view_starts(v, V("[fwd:")) ||
		    v.p[v.n - 1] != ']')
			break;
		v = view_slice(v, 5, v.n - 1);
	}
	buf_put(out, v);
	buf_deinit(&decoded);
	buf_deinit(&folded);
	buf_deinit(&plain);
}
