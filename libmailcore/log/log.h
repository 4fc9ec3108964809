#ifndef LOG_LOG_H
#define LOG_LOG_H
/* One event is one line: time, program, level, event name, the session's id,
 * then key=value pairs. Quoting and escaping happen here and nowhere else, so
 * no value can forge a line or a key. Secrets have no KV type.
 *
 *   LOG(&s->log, INFO, "rcpt.reject", KV_VIEW("rcpt", a), KV_INT("code", 550));
 *
 * Event names and keys are an interface: admins grep for them and fail2ban
 * matches them; mailcore.conf(5) says which are stable. */
#include "base/view.h"
#include <stdarg.h>

enum log_level {
	LOG_ERROR_,
	LOG_WARN_,
	LOG_INFO_,
	LOG_DEBUG_
};

/* Names used with LOG(): the trailing underscore keeps clear of syslog.h. */
#define LOG_LEVEL_ERROR LOG_ERROR_
#define LOG_LEVEL_WARN LOG_WARN_
#define LOG_LEVEL_INFO LOG_INFO_
#define LOG_LEVEL_DEBUG LOG_DEBUG_

/* Where an event belongs: the nearest context first. A context with an id
 * prints key=id in hexadecimal ("session" for the 64-bit session id that
 * travels through all daemons, "queue" for a queue id). */
struct log_ctx {
	const struct log_ctx *up;
	const char *key;
	uint64_t id;
};

enum log_kv_kind {
	LOG_KV_END,
	LOG_KV_VIEW,
	LOG_KV_INT,
	LOG_KV_HEX,
	LOG_KV_ERR
};

struct log_kv {
	const char *key;
	enum log_kv_kind kind;
	struct view view;
	int64_t number;
};

static inline struct log_kv log_kv_view(const char *key, struct view v)
{
	return (struct log_kv){ key, LOG_KV_VIEW, v, 0 };
}

static inline struct log_kv log_kv_number(
    const char *key, enum log_kv_kind kind, int64_t n)
{
	return (struct log_kv){ key, kind, V_NONE, n };
}

#define KV_VIEW(key, v) log_kv_view((key), (v))
#define KV_STR(key, cstr) log_kv_view((key), view_of(cstr))
#define KV_INT(key, n) log_kv_number((key), LOG_KV_INT, (int64_t)(n))
#define KV_HEX(key, n) log_kv_number((key), LOG_KV_HEX, (int64_t)(n))
/* An error code of ours or -errno, printed as its text. */
#define KV_ERR(key, code) log_kv_number((key), LOG_KV_ERR, (int64_t)(code))
#define KV_LAST log_kv_number(NULL, LOG_KV_END, 0)

#define LOG(ctx, level, ...)                                                   \
	log_emit((ctx), LOG_LEVEL_##level, __VA_ARGS__, KV_LAST)
void log_emit(
    const struct log_ctx *ctx, enum log_level level, const char *event, ...);

/* This process's name in the log ("imapd/front"), the descriptor lines are
 * written to (one write a line), and the highest level that is written.
 * Before that, lines go to standard error. */
void log_init(const char *program, int fd, enum log_level level);
void log_set_fd(int fd); /* after a reload; the old one is closed */
/* "error", "warn", "info", "debug". */
bool log_level_parse(struct view v, enum log_level *out);

/* Formats one line without writing it, for tests: NUL-terminated, ends in
 * "\n", cut to cap with "..." when too long. Returns its length. */
size_t log_format(char *out, size_t cap, const struct log_ctx *ctx,
    enum log_level level, const char *event, va_list kvs);
#endif
