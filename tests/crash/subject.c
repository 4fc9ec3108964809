#include "tests/crash/subject.h"
#include <string.h>

unsigned subject_objects;
int64_t subject_now_s = 1700000000;
static uint64_t chance_state = 1;

const struct subject *subject_find(const char *name)
{
	static const struct subject *const all[] = { &subject_store,
		&subject_queue };
	for (size_t i = 0; i < 2; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

const struct op *subject_pick(const struct subject *s)
{
	unsigned total = 0;
	for (size_t i = 0; i < s->n_ops; i++)
		total += s->ops[i].weight;
	unsigned at = chance(total);
	const struct op *op = s->ops;
	while (at >= op->weight)
		at -= op++->weight;
	return op;
}

bool subject_is_refusal(int error)
{
	return error == MC_E_NOENT || error == MC_E_EXISTS ||
	       error == MC_E_BUSY || error == MC_E_DENIED ||
	       error == MC_E_LIMIT;
}

void chance_seed(uint64_t seed)
{
	chance_state = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
	for (unsigned i = 0; i < 8; i++)
		chance(2);
}

uint32_t chance(uint32_t n)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return (uint32_t)(chance_state >> 16) % n;
}

struct view subject_text(unsigned object)
{
	static char text[SUBJECT_TEXT_MAX];
	static const char head[] = "Subject: x\r\n\r\n";
	size_t n = object % 9 ? object * 7919U % 3000
			      : object * 104729U % (SUBJECT_TEXT_MAX / 3);
	n += sizeof head;
	memcpy(text, head, sizeof head - 1);
	for (size_t i = sizeof head - 1; i < n; i++)
		text[i] = (char)('a' + (i * 31 + object) % 26);
	return (struct view){ text, n };
}

void digest_add(uint64_t *digest, const void *p, size_t n)
{
	const unsigned char *bytes = p;
	for (size_t i = 0; i < n; i++)
		*digest = (*digest ^ bytes[i]) * UINT64_C(0x100000001B3);
	*digest ^= *digest >> 29;
}

void digest_number(uint64_t *digest, uint64_t n)
{
	digest_add(digest, &n, sizeof n);
}

void digest_view(uint64_t *digest, struct view v)
{
	digest_number(digest, v.n);
	digest_add(digest, v.p, v.n);
}
