#ifndef STORE_STATS_H
#define STORE_STATS_H
/* How large a store is, and of what. */
#include "store/store.h"

enum {
	STORE_STATS_TABLES = 8
};

struct store_stats {
	uint64_t file_bytes, free_bytes; /* free: inside of the file */

	struct {
		const char *name;
		uint64_t entries, pages;
	} tables[STORE_STATS_TABLES];

	uint32_t mailboxes;
	uint64_t rows;            /* messages in mailboxes, copies counted */
	uint64_t messages, bytes; /* each once */
	uint64_t retained, retained_bytes;
	uint64_t stored_bytes; /* of both, compressed as they are */
	uint64_t modseq;
	uint64_t changes_since; /* from here on all changes are known */
};

int store_stats(struct store *s, struct store_stats *out) MUST_CHECK;
#endif
