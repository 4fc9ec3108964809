#include "base/features.h"

#ifdef MAILCORE_PAM
#define HAS_PAM true
#else
#define HAS_PAM false
#endif
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
	{ "pam", HAS_PAM, "accounts of the system cannot log in" },
	{ "seccomp", HAS_SECCOMP, "roles may make any system call" },
	{ "release", IS_HARDENED, "built for tests, with sanitizers: slow" },
};
const size_t n_features = sizeof features / sizeof features[0];
