#include "mailctl/store/store_stream.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum {
	IN_BYTES = 128 * 1024,
};

void stream_in_init(struct stream_in *s)
{
	*s = (struct stream_in){ .zstd = NULL };
	buf_init(&s->in, IN_BYTES);
	buf_init(&s->plain, IN_BYTES);
}

void stream_in_deinit(struct stream_in *s)
{
	ZSTD_freeDStream(s->zstd);
	s->zstd = NULL;
	buf_deinit(&s->in);
	buf_deinit(&s->plain);
}

static int fill(struct stream_in *s)
{
	size_t want = buf_room(&s->in);
	char *p = buf_reserve(&s->in, want);
	if (!p)
		return MC_E_TEMP;
	for (;;) {
		ssize_t n = read(STDIN_FILENO, p, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf_commit(&s->in, (size_t)n);
		s->at_end = n == 0;
		return 0;
	}
}

static int start(struct stream_in *s)
{
	static const char magic[] = { 0x28, (char)0xB5, 0x2F, (char)0xFD };
	int error = 0;
	s->started = true;
	while (!error && !s->at_end && buf_len(&s->in) < sizeof magic)
		error = fill(s);
	if (error || !view_starts(buf_view(&s->in),
			 (struct view){ magic, sizeof magic }))
		return error;
	s->zstd = ZSTD_createDStream();
	return s->zstd ? 0 : MC_E_TEMP;
}

/* Frames may follow each other: so may files. Nothing comes out at the end. */
static int decompress(struct stream_in *s)
{
	while (buf_len(&s->plain) == 0) {
		int error = 0;
		if (buf_len(&s->in) == 0 && !s->at_end)
			error = fill(s);
		struct view v = buf_view(&s->in);
		char *p = buf_reserve(&s->plain, IN_BYTES);
		if (error || !p)
			return error ? error : MC_E_TEMP;
		if (v.n == 0 && !s->inside)
			return 0;
		ZSTD_inBuffer in = { v.p, v.n, 0 };
		ZSTD_outBuffer out = { p, IN_BYTES, 0 };
		size_t hint = ZSTD_decompressStream(s->zstd, &out, &in);
		if (ZSTD_isError(hint))
			return MC_E_CORRUPT;
		if (v.n == 0 && out.pos == 0)
			return 0; /* cut off: the reader will see it */
		s->inside = hint != 0;
		buf_consume(&s->in, in.pos);
		buf_commit(&s->plain, out.pos);
	}
	return 0;
}

int stream_in_read(void *ctx, char *p, size_t n, size_t *got)
{
	struct stream_in *s = ctx;
	struct buf *from = &s->in;
	int error = s->started ? 0 : start(s);
	if (!error && s->zstd) {
		from = &s->plain;
		error = decompress(s);
	} else if (!error && buf_len(from) == 0 && !s->at_end) {
		error = fill(s);
	}
	if (error)
		return error;
	struct view v = view_head(buf_view(from), n);
	if (v.n)
		memcpy(p, v.p, v.n);
	buf_consume(from, v.n);
	*got = v.n;
	return 0;
}

json_t *stream_dump_json(const struct dump_result *r)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "mailboxes",
	    (json_int_t)r->mailboxes, "rows", (json_int_t)r->rows, "messages",
	    (json_int_t)r->messages, "message_bytes", (json_int_t)r->bytes,
	    "written", (json_int_t)r->written, "written_bytes",
	    (json_int_t)r->written_bytes, "gone", (json_int_t)r->gone);
}

int stream_dump_fail(int error, const struct dump_result *r)
{
	char what[64] = "";
	if (r->damaged_msgid)
		snprintf(what, sizeof what, "message %llu",
		    (unsigned long long)r->damaged_msgid);
	else if (r->damaged)
		snprintf(what, sizeof what, "table %s", r->damaged);
	return store_child_fail(error, what);
}

static int load_fail(int error, const struct load_result *r)
{
	char text[400];
	const char *what = err_text(error);
	if (error == MC_E_EXISTS)
		what = "has mail: only a new account is loaded into";
	else if (error == MC_E_BUSY)
		what = "in use: log the user out or stop the daemons";
	else if (error == MC_E_BAD)
		what = "the dump cannot be used";
	else if (error == MC_E_CORRUPT)
		what = "the dump is damaged or cut off";
	snprintf(
	    text, sizeof text, "%s%s%s", what, r->why[0] ? ": " : "", r->why);
	store_child_report("error", json_of_text(text));
	return error == MC_E_CORRUPT || error == MC_E_VERSION
		   ? EX_DATAERR
		   : exit_code_of(error);
}

int stream_load(const struct load_options *options)
{
	struct stream_in in;
	struct dump_reader reader;
	struct load_result r;
	stream_in_init(&in);
	dump_reader_init(&reader, stream_in_read, &in);
	int error = store_load(".", &reader, options, &r);
	dump_reader_deinit(&reader);
	stream_in_deinit(&in);
	if (error)
		return load_fail(error, &r);
	store_child_report(
	    "result", json_pack("{s:I, s:I, s:I, s:I, s:I}", "mailboxes",
			  (json_int_t)r.mailboxes, "rows", (json_int_t)r.rows,
			  "messages", (json_int_t)r.messages, "message_bytes",
			  (json_int_t)r.bytes, "gone", (json_int_t)r.gone));
	return 0;
}
