#include "store/mailbox/mailbox_name.h"
#include "base/chars.h"
#include "store/txn/edit.h"
#include "text/codec.h"

static bool is_ascii(struct view v)
{
	unsigned char all = 0;
	for (size_t i = 0; i < v.n; i++)
		all |= (unsigned char)v.p[i];
	return all < 0x80;
}

static int copy_normalized(struct view in, struct mailbox_name *out)
{
	struct buf b;
	if (in.n == 0 || in.n > 2 * MAILBOX_NAME_MAX)
		return MC_E_BAD;
	buf_init(&b, MAILBOX_NAME_MAX);
	int error = 0;
	if (is_ascii(in))
		buf_put(&b, in);
	else
		error = utf8_normalize(in, &b);
	if (error || buf_error(&b)) {
		buf_deinit(&b);
		return MC_E_BAD;
	}
	out->n = buf_len(&b);
	memcpy(out->p, buf_view(&b).p, out->n);
	buf_deinit(&b);
	return 0;
}

/* RFC 9051 5.1: no C0 and C1 controls, no U+2028 and U+2029. */
static bool has_control(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		struct view at = view_skip(v, i);
		if (char_is(v.p[i], CHAR_CTL))
			return true;
		if (at.n >= 2 && v.p[i] == '\xC2' &&
		    (unsigned char)v.p[i + 1] < 0xA0)
			return true;
		if (view_starts(at, V("\xE2\x80\xA8")) ||
		    view_starts(at, V("\xE2\x80\xA9")))
			return true;
	}
	return false;
}

static bool levels_fit(struct view name)
{
	struct view level;
	unsigned n = 0;
	bool more = true;
	while (more) {
		more = view_cut(&name, '/', &level);
		if (level.n == 0 || level.n > COMPONENT_MAX ||
		    ++n > MAILBOX_LEVELS_MAX)
			return false;
	}
	return true;
}

int mailbox_name_normalize(struct view in, struct mailbox_name *out)
{
	int error = copy_normalized(in, out);
	if (error)
		return error;
	struct view name = mailbox_name_view(out);
	if (has_control(name) || !levels_fit(name))
		return MC_E_BAD;
	/* RFC 3501 5.1: INBOX in any case. */
	if (view_ieq(view_head(name, view_find_byte(name, '/')), V("INBOX")))
		memcpy(out->p, "INBOX", 5);
	return 0;
}

int mailbox_name_check(struct view name)
{
	struct mailbox_name normal;
	return mailbox_name_normalize(name, &normal);
}

int mailbox_lookup(
    struct kv_txn *t, struct view name, uint32_t *id, struct view *rest)
{
	*id = 0;
	*rest = name;
	while (rest->n) {
		struct view below = *rest, level, v;
		view_cut(&below, '/', &level);
		struct key k = key_name(*id, level);
		int error = kv_get(t, TABLE_NAM, key_view(&k), &v);
		if (!error)
			error = mailbox_id_decode(v, id);
		if (error)
			return error;
		*rest = below;
	}
	return *id ? 0 : MC_E_NOENT;
}

int mailbox_has_children(struct kv_txn *t, uint32_t id, bool *out)
{
	struct kv_cursor c;
	struct key k = key_box(id);
	*out = false;
	int error = kv_cursor_open(&c, t, TABLE_NAM);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	if (!error)
		*out = view_starts(c.key, key_view(&k));
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}
