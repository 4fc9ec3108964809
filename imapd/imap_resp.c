#include "imapd/imap_resp.h"
#include "text/codec.h"
#include "text/message/envelope.h"
#include <string.h>

static const char two_digits[] = "00010203040506070809"
				 "10111213141516171819"
				 "20212223242526272829"
				 "30313233343536373839"
				 "40414243444546474849"
				 "50515253545556575859"
				 "60616263646566676869"
				 "70717273747576777879"
				 "80818283848586878889"
				 "90919293949596979899";

static char *write_u64(char *p, uint64_t n)
{
	char digits[20];
	char *at = digits + sizeof digits;
	while (n >= 100) {
		at -= 2;
		memcpy(at, two_digits + n % 100 * 2, 2);
		n /= 100;
	}
	if (n >= 10) {
		at -= 2;
		memcpy(at, two_digits + n * 2, 2);
	} else {
		*--at = (char)('0' + n);
	}
	size_t length = (size_t)(digits + sizeof digits - at);
	memcpy(p, at, length);
	return p + length;
}

char *imap_write_u32(char *p, uint32_t n)
{
	return write_u64(p, n);
}

static char *write_view(char *p, struct view v)
{
	if (v.n)
		memcpy(p, v.p, v.n);
	return p + v.n;
}

/* In the order of enum message_flag. Each ends in the space that separates it
 * from the next. */
static const struct view flag_names[] = {
	V_INIT("\\Seen "),
	V_INIT("\\Answered "),
	V_INIT("\\Flagged "),
	V_INIT("\\Deleted "),
	V_INIT("\\Draft "),
};

static bool has_keywords(const struct message *m)
{
	uint64_t words[2];
	_Static_assert(sizeof words == sizeof m->keywords, "two words");
	memcpy(words, m->keywords, sizeof words);
	return (words[0] | words[1]) != 0;
}

static char *write_keywords(
    char *p, const struct message *m, struct imap_keywords *k)
{
	for (unsigned slot = 0; slot < KEYWORDS_MAX; slot++) {
		struct view *name = &k->names[slot];
		if (!(m->keywords[slot / 8] & 1u << slot % 8))
			continue;
		if (!name->p && keyword_name(k->t, slot, name) != 0)
			continue;
		if (name->n > KEYWORD_OCTETS_MAX)
			continue;
		p = write_view(p, *name);
		*p++ = ' ';
	}
	return p;
}

static char *write_flags(
    char *p, const struct message *m, bool is_recent, struct imap_keywords *k)
{
	char *start = p = write_view(p, V("FLAGS ("));
	for (unsigned flags = m->flags; flags; flags &= flags - 1) {
		unsigned bit = (unsigned)__builtin_ctz(flags);
		if (bit < sizeof flag_names / sizeof *flag_names)
			p = write_view(p, flag_names[bit]);
	}
	if (is_recent)
		p = write_view(p, V("\\Recent "));
	if (has_keywords(m))
		p = write_keywords(p, m, k);
	if (p > start)
		p--;
	return write_view(p, V(") "));
}

static char *write_date(char *p, struct date date)
{
	p = write_view(p, V("INTERNALDATE \""));
	date_write_imap(date, p);
	return write_view(p + DATE_IMAP_OCTETS, V("\" "));
}

bool imap_put_row(struct buf *out, uint32_t seq, const struct message *m,
    unsigned items, bool is_recent, struct imap_keywords *k)
{
	size_t need = IMAP_ROW_OCTETS;
	if ((items & IMAP_ROW_FLAGS) && has_keywords(m))
		need += IMAP_KEYWORDS_OCTETS;
	char *start = buf_reserve(out, need), *p = start;
	if (!p)
		return false;
	p = write_view(p, V("* "));
	p = imap_write_u32(p, seq);
	p = write_view(p, V(" FETCH ("));
	if (items & IMAP_ROW_UID) {
		p = imap_write_u32(write_view(p, V("UID ")), m->uid);
		*p++ = ' ';
	}
	if (items & IMAP_ROW_FLAGS)
		p = write_flags(p, m, is_recent, k);
	if (items & IMAP_ROW_SIZE) {
		p = write_u64(write_view(p, V("RFC822.SIZE ")), m->size_bytes);
		*p++ = ' ';
	}
	if (items & IMAP_ROW_DATE)
		p = write_date(p, m->internaldate);
	if (items)
		p--;
	buf_commit(out, (size_t)(p - start));
	return true;
}

unsigned imap_count_keywords(struct store_txn *t)
{
	struct view name;
	unsigned n = 0;
	for (unsigned slot = 0; slot < KEYWORDS_MAX; slot++)
		n += keyword_name(t, slot, &name) == 0;
	return n;
}

/* "\*" as long as there is room for a new keyword. */
static void put_all_flags(struct buf *out, struct store_txn *t, bool more)
{
	struct view name;
	unsigned n = 0;
	buf_put(out, V("(\\Answered \\Flagged \\Deleted \\Seen \\Draft"));
	for (unsigned slot = 0; slot < KEYWORDS_MAX; slot++) {
		if (keyword_name(t, slot, &name) != 0)
			continue;
		n++;
		buf_put_char(out, ' ');
		buf_put(out, name);
	}
	buf_put(out, more && n < KEYWORDS_MAX ? V(" \\*)") : V(")"));
}

void imap_put_flags(struct buf *out, struct store_txn *t, bool readonly)
{
	buf_put(out, V("* FLAGS "));
	put_all_flags(out, t, false);
	buf_put(out, V("\r\n* OK [PERMANENTFLAGS "));
	if (readonly)
		buf_put(out, V("()"));
	else
		put_all_flags(out, t, true);
	buf_put(out, V("] Flags that are kept\r\n"));
}

void imap_put_mailbox(struct buf *out, struct view name)
{
	struct buf encoded;
	buf_init(&encoded, 8192);
	mutf7_encode(name, &encoded);
	imap_astring_put(out, buf_view(&encoded));
	buf_deinit(&encoded);
}
