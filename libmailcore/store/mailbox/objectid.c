#include "store/mailbox/objectid.h"
#include <string.h>

enum {
	GUID_OCTETS = 16
};

/* RFC 4648 6, without capitals: "it is wise to avoid IDs that differ only by
 * ASCII case" (RFC 8474 8.1), also for those who fold. */
static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";

static struct view encode(
    char kind, const uint8_t octets[GUID_OCTETS], char out[OBJECTID_OCTETS])
{
	unsigned n_bits = 0, n = 0;
	uint32_t bits = 0;
	out[n++] = kind;
	for (unsigned i = 0; i < GUID_OCTETS; i++) {
		bits = (bits << 8 | octets[i]) & 0xFFFF;
		for (n_bits += 8; n_bits >= 5; n_bits -= 5)
			out[n++] = digits[bits >> (n_bits - 5) & 31];
	}
	out[n++] = digits[bits << (5 - n_bits) & 31];
	return (struct view){ out, n };
}

static void mix(uint8_t octets[GUID_OCTETS], uint64_t id)
{
	for (unsigned i = 0; i < 8; i++)
		octets[GUID_OCTETS - 1 - i] ^= (uint8_t)(id >> 8 * i);
}

struct view objectid_encode(enum objectid_kind kind, const uint8_t account[16],
    uint64_t id, char out[OBJECTID_OCTETS])
{
	uint8_t octets[GUID_OCTETS];
	memcpy(octets, account, sizeof octets);
	mix(octets, id);
	return encode((char)kind, octets, out);
}

struct view objectid_encode_mailbox(
    const uint8_t guid[16], char out[OBJECTID_OCTETS])
{
	return encode(OBJECTID_MAILBOX, guid, out);
}

static bool decode(struct view text, uint8_t octets[GUID_OCTETS])
{
	unsigned n_bits = 0, n = 0;
	uint32_t bits = 0;
	for (size_t i = 1; i < text.n; i++) {
		const char *d = memchr(digits, text.p[i], 32);
		if (!d)
			return false;
		bits = (bits << 5 | (uint32_t)(d - digits)) & 0xFFFF;
		n_bits += 5;
		if (n_bits < 8 || n == GUID_OCTETS)
			continue;
		n_bits -= 8;
		octets[n++] = (uint8_t)(bits >> n_bits);
	}
	return n == GUID_OCTETS;
}

int objectid_decode(enum objectid_kind kind, const uint8_t account[16],
    struct view text, uint64_t *id)
{
	uint8_t octets[GUID_OCTETS];
	char again[OBJECTID_OCTETS];
	uint64_t n = 0;
	if (text.n != OBJECTID_OCTETS || text.p[0] != (char)kind ||
	    !decode(text, octets))
		return MC_E_NOENT;
	for (unsigned i = 8; i < GUID_OCTETS; i++)
		n = n << 8 | (uint8_t)(octets[i] ^ account[i]);
	/* Of another account, or with bits that no id has. */
	if (!view_eq(objectid_encode(kind, account, n, again), text))
		return MC_E_NOENT;
	*id = n;
	return 0;
}
