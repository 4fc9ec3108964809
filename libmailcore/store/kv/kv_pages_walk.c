/* The trees of a file, from its meta pages down. */
#include "store/kv/kv_pages_state.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct table_record {
	uint32_t pad;
	uint16_t flags, depth;
	uint64_t branches, leaves, overflows, entries, root;
};

struct meta {
	uint32_t magic, version;
	uint64_t address, map_bytes;
	struct table_record free, main;
	uint64_t last_page, txnid;
};

_Static_assert(sizeof(struct table_record) == TABLE_RECORD, "as LMDB's");

/* The keys that can be below a page: from low on, up to high (empty: all). */
struct span {
	struct view low, high;
};

static const struct span everything;

/* One tree while it is walked. */
struct tree {
	unsigned table;
	bool is_free, is_main;
	unsigned depth; /* of its leaves */
	uint64_t entries;
	bool had_bad_node;
	struct view last; /* the key that was behind all others so far */
	char last_key[KV_KEY_MAX];
	uint32_t found; /* tables that main has */
};

static void lose_bit(struct page_walk *w, unsigned table)
{
	if (table < w->options->n_tables)
		w->result.lost |= 1u << table;
}

/* A subtree. */
static void lose(struct page_walk *w, unsigned table, struct span span)
{
	lose_bit(w, table);
	if (w->n_lost == w->cap_lost) {
		size_t cap = w->cap_lost ? 2 * w->cap_lost : 16;
		struct lost_range *more = realloc(w->lost, cap * sizeof *more);
		if (!more) {
			w->error = MC_E_TEMP;
			return;
		}
		w->lost = more;
		w->cap_lost = cap;
	}
	struct lost_range *r = &w->lost[w->n_lost++];
	r->table = table;
	r->n_low = span.low.n;
	r->n_high = span.high.n;
	memcpy(r->low, span.low.n ? span.low.p : "", span.low.n);
	memcpy(r->high, span.high.n ? span.high.p : "", span.high.n);
}

static void walk_tree(
    struct page_walk *w, const struct table_record *record, struct tree *t);

static void lose_all(struct page_walk *w, const struct tree *t)
{
	if (t->is_main)
		for (unsigned i = 0; i < w->options->n_tables; i++)
			lose(w, i, everything);
	else if (!t->is_free)
		lose(w, t->table, everything);
}

static void lose_page(struct page_walk *w, struct tree *t, uint64_t pgno,
    struct span span, const char *what)
{
	page_bad(w, pgno, what);
	t->had_bad_node = true;
	if (t->is_main || t->is_free)
		lose_all(w, t);
	else
		lose(w, t->table, span);
}

static unsigned table_named(const struct page_walk *w, struct view name)
{
	for (unsigned i = 0; i < w->options->n_tables; i++)
		if (view_eq(name, view_of(w->options->tables[i])))
			return i;
	return KV_TABLE_OTHER;
}

static void at_table(struct page_walk *w, struct tree *t, struct view name,
    const struct node *node, uint64_t pgno)
{
	struct table_record record;
	struct tree below = { .table = table_named(w, name) };
	/* A mark of ours (kv_mark). */
	if (node->flags == 0 && view_eq(name, node->value) &&
	    below.table == KV_TABLE_OTHER)
		return;
	if (node->flags != NODE_TABLE || node->value.n != sizeof record) {
		page_bad(w, pgno, "not the record of a table");
		t->had_bad_node = true;
		return;
	}
	memcpy(&record, node->value.p, sizeof record);
	if (below.table < w->options->n_tables)
		t->found |= 1u << below.table;
	/* A comparison other than ours: LMDB would order keys by it. */
	if (record.flags)
		page_bad(w, pgno, "the flags of a table");
	walk_tree(w, &record, &below);
}

/* count, then page numbers from high to low. */
static void at_free(struct page_walk *w, struct view value, uint64_t pgno)
{
	uint64_t n, before = page_none, page;
	bool ok = value.n >= sizeof n && value.n % sizeof n == 0;
	if (ok)
		memcpy(&n, value.p, sizeof n);
	ok = ok && n < value.n / sizeof n;
	for (uint64_t i = 1; ok && i <= n; i++) {
		memcpy(&page, value.p + i * sizeof page, sizeof page);
		ok = page >= 2 && page < before;
		before = page;
		if (!ok || page >= w->n_pages)
			continue;
		ok = !page_seen(w, page);
		page_mark(w, page);
	}
	if (!ok)
		page_bad(w, pgno, "a list of free pages");
}

