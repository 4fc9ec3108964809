#ifndef BASE_CHARS_H
#define BASE_CHARS_H
/* Character classes of the RFCs in one table; never ctype.h, never a locale. */
#include <stdbool.h>
#include <stdint.h>

enum char_class {
	CHAR_ALPHA = 1 << 0,
	CHAR_DIGIT = 1 << 1,
	CHAR_HEX = 1 << 2,
	CHAR_ATEXT = 1 << 3,     /* RFC 5322 3.2.3 atext */
	CHAR_FTEXT = 1 << 4,     /* RFC 5322 3.6.8 field name */
	CHAR_TOKEN = 1 << 5,     /* RFC 2045 5.1 token */
	CHAR_IMAP_ATOM = 1 << 6, /* RFC 3501 9 ATOM-CHAR, without ] */
	CHAR_CTL = 1 << 7,       /* 0-31 and 127 */
	CHAR_PRINT = 1 << 8,     /* 32-126 */
	CHAR_BASE64 = 1 << 9,    /* without = */
	CHAR_LDH = 1 << 10,      /* letter, digit, hyphen */
};

extern const uint16_t char_classes[256];

static inline bool char_is(char c, unsigned classes)
{
	return (char_classes[(unsigned char)c] & classes) != 0;
}

static inline char char_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline char char_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* Value of a hexadecimal digit, -1 for anything else. */
int char_hex(char c);
#endif
