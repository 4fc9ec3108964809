#ifndef QUEUED_SPOOL_QUEUE_RECORD_H
#define QUEUED_SPOOL_QUEUE_RECORD_H
/* The values of messages and recipients as bytes; queued/spool/queue_keys.h has
 * the layout. Decoders take any bytes: MC_E_VERSION, MC_E_CORRUPT. */
#include "queued/spool/queue_db.h"

enum {
	QUEUE_RECORD_MAX = 4096
};

/* out has QUEUE_RECORD_MAX octets; a field over its bound is MC_E_LIMIT. */
int queue_record_put_envelope(
    const struct queue_envelope *e, char *out, size_t *n) MUST_CHECK;
int queue_record_get_envelope(
    struct view v, uint64_t id, struct queue_envelope *out) MUST_CHECK;
int queue_record_put_rcpt(
    const struct queue_rcpt *r, char *out, size_t *n) MUST_CHECK;
int queue_record_get_rcpt(
    struct view v, uint32_t index, struct queue_rcpt *out) MUST_CHECK;
#endif
