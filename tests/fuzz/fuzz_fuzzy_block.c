/* A block of the index of words, from a file that a power cut left: a search
 * reads nothing outside of it. */
#include "store/search/fuzzy_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = { (const char *)data, size },
		    query = V("word abcabcab");
	struct fuzzy_query q;
	struct fuzzy_block f;
	if (fuzzy_block_decode(v, &f) != 0 ||
	    !fuzzy_query_init(&q, EXTRACT_ALL_ZONES, query, V_NONE))
		return 0;
	for (unsigned i = 0; i < q.n_words; i++) {
		struct fuzzy_hits hits = { { 0 } };
		fuzzy_block_find(&f, &q.words[i], q.zones, &hits);
	}
	return 0;
}
