/* LIST and LSUB: RFC 3501 6.3.8, 6.3.9; attributes of RFC 3348 and 6154. */
#include "imapd/imap_command.h"
#include "imapd/imap_mailbox.h"
#include "imapd/imap_resp.h"
#include "text/codec.h"
#include "text/message/envelope.h"
#include <string.h>

enum {
	PATTERN_MAX = 2000
};

enum list_option {
	LIST_SPECIAL_USE = 1 << 0,
	LIST_SUBSCRIBED = 1 << 1,
	LIST_CHILDREN = 1 << 2 /* they are told anyway */
};

struct list {
	struct imap_session *s;
	struct store_txn *t;
	struct view pattern; /* reference and name, in modified UTF-7 */
	unsigned select;     /* only these: enum list_option */
	unsigned tell;       /* attributes asked for */
	struct buf name;     /* of the mailbox, in modified UTF-7 */
	struct buf told;     /* LSUB: the last parent told */
};

/* RFC 3501 6.3.8: '*' matches anything, '%' anything but '/'. When a character
 * does not match, the last '%' takes one more, else the last '*'. */
static bool matches(struct view pattern, struct view name)
{
	size_t p = 0, n = 0;
	size_t star = SIZE_MAX, star_n = 0, percent = SIZE_MAX, percent_n = 0;
	for (;;) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = ++p;
			star_n = n;
			percent = SIZE_MAX;
		} else if (p < pattern.n && pattern.p[p] == '%') {
			percent = ++p;
			percent_n = n;
		} else if (n == name.n && p == pattern.n) {
			return true;
		} else if (p < pattern.n && n < name.n &&
			   pattern.p[p] == name.p[n]) {
			p++;
			n++;
		} else if (percent != SIZE_MAX && percent_n < name.n &&
			   name.p[percent_n] != '/') {
			p = percent;
			n = ++percent_n;
		} else if (star != SIZE_MAX && star_n < name.n) {
			p = star;
			n = ++star_n;
			percent = SIZE_MAX;
		} else {
			return false;
		}
	}
}

static void put_name(struct list *l, const char *response,
    const char *attributes, uint16_t uses, struct view encoded)
{
	struct buf *out = &l->s->spill;
	buf_printf(out, "* %s (%s", response, attributes);
	imap_put_special_uses(out, uses);
	buf_put(out, V(") \"/\" "));
	imap_astring_put(out, encoded);
	buf_put(out, V("\r\n"));
}

static struct view encode(struct list *l, struct view name)
{
	buf_reset(&l->name);
	mutf7_encode(name, &l->name);
	return buf_view(&l->name);
}

static int list_mailbox(
    void *ctx, struct view name, const struct mailbox *m, bool has_children)
{
	struct list *l = ctx;
	char attributes[64];
	if (!matches(l->pattern, encode(l, name)))
		return 0;
	if ((l->select & LIST_SPECIAL_USE) && !m->special_use)
		return 0;
	bool subscribed = ((l->select | l->tell) & LIST_SUBSCRIBED) &&
			  mailbox_is_subscribed(l->t, name);
	if ((l->select & LIST_SUBSCRIBED) && !subscribed)
		return 0;
	snprintf(attributes, sizeof attributes, "%s%s%s",
	    subscribed ? "\\Subscribed " : "",
	    m->flags & MAILBOX_NOSELECT ? "\\Noselect " : "",
	    has_children ? "\\HasChildren" : "\\HasNoChildren");
	put_name(l, "LIST", attributes, m->special_use, buf_view(&l->name));
	return buf_error(&l->s->spill);
}

/* RFC 3501 6.3.9: when "%" ends the pattern, the parents of subscribed
 * mailboxes that it matches come with \Noselect. */
static void lsub_parents(struct list *l, struct view name)
{
	if (!l->pattern.n || l->pattern.p[l->pattern.n - 1] != '%')
		return;
	for (size_t i = 1; i < name.n; i++) {
		struct view parent = view_head(name, i);
		if (name.p[i] != '/' || !matches(l->pattern, encode(l, parent)))
			continue;
		if (view_eq(buf_view(&l->told), parent) ||
		    mailbox_is_subscribed(l->t, parent))
			continue;
		put_name(l, "LSUB", "\\Noselect", 0, buf_view(&l->name));
		buf_reset(&l->told);
		buf_put(&l->told, parent);
	}
}

