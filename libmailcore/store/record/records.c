/* The values of keys.h: what an account, a mailbox, a row is on disk. */
#include "store/record/keys.h"
#include "store/record/le.h"
#include "store/record/pack.h"

enum {
	RECORD_VERSION = 1,
	RETAINED_OCTETS_1 = 20, /* of schema 1 */
};

void account_encode(const struct account *a, char out[ACCOUNT_OCTETS])
{
	memset(out, 0, ACCOUNT_OCTETS);
	put_le(out, a->schema, 2);
	put_le(out + 2, a->engine, 2);
	put_le(out + 4, a->next_mailbox, 4);
	put_le(out + 8, a->modseq, 8);
	put_le(out + 16, a->next_msgid, 8);
	put_le(out + 24, a->next_uidvalidity, 4);
	put_le(out + 28, a->mailboxes, 4);
	put_le(out + 32, a->warned_percent, 1);
	put_le(out + 36, a->retention_s, 4);
	put_le(out + 40, a->bytes, 8);
	put_le(out + 56, a->messages, 8);
	put_le(out + 72, a->retained_bytes, 8);
	put_le(out + 80, a->searchable_msgid, 8);
	memcpy(out + 88, a->guid, sizeof a->guid);
	put_le(out + 252, a->features, 4);
	put_le(out + 240, a->migrated_msgid, 8);
	put_le(out + 248, a->migrating_from, 2);
}

int account_decode_stamp(struct view v, uint16_t *schema, uint16_t *engine)
{
	if (v.n < 4)
		return MC_E_CORRUPT;
	*schema = get_le16(v.p);
	*engine = get_le16(v.p + 2);
	return 0;
}

int account_decode(struct view v, struct account *out)
{
	const char *p = v.p;
	uint16_t schema, engine;
	int error = account_decode_stamp(v, &schema, &engine);
	if (error)
		return error;
	if (schema > STORE_SCHEMA || engine != kv_engine_version())
		return MC_E_VERSION;
	if (schema == 0 || v.n != ACCOUNT_OCTETS)
		return MC_E_CORRUPT;
	*out = (struct account){
		.schema = schema,
		.engine = engine,
		.next_mailbox = get_le32(p + 4),
		.modseq = get_le64(p + 8),
		.next_msgid = get_le64(p + 16),
		.next_uidvalidity = get_le32(p + 24),
		.mailboxes = get_le32(p + 28),
		.warned_percent = (uint8_t)p[32],
		.retention_s = get_le32(p + 36),
		.bytes = get_le64(p + 40),
		.messages = get_le64(p + 56),
		.retained_bytes = get_le64(p + 72),
		.searchable_msgid = get_le64(p + 80),
		.migrated_msgid = get_le64(p + 240),
		.migrating_from = get_le16(p + 248),
		.features = get_le32(p + 252),
	};
	memcpy(out->guid, p + 88, sizeof out->guid);
	if (out->features & ~(uint32_t)(STORE_HAS_ZSTD | STORE_HAS_RUNS))
		return MC_E_VERSION;
	return (out->features & STORE_HAS_ZSTD) && !pack_is_built()
		   ? MC_E_UNSUPPORTED
		   : 0;
}

static void box_encode_counts(const struct box *b, char *out)
{
	put_le(out + 24, b->m.highestmodseq, 8);
	put_le(out + 32, b->m.createmodseq, 8);
	put_le(out + 40, b->attrmodseq, 8);
	put_le(out + 48, b->m.vanish_floor, 8);
	put_le(out + 56, b->m.messages, 4);
	put_le(out + 60, b->m.unseen, 4);
	put_le(out + 64, b->m.deleted, 4);
	put_le(out + 68, b->m.recent_uid, 4);
	put_le(out + 72, b->m.size_bytes, 8);
	put_le(out + 80, b->deleted_bytes, 8);
	put_le(out + 88, b->vanished_runs, 4);
	put_le(out + 92, b->first_unseen_hint, 4);
}

