#include "text/message/envelope.h"
#include "base/chars.h"
#include "text/message/addr.h"
#include "text/message/header.h"

/* Longer strings are sent as literals even where they could be quoted. */
enum {
	QUOTED_MAX = 1000
};

static bool is_quotable(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];
		if (c == 0 || c == '\r' || c == '\n' || c >= 0x80)
			return false;
	}
	return v.n <= QUOTED_MAX;
}

static void put_quoted(struct buf *out, struct view v)
{
	size_t from = 0;
	buf_put_char(out, '"');
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] != '"' && v.p[i] != '\\')
			continue;
		buf_put(out, view_slice(v, from, i));
		buf_put_char(out, '\\');
		from = i;
	}
	buf_put(out, view_skip(v, from));
	buf_put_char(out, '"');
}

/* RFC 3501 9: CHAR8 is any octet but NUL, which becomes "?". */
static void put_literal(struct buf *out, struct view v)
{
	buf_put_char(out, '{');
	buf_put_u64(out, v.n);
	buf_put(out, V("}\r\n"));
	while (v.n) {
		struct view head;
		if (view_cut(&v, '\0', &head)) {
			buf_put(out, head);
			buf_put_char(out, '?');
		} else {
			buf_put(out, head);
		}
	}
}

void imap_string_put(struct buf *out, struct view v)
{
	if (is_quotable(v))
		put_quoted(out, v);
	else
		put_literal(out, v);
}

void imap_nstring_put(struct buf *out, struct view v)
{
	if (v.p)
		imap_string_put(out, v);
	else
		buf_put(out, V("NIL"));
}

void imap_astring_put(struct buf *out, struct view v)
{
	bool is_atom = v.n > 0 && v.n <= QUOTED_MAX && !view_ieq(v, V("NIL"));
	for (size_t i = 0; i < v.n && is_atom; i++)
		is_atom = char_is(v.p[i], CHAR_IMAP_ATOM) || v.p[i] == ']';
	if (is_atom)
		buf_put(out, v);
	else
		imap_string_put(out, v);
}

/* The fields that an ENVELOPE needs, found in one pass. Of strings the first
 * counts; lists may be spread over several fields. */
enum field {
	DATE,
	SUBJECT,
	FROM,
	SENDER,
	REPLY_TO,
	TO,
	CC,
	BCC,
	IN_REPLY_TO,
	MESSAGE_ID,
	N_FIELDS,
};

enum {
	SAME_MAX = 16,
	ADDRESSES_MAX = 5000
};

struct found {
	struct view values[SAME_MAX];
	size_t n;
};

static void find_fields(struct view header, struct found found[N_FIELDS])
{
	static const struct view names[N_FIELDS] = { V_INIT("Date"),
		V_INIT("Subject"), V_INIT("From"), V_INIT("Sender"),
		V_INIT("Reply-To"), V_INIT("To"), V_INIT("Cc"), V_INIT("Bcc"),
		V_INIT("In-Reply-To"), V_INIT("Message-ID") };
	struct header_field f;
	while (header_next(&header, &f) == PARSE_OK)
		for (size_t i = 0; i < N_FIELDS; i++) {
			if (!view_ieq(f.name, names[i]))
				continue;
			if (found[i].n < SAME_MAX)
				found[i].values[found[i].n++] = f.value;
			break;
		}
}

/* NIL when missing, "" when empty. Cut to max. */
static void put_string(struct buf *out, const struct found *f, size_t max)
{
	struct buf plain;
	if (f->n == 0) {
		buf_put(out, V("NIL"));
		return;
	}
	buf_init(&plain, f->values[0].n);
	header_unfold(f->values[0], &plain);
	imap_string_put(out, view_head(buf_view(&plain), max));
	buf_deinit(&plain);
}

struct list {
	struct buf *out;
	size_t limit; /* of out's size */
	size_t n;
	bool in_group;
};

static void put_or_nil(struct buf *out, struct view v)
{
	imap_nstring_put(out, v.n ? v : V_NONE);
}

