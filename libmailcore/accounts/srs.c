#include "accounts/srs.h"
#include "base/chars.h"
#include "sasl/hash.h"
#include "text/path.h"
#include "wire/wr.h"
#include <string.h>

enum {
	HASH_CHARS = 6,
	DAY_CHARS = 2,
	DAYS = 1024,
	DAY_SECONDS = 86400,
};

static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
static const struct view srs0 = V_INIT("SRS0=");
static const struct view srs1 = V_INIT("SRS1=");

bool srs_is_rewritten(struct view address)
{
	return view_istarts(address, srs0) || view_istarts(address, srs1);
}

static struct view local_of(struct view address)
{
	return view_head(address, view_rfind_byte(address, '@'));
}

static struct view domain_of(struct view address)
{
	return view_skip(address, view_rfind_byte(address, '@') + 1);
}

/* Of text in lower case: others may change that of local parts. */
static int hash_of(struct view key, struct view text, char out[HASH_CHARS])
{
	char lower[SRS_ADDRESS_MAX];
	unsigned char hash[HASH_SHA256_BYTES];
	if (text.n > sizeof lower)
		return MC_E_LIMIT;
	for (size_t i = 0; i < text.n; i++)
		lower[i] = char_lower(text.p[i]);
	int error = hash_hmac(key, (struct view){ lower, text.n }, hash);
	for (size_t i = 0; i < HASH_CHARS && !error; i++)
		out[i] = digits[hash[i] & 31];
	return error;
}

static void put_day(struct wr *w, uint64_t now_s)
{
	uint64_t day = now_s / DAY_SECONDS % DAYS;
	wr_u8(w, (uint8_t)digits[day >> 5]);
	wr_u8(w, (uint8_t)digits[day & 31]);
}

static int finish(struct wr *w, struct view key, struct view form,
    struct view rest, struct view domain, size_t *n)
{
	char hash[HASH_CHARS];
	int error = hash_of(key, rest, hash);
	if (form.n + HASH_CHARS + 1 + rest.n > PATH_LOCAL_MAX)
		error = error ? error : MC_E_LIMIT;
	wr_raw(w, form);
	wr_raw(w, (struct view){ hash, HASH_CHARS });
	wr_u8(w, '=');
	wr_raw(w, rest);
	wr_u8(w, '@');
	wr_raw(w, domain);
	*n = w->n;
	return w->failed && !error ? MC_E_LIMIT : error;
}

/* "host==rest": of an SRS0 address where it is from, of an SRS1 address what it
 * has. */
static void put_nested(struct wr *w, struct view sender)
{
	struct view rest = view_skip(local_of(sender), srs0.n);
	if (view_istarts(sender, srs1)) {
		wr_raw(w, view_skip(rest, view_find_byte(rest, '=') + 1));
		return;
	}
	wr_raw(w, domain_of(sender));
	wr_raw(w, V("=="));
	wr_raw(w, rest);
}

int srs_forward(struct view key, struct view sender, struct view domain,
    uint64_t now_s, char out[SRS_ADDRESS_MAX], size_t *n)
{
	char rest[SRS_ADDRESS_MAX];
	struct wr w = wr_into(rest, sizeof rest);
	bool is_nested = srs_is_rewritten(sender);
	if (is_nested) {
		put_nested(&w, sender);
	} else {
		put_day(&w, now_s);
		wr_u8(&w, '=');
		wr_raw(&w, domain_of(sender));
		wr_u8(&w, '=');
		wr_raw(&w, local_of(sender));
	}
	/* Quotes would have to stand around all of it. */
	if (w.failed || view_has_byte(sender, '"'))
		return MC_E_LIMIT;
	struct wr to = wr_into(out, SRS_ADDRESS_MAX);
	return finish(
	    &to, key, is_nested ? srs1 : srs0, wr_view(&w), domain, n);
}

static bool is_digit(char c, unsigned *value)
{
	const char *at = memchr(digits, char_lower(c), sizeof digits - 1);
	*value = at ? (unsigned)(at - digits) : 0;
	return at != NULL;
}

static bool is_young(struct view day, uint64_t now_s)
{
	unsigned high, low;
	unsigned today = (unsigned)(now_s / DAY_SECONDS % DAYS);
	if (day.n != DAY_CHARS || !is_digit(day.p[0], &high) ||
	    !is_digit(day.p[1], &low))
		return false;
	return (today + DAYS - (high << 5 | low)) % DAYS <= SRS_AGE_DAYS;
}

/* "DAY=domain=local" */
static int reverse0(struct view rest, uint64_t now_s, struct wr *out)
{
	struct view day, domain;
	if (!view_cut(&rest, '=', &day) || !view_cut(&rest, '=', &domain) ||
	    !rest.n || !domain.n || !is_young(day, now_s))
		return MC_E_BAD;
	wr_raw(out, rest);
	wr_u8(out, '@');
	wr_raw(out, domain);
	return 0;
}

/* "host==rest" */
static int reverse1(struct view rest, struct wr *out)
{
	size_t at = view_find(rest, V("=="));
	if (!at || at + 2 >= rest.n)
		return MC_E_BAD;
	wr_raw(out, srs0);
	wr_raw(out, view_skip(rest, at + 2));
	wr_u8(out, '@');
	wr_raw(out, view_head(rest, at));
	return 0;
}

int srs_reverse(struct view key, struct view address, uint64_t now_s,
    char out[SRS_ADDRESS_MAX], size_t *n)
{
	struct view rest = view_skip(local_of(address), srs0.n), hash;
	struct wr w = wr_into(out, SRS_ADDRESS_MAX);
	char want[HASH_CHARS];
	if (!srs_is_rewritten(address))
		return MC_E_NOENT;
	if (!view_cut(&rest, '=', &hash))
		return MC_E_BAD;
	int error = hash_of(key, rest, want);
	if (!error && !view_ieq(hash, (struct view){ want, HASH_CHARS }))
		error = MC_E_BAD;
	if (!error)
		error = view_istarts(address, srs1) ? reverse1(rest, &w)
						    : reverse0(rest, now_s, &w);
	*n = w.n;
	return w.failed && !error ? MC_E_BAD : error;
}
