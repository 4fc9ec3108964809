#include "text/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = { (const char *)data, size };
	struct date d = { 0, 0 };
	struct buf out;
	int32_t day;
	buf_init(&out, 200);
	if (date_parse(in, &d) == 0) {
		date_put(&out, d);
		if (date_parse(buf_view(&out), &d) != 0)
			__builtin_trap();
	}
	if (date_parse_imap(in, &d) == 0 || date_parse_imap_day(in, &day) == 0)
		date_put_imap(&out, d);
	buf_deinit(&out);
	return 0;
}
