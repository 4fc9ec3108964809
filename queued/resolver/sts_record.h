#ifndef QUEUED_RESOLVER_STS_RECORD_H
#define QUEUED_RESOLVER_STS_RECORD_H
/* The record at _mta-sts.DOMAIN: RFC 8461 3.1. Pure. */
#include "base/view.h"

enum {
	STS_ID_MAX = 32
};

/* Whether it begins as one; others there are for something else. */
bool sts_record_is(struct view txt);
/* Its id, 1 to 32 letters and digits; empty when it is malformed. */
struct view sts_record_id(struct view txt);
#endif