static void at_item(
    struct page_walk *w, struct tree *t, const struct node *node, uint64_t pgno)
{
	struct view value;
	t->entries++;
	if (t->is_main) {
		at_table(w, t, node->key, node, pgno);
		return;
	}
	if ((node->flags & NODE_TABLE) || !page_value(w, node, false, &value)) {
		page_bad(w, pgno, "a value");
		t->had_bad_node = true;
		lose_bit(w, t->table);
		return;
	}
	if (t->is_free) {
		at_free(w, value, pgno);
		return;
	}
	w->result.items++;
	if (w->options->on_item && t->table < w->options->n_tables)
		w->error = w->options->on_item(
		    w->options->ctx, t->table, node->key, value, false);
}

/* Free pages have numbers for keys, which only LMDB has to compare. */
static bool is_in_order(const struct tree *t, struct view key, struct span span)
{
	if (t->is_free)
		return key.n == sizeof(uint64_t);
	return view_cmp(t->last, key) < 0 && view_cmp(span.low, key) <= 0 &&
	       (!span.high.n || view_cmp(key, span.high) < 0);
}

static void went_to(struct tree *t, struct view key)
{
	memcpy(t->last_key, key.p, key.n);
	t->last = (struct view){ t->last_key, key.n };
}

static void walk_leaf(struct page_walk *w, struct tree *t,
    const struct page *page, struct span span)
{
	for (unsigned i = 0; i < page->n && !w->error; i++) {
		struct node node;
		if (!page_node(w, page, i, &node) ||
		    !is_in_order(t, node.key, span)) {
			page_bad(w, page->pgno, "an item");
			t->had_bad_node = true;
			lose_bit(w, t->table);
			continue;
		}
		went_to(t, node.key);
		at_item(w, t, &node, page->pgno);
	}
}

static void visit(struct page_walk *w, struct tree *t, uint64_t pgno,
    unsigned level, struct span span);

/* The next child, from the i-th on, with a key inside of span; page->n: there
 * is none. */
static unsigned next_child(const struct page_walk *w, const struct page *page,
    unsigned i, const struct span *span, struct node *out)
{
	for (; i < page->n; i++) {
		if (!page_node(w, page, i, out))
			continue;
		if (i == 0 || !span ||
		    (view_cmp(span->low, out->key) < 0 &&
			(!span->high.n || view_cmp(out->key, span->high) < 0)))
			return i;
	}
	return i;
}

static void walk_branch(struct page_walk *w, struct tree *t,
    const struct page *page, struct span span)
{
	struct node node, next;
	const struct span *within = t->is_free ? NULL : &span;
	struct view end = span.high;
	unsigned i = next_child(w, page, 0, within, &node), k;
	if (i != 0) {
		struct view to = i < page->n ? node.key : end;
		lose_page(w, t, page->pgno, (struct span){ span.low, to },
		    "a first child");
	}
	for (; i < page->n && !w->error; i = k, node = next) {
		if (i)
			span.low = node.key;
		k = next_child(w, page, i + 1, within, &next);
		struct span child = { span.low, k < page->n ? next.key : end };
		if (k > i + 1)
			lose_page(w, t, page->pgno, child, "a child");
		visit(w, t, node.child, page->level + 1, child);
	}
}

static void visit(struct page_walk *w, struct tree *t, uint64_t pgno,
    unsigned level, struct span span)
{
	char *p = w->levels + level * w->page_bytes;
	struct page page = { .level = level };
	if (level >= DEPTH_MAX || pgno < 2 || pgno >= w->n_pages ||
	    page_seen(w, pgno)) {
		lose_page(w, t, pgno, span, "not one of a tree");
		return;
	}
	page_mark(w, pgno);
	if (!page_read(w, pgno, p) || !page_form(w, pgno, p, &page)) {
		lose_page(w, t, pgno, span, "no branch or leaf");
		return;
	}
	if (page.flags == PAGE_BRANCH) {
		walk_branch(w, t, &page, span);
		return;
	}
	if (t->depth && t->depth != level + 1)
		page_bad(w, pgno, "a leaf at another depth");
	t->depth = level + 1;
	walk_leaf(w, t, &page, span);
}

