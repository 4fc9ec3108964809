#include "mailctl/transfer/mbox/seen_set.h"
#include "sasl/hash.h"
#include "wire/wr.h"
#include <stdlib.h>
#include <string.h>

enum {
	CAP_MIN = 1024,
	CAP_MAX = 1 << 28,
	PIECE_BYTES = 8192,
};

void seen_set_deinit(struct seen_set *s)
{
	free(s->hashes);
	free(s->counts);
	*s = (struct seen_set){ .n = 0 };
}

static size_t slot_of(const struct seen_set *s, uint64_t hash)
{
	size_t at = (size_t)hash & (s->cap - 1);
	while (s->hashes[at] && s->hashes[at] != hash)
		at = (at + 1) & (s->cap - 1);
	return at;
}

static int grow(struct seen_set *s)
{
	struct seen_set old = *s;
	size_t cap = s->cap ? 2 * s->cap : CAP_MIN;
	if (cap > CAP_MAX)
		return MC_E_LIMIT;
	*s = (struct seen_set){ calloc(cap, sizeof *s->hashes),
		calloc(cap, sizeof *s->counts), old.n, cap };
	if (!s->hashes || !s->counts) {
		seen_set_deinit(s);
		*s = old;
		return MC_E_TEMP;
	}
	for (size_t i = 0; i < old.cap; i++) {
		if (!old.hashes[i])
			continue;
		size_t at = slot_of(s, old.hashes[i]);
		s->hashes[at] = old.hashes[i];
		s->counts[at] = old.counts[i];
	}
	seen_set_deinit(&old);
	return 0;
}

/* How often it was there before. */
static int count(struct seen_set *s, uint64_t hash, uint32_t *before)
{
	int error = 2 * s->n >= s->cap ? grow(s) : 0;
	if (error)
		return error;
	hash |= hash == 0;
	size_t at = slot_of(s, hash);
	s->n += s->hashes[at] == 0;
	s->hashes[at] = hash;
	*before = s->counts[at]++;
	return 0;
}

/* In pieces of one length, each hashed with what came before. */
static int digest(struct body *body, unsigned char hash[HASH_SHA256_BYTES])
{
	struct source s;
	char piece[PIECE_BYTES];
	int error = body_end(body, &s);
	memset(hash, 0, HASH_SHA256_BYTES);
	for (uint64_t at = 0; at < body->size && !error;) {
		uint64_t left = body->size - at;
		size_t n = left < sizeof piece ? (size_t)left : sizeof piece;
		unsigned char next[HASH_SHA256_BYTES];
		error = source_read(&s, at, piece, n);
		if (!error)
			error = hash_sha2(HASH_SHA256_BYTES, hash_view(hash),
			    (struct view){ piece, n }, next);
		if (!error)
			memcpy(hash, next, sizeof next);
		at += n;
	}
	return error;
}

int seen_key(struct seen_set *s, struct body *body, int64_t date_s,
    char key[SEEN_KEY_MAX], struct view *out)
{
	unsigned char hash[HASH_SHA256_BYTES];
	struct wr w = wr_into(key, SEEN_KEY_MAX);
	uint64_t number;
	uint32_t before = 0;
	int error = digest(body, hash);
	memcpy(&number, hash, sizeof number);
	number ^= (uint64_t)date_s;
	if (!error)
		error = count(s, number, &before);
	wr_raw(&w, hash_view(hash));
	wr_u64(&w, (uint64_t)date_s);
	wr_u32(&w, before);
	*out = wr_view(&w);
	return error;
}
