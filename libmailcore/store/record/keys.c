#include "store/record/keys.h"
#include "base/panic.h"
#include "store/record/le.h"
#include "wire/rd.h"
#include "wire/wr.h"
#include <string.h>

const char *const store_tables[STORE_TABLES] = { "mbx", "nam", "msg", "chg",
	"obj", "blb", "idx", "att" };

enum {
	SUBSCRIPTION_HEAD = 480
};

/* Keys are short and fixed: running out of room is a bug. */
static void key_end(struct key *k, const struct wr *w)
{
	mc_assert(!w->failed);
	k->n = w->n;
}

struct key key_box(uint32_t mailbox)
{
	struct key k;
	struct wr w = wr_into(k.p, sizeof k.p);
	wr_u32(&w, mailbox);
	key_end(&k, &w);
	return k;
}

struct key key_name(uint32_t parent, struct view component)
{
	struct key k;
	struct wr w = wr_into(k.p, sizeof k.p);
	wr_u32(&w, parent);
	wr_raw(&w, component);
	key_end(&k, &w);
	return k;
}

/* Those of scans and of every row: without a writer between. */

struct key key_msg(uint32_t mailbox, uint32_t uid)
{
	struct key k;
	k.n = 8;
	put_be32(k.p, mailbox);
	put_be32(k.p + 4, uid);
	return k;
}

struct key key_chg(uint32_t mailbox, uint64_t modseq, uint32_t uid)
{
	struct key k;
	k.n = 16;
	put_be32(k.p, mailbox);
	put_be64(k.p + 4, modseq);
	put_be32(k.p + 12, uid);
	return k;
}

struct key key_obj(uint64_t msgid, char type, unsigned piece)
{
	struct key k;
	k.n = 10;
	put_be64(k.p, msgid);
	k.p[8] = type;
	k.p[9] = (char)piece;
	return k;
}

struct key key_blb(uint64_t msgid, uint32_t chunk)
{
	struct key k;
	k.n = 12;
	put_be64(k.p, msgid);
	put_be32(k.p + 8, chunk);
	return k;
}

struct key key_delivery(struct view id)
{
	struct key k;
	struct wr w = wr_into(k.p, sizeof k.p);
	wr_u8(&w, 'D');
	wr_raw(&w, id);
	key_end(&k, &w);
	return k;
}

struct key key_link(uint64_t msgid, uint32_t mailbox, uint32_t uid)
{
	struct key k;
	k.n = 17;
	k.p[0] = 'L';
	put_be64(k.p + 1, msgid);
	put_be32(k.p + 9, mailbox);
	put_be32(k.p + 13, uid);
	return k;
}

struct key key_purge(uint32_t purge_s, uint64_t msgid)
{
	struct key k;
	struct wr w = wr_into(k.p, sizeof k.p);
	wr_u8(&w, 'X');
	wr_u32(&w, purge_s);
	wr_u64(&w, msgid);
	key_end(&k, &w);
	return k;
}

struct key key_uidl(uint32_t mailbox, uint32_t uid)
{
	struct key k;
	struct wr w = wr_into(k.p, sizeof k.p);
	wr_u8(&w, 'P');
	wr_u32(&w, mailbox);
	wr_u32(&w, uid);
	key_end(&k, &w);
	return k;
}

static struct key key_thread(char tag, uint64_t upper, uint64_t msgid)
{
	struct key k;
	struct wr w = wr_into(k.p, sizeof k.p);
	wr_u8(&w, (uint8_t)tag);
	wr_u64(&w, upper);
	wr_u64(&w, msgid);
	key_end(&k, &w);
	return k;
}

struct key key_thread_member(uint64_t threadid, uint64_t msgid)
{
	return key_thread('H', threadid, msgid);
}

struct key key_thread_id(uint64_t hash, uint64_t msgid)
{
	return key_thread('I', hash, msgid);
}

struct key key_keyword(uint8_t slot)
{
	struct key k;
	struct wr w = wr_into(k.p, sizeof k.p);
	wr_u8(&w, 'K');
	wr_u8(&w, slot);
	key_end(&k, &w);
	return k;
}

struct key key_subscription(struct view name)
{
	struct key k;
	struct wr w = wr_into(k.p, sizeof k.p);
	wr_u8(&w, 'S');
	wr_raw(&w, view_head(name, SUBSCRIPTION_HEAD));
	if (name.n > SUBSCRIPTION_HEAD)
		wr_u64(&w, view_hash(name));
	key_end(&k, &w);
	return k;
}

