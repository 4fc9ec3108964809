#include "base/idtab.h"
#include "base/panic.h"
#include <stdbool.h>
#include <stdlib.h>

/* An id is generation << 32 | slot + 1: never 0. */
struct idtab_slot {
	void *object; /* NULL: free */
	uint32_t generation;
	uint32_t next_free; /* slot + 1, 0 ends the list */
};

void idtab_init(struct idtab *t, uint32_t max)
{
	*t = (struct idtab){ .max = max };
}

void idtab_deinit(struct idtab *t)
{
	free(t->slots);
	*t = (struct idtab){ .max = t->max };
}

static bool grow(struct idtab *t)
{
	uint32_t cap = t->cap ? t->cap * 2 : 16;
	if (cap > t->max)
		cap = t->max;
	struct idtab_slot *slots = realloc(t->slots, cap * sizeof *slots);
	if (!slots || cap == t->cap)
		return false;
	for (uint32_t i = t->cap; i < cap; i++)
		slots[i] =
		    (struct idtab_slot){ NULL, 0, i + 1 < cap ? i + 2 : 0 };
	t->free_head = t->cap + 1;
	t->slots = slots;
	t->cap = cap;
	return true;
}

uint64_t idtab_add(struct idtab *t, void *object)
{
	mc_assert(object);
	if (!t->free_head && (t->cap >= t->max || !grow(t)))
		return 0;
	uint32_t slot = t->free_head - 1;
	struct idtab_slot *s = &t->slots[slot];
	t->free_head = s->next_free;
	s->object = object;
	s->generation++;
	t->used++;
	return (uint64_t)s->generation << 32 | (slot + 1);
}

static struct idtab_slot *find(const struct idtab *t, uint64_t id)
{
	uint32_t slot = (uint32_t)id;
	if (slot == 0 || slot > t->cap)
		return NULL;
	struct idtab_slot *s = &t->slots[slot - 1];
	return s->object && s->generation == (uint32_t)(id >> 32) ? s : NULL;
}

void *idtab_get(const struct idtab *t, uint64_t id)
{
	struct idtab_slot *s = find(t, id);
	return s ? s->object : NULL;
}

void idtab_remove(struct idtab *t, uint64_t id)
{
	struct idtab_slot *s = find(t, id);
	if (!s)
		return;
	s->object = NULL;
	s->next_free = t->free_head;
	t->free_head = (uint32_t)id;
	t->used--;
}

void idtab_each(struct idtab *t,
    void (*fn)(uint64_t id, void *object, void *ctx), void *ctx)
{
	for (uint32_t i = 0; i < t->cap; i++)
		if (t->slots[i].object)
			fn((uint64_t)t->slots[i].generation << 32 | (i + 1),
			    t->slots[i].object, ctx);
}
