#include "queued/policy/sts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sts_policy p;
	const char *why;
	if (sts_parse((struct view){ (const char *)data, size }, &p, &why) ==
		0 &&
	    (p.n_names > sizeof p.names || p.max_age_s > STS_AGE_MAX_S))
		__builtin_trap();
	return 0;
}
