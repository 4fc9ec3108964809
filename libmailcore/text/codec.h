#ifndef TEXT_CODEC_H
#define TEXT_CODEC_H
/* base64, quoted-printable, modified UTF-7, UTF-8. All incremental where the
 * size is a peer's choice. */
#include "base/buf.h"

void base64_encode(struct view in, struct buf *out); /* one line */
/* Strict, whole input, padding required: SASL. MC_E_BAD, or out's error. */
int base64_decode(struct view in, struct buf *out) MUST_CHECK;

/* Content-transfer-decoding (RFC 2045 6) of a body in pieces; lenient: what
 * cannot be decoded is skipped (base64) or kept (quoted-printable). */
enum transfer_encoding {
	ENCODING_IDENTITY, /* 7bit, 8bit, binary, and unknown ones */
	ENCODING_QUOTED_PRINTABLE,
	ENCODING_BASE64,
	ENCODING_UNKNOWN,
};

struct decoder {
	enum transfer_encoding encoding;
	uint32_t bits; /* private */
	uint8_t n_bits, state;
	char held;
};

void decoder_init(struct decoder *d, enum transfer_encoding encoding);
void decoder_put(struct decoder *d, struct view piece, struct buf *out);
void decoder_end(struct decoder *d, struct buf *out);
/* The token of a Content-Transfer-Encoding field, without comments and quotes
 * (RFC 2045 6.1); empty when there is none. */
struct view transfer_encoding_token(struct view value);
enum transfer_encoding transfer_encoding_of(struct view value);

/* Mailbox names: RFC 3501 5.1.3 modified UTF-7 from and to UTF-8. Decoding
 * fails with MC_E_BAD for what is not the one valid encoding. */
int mutf7_decode(struct view in, struct buf *out) MUST_CHECK;
void mutf7_encode(struct view utf8, struct buf *out);

bool utf8_is_valid(struct view v); /* RFC 3629: no surrogates, no overlongs */
/* The code point that v (not empty) begins with, and its octets; -1 and 1 when
 * that is not UTF-8. */
int32_t utf8_code_point(struct view v, size_t *n);
void utf8_put(struct buf *out, uint32_t code_point);
/* A copy in which each byte that is not UTF-8 became U+FFFD. */
void utf8_repair(struct view in, struct buf *out);
/* NFC, for names; MC_E_BAD when not UTF-8. */
int utf8_normalize(struct view in, struct buf *out) MUST_CHECK;
/* A name in the form in which names are compared: lower case, then NFC (as
 * UsernameCaseMapped of RFC 8265 has it: no folding, so that a sharp s stays
 * one). MC_E_BAD: it is no UTF-8, or has what no name has beyond ASCII:
 * controls, blanks, code points for private use or without a meaning. */
int utf8_name(struct view in, struct buf *out) MUST_CHECK;
/* Folded for searching: case and compatibility folded, marks removed; bytes
 * that are not UTF-8 become U+FFFD. */
void utf8_fold(struct view in, struct buf *out);
/* in, in a charset of a message (RFC 2045 5.1), to UTF-8 by iconv; unknown
 * charsets and bad sequences give U+FFFD for what cannot be converted. */
void charset_to_utf8(struct view charset, struct view in, struct buf *out);
/* Loads the converters into the process. iconv reads them from files: a role
 * that decodes mail calls this before it is locked into its root directory,
 * where they are not. Without, UTF-8, ASCII and Latin-1 still work. */
void charset_preload(void);
#endif