size_t box_encode(const struct box *b, char out[BOX_OCTETS + COMPONENT_MAX])
{
	memset(out, 0, BOX_OCTETS);
	put_le(out, RECORD_VERSION, 1);
	put_le(out + 2, b->m.flags, 2);
	put_le(out + 4, b->m.special_use, 2);
	put_le(out + 8, b->m.parent, 4);
	put_le(out + 12, b->m.uidvalidity, 4);
	put_le(out + 16, b->m.uidnext, 4);
	put_le(out + 20, b->sort_order, 4);
	box_encode_counts(b, out);
	put_le(out + 96, b->pop3_login_s, 4);
	put_le(out + 100, b->retention_s, 4);
	memcpy(out + 104, b->keywords_used, sizeof b->keywords_used);
	memcpy(out + 120, b->m.guid, sizeof b->m.guid);
	memcpy(out + BOX_OCTETS, b->name, b->n_name);
	return (size_t)BOX_OCTETS + b->n_name;
}

static void box_decode_counts(const char *p, struct box *out)
{
	out->m.highestmodseq = get_le64(p + 24);
	out->m.createmodseq = get_le64(p + 32);
	out->attrmodseq = get_le64(p + 40);
	out->m.vanish_floor = get_le64(p + 48);
	out->m.messages = get_le32(p + 56);
	out->m.unseen = get_le32(p + 60);
	out->m.deleted = get_le32(p + 64);
	out->m.recent_uid = get_le32(p + 68);
	out->m.size_bytes = get_le64(p + 72);
	out->deleted_bytes = get_le64(p + 80);
	out->vanished_runs = get_le32(p + 88);
	out->first_unseen_hint = get_le32(p + 92);
}

int box_decode(uint32_t id, struct view v, struct box *out)
{
	const char *p = v.p;
	if (v.n <= BOX_OCTETS || v.n > BOX_OCTETS + COMPONENT_MAX ||
	    p[0] != RECORD_VERSION)
		return MC_E_CORRUPT;
	*out = (struct box){
		.m.id = id,
		.m.flags = get_le16(p + 2),
		.m.special_use = get_le16(p + 4),
		.m.parent = get_le32(p + 8),
		.m.uidvalidity = get_le32(p + 12),
		.m.uidnext = get_le32(p + 16),
		.sort_order = get_le32(p + 20),
		.pop3_login_s = get_le32(p + 96),
		.retention_s = get_le32(p + 100),
		.n_name = (uint8_t)(v.n - BOX_OCTETS),
	};
	box_decode_counts(p, out);
	memcpy(out->keywords_used, p + 104, sizeof out->keywords_used);
	memcpy(out->m.guid, p + 120, sizeof out->m.guid);
	memcpy(out->name, p + BOX_OCTETS, out->n_name);
	return out->m.uidvalidity && out->m.uidnext ? 0 : MC_E_CORRUPT;
}

void message_encode(const struct message *m, char out[MESSAGE_OCTETS])
{
	put_le(out, m->msgid, 8);
	put_le(out + 8, m->modseq, 8);
	put_le(out + 16, m->createmodseq, 8);
	put_le(out + 24, m->size_bytes, 8);
	put_le(out + 32, (uint64_t)m->internaldate.unix_s, 6);
	put_le(out + 38, (uint16_t)m->internaldate.zone_min, 2);
	put_le(out + 40, m->savedate_s, 4);
	put_le(out + 44, m->flags, 2);
	put_le(out + 46, m->internal, 2);
	memcpy(out + 48, m->keywords, sizeof m->keywords);
}

/* Sign-extends 48 bits. */
static int64_t date_extend(uint64_t n)
{
	return (int64_t)(n << 16) / 65536;
}

