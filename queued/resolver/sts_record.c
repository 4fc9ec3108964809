#include "queued/resolver/sts_record.h"
#include "base/chars.h"

static const struct view version = V_INIT("v=STSv1");

bool sts_record_is(struct view txt)
{
	struct view rest = view_skip(txt, version.n), blank;
	if (!view_starts(txt, version))
		return false;
	return view_cut(&rest, ';', &blank) && !view_trim(blank).n;
}

static bool is_id(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!char_is(v.p[i], CHAR_ALPHA | CHAR_DIGIT))
			return false;
	return v.n > 0 && v.n <= STS_ID_MAX;
}

/* Fields that are not known are passed over; a second id is malformed. */
struct view sts_record_id(struct view txt)
{
	struct view rest = txt, field, name, id = V_NONE;
	unsigned n = 0;
	if (!sts_record_is(txt))
		return V_NONE;
	while (rest.n) {
		view_cut(&rest, ';', &field);
		field = view_trim(field);
		if (!view_cut(&field, '=', &name))
			continue;
		if (view_eq(name, V("id"))) {
			id = field;
			n++;
		}
	}
	return n == 1 && is_id(id) ? id : V_NONE;
}