/* Main is level 0 to depth of the pages' room, and tables begin behind it. */
static void walk_tree(
    struct page_walk *w, const struct table_record *record, struct tree *t)
{
	char *levels = w->levels;
	uint64_t bad = w->result.bad;
	if (record->root == page_none) {
		if (record->entries) {
			page_bad(w, 0, "a table without pages");
			lose_all(w, t);
		}
		return;
	}
	if (!t->is_main)
		w->levels += DEPTH_MAX * w->page_bytes;
	visit(w, t, record->root, 0, everything);
	w->levels = levels;
	if (w->result.bad == bad &&
	    (t->depth != record->depth || t->entries != record->entries)) {
		page_bad(w, record->root, "not what its table says");
		lose_bit(w, t->table);
	}
}

/* Meta pages. */

static bool is_meta(const struct page_walk *w, const char *p, struct meta *out)
{
	uint16_t flags;
	memcpy(&flags, p + 10, sizeof flags);
	memcpy(out, p + PAGE_HEADER, sizeof *out);
	return (flags & PAGE_META) && out->magic == 0xBEEFC0DE &&
	       out->version == 1 && out->free.pad == w->page_bytes;
}

/* The page size stands in the first meta page, and in the second. */
static size_t find_page_bytes(int fd)
{
	char p[PAGE_HEADER + sizeof(struct meta)];
	struct meta m;
	for (size_t at = 0; at <= PAGE_MAX; at = at ? 2 * at : 512) {
		if (pread(fd, p, sizeof p, (off_t)at) != (ssize_t)sizeof p)
			break;
		memcpy(&m, p + PAGE_HEADER, sizeof m);
		if (m.magic == 0xBEEFC0DE && m.free.pad >= 512 &&
		    m.free.pad <= PAGE_MAX &&
		    (m.free.pad & (m.free.pad - 1)) == 0 &&
		    (at == 0 || at == m.free.pad))
			return m.free.pad;
	}
	long n = sysconf(_SC_PAGESIZE);
	return n > 0 && n <= PAGE_MAX ? (size_t)n : 4096;
}

/* LMDB wants both, and uses the one of the later transaction. */
static bool newest_meta(struct page_walk *w, struct meta *out)
{
	struct meta m;
	bool any = false;
	for (uint64_t i = 0; i < 2; i++) {
		if (!page_read(w, i, w->levels) || !is_meta(w, w->levels, &m)) {
			page_bad(w, i, "no meta page");
			continue;
		}
		if (!any || m.txnid > out->txnid)
			*out = m;
		any = true;
	}
	return any;
}

static void walk_file(struct page_walk *w)
{
	struct meta m;
	struct tree free_pages = { .table = KV_TABLE_OTHER, .is_free = true };
	struct tree main_table = { .table = KV_TABLE_OTHER, .is_main = true };
	if (!newest_meta(w, &m)) {
		lose_all(w, &main_table);
		return;
	}
	walk_tree(w, &m.free, &free_pages);
	walk_tree(w, &m.main, &main_table);
	/* A name that cannot be read may have been any of those. */
	for (unsigned i = 0; i < w->options->n_tables; i++)
		if (main_table.had_bad_node && !(main_table.found >> i & 1))
			lose(w, i, everything);
}

static int prepare(struct page_walk *w)
{
	struct stat st;
	if (fstat(w->fd, &st) != 0)
		return -errno;
	w->page_bytes = find_page_bytes(w->fd);
	w->n_pages = (uint64_t)st.st_size / w->page_bytes;
	w->result.pages = w->n_pages;
	w->seen = calloc(1, (size_t)(w->n_pages / 8 + 1));
	w->levels = calloc(2 * DEPTH_MAX, w->page_bytes);
	return w->seen && w->levels ? 0 : MC_E_TEMP;
}

int kv_pages_walk(const char *path, const struct kv_pages_options *options,
    struct kv_pages_result *out)
{
	struct page_walk w = { .options = options };
	w.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (w.fd < 0)
		return -errno;
	w.error = prepare(&w);
	if (!w.error)
		walk_file(&w);
	if (!w.error && w.n_lost && options->fits && options->on_item)
		kv_pages_find_strays(&w);
	close(w.fd);
	free(w.seen);
	free(w.levels);
	free(w.value);
	free(w.lost);
	*out = w.result;
	return w.error;
}
