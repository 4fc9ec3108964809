#ifndef QUEUED_POLICY_STS_H
#define QUEUED_POLICY_STS_H
/* MTA-STS policies (RFC 8461 3.2): what a domain says of its mail exchangers
 * over HTTPS. Pure. */
#include "base/err.h"
#include "base/view.h"

enum {
	STS_TEXT_MAX = 64 * 1024, /* of a policy as it is fetched (3.3) */
	STS_NAMES_MAX = 4000,
	STS_AGE_MAX_S = 31557600, /* 3.2, max_age */
};

enum sts_mode {
	STS_NONE,    /* there is no policy, or no longer */
	STS_TESTING, /* tell of failures, deliver all the same */
	STS_ENFORCE,
	STS_MODE_COUNT
};

struct sts_policy {
	enum sts_mode mode;
	uint32_t max_age_s;
	/* What mail exchangers may be called, in lower case, separated by
	 * spaces: "mx.example.net *.example.org". */
	size_t n_names;
	char names[STS_NAMES_MAX];
};

/* MC_E_BAD with *why (static): it is no policy of ours to follow. Fields that
 * are not known are skipped, of a field that is there twice the first counts,
 * as 3.2 says. */
int sts_parse(
    struct view text, struct sts_policy *out, const char **why) MUST_CHECK;

const char *sts_mode_name(enum sts_mode m);
#endif
