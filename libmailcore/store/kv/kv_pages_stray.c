/* Leaves that nothing leads to any more because a page above them is damaged.
 * Which table they are of, only their items tell. */
#include "store/kv/kv_pages_state.h"

static bool is_lost(const struct page_walk *w, unsigned table, struct view key)
{
	for (size_t i = 0; i < w->n_lost; i++) {
		const struct lost_range *r = &w->lost[i];
		const struct view low = { r->low, r->n_low },
				  high = { r->high, r->n_high };
		if (r->table == table && view_cmp(key, low) >= 0 &&
		    (!high.n || view_cmp(key, high) < 0))
			return true;
	}
	return false;
}

/* All that can be read on the page fits; at least one does. */
static bool page_fits(
    struct page_walk *w, const struct page *page, unsigned table)
{
	unsigned n = 0;
	for (unsigned i = 0; i < page->n; i++) {
		struct node node;
		struct view value;
		if (!page_node(w, page, i, &node) ||
		    (node.flags & NODE_TABLE) ||
		    !page_value(w, &node, true, &value))
			continue;
		if (!w->options->fits(table, node.key, value))
			return false;
		n++;
	}
	return n != 0;
}

static unsigned table_of(struct page_walk *w, const struct page *page)
{
	unsigned found = KV_TABLE_OTHER;
	for (unsigned i = 0; i < w->options->n_tables; i++) {
		if (!(w->result.lost >> i & 1) || !page_fits(w, page, i))
			continue;
		if (found != KV_TABLE_OTHER)
			return KV_TABLE_OTHER; /* it could be either */
		found = i;
	}
	return found;
}

static void give_items(
    struct page_walk *w, const struct page *page, unsigned table)
{
	for (unsigned i = 0; i < page->n && !w->error; i++) {
		struct node node;
		struct view value;
		if (!page_node(w, page, i, &node) ||
		    (node.flags & NODE_TABLE) || !is_lost(w, table, node.key) ||
		    !page_value(w, &node, true, &value))
			continue;
		w->result.stray_items++;
		w->error = w->options->on_item(
		    w->options->ctx, table, node.key, value, true);
	}
}

void kv_pages_find_strays(struct page_walk *w)
{
	for (uint64_t pgno = 2; pgno < w->n_pages && !w->error; pgno++) {
		struct page page;
		if (page_seen(w, pgno) || !page_read(w, pgno, w->levels) ||
		    !page_form(w, pgno, w->levels, &page) ||
		    page.flags != PAGE_LEAF)
			continue;
		unsigned table = table_of(w, &page);
		if (table != KV_TABLE_OTHER)
			give_items(w, &page, table);
	}
}
