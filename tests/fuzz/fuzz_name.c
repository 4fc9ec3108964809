#include "text/codec.h"
#include "text/xtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = { (const char *)data, size };
	struct buf one, two;
	buf_init(&one, 16 * size + 64);
	buf_init(&two, 64 * size + 64);
	if (utf8_name(in, &one) == 0 && (utf8_name(buf_view(&one), &two) != 0 ||
					    buf_len(&one) != buf_len(&two)))
		__builtin_trap();
	buf_reset(&one);
	buf_reset(&two);
	if (utf8_address_decode(in, &one) == 0)
		utf8_address_encode(buf_view(&one), &two);
	buf_reset(&one);
	if (utf8_address_decode(buf_view(&two), &one) != 0)
		__builtin_trap();
	buf_deinit(&one);
	buf_deinit(&two);
	return 0;
}
