#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H
/* A new store in a directory of its own, and short ways to use it. */
#include "store/mailbox/message.h"
#include "tmp_dir.h"

static struct tmp_dir dir;
static struct store *store;
static int64_t test_now_s = 1700000000;
static bool test_compress;

static inline int64_t test_clock(void)
{
	return test_now_s;
}

static inline struct store *test_open(bool readonly)
{
	const struct store_options o = {
		.create = true,
		.readonly = readonly,
		.compress = test_compress,
		.now_s = test_clock,
	};
	struct store *s;
	ck_assert_int_eq(store_open(dir.path, &o, &s), 0);
	return s;
}

static inline void setup(void)
{
	tmp_dir_init(&dir);
	test_now_s = 1700000000;
	store = test_open(false);
}

static inline void teardown(void)
{
	store_close(&store);
	tmp_dir_deinit(&dir);
}

static inline void reopen(void)
{
	store_close(&store);
	store = test_open(false);
}

static inline struct mailbox box_named(struct view name)
{
	struct store_txn t;
	struct mailbox m;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(mailbox_find(&t, name, &m), 0);
	store_end(&t);
	return m;
}

static inline uint32_t box_create(struct view name)
{
	struct mailbox m;
	ck_assert_int_eq(mailbox_create(store, name, 0, &m), 0);
	return m.id;
}
#endif
