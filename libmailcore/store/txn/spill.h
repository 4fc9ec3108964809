#ifndef STORE_TXN_SPILL_H
#define STORE_TXN_SPILL_H
/* Memory that lives as long as a read transaction. */
#include <stddef.h>

struct store_spill;
void *spill_alloc(struct store_spill **s, size_t n); /* NULL: no memory */
void spill_free(struct store_spill **s);
#endif
