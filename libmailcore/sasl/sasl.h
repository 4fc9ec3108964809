#ifndef SASL_SASL_H
#define SASL_SASL_H
/* The server's side of SASL (RFC 4422), without I/O: PLAIN (RFC 4616), LOGIN
 * (draft-murchison-sasl-login), SCRAM-SHA-256 and -PLUS (RFC 5802, 7677) with
 * the channel binding tls-exporter (RFC 9266). Messages are raw octets: base64
 * and "*" are the protocols' business.
 *
 * A name that does not exist, a wrong password and a broken proof all end in
 * SASL_FAILED, after the same work. */
#include "base/buf.h"
#include "sasl/password.h"

enum {
	SASL_MESSAGE_MAX = 12288, /* RFC 4954 4, decoded */
	SASL_NAME_MAX = 320,
	SASL_BINDING_MAX = 64,
	SASL_SCRAM_MAX = 2048, /* one SCRAM message */
};

enum sasl_status {
	SASL_CHALLENGE, /* put into out: may be empty */
	SASL_OK,
	SASL_FAILED,
	SASL_BAD, /* the exchange was malformed */
	SASL_TEMP,
};

/* What mechanisms ask. name is what the client wrote. */
struct sasl_ops {
	/* Is this the password? 0, MC_E_AUTH (also: no such name), or another
	 * error, which is temporary. */
	int (*check)(void *ctx, struct view name, struct view password);
	/* Keys of the name; decoys when it has none. 0 or a temporary error. */
	int (*keys)(void *ctx, struct view name, struct scram_keys *out);
};

struct sasl_scram {
	struct scram_keys keys;
	struct buf bare;   /* client-first-message-bare */
	struct buf first;  /* server-first-message */
	struct buf header; /* gs2-header, and the binding behind it */
};

struct sasl {
	const struct sasl_mechanism *mechanism;
	const struct sasl_ops *ops;
	void *ctx;
	unsigned step;
	char name[SASL_NAME_MAX];
	size_t n_name;
	char binding[SASL_BINDING_MAX];
	size_t n_binding;
	const char *test_nonce; /* NULL but in tests */
	struct sasl_scram scram;
};

struct sasl_mechanism {
	struct view name;
	bool needs_binding; /* offered only when there is one */
	enum sasl_status (*step)(
	    struct sasl *s, struct view message, struct buf *out);
	/* The client speaks first: without an initial response it gets an
	 * empty challenge. */
	bool client_first;
};

/* In order of preference; the front lists them. */
extern const struct sasl_mechanism sasl_mechanisms[];
extern const size_t sasl_n_mechanisms;
/* Any case; NULL: not one of ours. */
const struct sasl_mechanism *sasl_find(struct view name);

/* binding: of the exporter, empty without TLS. MC_E_UNSUPPORTED when the
 * mechanism needs one; MC_E_LIMIT. */
int sasl_init(struct sasl *s, const struct sasl_mechanism *mechanism,
    struct view binding, const struct sasl_ops *ops, void *ctx) MUST_CHECK;
/* initial.p NULL: the client sent none. Appends to out. */
enum sasl_status sasl_start(
    struct sasl *s, struct view initial, struct buf *out);
enum sasl_status sasl_next(
    struct sasl *s, struct view response, struct buf *out);
/* Who it is, after SASL_OK; who it claims to be before. */
struct view sasl_name(const struct sasl *s);
void sasl_deinit(struct sasl *s); /* wipes */

/* For mechanisms. SASL_BAD when it is empty, too long, not UTF-8 or holds a
 * control character; else SASL_OK. */
enum sasl_status sasl_set_name(struct sasl *s, struct view name);
enum sasl_status sasl_check(struct sasl *s, struct view password);
enum sasl_status sasl_step_plain(
    struct sasl *s, struct view message, struct buf *out);
enum sasl_status sasl_step_login(
    struct sasl *s, struct view message, struct buf *out);
enum sasl_status sasl_step_scram(
    struct sasl *s, struct view message, struct buf *out);
#endif
