#include "log/log.h"
#include "base/chars.h"
#include "base/err.h"
#include "base/panic.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 4096
}; /* PIPE_BUF: one write is one line */

/* The process's one log: the exception to "no mutable file-scope state". */
static struct {
	char program[32];
	int fd;
	enum log_level level;
} process_log = { "mailcore", STDERR_FILENO, LOG_INFO_ };

struct line {
	char *p;
	size_t n, cap;
	bool cut;
};

static void put_char(struct line *line, char c)
{
	if (line->n < line->cap)
		line->p[line->n++] = c;
	else
		line->cut = true;
}

static void put(struct line *line, struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		put_char(line, v.p[i]);
}

static bool needs_quotes(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] <= ' ' || v.p[i] == '"' ||
		    v.p[i] == '=' || v.p[i] == '\\' ||
		    (unsigned char)v.p[i] >= 0x7f)
			return true;
	return v.n == 0;
}

/* What a terminal acts on: C1 controls, line separators, and marks that turn
 * the direction of writing. */
static bool is_control(uint32_t c)
{
	return c < 0xa0 || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* Octets of the character of UTF-8 (RFC 3629 4) that v begins with, when it is
 * well-formed, more than one, and no control; else 0. */
static size_t character(struct view v)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)v.p[0];
	size_t n = first >= 0xf0   ? 4
		   : first >= 0xe0 ? 3
		   : first >= 0xc0 ? 2
				   : 0;
	if (n == 0 || first > 0xf4 || v.n < n)
		return 0;
	uint32_t c = first & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		unsigned char more = (unsigned char)v.p[i];
		if (more >> 6 != 2)
			return 0;
		c = c << 6 | (more & 0x3f);
	}
	bool is_valid =
	    c >= least[n] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
	return is_valid && !is_control(c) ? n : 0;
}

static void put_quoted(struct line *line, struct view v)
{
	static const char digits[] = "0123456789abcdef";
	put_char(line, '"');
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];
		size_t n = c < 0x80 ? 0 : character(view_skip(v, i));
		if (n) {
			put(line, view_slice(v, i, i + n));
			i += n - 1;
		} else if (c == '"' || c == '\\') {
			put_char(line, '\\');
			put_char(line, (char)c);
		} else if (c < ' ' || c >= 0x7f) {
			put(line, V("\\x"));
			put_char(line, digits[c >> 4]);
			put_char(line, digits[c & 15]);
		} else {
			put_char(line, (char)c);
		}
	}
	put_char(line, '"');
}

static void put_value(struct line *line, struct view v)
{
	if (needs_quotes(v))
		put_quoted(line, v);
	else
		put(line, v);
}

static void put_number(struct line *line, const char *format, int64_t n)
{
	char text[32];
	snprintf(text, sizeof text, "%lld", (long long)n);
	if (format[0] == 'x')
		snprintf(text, sizeof text, "%016llx", (unsigned long long)n);
	put(line, view_of(text));
}

static void put_kv(struct line *line, struct log_kv kv)
{
	put_char(line, ' ');
	put(line, view_of(kv.key));
	put_char(line, '=');
	switch (kv.kind) {
	case LOG_KV_VIEW:
		put_value(line, kv.view);
		break;
	case LOG_KV_INT:
		put_number(line, "d", kv.number);
		break;
	case LOG_KV_HEX:
		put_number(line, "x", kv.number);
		break;
	case LOG_KV_ERR:
		put_value(line, view_of(err_text((int)kv.number)));
		break;
	case LOG_KV_END:
		break;
	}
}

static void put_ctx(struct line *line, const struct log_ctx *ctx)
{
	if (!ctx)
		return;
	put_ctx(line, ctx->up);
	if (ctx->key)
		put_kv(line, KV_HEX(ctx->key, ctx->id));
}

static void put_time(struct line *line)
{
	struct timespec now;
	struct tm tm;
	char text[40];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(
	    text + n, sizeof text - n, ".%03dZ ", (int)(now.tv_nsec / 1000000));
	put(line, view_of(text));
}

static const char *const level_names[] = { "error", "warn", "info", "debug" };

size_t log_format(char *out, size_t cap, const struct log_ctx *ctx,
    enum log_level level, const char *event, va_list kvs)
{
	mc_assert(cap > 8);
	struct line line = { out, 0, cap - 5, false };
	put_time(&line);
	put(&line, view_of(process_log.program));
	put_char(&line, ' ');
	put(&line, view_of(level_names[level]));
	put_char(&line, ' ');
	put(&line, view_of(event));
	put_ctx(&line, ctx);
	for (;;) {
		struct log_kv kv = va_arg(kvs, struct log_kv);
		if (kv.kind == LOG_KV_END)
			break;
		put_kv(&line, kv);
	}
	if (line.cut) {
		memcpy(out + line.n, "...", 3);
		line.n += 3;
	}
	out[line.n++] = '\n';
	out[line.n] = '\0';
	return line.n;
}

void log_emit(
    const struct log_ctx *ctx, enum log_level level, const char *event, ...)
{
	char text[LINE_MAX_BYTES];
	if (level > process_log.level)
		return;
	va_list kvs;
	va_start(kvs, event);
	size_t n = log_format(text, sizeof text, ctx, level, event, kvs);
	va_end(kvs);
	/* A log that cannot be written must not stop the mail. */
	ssize_t wrote = write(process_log.fd, text, n);
	(void)wrote;
}

static void tell(const char *text)
{
	LOG(NULL, ERROR, "process.dies", KV_STR("reason", text));
}

void log_init(const char *program, int fd, enum log_level level)
{
	snprintf(
	    process_log.program, sizeof process_log.program, "%s", program);
	process_log.fd = fd;
	process_log.level = level;
	panic_set_hook(tell);
}

void log_set_fd(int fd)
{
	if (process_log.fd > STDERR_FILENO)
		close(process_log.fd);
	process_log.fd = fd;
}

bool log_level_parse(struct view v, enum log_level *out)
{
	for (unsigned i = 0; i < 4; i++)
		if (view_eq(v, view_of(level_names[i]))) {
			*out = (enum log_level)i;
			return true;
		}
	return false;
}
