#ifndef NET_LOOP_UV_H
#define NET_LOOP_UV_H
/* What net/ and proc/ see of the loop beyond loop.h. */
#include "net/loop.h"
#include <stddef.h>
#include <uv.h>

/* Memory that all connections and peers of a loop share. Each area is used by
 * callbacks that the loop itself calls, which never nest. */
enum loop_scratch {
	SCRATCH_READ,  /* bytes as they come from a descriptor */
	SCRATCH_PLAIN, /* what TLS made of them */
	SCRATCH_SEND,  /* one encoded message; used within one function */
	SCRATCH_COUNT
};

enum {
	SCRATCH_BYTES = 80 * 1024
};

uv_loop_t *loop_uv(struct loop *l);
char *loop_scratch(struct loop *l, enum loop_scratch which);
/* free(), after every callback that runs now has returned. */
void loop_free_later(struct loop *l, void *p);
#endif
