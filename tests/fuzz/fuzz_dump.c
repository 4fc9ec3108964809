#include "store/dump/dump_record.h"
#include "store/dump/dump_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int give(void *ctx, char *p, size_t n, size_t *got)
{
	struct view *rest = ctx, v = view_head(*rest, n);
	if (v.n)
		memcpy(p, v.p, v.n);
	*rest = view_skip(*rest, v.n);
	*got = v.n;
	return 0;
}

/* As a stream, and as the fields of one record, which a checksum guards. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = { (const char *)data, size }, rest = v;
	struct dump_record r;
	struct dump_reader reader;
	struct dump_writer w;
	dump_reader_init(&reader, give, &rest);
	while (dump_read(&reader, &r) == 0)
		continue;
	dump_reader_deinit(&reader);
	dump_writer_init(&w);
	if (size && dump_record_decode(
			(enum dump_type)data[0], view_skip(v, 1), &r) == 0)
		dump_write(&w, &r);
	dump_writer_deinit(&w);
	return 0;
}
