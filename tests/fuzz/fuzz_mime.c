#include "text/message/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = { (const char *)data, size };
	struct mime_parser *p = mime_parser_new();
	struct buf out;
	buf_init(&out, BODYSTRUCTURE_MAX + ENVELOPE_MAX);
	mime_parser_feed(p, view_head(in, size / 3));
	mime_parser_feed(p, view_skip(in, size / 3));
	bodystructure_put(mime_parser_finish(p), true, &out);
	envelope_put(in, &out);
	base_subject(in, &out);
	buf_deinit(&out);
	mime_parser_free(&p);
	return 0;
}
