#include "store/txn/spill.h"
#include <stdlib.h>

struct store_spill {
	struct store_spill *next;
	char bytes[];
};

void *spill_alloc(struct store_spill **s, size_t n)
{
	struct store_spill *p = malloc(sizeof *p + n);
	if (!p)
		return NULL;
	p->next = *s;
	*s = p;
	return p->bytes;
}

void spill_free(struct store_spill **s)
{
	while (*s) {
		struct store_spill *next = (*s)->next;
		free(*s);
		*s = next;
	}
}
