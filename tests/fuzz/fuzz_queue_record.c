/* The values of the queue's records, from a file that somebody damaged. */
#include "queued/spool/queue_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = { (const char *)data, size };
	struct queue_envelope e;
	struct queue_rcpt r;
	char out[QUEUE_RECORD_MAX];
	size_t n;
	if (queue_record_get_envelope(v, 1, &e) == 0 &&
	    (queue_record_put_envelope(&e, out, &n) != 0 || n != size))
		__builtin_trap();
	if (queue_record_get_rcpt(v, 1, &r) == 0 &&
	    (queue_record_put_rcpt(&r, out, &n) != 0 ||
		(data[0] == QUEUE_RCPT_VERSION && n != size)))
		__builtin_trap();
	return 0;
}
