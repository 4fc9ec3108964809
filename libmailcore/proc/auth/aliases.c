#include "proc/auth/aliases.h"
#include "accounts/alias_files.h"

static void take_file(struct proc *p, struct accounts *a, enum file_kind kind,
    uint32_t index, struct view name, struct view text)
{
	bool is_trusted = proc_file_is_trusted(p, kind, index);
	if (kind == FILE_ALIASES)
		accounts_set_aliases(a, index, name, text, is_trusted);
	else if (proc_file_is_there(p, kind, index))
		accounts_set_include(a, index, name, text, is_trusted);
	else
		accounts_drop_include(a, index);
}

void aliases_take_files(struct proc *p, struct accounts *a)
{
	static const enum file_kind kinds[] = { FILE_ALIASES, FILE_INCLUDE };
	struct view name, text;
	for (size_t k = 0; k < 2; k++)
		for (uint32_t i = 0; proc_file(p, kinds[k], i, &name, &text);
		     i++)
			take_file(p, a, kinds[k], i, name, text);
}

void aliases_file_changed(
    struct proc *p, struct accounts *a, enum file_kind kind, uint32_t index)
{
	struct view name, text;
	if ((kind != FILE_ALIASES && kind != FILE_INCLUDE) ||
	    !proc_file(p, kind, index, &name, &text))
		return;
	LOG(NULL, INFO, "alias.reload", KV_VIEW("file", name));
	take_file(p, a, kind, index, name, text);
}

/* A stranger's RCPT costs no more than two of a list's members. An alias that
 * leads nowhere is better refused than returned. */
enum address_kind aliases_outlook(
    struct accounts *a, struct view address, struct account *account)
{
	const struct expand_options two = { .enough = 2 };
	struct resolved only;
	struct expansion e;
	expand_address(a, address, &two, &e);
	enum address_kind kind = e.kind;
	if (kind == ADDRESS_ALIAS && !e.n_good)
		kind = ADDRESS_UNKNOWN;
	if (kind == ADDRESS_ALIAS && e.n == 1 &&
	    e.leaves[0].kind == LEAF_ACCOUNT) {
		resolve_account(a, e.leaves[0].address, &only);
		kind = only.kind;
		*account = only.account;
	}
	expansion_deinit(&e);
	return kind;
}

void aliases_expand(
    struct accounts *a, struct peer *to, const struct msg_expand_ask *ask)
{
	const struct expand_options all = { .sender = ask->sender,
		.how = ask->how == EXPAND_MEMBER  ? EXPAND_MEMBER
		       : ask->how == EXPAND_FINAL ? EXPAND_FINAL
						  : EXPAND_ALIAS };
	struct expansion e;
	expand_address(a, ask->address, &all, &e);
	for (size_t i = 0; e.kind == ADDRESS_ALIAS && i < e.n; i++) {
		const struct leaf *l = &e.leaves[i];
		struct msg m = { .type = MSG_LEAF_IS,
			.leaf_is = { ask->id, (uint8_t)l->kind,
			    view_head(l->address, 320), l->text, l->owner,
			    l->sender } };
		peer_send(to, &m, -1);
	}
	struct msg end = { .type = MSG_EXPANDED,
		.expanded = { ask->id, (uint8_t)e.kind } };
	peer_send(to, &end, -1);
	expansion_deinit(&e);
}

struct explaining {
	struct peer *to;
	uint64_t id;
};

static void on_step(void *ctx, const struct expand_step *s)
{
	const struct explaining *x = ctx;
	struct msg m = { .type = MSG_STEP_IS,
		.step_is = { x->id, (uint8_t)s->depth, view_of(s->what),
		    view_head(s->subject, 1400), view_head(s->detail, 1000) } };
	peer_send(x->to, &m, -1);
}

void aliases_explain(
    struct accounts *a, struct peer *to, const struct msg_explain_ask *ask)
{
	struct explaining x = { to, ask->id };
	const struct expand_options all = { .on_step = on_step, .ctx = &x };
	struct expansion e;
	expand_address(a, ask->address, &all, &e);
	struct msg end = { .type = MSG_EXPLAINED,
		.explained = { ask->id, (uint8_t)e.kind } };
	peer_send(to, &end, -1);
	expansion_deinit(&e);
}
