/* What the handler of a fault asks. */
#include "store/kv/kv_lmdb.h"
#include <unistd.h>

struct kv_work kv_work;
static void (*assert_fn)(void);

void kv_on_assert(void (*fn)(void))
{
	assert_fn = fn;
}

void kv_assert_failed(void)
{
	if (assert_fn)
		assert_fn();
}

bool kv_is_damage(const void *address)
{
	const char *p = address;
	bool is = kv_work.writing || kv_work.inside;
	for (unsigned i = 0; i < KV_MAPS_MAX; i++)
		is |= p && p >= kv_work.maps[i].low && p < kv_work.maps[i].high;
	return is;
}

uint64_t kv_call_at_work(void)
{
	return kv_work.inside || kv_work.writing ? kv_work.calls + 1 : 0;
}

bool kv_may_be_damage(void)
{
	return kv_work.writer == getpid();
}

void kv_work_map(struct kv_env *env, const char *value, size_t map_bytes)
{
	MDB_envinfo info;
	unsigned i = 0;
	if (mdb_env_info(env->mdb, &info) != 0)
		return;
	while (i < KV_MAPS_MAX - 1 && kv_work.maps[i].high)
		i++;
	env->map_low = value - (info.me_last_pgno + 1) * env->page_bytes;
	kv_work.maps[i] = (struct kv_map){ env->map_low, value + map_bytes };
}

void kv_work_no_map(struct kv_env *env)
{
	for (unsigned i = 0; i < KV_MAPS_MAX; i++)
		if (env->map_low && kv_work.maps[i].low == env->map_low)
			kv_work.maps[i] = (struct kv_map){ NULL, NULL };
	env->map_low = NULL;
}
