#include "accounts/remember.h"
#include "base/buf.h"
#include "base/panic.h"
#include "base/rand.h"
#include "base/secret.h"
#include "sasl/hash.h"
#include <stdlib.h>
#include <string.h>

enum {
	TEXT_MAX = 4096
};

struct entry {
	unsigned char mac[HASH_SHA256_BYTES];
	uint64_t expires_at_ms; /* 0: empty */
	uint64_t used_at_ms;
};

struct remember {
	uint64_t keep_ms;
	unsigned char key[HASH_SHA256_BYTES];
	struct entry sets[REMEMBER_SETS][REMEMBER_WAYS];
};

struct remember *remember_new(uint64_t keep_ms)
{
	struct remember *r = MUST_NEW(struct remember);
	r->keep_ms = keep_ms;
	rand_bytes(r->key, sizeof r->key);
	return r;
}

void remember_free(struct remember **r)
{
	if (!*r)
		return;
	secret_wipe(*r, sizeof **r);
	free(*r);
	*r = NULL;
}

/* Accounts and credentials hold no NUL, which so separates them. */
static bool mac_of(struct remember *r, struct view account,
    struct view credential, struct view password, unsigned char *mac)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	buf_put(&text, account);
	buf_put_char(&text, '\0');
	buf_put(&text, credential);
	buf_put_char(&text, '\0');
	buf_put(&text, password);
	bool ok = r->keep_ms && buf_error(&text) == 0 &&
		  hash_hmac(hash_view(r->key), buf_view(&text), mac) == 0;
	if (text.p)
		secret_wipe(text.p, text.cap);
	buf_deinit(&text);
	return ok;
}

bool remember_has(struct remember *r, struct view account,
    struct view credential, struct view password, uint64_t now_ms)
{
	unsigned char mac[HASH_SHA256_BYTES];
	bool found = false;
	if (!mac_of(r, account, credential, password, mac))
		return false;
	struct entry *set = r->sets[mac[0] % REMEMBER_SETS];
	for (size_t i = 0; i < REMEMBER_WAYS; i++) {
		if (set[i].expires_at_ms <= now_ms ||
		    !secret_eq(hash_view(set[i].mac), hash_view(mac)))
			continue;
		set[i].used_at_ms = now_ms;
		found = true;
	}
	return found;
}

void remember_add(struct remember *r, struct view account,
    struct view credential, struct view password, uint64_t now_ms)
{
	unsigned char mac[HASH_SHA256_BYTES];
	if (!mac_of(r, account, credential, password, mac))
		return;
	struct entry *set = r->sets[mac[0] % REMEMBER_SETS], *oldest = set;
	for (size_t i = 1; i < REMEMBER_WAYS; i++)
		if (set[i].used_at_ms < oldest->used_at_ms)
			oldest = &set[i];
	memcpy(oldest->mac, mac, sizeof mac);
	oldest->expires_at_ms = now_ms + r->keep_ms;
	oldest->used_at_ms = now_ms;
}
