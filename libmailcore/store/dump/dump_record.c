#include "store/dump/dump_record.h"
#include "wire/rd.h"
#include <stddef.h>

enum kind {
	NUMBER, /* big-endian, without leading zero octets */
	OCTETS, /* as many as the member has */
	TEXT,   /* struct view */
	DATE,   /* int64_t, in two's complement */
	ZONE,   /* int16_t, the same */
};

enum {
	FIELD_OCTETS = 5,
	NUMBER_OCTETS = 8,
};

struct field {
	enum dump_type type;
	uint8_t tag;
	enum kind kind;
	size_t offset, size;
};

#define FIELD(type, tag, kind, member)                                         \
	{                                                                      \
		type, tag, kind, offsetof(struct dump_record, member),         \
		    sizeof(((struct dump_record *)NULL)->member)               \
	}

/* In order of tags for each type. A tag keeps its meaning for ever. */
static const struct field fields[] = {
	FIELD(DUMP_HEADER, 1, NUMBER, format),
	FIELD(DUMP_HEADER, 2, NUMBER, parts),
	FIELD(DUMP_HEADER, 3, OCTETS, guid),
	FIELD(DUMP_HEADER, 4, NUMBER, first_msgid),
	FIELD(DUMP_HEADER, 5, TEXT, producer),

	FIELD(DUMP_ACCOUNT, 1, OCTETS, account.guid),
	FIELD(DUMP_ACCOUNT, 2, NUMBER, account.next_mailbox),
	FIELD(DUMP_ACCOUNT, 3, NUMBER, account.modseq),
	FIELD(DUMP_ACCOUNT, 4, NUMBER, account.next_msgid),
	FIELD(DUMP_ACCOUNT, 5, NUMBER, account.next_uidvalidity),
	FIELD(DUMP_ACCOUNT, 6, NUMBER, account.retention_s),
	FIELD(DUMP_ACCOUNT, 7, NUMBER, account.warned_percent),
	FIELD(DUMP_ACCOUNT, 8, NUMBER, account.schema),
	FIELD(DUMP_ACCOUNT, 9, NUMBER, account.migrating_from),
	FIELD(DUMP_ACCOUNT, 10, NUMBER, account.migrated_msgid),

	FIELD(DUMP_KEYWORD, 1, NUMBER, slot),
	FIELD(DUMP_KEYWORD, 2, TEXT, name),

	FIELD(DUMP_SUBSCRIPTION, 1, TEXT, name),

	FIELD(DUMP_ATTRIBUTE, 1, TEXT, key),
	FIELD(DUMP_ATTRIBUTE, 2, TEXT, value),

	FIELD(DUMP_MAILBOX, 1, NUMBER, box.m.id),
	FIELD(DUMP_MAILBOX, 2, NUMBER, box.m.parent),
	FIELD(DUMP_MAILBOX, 3, TEXT, name),
	FIELD(DUMP_MAILBOX, 4, NUMBER, box.m.flags),
	FIELD(DUMP_MAILBOX, 5, NUMBER, box.m.special_use),
	FIELD(DUMP_MAILBOX, 6, NUMBER, box.m.uidvalidity),
	FIELD(DUMP_MAILBOX, 7, NUMBER, box.m.uidnext),
	FIELD(DUMP_MAILBOX, 8, NUMBER, box.m.recent_uid),
	FIELD(DUMP_MAILBOX, 9, NUMBER, box.m.highestmodseq),
	FIELD(DUMP_MAILBOX, 10, NUMBER, box.m.createmodseq),
	FIELD(DUMP_MAILBOX, 11, NUMBER, box.attrmodseq),
	FIELD(DUMP_MAILBOX, 12, NUMBER, box.m.vanish_floor),
	FIELD(DUMP_MAILBOX, 13, OCTETS, box.m.guid),
	FIELD(DUMP_MAILBOX, 14, OCTETS, box.keywords_used),
	FIELD(DUMP_MAILBOX, 15, NUMBER, box.first_unseen_hint),
	FIELD(DUMP_MAILBOX, 16, NUMBER, box.pop3_login_s),
	FIELD(DUMP_MAILBOX, 17, NUMBER, box.sort_order),
	FIELD(DUMP_MAILBOX, 18, NUMBER, box.retention_s),

	FIELD(DUMP_ROW, 1, NUMBER, mailbox),
	FIELD(DUMP_ROW, 2, NUMBER, row.uid),
	FIELD(DUMP_ROW, 3, NUMBER, row.msgid),
	FIELD(DUMP_ROW, 4, NUMBER, row.flags),
	FIELD(DUMP_ROW, 5, OCTETS, row.keywords),
	FIELD(DUMP_ROW, 6, NUMBER, row.modseq),
	FIELD(DUMP_ROW, 7, NUMBER, row.createmodseq),
	FIELD(DUMP_ROW, 8, NUMBER, row.size_bytes),
	FIELD(DUMP_ROW, 9, DATE, row.internaldate.unix_s),
	FIELD(DUMP_ROW, 10, ZONE, row.internaldate.zone_min),
	FIELD(DUMP_ROW, 11, NUMBER, row.savedate_s),
	FIELD(DUMP_ROW, 12, TEXT, value), /* UIDL */

	FIELD(DUMP_VANISHED, 1, NUMBER, mailbox),
	FIELD(DUMP_VANISHED, 2, NUMBER, row.modseq),
	FIELD(DUMP_VANISHED, 3, NUMBER, row.uid),
	FIELD(DUMP_VANISHED, 4, NUMBER, last_uid),

	FIELD(DUMP_DELIVERY, 1, TEXT, key),
	FIELD(DUMP_DELIVERY, 2, NUMBER, time_s),
	FIELD(DUMP_DELIVERY, 3, NUMBER, mailbox),
	FIELD(DUMP_DELIVERY, 4, NUMBER, row.uid),

	FIELD(DUMP_RETAINED, 1, NUMBER, time_s),
	FIELD(DUMP_RETAINED, 2, NUMBER, row.msgid),
	FIELD(DUMP_RETAINED, 3, NUMBER, mailbox),
	FIELD(DUMP_RETAINED, 4, NUMBER, row.uid),
	FIELD(DUMP_RETAINED, 5, NUMBER, row.flags),
	FIELD(DUMP_RETAINED, 6, NUMBER, row.size_bytes),
	FIELD(DUMP_RETAINED, 7, NUMBER, expunged_s),
	FIELD(DUMP_RETAINED, 8, OCTETS, row.keywords),

	FIELD(DUMP_INDEX, 1, TEXT, key),
	FIELD(DUMP_INDEX, 2, TEXT, value),

	FIELD(DUMP_OBJECT, 1, NUMBER, row.msgid),
	FIELD(DUMP_OBJECT, 2, NUMBER, row.size_bytes),
	FIELD(DUMP_OBJECT, 3, NUMBER, threadid),
	FIELD(DUMP_OBJECT, 4, DATE, row.internaldate.unix_s),
	FIELD(DUMP_OBJECT, 5, ZONE, row.internaldate.zone_min),
	FIELD(DUMP_OBJECT, 6, NUMBER, mailbox),
	FIELD(DUMP_OBJECT, 7, NUMBER, row.uid),

	FIELD(DUMP_BODY, 1, NUMBER, row.msgid),
	FIELD(DUMP_BODY, 2, NUMBER, row.size_bytes),

	FIELD(DUMP_GONE, 1, NUMBER, row.msgid),

	FIELD(DUMP_END, 1, NUMBER, n_records),
};

