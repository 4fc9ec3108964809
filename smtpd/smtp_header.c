#include "smtpd/smtp_header.h"
#include "base/chars.h"
#include "text/scan.h"

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
	h->in_tls_required = view_ieq(name, V("TLS-Required"));
	h->in_value = false;
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

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A piece of a line, which may begin with the field's name. */
static void note_piece(struct header_watch *h, struct view v)
{
	h->is_8bit = h->is_8bit || scan_has_eightbit(v);
	if (!h->in_tls_required)
		return;
	for (size_t i = 0; i < v.n; i++) {
		if (!h->in_value)
			h->in_value = v.p[i] == ':';
		else if (!is_space(v.p[i]) &&
			 h->tls_required_n < sizeof h->tls_required)
			h->tls_required[h->tls_required_n++] = v.p[i];
	}
}

bool header_watch_tls_optional(const struct header_watch *h)
{
	return view_ieq(
	    (struct view){ h->tls_required, h->tls_required_n }, V("No"));
}

size_t header_watch_feed(struct header_watch *h, struct view v, bool at_end)
{
	size_t at = 0;
	while (!h->is_over) {
		struct view rest = view_skip(v, at);
		if (!h->in_line && !begin_line(h, rest, at_end))
			break;
		size_t lf = view_find_byte(rest, '\n');
		note_piece(h, view_head(rest, lf));
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
