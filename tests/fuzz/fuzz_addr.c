#include "text/message/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_addr(void *ctx, const struct addr *a)
{
	size_t *room = ctx;
	*room -= a->local.n <= *room ? a->local.n : *room;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = { (const char *)data, size };
	size_t room = size;
	addr_each(in, size, on_addr, &room);
	return 0;
}
