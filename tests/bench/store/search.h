#ifndef BENCH_SEARCH_H
#define BENCH_SEARCH_H
#include "bench.h"

/* Searches of the corpus, and what has to be made for them before. */
void run_search(const struct bench *b);
/* Then fuzzy ones. */
void run_fuzzy(const struct bench *b, struct store *s);
double size_of(const struct bench *b, const char *name);
#endif
