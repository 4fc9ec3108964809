#include "mailctl/transfer/mbox/mbox_header.h"

static const struct {
	char letter;
	uint16_t flag;
} status_letters[] = {
	{ 'R', MESSAGE_SEEN },
	{ 'A', MESSAGE_ANSWERED },
	{ 'F', MESSAGE_FLAGGED },
	{ 'D', MESSAGE_DELETED },
	{ 'T', MESSAGE_DRAFT },
};

static bool next_word(struct view *v, struct view *word)
{
	do {
		if (!v->n)
			return false;
		view_cut(v, ' ', word);
	} while (!word->n);
	return true;
}

static void take_status(
    struct mbox_meta *m, struct arena *arena, struct view value)
{
	(void)arena;
	m->old |= view_has_byte(value, 'O');
	for (size_t i = 0; i < sizeof status_letters / sizeof *status_letters;
	     i++)
		if (view_has_byte(value, status_letters[i].letter))
			m->flags |= status_letters[i].flag;
}

static void take_keywords(
    struct mbox_meta *m, struct arena *arena, struct view value)
{
	struct view word;
	bool ok = true;
	while (m->n_keywords < KEYWORDS_MAX && next_word(&value, &word)) {
		struct view kept = arena_copy(arena, word, &ok);
		if (ok)
			m->keywords[m->n_keywords++] = kept;
	}
}

static void take_uid(
    struct mbox_meta *m, struct arena *arena, struct view value)
{
	(void)arena;
	if (!view_u32(value, &m->uid))
		m->uid = 0;
}

/* "1275660208 0000025022 keyword ..." */
static void take_base(
    struct mbox_meta *m, struct arena *arena, struct view value)
{
	struct view validity, last;
	(void)arena;
	if (!next_word(&value, &validity) || !next_word(&value, &last) ||
	    !view_u32(validity, &m->uidvalidity) ||
	    !view_u32(last, &m->last_uid))
		m->uidvalidity = m->last_uid = 0;
}

static void take_internal(
    struct mbox_meta *m, struct arena *arena, struct view value)
{
	m->is_internal = true;
	take_base(m, arena, value);
}

static const struct {
	struct view name;
	void (*take)(struct mbox_meta *m, struct arena *arena, struct view v);
} fields[] = {
	{ V_INIT("Status"), take_status },
	{ V_INIT("X-Status"), take_status },
	{ V_INIT("X-Keywords"), take_keywords },
	{ V_INIT("X-UID"), take_uid },
	{ V_INIT("X-IMAPbase"), take_base },
	{ V_INIT("X-IMAP"), take_internal },
};

bool mbox_meta_take(struct mbox_meta *m, struct arena *arena, struct view line)
{
	struct view name;
	if (!view_cut(&line, ':', &name))
		return false;
	while (line.n &&
	       (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (!view_ieq(view_trim(name), fields[i].name))
			continue;
		fields[i].take(m, arena, view_trim(line));
		return true;
	}
	return false;
}
