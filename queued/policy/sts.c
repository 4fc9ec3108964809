#include "queued/policy/sts.h"
#include "base/chars.h"
#include <string.h>

enum {
	NAME_MAX_OCTETS = 255
};

const char *sts_mode_name(enum sts_mode m)
{
	static const char *const names[STS_MODE_COUNT] = {
		[STS_NONE] = "none",
		[STS_TESTING] = "testing",
		[STS_ENFORCE] = "enforce",
	};
	return names[m];
}

struct reading {
	struct sts_policy *out;
	bool has_version, has_mode, has_age;
	const char *why;
};

static bool read_version(struct reading *r, struct view value)
{
	if (r->has_version)
		return true;
	r->has_version = true;
	r->why = "another version";
	return view_eq(value, V("STSv1"));
}

static bool read_mode(struct reading *r, struct view value)
{
	if (r->has_mode)
		return true;
	r->has_mode = true;
	for (unsigned m = 0; m < STS_MODE_COUNT; m++) {
		r->out->mode = (enum sts_mode)m;
		if (view_eq(value, view_of(sts_mode_name(r->out->mode))))
			return true;
	}
	r->why = "unknown mode";
	return false;
}

static bool read_age(struct reading *r, struct view value)
{
	uint64_t age;
	if (r->has_age)
		return true;
	r->has_age = true;
	r->why = "bad max_age";
	if (value.n > 10 || !view_u64(value, &age))
		return false;
	r->out->max_age_s = age > STS_AGE_MAX_S ? STS_AGE_MAX_S : (uint32_t)age;
	return true;
}

/* A domain name, or "*." and one; RFC 8461 3.2. */
static bool is_pattern(struct view v)
{
	struct view label, rest = v;
	if (view_starts(v, V("*.")))
		rest = view_skip(v, 2);
	if (!rest.n || v.n > NAME_MAX_OCTETS)
		return false;
	while (rest.n) {
		bool more = view_cut(&rest, '.', &label);
		if (!label.n || label.n > 63 || (more && !rest.n))
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!char_is(label.p[i], CHAR_LDH) && label.p[i] != '_')
				return false;
	}
	return true;
}

static bool read_mx(struct reading *r, struct view value)
{
	struct sts_policy *p = r->out;
	r->why = "bad mx";
	if (!is_pattern(value))
		return false;
	r->why = "too many mx";
	if (p->n_names + 1 + value.n > sizeof p->names)
		return false;
	if (p->n_names)
		p->names[p->n_names++] = ' ';
	for (size_t i = 0; i < value.n; i++)
		p->names[p->n_names++] = char_lower(value.p[i]);
	return true;
}

static const struct field {
	struct view name;
	bool (*read)(struct reading *r, struct view value);
} fields[] = {
	{ V_INIT("version"), read_version },
	{ V_INIT("mode"), read_mode },
	{ V_INIT("max_age"), read_age },
	{ V_INIT("mx"), read_mx },
};

static bool read_line(struct reading *r, struct view line)
{
	struct view name;
	line = view_trim(line);
	if (!line.n)
		return true;
	r->why = "a line without colon";
	if (!view_cut(&line, ':', &name))
		return false;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (view_eq(view_trim(name), fields[i].name))
			return fields[i].read(r, view_trim(line));
	return true;
}

static bool is_complete(struct reading *r)
{
	r->why = "version, mode or max_age is missing";
	if (!r->has_version || !r->has_mode || !r->has_age)
		return false;
	r->why = "mx is missing";
	return r->out->mode == STS_NONE || r->out->n_names;
}

int sts_parse(struct view text, struct sts_policy *out, const char **why)
{
	struct reading r = { .out = out };
	bool ok = !view_has_byte(text, '\0') && text.n <= STS_TEXT_MAX;
	r.why = "not a text";
	out->n_names = 0;
	while (ok && text.n) {
		struct view line;
		view_cut(&text, '\n', &line);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		ok = read_line(&r, line);
	}
	ok = ok && is_complete(&r);
	*why = ok ? NULL : r.why;
	return ok ? 0 : MC_E_BAD;
}
