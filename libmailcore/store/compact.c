#include "store/compact.h"
#include "base/clock.h"
#include "log/log.h"
#include "store/kv/kv_compact.h"
#include "store/txn/edit.h"

enum {
	PAYS_BYTES = 25000 * 4096, /* what commits have to carry is in pages */
	PAYS_PERCENT = 30,
	IDLE_MS = 20,
	STEP_MS = 100,
	RETRY_MS = 60 * 60 * 1000, /* after it failed */
};

static bool pays(struct store *s)
{
	uint64_t file, unused;
	uint64_t least =
	    s->compact_free_bytes ? s->compact_free_bytes : PAYS_BYTES;
	return kv_size(s->kv, &file, &unused) == 0 && unused > least &&
	       unused * 100 > file * PAYS_PERCENT;
}

static void begin_result(struct store *s, struct store_compaction *r)
{
	uint64_t unused;
	*r = (struct store_compaction){ .ms = clock_mono_ms() };
	if (kv_size(s->kv, &r->before_bytes, &unused) != 0)
		r->before_bytes = 0;
}

/* Those who sleep have the old file open, and its room with it. */
static void end_result(struct store *s, struct store_compaction *r)
{
	uint64_t unused;
	if (kv_size(s->kv, &r->after_bytes, &unused) != 0)
		r->after_bytes = 0;
	r->ms = clock_mono_ms() - r->ms;
	wake_others(&s->wake);
}

int store_compact(struct store *s,
    void (*progress)(void *ctx, uint64_t bytes, uint64_t total), void *ctx,
    struct store_compaction *out)
{
	struct kv_compact *c;
	uint64_t bytes, total;
	bool done = false;
	begin_result(s, out);
	int error = kv_compact_begin(s->kv, false, &c);
	while (!error && !done) {
		error = kv_compact_step(c, STEP_MS, &done);
		kv_compact_progress(c, &bytes, &total);
		if (progress)
			progress(ctx, bytes, total);
	}
	kv_compact_end(&c);
	end_result(s, out);
	return error;
}

static enum store_compact_state give_up(struct store *s, int error)
{
	if (error == MC_E_AGAIN)
		LOG(NULL, INFO, "store.compact", KV_ERR("put-off", error));
	else if (error != MC_E_BUSY)
		LOG(NULL, WARN, "store.compact", KV_ERR("error", error));
	s->compact_after_ms = clock_mono_ms() + RETRY_MS;
	compact_close(s);
	return STORE_COMPACT_NONE;
}

enum store_compact_state store_compact_idle(
    struct store *s, struct store_compaction *out)
{
	bool done;
	if (s->readonly || clock_mono_ms() < s->compact_after_ms)
		return STORE_COMPACT_NONE;
	if (!s->compact) {
		if (!pays(s))
			return STORE_COMPACT_NONE;
		begin_result(s, &s->compaction);
		int error = kv_compact_begin(s->kv, true, &s->compact);
		return error ? give_up(s, error) : STORE_COMPACT_MORE;
	}
	int error = kv_compact_step(s->compact, IDLE_MS, &done);
	if (error)
		return give_up(s, error);
	if (!done)
		return STORE_COMPACT_MORE;
	compact_close(s);
	end_result(s, &s->compaction);
	*out = s->compaction;
	return STORE_COMPACT_DONE;
}

void compact_close(struct store *s)
{
	kv_compact_end(&s->compact);
}
