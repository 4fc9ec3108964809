#ifndef STORE_KV_KV_PAGES_STATE_H
#define STORE_KV_KV_PAGES_STATE_H
/* Inside of kv_pages: a walk, and the forms of LMDB 0.9 (mdb.c, DATA_VERSION
 * 1). Integers are the host's. */
#include "store/kv/kv.h"
#include "store/kv/kv_pages.h"

enum {
	PAGE_HEADER = 16, /* pgno(8) pad(2) flags(2) lower(2) upper(2) */
	PAGE_BRANCH = 1,
	PAGE_LEAF = 2,
	PAGE_OVERFLOW = 4,
	PAGE_META = 8,
	NODE_HEADER = 8, /* lo(2) hi(2) flags(2) ksize(2) */
	NODE_BIG = 1,
	NODE_TABLE = 2,
	TABLE_RECORD = 48,
	DEPTH_MAX = 32,
	PAGE_MAX = 65536,
	VALUE_MAX = 64 << 20, /* none of ours is nearly so large */
};

static const uint64_t page_none = UINT64_MAX;

/* The keys of a subtree that could not be read: from low on, up to high
 * (empty: no end). */
struct lost_range {
	unsigned table;
	size_t n_low, n_high;
	char low[KV_KEY_MAX], high[KV_KEY_MAX];
};

struct page_walk {
	int fd;
	size_t page_bytes;
	uint64_t n_pages;
	const struct kv_pages_options *options;
	struct kv_pages_result result;
	uint8_t *seen; /* a bit for each page: in a tree, or free */
	char *levels;  /* a page for each level */
	char *value;   /* of a big one */
	size_t cap_value;
	struct lost_range *lost;
	size_t n_lost, cap_lost;
	int error; /* ends it */
};

struct page { /* a branch or a leaf whose header is right */
	const char *p;
	uint64_t pgno;
	unsigned flags, n, level;
};

struct node {
	struct view key;
	struct view value; /* of a leaf; a big one's is its page number */
	uint64_t child;    /* of a branch */
	unsigned flags;
};

bool page_read(struct page_walk *w, uint64_t pgno, char *out);
/* Form of a branch or leaf that stands where it says. */
bool page_form(
    const struct page_walk *w, uint64_t pgno, const char *p, struct page *out);
bool page_node(const struct page_walk *w, const struct page *page, unsigned i,
    struct node *out);
/* A leaf's value, a big one read from its pages, which are marked as seen.
 * False: it cannot be had. */
bool page_value(struct page_walk *w, const struct node *node, bool is_stray,
    struct view *out);
bool page_seen(const struct page_walk *w, uint64_t pgno);
void page_mark(struct page_walk *w, uint64_t pgno);
void page_bad(struct page_walk *w, uint64_t pgno, const char *what);
/* Leaves that no tree has, with keys that are missing from one. */
void kv_pages_find_strays(struct page_walk *w);
#endif
