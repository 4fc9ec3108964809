#ifndef STORE_SEARCH_EXTRACT_FILES_H
#define STORE_SEARCH_EXTRACT_FILES_H
/* Inside of the extracts: their files, and the state of their use. */
#include "store/record/keys.h"
#include "store/search/extract.h"

enum extract_table {
	EXTRACT_TABLE_META,
	EXTRACT_TABLE_ZONES, /* one for each zone */
	/* fuzzy_index.h */
	EXTRACT_TABLE_WORDS = EXTRACT_TABLE_ZONES + EXTRACT_ZONES,
	EXTRACT_TABLES
};

struct extracts {
	struct kv *kv; /* NULL: closed */
	int state_fd;
	bool is_marked; /* search.state says on disk that files are in use */
	uint64_t used_ms, retry_ms;
	uint64_t idle_change; /* of the store, when there was nothing to do */
	unsigned failures;
	struct key sweep; /* where the removal goes on */
	unsigned sweep_zone;
	bool wants_words; /* somebody would have used the index of them */
	struct key words_sweep;
};

/* Whether the store still has the object. */
bool extract_is_alive(struct kv_txn *store, uint64_t msgid);
/* NULL: not now. Opens, creates with create. */
struct extracts *extract_use(struct store *s, bool create);
/* Before anything is written: 0, or what is wrong with the disk. */
int extract_mark(struct extracts *x) MUST_CHECK;
/* An error of kv_ functions: it is logged, the cache given up or put off. */
void extract_failed(struct store *s, int error);

/* What is written with each change. */
struct extract_meta {
	uint64_t done_msgid; /* up to here, what has no extract never gets one
			      */
	uint64_t changes;
	uint64_t indexed_msgid; /* so far goes the index of words; 0: none */
};

/* Without a record: zeros. */
int extract_meta_get(struct kv_txn *t, struct extract_meta *out) MUST_CHECK;
void extract_meta_put(struct kv_txn *t, const struct extract_meta *m);
/* Begins a change of what is there as we know it; MC_E_AGAIN: somebody else
 * changed it meanwhile. */
int extract_begin_change(struct extracts *x, struct extract_meta *known,
    struct kv_txn *t) MUST_CHECK;
#endif