static int lsub_mailbox(void *ctx, struct view name)
{
	struct list *l = ctx;
	if (matches(l->pattern, encode(l, name)))
		put_name(l, "LSUB", "", 0, buf_view(&l->name));
	else
		lsub_parents(l, name);
	return buf_error(&l->s->spill);
}

static bool pattern(struct imap_args *a, struct list *l)
{
	struct view reference, name;
	if (!imap_space(a) || !imap_astring(a, &reference) || !imap_space(a) ||
	    !imap_list_mailbox(a, &name))
		return false;
	if (reference.n + name.n > PATTERN_MAX)
		return imap_bad(a, "Pattern too long");
	char *p = arena_alloc(a->arena, reference.n + name.n + 1);
	if (!p)
		return imap_bad(a, "Command too large");
	if (name.n == 0) {
		l->pattern = V_NONE;
		return true;
	}
	memcpy(p, reference.p, reference.n);
	memcpy(p + reference.n, name.p, name.n);
	l->pattern = (struct view){ p, reference.n + name.n };
	/* The one name without case (RFC 3501 5.1). */
	if (view_istarts(l->pattern, V("INBOX")) &&
	    (l->pattern.n == 5 || strchr("/*%", p[5])))
		memcpy(p, "INBOX", 5);
	return true;
}

static bool options(struct imap_args *a, unsigned *out)
{
	if (!imap_char(a, '('))
		return false;
	while (!imap_skip(a, ')')) {
		if (imap_word(a, V("SPECIAL-USE")))
			*out |= LIST_SPECIAL_USE;
		else if (imap_word(a, V("SUBSCRIBED")))
			*out |= LIST_SUBSCRIBED;
		else if (imap_word(a, V("CHILDREN")))
			*out |= LIST_CHILDREN;
		else
			return imap_bad(a, "Unknown LIST option");
		imap_skip(a, ' ');
	}
	return true;
}

static bool list_args(struct imap_args *a, struct list *l)
{
	struct imap_args behind = *a;
	if (imap_space(&behind) && imap_peek(&behind, '(')) {
		*a = behind;
		if (!options(a, &l->select))
			return false;
	}
	if (!pattern(a, l))
		return false;
	if (imap_is_end(a))
		return true;
	if (!imap_space(a) || !imap_word(a, V("RETURN")))
		return imap_bad(a, "Unexpected arguments");
	return imap_space(a) && options(a, &l->tell) && imap_end(a);
}

static int walk(struct list *l, bool subscriptions)
{
	struct store_txn t;
	int error = store_read(l->s->o.store, &t);
	if (error)
		return error;
	l->t = &t;
	error = subscriptions ? mailbox_subscriptions(&t, lsub_mailbox, l)
			      : mailbox_each(&t, list_mailbox, l);
	store_end(&t);
	return error;
}

static void answer(struct list *l, bool subscriptions)
{
	buf_init(&l->name, 8192);
	buf_init(&l->told, 8192);
	int error = walk(l, subscriptions);
	buf_deinit(&l->name);
	buf_deinit(&l->told);
	if (error)
		imap_finish_error(l->s, error);
	else
		imap_finish_spill(l->s, "Done");
}

void imap_cmd_list(struct imap_session *s)
{
	struct list l = { .s = s };
	if (!list_args(&s->args, &l)) {
		imap_finish_bad(s);
		return;
	}
	if (l.pattern.p) {
		answer(&l, false);
		return;
	}
	/* RFC 3501 6.3.8: an empty name asks for the delimiter. */
	buf_put(s->o.out, V("* LIST (\\Noselect) \"/\" \"\"\r\n"));
	imap_finish(s, IMAP_OK, "Done");
}

void imap_cmd_lsub(struct imap_session *s)
{
	struct list l = { .s = s };
	if (!pattern(&s->args, &l) || !imap_end(&s->args))
		imap_finish_bad(s);
	else
		answer(&l, true);
}