/* No entry: before all that have one. */
struct key key_annotation(uint32_t mailbox, struct view entry, unsigned piece)
{
	struct key k;
	struct wr w = wr_into(k.p, sizeof k.p);
	wr_u8(&w, 'A');
	wr_u32(&w, mailbox);
	wr_raw(&w, entry);
	wr_u8(&w, 0);
	wr_u8(&w, (uint8_t)piece);
	key_end(&k, &w);
	return k;
}

struct key key_tag(char tag)
{
	return (struct key){ .n = 1, .p = { tag } };
}

static int split_end(const struct rd *r)
{
	return rd_end(r) ? 0 : MC_E_CORRUPT;
}

int key_name_split(struct view key, uint32_t *parent, struct view *component)
{
	struct rd r = rd_of(key);
	*parent = rd_u32(&r);
	*component = r.rest;
	return r.failed || !r.rest.n || r.rest.n > COMPONENT_MAX ? MC_E_CORRUPT
								 : 0;
}

/* Once for each row of every scan. */
int key_msg_split(struct view key, uint32_t *mailbox, uint32_t *uid)
{
	if (key.n != 8)
		return MC_E_CORRUPT;
	*mailbox = get_be32(key.p);
	*uid = get_be32(key.p + 4);
	return 0;
}

int key_chg_split(
    struct view key, uint32_t *mailbox, uint64_t *modseq, uint32_t *uid)
{
	struct rd r = rd_of(key);
	*mailbox = rd_u32(&r);
	*modseq = rd_u64(&r);
	*uid = rd_u32(&r);
	return split_end(&r);
}

int key_obj_split(struct view key, uint64_t *msgid)
{
	struct rd r = rd_of(key);
	*msgid = rd_u64(&r);
	return r.failed ? MC_E_CORRUPT : 0;
}

int key_link_split(
    struct view key, uint64_t *msgid, uint32_t *mailbox, uint32_t *uid)
{
	struct rd r = rd_of(key);
	bool link = rd_u8(&r) == 'L';
	*msgid = rd_u64(&r);
	*mailbox = rd_u32(&r);
	*uid = rd_u32(&r);
	return link ? split_end(&r) : MC_E_CORRUPT;
}

int key_purge_split(struct view key, uint32_t *purge_s, uint64_t *msgid)
{
	struct rd r = rd_of(key);
	bool purge = rd_u8(&r) == 'X';
	*purge_s = rd_u32(&r);
	*msgid = rd_u64(&r);
	return purge ? split_end(&r) : MC_E_CORRUPT;
}

uint32_t key_box_id(struct view key)
{
	struct rd r = rd_of(key);
	return rd_u32(&r);
}

uint64_t key_obj_id(struct view key)
{
	struct rd r = rd_of(key);
	return rd_u64(&r);
}

int key_uidl_split(struct view key, uint32_t *mailbox, uint32_t *uid)
{
	struct rd r = rd_of(key);
	bool uidl = rd_u8(&r) == 'P';
	*mailbox = rd_u32(&r);
	*uid = rd_u32(&r);
	return uidl ? split_end(&r) : MC_E_CORRUPT;
}

static int thread_split(
    struct view key, char tag, uint64_t *upper, uint64_t *msgid)
{
	struct rd r = rd_of(key);
	bool thread = rd_u8(&r) == (uint8_t)tag;
	*upper = rd_u64(&r);
	*msgid = rd_u64(&r);
	return thread ? split_end(&r) : MC_E_CORRUPT;
}

int key_thread_member_split(
    struct view key, uint64_t *threadid, uint64_t *msgid)
{
	return thread_split(key, 'H', threadid, msgid);
}

int key_thread_id_split(struct view key, uint64_t *hash, uint64_t *msgid)
{
	return thread_split(key, 'I', hash, msgid);
}

int key_annotation_split(
    struct view key, uint32_t *mailbox, struct view *entry, unsigned *piece)
{
	struct rd r = rd_of(key);
	bool annotation = rd_u8(&r) == 'A';
	*mailbox = rd_u32(&r);
	*entry = view_head(r.rest, r.rest.n < 2 ? 0 : r.rest.n - 2);
	if (!annotation || r.failed || !entry->n || entry->p[entry->n] != '\0')
		return MC_E_CORRUPT;
	*piece = (unsigned char)entry->p[entry->n + 1];
	return 0;
}
