#include "base/features.h"

#ifdef MAILCORE_SECCOMP
#define HAS_SECCOMP true
#else
#define HAS_SECCOMP false
#endif
#ifdef MAILCORE_SANITIZED
#define IS_HARDENED false
#else
#define IS_HARDENED true
#endif

const struct feature features[] = {
	{ "pam", false, "accounts = system is not built yet" },
	{ "seccomp", HAS_SECCOMP, "roles may make any system call" },
	{ "release", IS_HARDENED, "built for tests, with sanitizers: slow" },
};
const size_t n_features = sizeof features / sizeof features[0];
