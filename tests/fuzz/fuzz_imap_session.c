#include "base/clock.h"
#include "imapd/imap_session.h"
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void finish(void *ctx)
{
	(void)ctx;
}

static void set_timeout(void *ctx, uint32_t seconds)
{
	(void)ctx;
	(void)seconds;
}

/* One store for the process, gone from the file system at once. */
static struct store *the_store(void)
{
	static struct store *store;
	static const struct store_options options = { .create = true };
	char dir[] = "/tmp/fuzz-imap.XXXXXX", path[64];
	if (store || !mkdtemp(dir) || store_open(dir, &options, &store) != 0)
		return store;
	const char *const names[] = { "data.mdb", "data.mdb-lock", "wake", "" };
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		(void)remove(path);
	}
	return store;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct imap_ops ops = { finish, set_timeout, finish };
	struct buf out;
	struct imap_options options = { the_store(), &out, 4096, 8192, 1 << 20,
		.now_s = clock_wall_s, .ops = &ops };
	buf_init(&out, 4096 + IMAP_OUT_ROOM);
	struct imap_session *s = imap_session_new(&options);
	struct view in = { (const char *)data, size };
	(void)imap_session_input(s, V("a SELECT INBOX\r\n"));
	while (!s->closing && in.n) {
		in = view_skip(in, imap_session_input(s, in));
		buf_reset(&out);
		imap_session_more(s);
		buf_reset(&out);
	}
	imap_session_free(&s);
	buf_deinit(&out);
	return 0;
}
