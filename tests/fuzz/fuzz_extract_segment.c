/* A segment of the search cache, from a file that a power cut left. Each text
 * must lie within the value. */
#include "store/search/extract_segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = { (const char *)data, size };
	struct extract_segment s;
	uint32_t begin = 0;
	if (extract_segment_decode(v, &s) != 0)
		return 0;
	for (uint32_t i = 0; i < s.n; i++) {
		struct extract_entry e = extract_entry_at(&s, i);
		if (e.end < begin || e.end > s.text.n)
			__builtin_trap();
		begin = e.end;
	}
	return begin == s.text.n ? 0 : -1;
}
