#ifndef QUEUED_HASH_H
#define QUEUED_HASH_H
/* A hash table of intrusive nodes: the caller compares keys. */
#include <stddef.h>
#include <stdint.h>

struct hash_node {
	struct hash_node *next;
	uint64_t hash;
};

struct hash {
	struct hash_node **buckets;
	size_t cap, n;
};

void hash_deinit(struct hash *h); /* not the objects */
void hash_add(struct hash *h, struct hash_node *node, uint64_t hash);
void hash_remove(struct hash *h, struct hash_node *node);
/* Nodes of this very hash one after the other; NULL at the end. */
struct hash_node *hash_find(const struct hash *h, uint64_t hash);
struct hash_node *hash_find_next(const struct hash_node *node);
/* Any node, NULL when empty: to take a table apart. */
struct hash_node *hash_any(const struct hash *h);
/* Spreads the bits of a key. */
uint64_t hash_mix(uint64_t key);
#endif
