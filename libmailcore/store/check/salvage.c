/* All items that can be read of a damaged file, in a new one. */
#include "store/check/repair.h"
#include "store/txn/edit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
	BATCH_BYTES = 16 << 20
};

struct salvage {
	struct kv *kv;
	struct kv_txn t;
	size_t bytes; /* of the transaction */
};

/* Whether it can be an item of that table, which its page does not tell. */

static bool is_account(struct view key)
{
	return key.n == 4 && key_box_id(key) == 0;
}

static bool fits_mbx(struct view key, struct view value)
{
	struct box b;
	struct account a;
	if (is_account(key))
		return account_decode(value, &a) == 0;
	return key.n == 4 && box_decode(1, value, &b) == 0;
}

static bool fits_nam(struct view key, struct view value)
{
	return key.n > 4 && value.n == 4;
}

static bool fits_msg(struct view key, struct view value)
{
	struct message m;
	return key.n == 8 && message_decode(1, value, &m) == 0;
}

static bool fits_chg(struct view key, struct view value)
{
	struct change_run run;
	uint32_t mailbox, uid;
	uint64_t modseq;
	return key_chg_split(key, &mailbox, &modseq, &uid) == 0 &&
	       change_decode(uid, value, &run) == 0;
}

static bool fits_obj(struct view key, struct view value)
{
	return key.n == 10 && (key.p[8] == 'E' || key.p[8] == 'M') &&
	       value.n <= PIECE_OCTETS;
}

static bool fits_blb(struct view key, struct view value)
{
	struct key k = { .n = key.n };
	if (key.n != 12 || value.n < 5)
		return false;
	memcpy(k.p, key.p, key.n);
	return chunk_check(
	    &k, view_head(value, value.n - 4), value.p + value.n - 4);
}

static bool fits_idx(struct view key, struct view value)
{
	struct retained r;
	switch (key.p[0]) {
	case 'D':
		return key.n == 17 && value.n == 12;
	case 'L':
		return key.n == 17 && value.n == 0;
	case 'X':
		return key.n == 13 && retained_decode(value, &r) == 0;
	case 'P':
		return key.n == 9 && value.n <= UIDL_OCTETS_MAX;
	case 'H':
		return key.n == 17 && value.n == 0;
	case 'I':
		return key.n == 17 && value.n == 8;
	default:
		return view_has_byte(V("QU"), key.p[0]);
	}
}

static bool fits_att(struct view key, struct view value)
{
	struct view entry;
	uint32_t mailbox;
	unsigned piece;
	if (key.p[0] == 'K')
		return key.n == 2 && value.n <= KEYWORD_OCTETS_MAX;
	if (key.p[0] == 'A')
		return key_annotation_split(key, &mailbox, &entry, &piece) ==
			   0 &&
		       value.n <= PIECE_OCTETS;
	return view_has_byte(V("BCFJNRSVv"), key.p[0]);
}

static bool fits(unsigned table, struct view key, struct view value)
{
	static bool (*const tests[STORE_TABLES])(
	    struct view key, struct view value) = {
		[TABLE_MBX] = fits_mbx,
		[TABLE_NAM] = fits_nam,
		[TABLE_MSG] = fits_msg,
		[TABLE_CHG] = fits_chg,
		[TABLE_OBJ] = fits_obj,
		[TABLE_BLB] = fits_blb,
		[TABLE_IDX] = fits_idx,
		[TABLE_ATT] = fits_att,
	};
	return tests[table](key, value);
}

/* Grows with each change of a record; 0: all are alike. */
static uint64_t age(unsigned table, struct view key, struct view value)
{
	struct message m;
	struct account a;
	struct box b;
	if (table == TABLE_MSG && message_decode(1, value, &m) == 0)
		return m.modseq;
	if (table == TABLE_MBX && is_account(key))
		return account_decode(value, &a) == 0 ? a.modseq : 0;
	if (table == TABLE_MBX && box_decode(1, value, &b) == 0)
		return b.m.highestmodseq;
	return 0;
}

static int commit(struct salvage *s)
{
	s->bytes = 0;
	int error = kv_commit(&s->t);
	return error ? error : kv_write(s->kv, &s->t);
}

static int on_item(void *ctx, unsigned table, struct view key,
    struct view value, bool is_stray)
{
	struct salvage *s = ctx;
	struct view old;
	if (is_stray) {
		int error = kv_get(&s->t, table, key, &old);
		if (!error && age(table, key, old) >= age(table, key, value))
			return 0;
		if (!error || error == MC_E_NOENT)
			kv_put(&s->t, table, key, value);
	} else {
		kv_append(&s->t, table, key, value);
	}
	s->bytes += key.n + value.n;
	return s->bytes < BATCH_BYTES ? s->t.error : commit(s);
}

static int sync_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = fsync(fd) == 0 ? 0 : -errno;
	close(fd);
	return error;
}

int store_salvage(const char *from, const char *to, struct kv_pages_result *out)
{
	struct salvage s = { 0 };
	const struct kv_options kv = { .tables = store_tables,
		.n_tables = STORE_TABLES,
		.unsynced = true };
	const struct kv_pages_options pages = { .tables = store_tables,
		.n_tables = STORE_TABLES,
		.fits = fits,
		.on_item = on_item,
		.ctx = &s };
	int error = kv_open(to, &kv, &s.kv);
	if (!error)
		error = kv_write(s.kv, &s.t);
	if (!error)
		error = kv_pages_walk(from, &pages, out);
	if (!error)
		error = kv_commit(&s.t);
	kv_abort(&s.t);
	kv_close(&s.kv);
	return error ? error : sync_file(to);
}

int store_look_at_pages(const char *path, struct kv_pages_result *out)
{
	const struct kv_pages_options pages = { .tables = store_tables,
		.n_tables = STORE_TABLES };
	return kv_pages_walk(path, &pages, out);
}
