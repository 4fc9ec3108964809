#include "smtpd/smtp_header.h"
#include "base/chars.h"

enum {
	NAME_MAX_OCTETS = 1000
};

enum line_start {
	START_UNKNOWN, /* more bytes needed */
	START_FIELD,
	START_FOLDED,
	START_OTHER, /* an empty line, or one that cannot be of a header */
};

static enum line_start start_of(
    const struct header_watch *h, struct view v, struct view *name)
{
	size_t n = 0;
	if (v.n == 0)
		return START_UNKNOWN;
	if (v.p[0] == ' ' || v.p[0] == '\t')
		return h->has_field ? START_FOLDED : START_OTHER;
	while (n < v.n && n < NAME_MAX_OCTETS && char_is(v.p[n], CHAR_FTEXT))
		n++;
	*name = view_head(v, n);
	/* RFC 5322 4.5: blanks before the colon are obsolete, not wrong. */
	while (n && n < v.n && n < NAME_MAX_OCTETS &&
	       (v.p[n] == ' ' || v.p[n] == '\t'))
		n++;
	if (n == v.n)
		return START_UNKNOWN;
	return n && v.p[n] == ':' ? START_FIELD : START_OTHER;
}

static void note(struct header_watch *h, struct view name)
{
	h->has_field = true;
	if (view_ieq(name, V("Received")))
		h->hops++;
	else if (view_ieq(name, V("Date")))
		h->has_date = true;
	else if (view_ieq(name, V("Message-ID")))
		h->has_message_id = true;
}

/* At the start of a line. Returns false when the header stops here, or when it
 * cannot be told yet. */
static bool begin_line(struct header_watch *h, struct view v, bool at_end)
{
	struct view name = V_NONE;
	enum line_start start = start_of(h, v, &name);
	if (start == START_FIELD)
		note(h, name);
	h->in_line = start == START_FIELD || start == START_FOLDED;
	if (h->in_line)
		return true;
	if (start == START_UNKNOWN && !at_end)
		return false;
	bool is_empty = view_starts(v, V("\r\n")) || view_starts(v, V("\n"));
	if (start == START_OTHER && !at_end && v.n == 1 && v.p[0] == '\r')
		return false;
	h->is_over = true;
	h->is_cut = !is_empty;
	return false;
}

size_t header_watch_feed(struct header_watch *h, struct view v, bool at_end)
{
	size_t at = 0;
	while (!h->is_over) {
		struct view rest = view_skip(v, at);
		if (!h->in_line && !begin_line(h, rest, at_end))
			break;
		size_t lf = view_find_byte(rest, '\n');
		if (lf == rest.n) {
			at = v.n;
			h->in_line = !at_end;
			if (at_end)
				continue;
			break;
		}
		at += lf + 1;
		h->in_line = false;
	}
	h->octets += at;
	return at;
}
