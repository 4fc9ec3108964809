#include "wire/msg.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What decodes must encode to the same bytes again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char again[MSG_BYTES_MAX];
	struct view in = { (const char *)data, size };
	struct msg m;
	size_t n;
	if (size > MSG_BYTES_MAX || msg_decode(in, &m) != 0)
		return 0;
	if (msg_encode(&m, again, sizeof again, &n) != 0 ||
	    !view_eq(in, (struct view){ again, n }))
		abort();
	return 0;
}
