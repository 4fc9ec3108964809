#define SMTP_WORLD_ONLY
#include "../transcripts/smtp_adapter.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = { (const char *)data, size };
	struct buf out;
	buf_init(&out, 64 << 20);
	void *w = adapter.open(&out);
	if (size % 2)
		adapter.directive(w, V("loopback"), V_NONE);
	if (size % 3 == 0)
		adapter.directive(w, V("service"), V("submission"));
	adapter.start(w);
	for (size_t n = 1; n || adapter.step(w); in = view_skip(in, n))
		n = in.n ? adapter.input(w, in) : 0;
	adapter.close(w);
	buf_deinit(&out);
	return 0;
}
