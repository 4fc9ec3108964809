#ifndef STORE_KV_KV_NEW_H
#define STORE_KV_KV_NEW_H
/* Inside of kv: how a file begins. */
#include "store/kv/kv.h"

/* Makes the file with empty tables, all of it on disk, unless it is there; its
 * name is as durable as the caller makes the directory. Does nothing when
 * readonly or unsynced. */
int kv_new(const char *path, const struct kv_options *o) MUST_CHECK;
#endif
