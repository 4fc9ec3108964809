/* The hosts of a route, from a resolver that was captured. */
#include "queued/route.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char out[40000];
	struct view rest = { (const char *)data, size };
	struct route_host h;
	size_t n = 0;
	while (size <= sizeof out && route_take_host(&rest, &h) == 0)
		if (route_put_host(&h, out, sizeof out, &n) != 0 ||
		    n != size - rest.n || memcmp(out, data, n) != 0)
			__builtin_trap();
	return 0;
}
