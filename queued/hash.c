#include "queued/hash.h"
#include "base/panic.h"
#include <stdlib.h>

enum {
	CAP_MIN = 64
};

void hash_deinit(struct hash *h)
{
	free(h->buckets);
	*h = (struct hash){ 0 };
}

uint64_t hash_mix(uint64_t key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccdull;
	key ^= key >> 33;
	key *= 0xc4ceb9fe1a85ec53ull;
	return key ^ key >> 33;
}

static struct hash_node **bucket(const struct hash *h, uint64_t hash)
{
	return &h->buckets[hash & (h->cap - 1)];
}

static void link_node(struct hash *h, struct hash_node *node)
{
	struct hash_node **b = bucket(h, node->hash);
	node->next = *b;
	*b = node;
}

static void grow(struct hash *h)
{
	struct hash old = *h;
	h->cap = old.cap ? old.cap * 2 : CAP_MIN;
	h->buckets = must_alloc(h->cap * sizeof(struct hash_node *));
	for (size_t i = 0; i < old.cap; i++) {
		struct hash_node *node = old.buckets[i];
		while (node) {
			struct hash_node *next = node->next;
			link_node(h, node);
			node = next;
		}
	}
	free(old.buckets);
}

void hash_add(struct hash *h, struct hash_node *node, uint64_t hash)
{
	if (h->n >= h->cap)
		grow(h);
	node->hash = hash;
	link_node(h, node);
	h->n++;
}

void hash_remove(struct hash *h, struct hash_node *node)
{
	struct hash_node **at = bucket(h, node->hash);
	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	h->n--;
}

static struct hash_node *same(struct hash_node *node, uint64_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct hash_node *hash_find(const struct hash *h, uint64_t hash)
{
	return h->cap ? same(*bucket(h, hash), hash) : NULL;
}

struct hash_node *hash_find_next(const struct hash_node *node)
{
	return same(node->next, node->hash);
}

struct hash_node *hash_any(const struct hash *h)
{
	for (size_t i = 0; h->n && i < h->cap; i++)
		if (h->buckets[i])
			return h->buckets[i];
	return NULL;
}