enum {
	N_FIELDS = sizeof fields / sizeof fields[0]
};

/* Members have 1, 2, 4 or 8 octets: no other is in the table. */
static uint64_t number_get(const char *member, size_t size)
{
	uint16_t n16;
	uint32_t n32;
	uint64_t n64;
	if (size == 1)
		return (unsigned char)*member;
	if (size == sizeof n16) {
		memcpy(&n16, member, sizeof n16);
		return n16;
	}
	if (size == sizeof n32) {
		memcpy(&n32, member, sizeof n32);
		return n32;
	}
	memcpy(&n64, member, sizeof n64);
	return n64;
}

static void number_set(char *member, size_t size, uint64_t n)
{
	uint16_t n16 = (uint16_t)n;
	uint32_t n32 = (uint32_t)n;
	if (size == 1)
		*member = (char)n;
	else if (size == sizeof n16)
		memcpy(member, &n16, sizeof n16);
	else if (size == sizeof n32)
		memcpy(member, &n32, sizeof n32);
	else
		memcpy(member, &n, sizeof n);
}

static int64_t signed_get(const char *member, enum kind kind)
{
	int16_t n16;
	int64_t n64;
	if (kind == DATE) {
		memcpy(&n64, member, sizeof n64);
		return n64;
	}
	memcpy(&n16, member, sizeof n16);
	return n16;
}

