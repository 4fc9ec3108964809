#include "words.h"
#include "base/panic.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const common[] = { "the", "of", "and", "to", "a", "in", "is",
	"that", "for", "it", "as", "was", "with", "be", "by", "on", "not", "he",
	"this", "are", "or", "his", "from", "at", "which", "but", "have", "an",
	"had", "they", "you", "were", "their", "one", "all", "we", "can", "her",
	"has", "there", "been", "if", "more", "when", "will", "would", "who",
	"so", "no", "out", "up", "what", "about", "into", "than", "them",
	"only", "other", "time", "new", "some", "could", "these", "two", "may",
	"first", "then", "do", "any", "like", "my", "now", "over", "such",
	"our", "man", "even", "most", "made", "after", "also", "did", "many",
	"must", "before", "see", "through", "years", "where", "much", "your",
	"way", "well", "down", "should", "because", "long", "each", "just",
	"state", "those", "people", "how", "too", "good", "thanks", "regards",
	"hello", "meeting", "tomorrow", "attached", "file", "report", "project",
	"team", "review", "update", "schedule", "customer", "order", "invoice",
	"payment", "account", "server", "release", "question", "answer",
	"version", "change", "request", "service", "message", "support" };

static const char *const onsets[] = { "b", "c", "d", "f", "g", "h", "k", "l",
	"m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "pl", "gr", "ch",
	"sh", "br" };
static const char *const nuclei[] = { "a", "e", "i", "o", "u", "ai", "ea", "io",
	"ou" };
static const char *const codas[] = { "", "", "n", "r", "s", "t", "ng" };

static const char *const first_names[] = { "Alice", "Bruno", "Clara", "David",
	"Elena", "Felix", "Gesa", "Henrik", "Irene", "Jakob", "Karin", "Luca",
	"Marie", "Nils", "Oona", "Pavel", "Rosa", "Simon", "Tara", "Urs",
	"Vera", "Wim", "Yusuf", "Zoe" };
static const char *const last_names[] = { "Archer", "Böhm", "Carter", "Dufour",
	"Eriksen", "Fuchs", "García", "Huber", "Ito", "Jansen", "Kovács",
	"Lindgren", "Moreau", "Novotný", "Okafor", "Pereira", "Quinn", "Ricci",
	"Schäfer", "Turner", "Ueda", "Varga", "Wagner", "Young" };
static const char *const domains[] = { "example.com", "example.org",
	"example.net", "mail.example.com", "office.example", "uni.example",
	"lists.example.org", "shop.example" };

#define N_OF(a) ((unsigned)(sizeof(a) / sizeof(a)[0]))
#define ANY(w, a) ((a)[random_below((w), N_OF(a))])

/* splitmix64: Steele, Lea, Flood (2014). */
uint64_t random_next(struct words *w)
{
	uint64_t z = w->state += 0x9E3779B97F4A7C15;
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
	return z ^ (z >> 31);
}

double random_unit(struct words *w)
{
	return (double)(random_next(w) >> 11) * 0x1p-53;
}

unsigned random_below(struct words *w, unsigned n)
{
	return (unsigned)(random_next(w) % n);
}

bool random_chance(struct words *w, double probability)
{
	return random_unit(w) < probability;
}

double random_lognormal(struct words *w, double mu, double sigma)
{
	double radius = sqrt(-2 * log(1 - random_unit(w)));
	double angle = 6.283185307179586 * random_unit(w);
	return exp(mu + sigma * radius * cos(angle));
}

void random_put(struct words *w, size_t n, struct buf *out)
{
	char *p = buf_reserve(out, n);
	mc_assert(p);
	for (size_t i = 0; i < n; i += 8) {
		uint64_t r = random_next(w);
		memcpy(p + i, &r, n - i < 8 ? n - i : 8);
	}
	buf_commit(out, n);
}

static void zipf_init(struct zipf *z, unsigned n, double shift)
{
	double sum = 0;
	z->n = n;
	z->sums = must_alloc(n * sizeof *z->sums);
	for (unsigned i = 0; i < n; i++)
		z->sums[i] = sum += 1 / (i + shift);
}

static unsigned zipf_rank(struct words *w, const struct zipf *z)
{
	double x = random_unit(w) * z->sums[z->n - 1];
	unsigned low = 0, high = z->n - 1;
	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (z->sums[middle] <= x)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const char *random_word(struct words *w)
{
	return w->words[zipf_rank(w, &w->word_ranks)];
}

const struct person *random_person(struct words *w)
{
	return &w->people[zipf_rank(w, &w->person_ranks)];
}

static void make_word(struct words *w, char out[WORD_OCTETS])
{
	unsigned syllables = 2 + random_below(w, 5) / 2;
	*out = '\0';
	for (unsigned i = 0; i < syllables; i++) {
		size_t n = strlen(out);
		snprintf(out + n, WORD_OCTETS - n, "%s%s", ANY(w, onsets),
		    ANY(w, nuclei));
	}
	size_t n = strlen(out);
	snprintf(out + n, WORD_OCTETS - n, "%s", ANY(w, codas));
}

static void make_person(struct words *w, unsigned number, struct person *p)
{
	const char *first = ANY(w, first_names);
	snprintf(p->name, sizeof p->name, "%s %s", first, ANY(w, last_names));
	snprintf(p->domain, sizeof p->domain, "%s", ANY(w, domains));
	snprintf(p->address, sizeof p->address, "%s.%u@%s", first, number,
	    p->domain);
}

struct words *words_new(uint64_t seed)
{
	struct words *w = MUST_NEW(struct words);
	w->state = seed;
	zipf_init(&w->word_ranks, WORDS, 2.7);
	zipf_init(&w->person_ranks, PEOPLE, 4);
	for (unsigned i = 0; i < WORDS; i++)
		if (i < N_OF(common))
			snprintf(w->words[i], WORD_OCTETS, "%s", common[i]);
		else
			make_word(w, w->words[i]);
	for (unsigned i = 0; i < PEOPLE; i++)
		make_person(w, i, &w->people[i]);
	return w;
}

void words_free(struct words **handle)
{
	struct words *w = *handle;
	*handle = NULL;
	free(w->word_ranks.sums);
	free(w->person_ranks.sums);
	free(w);
}

/* Ends a sentence: how the next word is set apart. */
static const char *sentence_end(struct words *w)
{
	static const char *const marks[] = { ". ", ". ", ". ", ". ", ". ", "? ",
		"! " };
	return random_chance(w, 0.18) ? ".\n\n" : ANY(w, marks);
}

void random_text(struct words *w, unsigned n, struct buf *out)
{
	enum {
		WIDTH = 72
	};

	unsigned left = 5 + random_below(w, 14), column = 0;
	bool starts = true;
	while (n--) {
		const char *word = random_word(w);
		unsigned length = (unsigned)strlen(word);
		if (column + length > WIDTH) {
			buf_put_char(out, '\n');
			column = 0;
		}
		buf_put_char(out, starts ? (char)(*word - 'a' + 'A') : *word);
		buf_put_cstr(out, word + 1);
		starts = --left == 0 && n;
		const char *gap = n == 0   ? ".\n"
				  : starts ? sentence_end(w)
					   : " ";
		buf_put_cstr(out, gap);
		column = gap[1] == '\n' ? 0 : column + length + 1 + starts;
		if (starts)
			left = 5 + random_below(w, 14);
	}
}
