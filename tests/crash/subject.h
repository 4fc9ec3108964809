#ifndef TESTS_CRASH_SUBJECT_H
#define TESTS_CRASH_SUBJECT_H
/* What the crash tests torment: a mailbox store, or a queue. Everything that
 * happens to it depends on the seed and on what was done before, so that the
 * same steps lead two of them to the same state. One is open at a time. */
#include "base/err.h"
#include "base/view.h"

/* One public operation with arguments by chance: 0, or its error. What is only
 * a refusal (no such mailbox, its name is taken) counts as 0. */
struct op {
	const char *name;
	unsigned weight;
	int (*run)(void);
	/* After a fault it may go on in smaller transactions, leave a rest to
	 * the housekeeping, or take other numbers. */
	bool varies;
};

struct subject {
	const char *name;
	int (*open)(const char *dir, bool create);
	void (*close)(void);
	/* A reader stays where it is, and what it sees must stay, too. */
	int (*hold)(void);
	void (*release)(void);
	/* Prints what is wrong; 0, or the first error. */
	int (*check)(void);
	/* Of all that a user can see; equal exactly when that is equal. */
	int (*digest)(uint64_t *out);
	const struct op *ops;
	size_t n_ops;
};

extern const struct subject subject_store, subject_queue;

/* NULL: no such name. */
const struct subject *subject_find(const char *name);
/* One operation, chosen by weight. */
const struct op *subject_pick(const struct subject *s);
bool subject_is_refusal(int error);

void chance_seed(uint64_t seed);
uint32_t chance(uint32_t n); /* below n */

/* How many objects were made: their bytes and delivery ids follow from the
 * number. A subject that is opened with older content goes on above. */
extern unsigned subject_objects;
extern int64_t subject_now_s; /* the clock */

enum {
	SUBJECT_TEXT_MAX = 100000
};
struct view subject_text(unsigned object); /* valid until the next call */
void digest_add(uint64_t *digest, const void *p, size_t n);
void digest_number(uint64_t *digest, uint64_t n);
void digest_view(uint64_t *digest, struct view v);
#endif
