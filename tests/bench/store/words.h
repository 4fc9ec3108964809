#ifndef BENCH_WORDS_H
#define BENCH_WORDS_H
/* Random numbers, words and people of the corpus: the same seed, the same
 * mail, on every machine. */
#include "base/buf.h"

enum {
	WORDS = 20000,
	WORD_OCTETS = 24,
	PEOPLE = 1500
};

struct zipf {
	unsigned n;
	double *sums;
};

struct person {
	char name[64], address[96], domain[32];
};

struct words {
	uint64_t state;
	struct zipf word_ranks, person_ranks;
	char words[WORDS][WORD_OCTETS];
	struct person people[PEOPLE];
};

struct words *words_new(uint64_t seed);
void words_free(struct words **w);

uint64_t random_next(struct words *w);
double random_unit(struct words *w); /* 0 <= x < 1 */
unsigned random_below(struct words *w, unsigned n);
bool random_chance(struct words *w, double probability);
double random_lognormal(struct words *w, double mu, double sigma);
void random_put(struct words *w, size_t n, struct buf *out);

const char *random_word(struct words *w);
const struct person *random_person(struct words *w);
/* n words as wrapped lines, sentences and paragraphs; LF at line ends. */
void random_text(struct words *w, unsigned n, struct buf *out);
#endif
