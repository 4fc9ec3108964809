#ifndef TEXT_PATH_H
#define TEXT_PATH_H
/* Paths and parameters of MAIL and RCPT: RFC 5321 4.1.2, limits 4.5.3.1. */
#include "base/err.h"
#include "base/view.h"

enum {
	PATH_LOCAL_MAX = 64,
	PATH_DOMAIN_MAX = 255,
	PATH_MAX_OCTETS = 320
};

struct path {
	struct view local;  /* as written, quotes included; empty in "<>" */
	struct view domain; /* may be an address literal "[...]"; empty for
			       "<>" and for "<postmaster>" */
	bool is_null;       /* "<>" */
	bool is_literal;
	bool is_utf8; /* needs SMTPUTF8 */
};

/* Parse "<...>" at the start of in (an old source route is skipped, RFC 5321
 * 4.1.1.3 and appendix C). in is cut past it on PARSE_OK, unchanged otherwise.
 * Borrows from in. PARSE_BAD sets *why to static text. Never PARSE_MORE. */
enum parse path_parse(struct view *in, struct path *out, const char **why);

/* The same for a bare address "local@domain" (configuration, mailctl, AUTH
 * names); the whole of v must be one address. */
enum parse path_parse_address(
    struct view v, struct path *out, const char **why);

/* Writes local@domain, the domain canonical; the empty view for "<>". MC_E_BAD:
 * there is no such domain; MC_E_LIMIT above cap. *n is what was written. */
int path_format(
    const struct path *p, char *out, size_t cap, size_t *n) MUST_CHECK;

/* The local part without quotes and quoted-pairs, for look-ups. */
int path_local_plain(
    const struct path *p, char *out, size_t cap, size_t *n) MUST_CHECK;

/* One ESMTP parameter "KEY" or "KEY=VALUE" (RFC 5321 4.1.2) from the rest of a
 * MAIL or RCPT line; leading spaces are skipped. PARSE_OK, PARSE_BAD (*why),
 * or PARSE_MORE when there is none left. */
enum parse path_param(
    struct view *in, struct view *key, struct view *value, const char **why);

/* True for a domain of RFC 5321 4.1.2 (letters, digits, hyphens, dots; with
 * utf8 also U-labels), not for a literal. */
bool domain_is_valid(struct view v, bool utf8);

/* The form in which domains are compared, kept and looked up: lower case, and
 * A-labels where it has U-labels (RFC 5890 2.3.2.1). What is ASCII is not
 * checked: it may be a literal. MC_E_BAD: it stands for no domain, or is too
 * long. */
int domain_canonical(struct view v, char out[PATH_DOMAIN_MAX + 1]) MUST_CHECK;
#endif
