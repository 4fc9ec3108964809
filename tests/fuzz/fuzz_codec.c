#include "text/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = { (const char *)data, size };
	struct decoder d;
	struct buf out;
	buf_init(&out, 16 * size + 64);
	decoder_init(&d, size ? data[0] % 3 : ENCODING_IDENTITY);
	decoder_put(&d, in, &out);
	decoder_end(&d, &out);
	charset_to_utf8(view_head(in, 10), view_skip(in, 10), &out);
	if (mutf7_decode(in, &out) == 0 || base64_decode(in, &out) == 0)
		mutf7_encode(in, &out);
	utf8_fold(in, &out);
	buf_deinit(&out);
	return 0;
}
