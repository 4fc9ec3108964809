#ifndef STORE_KV_KV_PAGES_H
#define STORE_KV_KV_PAGES_H
/* The pages of a file of LMDB 0.9, read without LMDB, which believes what
 * stands in a page: a damaged one makes it read behind the page, fail an
 * assertion, or go wrong in silence. Here everything is verified before it is
 * used, each page is read by itself (a bad sector is one bad page), and what
 * is whole below, beside or without a damaged page is found. Nobody may write
 * the file meanwhile. Nothing is written here. */
#include "base/err.h"
#include "base/view.h"

enum {
	KV_TABLE_OTHER = 255 /* none of the table names that were given */
};

struct kv_pages_options {
	const char *const *tables;
	unsigned n_tables;
	/* For pages that nothing leads to any more: whether this can be an item
	 * of that table. NULL: such pages are not looked for. */
	bool (*fits)(unsigned table, struct view key, struct view value);
	/* Every item that can be read: of a table in the order of its keys, and
	 * behind all that those of stray pages (is_stray), which may be older
	 * than others of the same key, or were deleted. NULL: pages are only
	 * verified. Non-zero ends it and is returned. */
	int (*on_item)(void *ctx, unsigned table, struct view key,
	    struct view value, bool is_stray);
	void *ctx;
};

struct kv_pages_result {
	uint64_t pages; /* of the file */
	uint64_t bad;   /* things that are not as they must be */
	uint64_t items, stray_items;
	uint32_t lost;       /* bit for each table of which a part is missing */
	char first_bad[128]; /* what was found first */
};

/* 0 when it could look, whatever it found; -errno. LMDB can use the file when
 * bad is 0. */
int kv_pages_walk(const char *path, const struct kv_pages_options *options,
    struct kv_pages_result *out) MUST_CHECK;
#endif
