#include "text/search/find.h"
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* How often an octet is met in folded text, very roughly: 0 is rare. */
static unsigned frequency(char c)
{
	static const char order[] = "zqxjkvbpygwfmucdlrhsnioate ";
	const char *at = c ? strchr(order, c) : NULL;
	if (at)
		return 16 + (unsigned)(at - order);
	if ((unsigned char)c >= 0x80) /* one lead octet begins a whole script */
		return (unsigned char)c >= 0xc0 ? 30 : 12;
	return c == '\n' || c == '\r' ? 24 : 8;
}

enum {
	LOOK_AT = 256,      /* octets of a needle that are weighed */
	SHORT_NEEDLE = 64,  /* comparing it costs next to nothing */
	FAILURES_FREE = 16, /* then one in so many octets may fail, */
	FAILURES_SHIFT = 4, /* or the search that is never quadratic goes on */
};

static void choose(struct finder *f)
{
	size_t n = f->needle.n < LOOK_AT ? f->needle.n : LOOK_AT;
	for (size_t i = 1; i < n; i++)
		if (frequency(f->needle.p[i]) <
		    frequency(f->needle.p[f->first]))
			f->first = i;
	f->second = f->first == 0 && n > 1 ? 1 : 0;
	for (size_t i = 0; i < n; i++)
		if (i != f->first && frequency(f->needle.p[i]) <
					 frequency(f->needle.p[f->second]))
			f->second = i;
}

static size_t find_portable(
    const struct finder *f, struct view text, size_t from)
{
	struct view rest = view_skip(text, from);
	if (f->needle.n == 0 || rest.n < f->needle.n)
		return text.n;
	const char *at = memmem(rest.p, rest.n, f->needle.p, f->needle.n);
	return at ? (size_t)(at - text.p) : text.n;
}

#if defined(__x86_64__)

/* The matches of mask, a bit for each position from at on. *failures counts
 * those that were none. */
static bool confirm(const struct finder *f, const char *at, uint32_t mask,
    size_t *failures, size_t *out)
{
	for (; mask; mask &= mask - 1) {
		size_t i = (size_t)__builtin_ctz(mask);
		if (memcmp(at + i, f->needle.p, f->needle.n) == 0) {
			*out = i;
			return true;
		}
		++*failures;
	}
	return false;
}

static bool gives_up(const struct finder *f, size_t failures, size_t octets)
{
	return f->needle.n > SHORT_NEEDLE &&
	       failures > FAILURES_FREE + (octets >> FAILURES_SHIFT);
}

static inline uint32_t match_sse2(
    const char *a, const char *b, __m128i first, __m128i second)
{
	__m128i x = _mm_loadu_si128((const __m128i_u *)a);
	__m128i y = _mm_loadu_si128((const __m128i_u *)b);
	return (uint32_t)_mm_movemask_epi8(
	    _mm_and_si128(_mm_cmpeq_epi8(x, first), _mm_cmpeq_epi8(y, second)));
}

static size_t find_sse2(const struct finder *f, struct view text, size_t from)
{
	size_t n = f->needle.n, at = from, failures = 0, found;
	const __m128i first = _mm_set1_epi8(f->needle.p[f->first]);
	const __m128i second = _mm_set1_epi8(f->needle.p[f->second]);
	for (; at < text.n && text.n - at >= n + 32; at += 32) {
		const char *p = text.p + at;
		uint32_t mask =
		    match_sse2(p + f->first, p + f->second, first, second) |
		    match_sse2(
			p + f->first + 16, p + f->second + 16, first, second)
			<< 16;
		if (!mask)
			continue;
		if (confirm(f, p, mask, &failures, &found))
			return at + found;
		if (gives_up(f, failures, at - from))
			break;
	}
	return find_portable(f, text, at);
}

__attribute__((target("avx2"))) static inline __m256i match_avx2(
    const char *a, const char *b, __m256i first, __m256i second)
{
	__m256i x = _mm256_loadu_si256((const __m256i_u *)a);
	__m256i y = _mm256_loadu_si256((const __m256i_u *)b);
	return _mm256_and_si256(
	    _mm256_cmpeq_epi8(x, first), _mm256_cmpeq_epi8(y, second));
}

/* Four vectors at a time: the branch is nearly never taken. */
__attribute__((target("avx2"))) static size_t find_avx2(
    const struct finder *f, struct view text, size_t from)
{
	size_t n = f->needle.n, at = from, failures = 0, found;
	const __m256i first = _mm256_set1_epi8(f->needle.p[f->first]);
	const __m256i second = _mm256_set1_epi8(f->needle.p[f->second]);
	for (; at < text.n && text.n - at >= n + 128; at += 128) {
		const char *p = text.p + at;
		const char *a = p + f->first, *b = p + f->second;
		__m256i m[4];
		for (size_t i = 0; i < 4; i++)
			m[i] =
			    match_avx2(a + 32 * i, b + 32 * i, first, second);
		__m256i any = _mm256_or_si256(
		    _mm256_or_si256(m[0], m[1]), _mm256_or_si256(m[2], m[3]));
		if (_mm256_testz_si256(any, any))
			continue;
		for (size_t i = 0; i < 4; i++)
			if (confirm(f, p + 32 * i,
				(uint32_t)_mm256_movemask_epi8(m[i]), &failures,
				&found))
				return at + 32 * i + found;
		if (gives_up(f, failures, at - from))
			break;
	}
	return find_sse2(f, text, at);
}

void finder_init_sse2(struct finder *f, struct view needle)
{
	finder_init_portable(f, needle);
	if (needle.n)
		f->find = find_sse2;
}

void finder_init(struct finder *f, struct view needle)
{
	finder_init_sse2(f, needle);
	if (needle.n && __builtin_cpu_supports("avx2"))
		f->find = find_avx2;
}
#else
void finder_init_sse2(struct finder *f, struct view needle)
{
	finder_init_portable(f, needle);
}

void finder_init(struct finder *f, struct view needle)
{
	finder_init_portable(f, needle);
}
#endif

void finder_init_portable(struct finder *f, struct view needle)
{
	*f = (struct finder){ .needle = needle, .find = find_portable };
	choose(f);
}
