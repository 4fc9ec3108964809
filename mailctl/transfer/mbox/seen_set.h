#ifndef MAILCTL_TRANSFER_MBOX_SEEN_SET_H
#define MAILCTL_TRANSFER_MBOX_SEEN_SET_H
/* Messages of an mbox have no name, so what is in them names them; of equal
 * ones, the first, second and so on are told apart. */
#include "mailctl/transfer/body.h"

struct seen_set {
	uint64_t *hashes; /* open addressing; 0: free */
	uint32_t *counts;
	size_t n, cap;
};

enum {
	SEEN_KEY_MAX = 64
};

void seen_set_deinit(struct seen_set *s);
/* *out is in key. */
int seen_key(struct seen_set *s, struct body *body, int64_t date_s,
    char key[SEEN_KEY_MAX], struct view *out) MUST_CHECK;
#endif
