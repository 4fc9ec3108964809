#ifndef PROC_FRONT_PER_CLIENT_H
#define PROC_FRONT_PER_CLIENT_H
/* How many sessions each client has, by its address (the /64 of IPv6): one must
 * not take all places. */
#include "base/view.h"

struct per_client {
	struct per_client_entry **buckets;
	uint64_t seed; /* clients choose addresses: not the bucket */
};

void per_client_init(struct per_client *t);
void per_client_deinit(struct per_client *t);
/* Counts one more; false, and nothing counted, when it has max already. */
bool per_client_add(struct per_client *t, struct view address, uint32_t max);
void per_client_remove(struct per_client *t, struct view address);
#endif
