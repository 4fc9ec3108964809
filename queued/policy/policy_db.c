#include "queued/policy/policy_db.h"
#include "base/panic.h"
#include "wire/rd.h"
#include <stdlib.h>
#include <string.h>

enum {
	RECORD_VERSION = 1,
	RECORD_MAX = STS_NAMES_MAX + STS_ID_MAX + 64,
};

int policy_record_get(struct view v, struct sts_record *out)
{
	struct rd r = rd_of(v);
	if (rd_u8(&r) != RECORD_VERSION)
		return v.n ? MC_E_VERSION : MC_E_CORRUPT;
	uint8_t mode = rd_u8(&r);
	out->policy.max_age_s = rd_u32(&r);
	out->fetched_s = rd_u64(&r);
	struct view id = rd_bytes(&r, STS_ID_MAX);
	struct view names = rd_bytes(&r, STS_NAMES_MAX);
	if (!rd_end(&r) || mode >= STS_MODE_COUNT ||
	    out->policy.max_age_s > STS_AGE_MAX_S)
		return MC_E_CORRUPT;
	out->policy.mode = (enum sts_mode)mode;
	out->policy.n_names = names.n;
	memcpy(out->policy.names, names.p, names.n);
	out->id_n = id.n;
	memcpy(out->id, id.p, id.n);
	return 0;
}

int policy_db_get(
    struct queue_txn *t, struct view domain, struct sts_record *out)
{
	struct view v;
	int error = kv_get(&t->kv, QUEUE_TABLE_POLICIES, domain, &v);
	return error ? error : policy_record_get(v, out);
}

void policy_db_put(
    struct queue_txn *t, struct view domain, const struct sts_record *r)
{
	char *bytes = must_alloc(RECORD_MAX);
	struct wr w = wr_into(bytes, RECORD_MAX);
	wr_u8(&w, RECORD_VERSION);
	wr_u8(&w, (uint8_t)r->policy.mode);
	wr_u32(&w, r->policy.max_age_s);
	wr_u64(&w, r->fetched_s);
	wr_bytes(&w, (struct view){ r->id, r->id_n }, STS_ID_MAX);
	wr_bytes(&w, (struct view){ r->policy.names, r->policy.n_names },
	    STS_NAMES_MAX);
	kv_put(&t->kv, QUEUE_TABLE_POLICIES, domain, wr_view(&w));
	free(bytes);
}

static bool is_worthless(
    struct view v, uint64_t now_s, struct sts_record *scratch)
{
	return policy_record_get(v, scratch) != 0 ||
	       sts_is_expired(scratch, now_s);
}

void policy_db_clean(
    struct queue_txn *t, uint64_t now_s, unsigned max, struct buf *after)
{
	struct kv_cursor c;
	struct sts_record *r = MUST_NEW(struct sts_record);
	int end = kv_cursor_open(&c, &t->kv, QUEUE_TABLE_POLICIES);
	if (end)
		goto out;
	end = kv_cursor_seek(&c, buf_len(after) ? buf_view(after) : V("\0"));
	for (unsigned i = 0; i < max && !end; i++) {
		if (is_worthless(c.value, now_s, r))
			kv_cursor_delete(&c);
		end = kv_cursor_next(&c);
	}
	buf_reset(after);
	if (!end)
		buf_put(after, c.key);
	kv_cursor_close(&c);
out:
	free(r);
}
