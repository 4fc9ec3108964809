#include "text/message/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = { (const char *)data, size };
	struct view rest = in;
	struct header_field f;
	struct header_mime_value v;
	struct buf out;
	buf_init(&out, 16 * size + 64);
	while (header_next(&rest, &f) == PARSE_OK) {
		header_decode(f.value, &out);
		header_mime_parse(f.value, &v, &out);
		header_mime_parse_raw(f.value, &v, &out);
	}
	buf_deinit(&out);
	return 0;
}
