#include "base/rand.h"
#include "base/panic.h"
#include <errno.h>
#include <sys/random.h>

void rand_bytes(void *out, size_t n)
{
	char *p = out;
	while (n) {
		ssize_t got = getrandom(p, n, 0);
		if (got < 0 && errno != EINTR)
			fatal("getrandom: %s", err_text(-errno));
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
}

uint64_t rand_u64(void)
{
	uint64_t n;
	do
		rand_bytes(&n, sizeof n);
	while (n == 0);
	return n;
}
