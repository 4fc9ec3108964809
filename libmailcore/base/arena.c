#include "base/arena.h"
#include "base/secret.h"
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_BYTES = 4096
};

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a, size_t max_bytes)
{
	*a = (struct arena){ .max_bytes = max_bytes };
}

static void free_blocks(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;
		free(block);
		block = next;
	}
}

void arena_reset(struct arena *a)
{
	if (!a->blocks)
		return;
	free_blocks(a->blocks->next);
	a->blocks->next = NULL;
	if (a->blocks->cap > BLOCK_BYTES) {
		free(a->blocks);
		a->blocks = NULL;
	} else {
		a->blocks->used = 0;
	}
	a->used_bytes = 0;
}

void arena_wipe(struct arena *a)
{
	for (struct arena_block *b = a->blocks; b; b = b->next)
		secret_wipe(b->bytes, b->used);
}

void arena_deinit(struct arena *a)
{
	free_blocks(a->blocks);
	*a = (struct arena){ .max_bytes = a->max_bytes };
}

static struct arena_block *add_block(struct arena *a, size_t n)
{
	size_t cap = n > BLOCK_BYTES ? n : BLOCK_BYTES;
	struct arena_block *block = malloc(sizeof *block + cap);
	if (!block)
		return NULL;
	block->cap = cap;
	block->used = 0;
	block->next = a->blocks;
	a->blocks = block;
	return block;
}

void *arena_alloc(struct arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	if (n > a->max_bytes || a->used_bytes > a->max_bytes - n)
		return NULL;
	n = (n + align - 1) / align * align;
	struct arena_block *block = a->blocks;
	if (!block || block->cap - block->used < n)
		block = add_block(a, n);
	if (!block)
		return NULL;
	void *p = block->bytes + block->used;
	block->used += n;
	a->used_bytes += n;
	return memset(p, 0, n);
}

struct view arena_copy(struct arena *a, struct view v, bool *ok)
{
	char *p = arena_alloc(a, v.n ? v.n : 1);
	if (!p) {
		*ok = false;
		return V_NONE;
	}
	if (v.n)
		memcpy(p, v.p, v.n);
	return (struct view){ p, v.n };
}

char *arena_cstr(struct arena *a, struct view v)
{
	char *p = arena_alloc(a, v.n + 1);
	if (p && view_to_cstr(v, p, v.n + 1) != 0)
		return NULL;
	return p;
}
