#define SMTP_CLIENT_WORLD_ONLY
#include "../transcripts/smtp_client_adapter.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Line by line, as a peer that waits for the commands: what comes before them
 * is not even looked at. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = { (const char *)data, size }, line;
	struct buf out;
	buf_init(&out, 64 << 20);
	void *w = adapter.open(&out);
	adapter.directive(w, size % 2 ? V("lmtp") : V("auth-in-clear"), V_NONE);
	adapter.directive(w, size % 3 ? V("policy") : V("auth"),
	    size % 3 ? V("opportunistic") : V("user secret"));
	for (unsigned i = 0; i < 8; i++)
		adapter.directive(w, V("mail"), V("a@b c@d e@f g@f"));
	adapter.start(w);
	while (in.n) {
		line = view_head(in, view_find_byte(in, '\n') + 1);
		in = view_skip(in, line.n);
		for (size_t n = 1; n || adapter.step(w);
		     line.n -= n, line.p += n)
			n = line.n ? adapter.input(w, line) : 0;
		adapter.directive(w, V("tls"), V("verified"));
	}
	adapter.close(w);
	buf_deinit(&out);
	return 0;
}
