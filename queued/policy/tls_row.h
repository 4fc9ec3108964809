#ifndef QUEUED_POLICY_TLS_ROW_H
#define QUEUED_POLICY_TLS_ROW_H
/* Connections of one day to one host that went the same way: what reports of
 * TLS are made of, and a row of the table "tls" (queue_keys.h). */
#include "base/err.h"
#include "base/view.h"

enum {
	TLS_ROW_DOMAIN_MAX = 255,
	TLS_ROW_HOST_MAX = 220, /* so that keys are short enough */
	TLS_ROW_ADDRESS_MAX = 64,
	TLS_ROW_TEXT_MAX = 200,
	TLS_ROW_KEY_MAX = 500,
	TLS_ROW_VALUE_MAX = 400,
};

struct tls_row {
	uint32_t day;       /* since 1970-01-01, UTC */
	struct view domain; /* without NUL; lower case */
	uint8_t policy;     /* enum tls_policy */
	uint8_t result;     /* enum tls_result */
	struct view host;   /* without NUL */
	uint64_t n_sessions;
	/* Of the last one. */
	struct view address, source, text;
};

/* The key begins with day and domain; this prefix of it ends behind them. */
int tls_row_put_key(
    const struct tls_row *r, char *out, size_t *n, size_t *prefix_n) MUST_CHECK;
int tls_row_put_value(const struct tls_row *r, char *out, size_t *n) MUST_CHECK;
/* Views into key and value. MC_E_CORRUPT, MC_E_VERSION. */
int tls_row_get(
    struct view key, struct view value, struct tls_row *out) MUST_CHECK;
#endif
