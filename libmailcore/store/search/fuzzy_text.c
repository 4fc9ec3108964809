#include "store/search/fuzzy_text.h"
#include "store/search/message_text.h"

/* Of messages and of their parts. The others are written and read by programs:
 * what those have there would be found with everything. */
static const struct view usual_fields[] = { V_INIT("bcc"), V_INIT("cc"),
	V_INIT("comments"), V_INIT("content-description"),
	V_INIT("content-disposition"), V_INIT("content-type"), V_INIT("from"),
	V_INIT("keywords"), V_INIT("reply-to"), V_INIT("sender"),
	V_INIT("subject"), V_INIT("to") };

bool fuzzy_field_is_usual(struct view field)
{
	for (size_t i = 0; i < sizeof usual_fields / sizeof *usual_fields; i++)
		if (view_eq(field, usual_fields[i]))
			return true;
	return false;
}

static bool is_wanted(const struct fuzzy_text *t, struct view name)
{
	return t->field.n ? view_eq(name, t->field)
			  : fuzzy_field_is_usual(name);
}

bool fuzzy_text_next(struct fuzzy_text *t, struct view *piece)
{
	struct view field;
	if (t->zone == EXTRACT_BODY) {
		*piece = t->rest;
		t->rest = V_NONE;
		return piece->n > 0;
	}
	while (t->rest.n) {
		(void)view_cut(&t->rest, MESSAGE_TEXT_BORDER, &field);
		if (!view_cut(&field, ':', &t->name) || !is_wanted(t, t->name))
			continue;
		*piece = field;
		return true;
	}
	return false;
}