/* A NIL host means a group: the host of an address without one is "". */
static void put_address(struct buf *out, const struct addr *a)
{
	buf_put_char(out, '(');
	put_or_nil(out, a->name);
	buf_put_char(out, ' ');
	put_or_nil(out, a->route);
	buf_put_char(out, ' ');
	imap_string_put(out, a->local);
	buf_put_char(out, ' ');
	imap_string_put(out, a->domain);
	buf_put_char(out, ')');
}

static bool on_address(void *ctx, const struct addr *a)
{
	struct list *l = ctx;
	size_t need =
	    2 * (a->name.n + a->route.n + a->local.n + a->domain.n) + 128;
	if (a->kind == ADDR_GROUP_END) {
		buf_put(l->out, V("(NIL NIL NIL NIL)"));
		l->in_group = false;
		return true;
	}
	if (buf_len(l->out) + need > l->limit)
		return false;
	if (l->n++ == 0)
		buf_put_char(l->out, '(');
	if (a->kind == ADDR_MAILBOX) {
		put_address(l->out, a);
		return true;
	}
	l->in_group = true;
	buf_put(l->out, V("(NIL NIL "));
	imap_string_put(l->out, a->local);
	buf_put(l->out, V(" NIL)"));
	return true;
}

/* Uses at most max octets of out; false when no address was there. */
static bool put_list(struct buf *out, const struct found *f, size_t max)
{
	struct list l = { .out = out, .limit = buf_len(out) + max };
	for (size_t i = 0; i < f->n; i++) {
		addr_each(f->values[i], ADDRESSES_MAX, on_address, &l);
		if (l.in_group) /* cut inside of it */
			buf_put(out, V("(NIL NIL NIL NIL)"));
		l.in_group = false;
	}
	if (l.n)
		buf_put_char(out, ')');
	return l.n > 0;
}

/* How ENVELOPE_MAX is shared out: the lists of recipients get what the rest
 * cannot need. A quoted string may double, up to QUOTED_MAX. */
enum {
	DATE_MAX = 1000,
	SUBJECT_MAX = 8000,
	ORIGIN_MAX = 4000, /* each of from, sender, reply-to */
	IN_REPLY_TO_MAX = 8000,
	MESSAGE_ID_MAX = 2000,
	TAIL_MAX = IN_REPLY_TO_MAX + MESSAGE_ID_MAX + 200,
};

static size_t room_before_tail(const struct buf *b)
{
	size_t reserve = TAIL_MAX + 3 * 64;
	return buf_room(b) > reserve ? buf_room(b) - reserve : 0;
}

static void build(const struct found *found, struct buf *b)
{
	buf_put_char(b, '(');
	put_string(b, &found[DATE], DATE_MAX);
	buf_put_char(b, ' ');
	put_string(b, &found[SUBJECT], SUBJECT_MAX);
	for (enum field f = FROM; f <= BCC; f++) {
		buf_put_char(b, ' ');
		size_t max = f <= REPLY_TO ? ORIGIN_MAX : room_before_tail(b);
		if (put_list(b, &found[f], max))
			continue;
		/* RFC 3501 7.4.2: absent or empty, they are the From. */
		bool defaults = f == SENDER || f == REPLY_TO;
		if (!defaults || !put_list(b, &found[FROM], max))
			buf_put(b, V("NIL"));
	}
	buf_put_char(b, ' ');
	put_string(b, &found[IN_REPLY_TO], IN_REPLY_TO_MAX);
	buf_put_char(b, ' ');
	put_string(b, &found[MESSAGE_ID], MESSAGE_ID_MAX);
	buf_put_char(b, ')');
}

void envelope_put(struct view header, struct buf *out)
{
	struct found found[N_FIELDS] = { 0 };
	struct buf b;
	buf_init(&b, ENVELOPE_MAX);
	find_fields(header, found);
	build(found, &b);
	if (buf_error(&b))
		out->error = buf_error(&b); /* out of memory */
	buf_put(out, buf_view(&b));
	buf_deinit(&b);
}
