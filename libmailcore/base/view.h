#ifndef BASE_VIEW_H
#define BASE_VIEW_H
/* A view: borrowed bytes with a length. It owns nothing and may hold NUL. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view {
	const char *p;
	size_t n;
};

/* A view of a string literal. */
#define V(literal) ((struct view){ "" literal, sizeof(literal) - 1 })
/* The same in the initializer of static data, where C11 wants constants. */
#define V_INIT(literal)                                                        \
	{                                                                      \
		"" literal, sizeof(literal) - 1                                \
	}
#define V_NONE ((struct view){ NULL, 0 })

struct view view_of(const char *cstr); /* NULL gives V_NONE */

bool view_eq(struct view a, struct view b);
bool view_ieq(struct view a, struct view b); /* ASCII case folded, only */
bool view_starts(struct view v, struct view prefix);
bool view_istarts(struct view v, struct view prefix);
int view_cmp(struct view a, struct view b); /* as memcmp, shorter first */

/* The first n bytes, and what is left without them; n is clamped. */
struct view view_head(struct view v, size_t n);
struct view view_skip(struct view v, size_t n);
/* v from first to last (exclusive), clamped. */
struct view view_slice(struct view v, size_t first, size_t last);
/* Without SP and HTAB at both ends. */
struct view view_trim(struct view v);

/* Index of the first c or needle; v.n when there is none. */
size_t view_find_byte(struct view v, char c);
size_t view_find(struct view v, struct view needle);
/* Index of the last c; v.n when there is none. */
size_t view_rfind_byte(struct view v, char c);
bool view_has_byte(struct view v, char c);

/* Cut *rest at the first c: *head gets what is before it, *rest what is behind.
 * Without a c, *head gets all and *rest becomes empty; returns whether c was
 * there. */
bool view_cut(struct view *rest, char c, struct view *head);

/* The whole view as a decimal number, digits only, no sign. False when empty,
 * when there is anything else, or when it does not fit. */
bool view_u32(struct view v, uint32_t *out);
bool view_u64(struct view v, uint64_t *out);

/* Copy into out with a NUL behind, for the border to the system. Fails with
 * MC_E_BAD when v holds a NUL and MC_E_LIMIT when it does not fit. */
int view_to_cstr(struct view v, char *out, size_t cap);

/* Copies v to *at, which then stands behind it: for an object whose strings
 * follow it in one block. */
struct view view_put(char **at, struct view v);

/* 64-bit hash for tables of our own data; not against an adversary. */
uint64_t view_hash(struct view v);
#endif
