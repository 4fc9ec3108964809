#include "text/search/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = { (const char *)data, size };
	struct html h;
	struct buf out;
	buf_init(&out, 1024 * 1024);
	html_init(&h);
	html_put(&h, view_head(in, size / 3), &out);
	html_put(&h, view_skip(in, size / 3), &out);
	html_end(&h, &out);
	buf_deinit(&out);
	return 0;
}
