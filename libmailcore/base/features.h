#ifndef BASE_FEATURES_H
#define BASE_FEATURES_H
/* What can be left out at build, for "mailctl version". */
#include <stdbool.h>
#include <stddef.h>

struct feature {
	const char *name;
	bool is_in;
	const char *loss; /* what is missing without it */
};

extern const struct feature features[];
extern const size_t n_features;

bool feature_is_in(const char *name);
#endif
