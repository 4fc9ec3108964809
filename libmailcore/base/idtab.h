#ifndef BASE_IDTAB_H
#define BASE_IDTAB_H
/* Objects by id. An id is never used twice (slot number and generation), so a
 * late answer to a closed session finds nothing. No pointer ever crosses an
 * asynchronous border: an id does. */
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct idtab {
	struct idtab_slot *slots;
	uint32_t cap, used, max;
	uint32_t free_head;
};

void idtab_init(struct idtab *t, uint32_t max);
void idtab_deinit(struct idtab *t); /* not the objects */
/* The new object's id, or 0 when max objects are in. */
uint64_t idtab_add(struct idtab *t, void *object);
void *idtab_get(const struct idtab *t, uint64_t id); /* NULL: not there */
void idtab_remove(struct idtab *t, uint64_t id);

static inline uint32_t idtab_count(const struct idtab *t)
{
	return t->used;
}

/* Calls fn for each object; fn may remove the one it is given. */
void idtab_each(struct idtab *t,
    void (*fn)(uint64_t id, void *object, void *ctx), void *ctx);
#endif
