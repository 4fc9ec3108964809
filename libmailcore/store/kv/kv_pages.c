/* Pages and nodes: whether they have their form, and what is in them. */
#include "store/kv/kv_pages_state.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void page_bad(struct page_walk *w, uint64_t pgno, const char *what)
{
	if (w->result.bad++ == 0)
		snprintf(w->result.first_bad, sizeof w->result.first_bad,
		    "page %llu: %s", (unsigned long long)pgno, what);
}

bool page_seen(const struct page_walk *w, uint64_t pgno)
{
	return w->seen[pgno / 8] >> pgno % 8 & 1;
}

void page_mark(struct page_walk *w, uint64_t pgno)
{
	w->seen[pgno / 8] |= (uint8_t)(1u << pgno % 8);
}

static bool read_at(int fd, char *out, size_t n, uint64_t offset)
{
	while (n) {
		ssize_t got = pread(fd, out, n, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		out += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

bool page_read(struct page_walk *w, uint64_t pgno, char *out)
{
	return pgno < w->n_pages &&
	       read_at(w->fd, out, w->page_bytes, pgno * w->page_bytes);
}

static uint16_t get_u16(const char *p)
{
	uint16_t n;
	memcpy(&n, p, sizeof n);
	return n;
}

static uint64_t get_u64(const char *p)
{
	uint64_t n;
	memcpy(&n, p, sizeof n);
	return n;
}

bool page_form(
    const struct page_walk *w, uint64_t pgno, const char *p, struct page *out)
{
	unsigned lower = get_u16(p + 12), upper = get_u16(p + 14);
	out->p = p;
	out->pgno = pgno;
	out->flags = get_u16(p + 10);
	if (get_u64(p) != pgno ||
	    (out->flags != PAGE_BRANCH && out->flags != PAGE_LEAF))
		return false;
	if (lower < PAGE_HEADER || lower % 2 || lower > upper ||
	    upper > w->page_bytes)
		return false;
	out->n = (lower - PAGE_HEADER) / 2;
	/* LMDB fails an assertion when a branch does not branch. */
	return out->n >= (out->flags == PAGE_BRANCH ? 2 : 1);
}

bool page_node(const struct page_walk *w, const struct page *page, unsigned i,
    struct node *out)
{
	size_t at = get_u16(page->p + PAGE_HEADER + 2 * (size_t)i);
	size_t upper = get_u16(page->p + 14);
	if (at < upper || at % 2 || at + NODE_HEADER > w->page_bytes)
		return false;
	const char *p = page->p + at;
	size_t room = w->page_bytes - at - NODE_HEADER, n_key = get_u16(p + 6);
	size_t size = get_u16(p) | (size_t)get_u16(p + 2) << 16;
	*out = (struct node){ .flags = get_u16(p + 4) };
	if (n_key > KV_KEY_MAX || n_key > room)
		return false;
	out->key = (struct view){ p + NODE_HEADER, n_key };
	if (page->flags == PAGE_BRANCH) {
		out->child = size | (uint64_t)out->flags << 32;
		return i == 0 || n_key != 0;
	}
	if (n_key == 0 || (out->flags & ~(unsigned)(NODE_BIG | NODE_TABLE)))
		return false;
	if (out->flags & NODE_BIG) {
		out->child = size; /* of the value, here */
		size = sizeof(uint64_t);
	}
	if (size > room - n_key)
		return false;
	out->value = (struct view){ out->key.p + n_key, size };
	return true;
}

static bool value_room(struct page_walk *w, size_t n)
{
	if (n <= w->cap_value)
		return true;
	char *p = realloc(w->value, n);
	if (!p) {
		w->error = MC_E_TEMP;
		return false;
	}
	w->value = p;
	w->cap_value = n;
	return true;
}

bool page_value(struct page_walk *w, const struct node *node, bool is_stray,
    struct view *out)
{
	uint32_t said;
	if (!(node->flags & NODE_BIG)) {
		*out = node->value;
		return true;
	}
	uint64_t pgno = get_u64(node->value.p), size = node->child;
	if (size > VALUE_MAX || pgno < 2 || pgno >= w->n_pages)
		return false;
	uint64_t pages = (PAGE_HEADER - 1 + size) / w->page_bytes + 1;
	if (pages > w->n_pages - pgno)
		return false;
	for (uint64_t i = 0; i < pages && !is_stray; i++) {
		if (page_seen(w, pgno + i))
			return false;
		page_mark(w, pgno + i);
	}
	size_t bytes = PAGE_HEADER + (size_t)size;
	if (!value_room(w, bytes) ||
	    !read_at(w->fd, w->value, bytes, pgno * w->page_bytes))
		return false;
	memcpy(&said, w->value + 12, sizeof said);
	*out = (struct view){ w->value + PAGE_HEADER, (size_t)size };
	return get_u64(w->value) == pgno &&
	       get_u16(w->value + 10) == PAGE_OVERFLOW && said == pages;
}
