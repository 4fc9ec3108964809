#include "base/features.h"
#include <string.h>

#ifdef MAILCORE_SECCOMP
#define HAS_SECCOMP true
#else
#define HAS_SECCOMP false
#endif
#ifdef MAILCORE_ZSTD
#define HAS_ZSTD true
#else
#define HAS_ZSTD false
#endif
#ifdef MAILCORE_SANITIZED
#define IS_HARDENED false
#else
#define IS_HARDENED true
#endif

const struct feature features[] = {
	{ "pam", false, "accounts = system is not built yet" },
	{ "seccomp", HAS_SECCOMP, "roles may make any system call" },
	{ "zstd", HAS_ZSTD,
	    "compress = zstd, and mailboxes that were written with it" },
	{ "release", IS_HARDENED, "built for tests, with sanitizers: slow" },
};
const size_t n_features = sizeof features / sizeof features[0];

bool feature_is_in(const char *name)
{
	for (size_t i = 0; i < n_features; i++)
		if (strcmp(features[i].name, name) == 0)
			return features[i].is_in;
	return false;
}