/* Cuts the leading zero octets: zero is no octet at all. */
static struct view number_put(uint64_t n, char out[NUMBER_OCTETS])
{
	struct view v = { out, NUMBER_OCTETS };
	for (unsigned i = 0; i < NUMBER_OCTETS; i++)
		out[i] = (char)(n >> (8 * (NUMBER_OCTETS - 1 - i)));
	while (v.n && *v.p == '\0')
		v = view_skip(v, 1);
	return v;
}

static bool is_zero(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i])
			return false;
	return true;
}

/* Empty: it is left out. */
static struct view field_value(const struct field *f,
    const struct dump_record *r, char number[NUMBER_OCTETS])
{
	const char *member = (const char *)r + f->offset;
	struct view v = { member, f->size };
	switch (f->kind) {
	case NUMBER:
		return number_put(number_get(member, f->size), number);
	case OCTETS:
		return is_zero(v) ? V_NONE : v;
	case TEXT:
		memcpy(&v, member, sizeof v);
		return v;
	case DATE:
	case ZONE:
		return number_put(
		    (uint64_t)signed_get(member, f->kind), number);
	}
	return V_NONE;
}

void dump_record_encode(const struct dump_record *r, struct buf *out)
{
	char number[NUMBER_OCTETS];
	for (size_t i = 0; i < N_FIELDS; i++) {
		if (fields[i].type != r->type)
			continue;
		struct view v = field_value(&fields[i], r, number);
		char head[FIELD_OCTETS] = { (char)fields[i].tag,
			(char)(v.n >> 24), (char)(v.n >> 16), (char)(v.n >> 8),
			(char)v.n };
		if (!v.n)
			continue;
		buf_put(out, (struct view){ head, sizeof head });
		buf_put(out, v);
	}
	if (r->type == DUMP_PIECE)
		buf_put(out, r->octets);
}

static int number_read(struct view v, uint64_t *out)
{
	uint64_t n = 0;
	if (v.n > NUMBER_OCTETS)
		return MC_E_BAD;
	for (size_t i = 0; i < v.n; i++)
		n = n << 8 | (unsigned char)v.p[i];
	*out = n;
	return 0;
}

static int field_set(
    const struct field *f, struct view v, struct dump_record *r)
{
	char *member = (char *)r + f->offset;
	uint64_t n;
	if (f->kind == TEXT) {
		memcpy(member, &v, sizeof v);
		return 0;
	}
	if (f->kind == OCTETS) {
		if (v.n != f->size)
			return MC_E_BAD;
		memcpy(member, v.p, v.n);
		return 0;
	}
	if (number_read(v, &n) != 0)
		return MC_E_BAD;
	if (f->kind == ZONE && (int64_t)n != (int16_t)n)
		return MC_E_BAD;
	if (f->kind == NUMBER && f->size < sizeof n && n >> (8 * f->size))
		return MC_E_BAD;
	number_set(member, f->size, n);
	return 0;
}

/* *known: the table has such a type. */
static const struct field *find(enum dump_type type, uint8_t tag, bool *known)
{
	for (size_t i = 0; i < N_FIELDS; i++) {
		if (fields[i].type != type)
			continue;
		*known = true;
		if (fields[i].tag == tag)
			return &fields[i];
	}
	return NULL;
}

int dump_record_decode(
    enum dump_type type, struct view v, struct dump_record *out)
{
	struct rd r = rd_of(v);
	bool known = false;
	memset(out, 0, sizeof *out);
	out->type = type;
	out->octets = v;
	if (type == DUMP_PIECE)
		return 0;
	(void)find(type, 0, &known);
	int error = known ? 0 : MC_E_BAD;
	while (!error && r.rest.n) {
		uint8_t tag = rd_u8(&r);
		struct view value = rd_bytes(&r, DUMP_RECORD_MAX);
		const struct field *f = find(type, tag, &known);
		if (r.failed)
			error = MC_E_CORRUPT;
		else if (f)
			error = field_set(f, value, out);
	}
	return error;
}