int message_decode(uint32_t uid, struct view v, struct message *out)
{
	const char *p = v.p;
	if (v.n != MESSAGE_OCTETS)
		return MC_E_CORRUPT;
	out->uid = uid;
	out->msgid = get_le64(p);
	out->modseq = get_le64(p + 8);
	out->createmodseq = get_le64(p + 16);
	out->size_bytes = get_le64(p + 24);
	uint64_t dates = get_le64(p + 32);
	out->internaldate.unix_s = date_extend(dates);
	out->internaldate.zone_min = (int16_t)(dates >> 48);
	out->savedate_s = get_le32(p + 40);
	out->flags = get_le16(p + 44);
	out->internal = get_le16(p + 46);
	memcpy(out->keywords, p + 48, sizeof out->keywords);
	return uid && out->msgid && out->modseq ? 0 : MC_E_CORRUPT;
}

struct view change_encode(const struct change_run *c, char out[CHANGE_OCTETS])
{
	out[0] = c->vanished ? 'V' : 'L';
	put_le(out + 1, c->last, 4);
	return (struct view){ out, CHANGE_OCTETS };
}

int change_decode(uint32_t first, struct view v, struct change_run *out)
{
	*out = (struct change_run){ .first = first, .last = first };
	if (view_eq(v, V("L")))
		return 0;
	if (v.n != CHANGE_OCTETS || (v.p[0] != 'L' && v.p[0] != 'V'))
		return MC_E_CORRUPT;
	out->vanished = v.p[0] == 'V';
	out->last = get_le32(v.p + 1);
	/* What is wrong with a vanished one, check says. */
	return out->last && (out->vanished || out->last >= first)
		   ? 0
		   : MC_E_CORRUPT;
}

struct view delivery_encode(const struct delivery *d, char out[12])
{
	put_le(out, d->time_s, 4);
	put_le(out + 4, d->mailbox, 4);
	put_le(out + 8, d->uid, 4);
	return (struct view){ out, 12 };
}

int delivery_decode(struct view v, struct delivery *out)
{
	if (v.n != 12)
		return MC_E_CORRUPT;
	*out = (struct delivery){ get_le32(v.p), get_le32(v.p + 4),
		get_le32(v.p + 8) };
	return 0;
}

struct view retained_encode(const struct retained *r, char out[RETAINED_OCTETS])
{
	put_le(out, r->mailbox, 4);
	put_le(out + 4, r->uid, 4);
	put_le(out + 8, r->flags, 4);
	put_le(out + 12, r->size_bytes, 8);
	put_le(out + 20, r->expunged_s, 4);
	memcpy(out + 24, r->keywords, sizeof r->keywords);
	return (struct view){ out, RETAINED_OCTETS };
}

int retained_decode(struct view v, struct retained *out)
{
	if (v.n != RETAINED_OCTETS_1 && v.n != RETAINED_OCTETS)
		return MC_E_CORRUPT;
	*out = (struct retained){ .mailbox = get_le32(v.p),
		.uid = get_le32(v.p + 4),
		.flags = get_le16(v.p + 8),
		.size_bytes = get_le64(v.p + 12) };
	if (v.n == RETAINED_OCTETS) {
		out->expunged_s = get_le32(v.p + 20);
		memcpy(out->keywords, v.p + 24, sizeof out->keywords);
	}
	return 0;
}

struct view mailbox_id_encode(uint32_t id, char out[4])
{
	put_le(out, id, 4);
	return (struct view){ out, 4 };
}

int mailbox_id_decode(struct view v, uint32_t *id)
{
	if (v.n != 4)
		return MC_E_CORRUPT;
	*id = get_le32(v.p);
	return *id ? 0 : MC_E_CORRUPT;
}

struct view threadid_encode(uint64_t threadid, char out[8])
{
	put_le(out, threadid, 8);
	return (struct view){ out, 8 };
}

int threadid_decode(struct view v, uint64_t *threadid)
{
	if (v.n != 8)
		return MC_E_CORRUPT;
	*threadid = get_le64(v.p);
	return *threadid ? 0 : MC_E_CORRUPT;
}
