/* runs as    USER_AUTH, in the accounts directory
 * can see    the accounts database (to read), passwd-files,
 *            the text of alias files
 * accepts    AUTH_START, _NEXT, _CANCEL, ADDRESS_ASK, EXPAND_ASK, EXPLAIN_ASK,
 *            DELIVERY_ASK
 * sends      AUTH_CHALLENGE, _RESULT, ADDRESS_IS, LEAF_IS, EXPANDED, STEP_IS,
 *            EXPLAINED, DELIVERY_GRANTED; GRANT
 * dies when  its monitor does */
#include "proc/auth/auth.h"
#include "accounts/authn.h"
#include "accounts/quota.h"
#include "base/clock.h"
#include "base/panic.h"
#include "proc/auth/aliases.h"
#include <stdlib.h>

enum {
	SWEEP_EVERY_MS = 5000,
	CLEAN_EVERY_MS = 60000,
	DIRECTORY_CAP = 641,
	/* Longer than monitors take to look at files again. */
	ALIASES_LAG_MS = 4000,
};

struct auth {
	struct proc *proc;
	struct accounts *accounts;
	struct authn *authn;
	struct timer *sweep, *aliases;
	uint64_t cleaned_at_ms;
	struct front *fronts;
	unsigned last_number;
	uint64_t total;
};

/* A channel that may have conversations. */
struct front {
	struct front *next;
	struct peer *peer;
	unsigned number; /* never used twice */
};

static void send_result(
    struct peer *to, uint64_t id, enum auth_status status, struct view account)
{
	struct msg m = { .type = MSG_AUTH_RESULT,
		.auth_result = { id, (uint8_t)status, account } };
	peer_send(to, &m, -1);
}

/* Tells the monitor, before anybody else hears of it. unix_user: empty for the
 * account's agent. */
static bool grant(struct auth *a, uint64_t session,
    const struct account *account, const char *unix_user)
{
	char directory[DIRECTORY_CAP];
	struct peer *monitor = proc_monitor(a->proc);
	struct account_quota quota =
	    account_quota_of(proc_conf(a->proc), account);
	if (!monitor || account_directory(view_of(account->address), directory,
			    sizeof directory) != 0)
		return false;
	struct msg m = { .type = MSG_GRANT,
		.grant = { session, view_of(account->address),
		    view_of(directory), quota.bytes, quota.messages,
		    quota.mailboxes, view_of(unix_user) } };
	peer_send(monitor, &m, -1);
	return true;
}

static struct front *front_of(struct auth *a, const struct peer *peer)
{
	for (struct front *f = a->fronts; f; f = f->next)
		if (f->peer == peer)
			return f;
	return NULL;
}

static struct peer *peer_of(struct auth *a, unsigned number)
{
	for (struct front *f = a->fronts; f; f = f->next)
		if (f->number == number)
			return f->peer;
	return NULL;
}

static void on_peer_up(struct proc *p, struct peer *peer)
{
	struct auth *a = proc_state(p);
	struct front *f = MUST_NEW(struct front);
	f->peer = peer;
	f->number = ++a->last_number;
	f->next = a->fronts;
	a->fronts = f;
}

static void on_peer_down(struct proc *p, struct peer *peer)
{
	struct auth *a = proc_state(p);
	for (struct front **at = &a->fronts; *at; at = &(*at)->next) {
		struct front *f = *at;
		if (f->peer != peer)
			continue;
		authn_front_gone(a->authn, f->number);
		*at = f->next;
		free(f);
		return;
	}
}

/* Mailboxes are handed over by the monitor; mail is submitted by the front
 * itself. */
static bool needs_grant(enum service service)
{
	return service == SERVICE_IMAP || service == SERVICE_IMAPS ||
	       service == SERVICE_POP3 || service == SERVICE_POP3S;
}

static void send_answer(struct auth *a, struct peer *to, uint64_t id,
    const struct authn_answer *answer)
{
	if (answer->is_challenge) {
		struct msg m = { .type = MSG_AUTH_CHALLENGE,
			.auth_challenge = { id, answer->challenge } };
		peer_send(to, &m, -1);
		return;
	}
	if (!answer->account) {
		send_result(to, id, answer->status, answer->name);
		return;
	}
	proc_stats(a->proc, (uint32_t)authn_count(a->authn), ++a->total);
	if (needs_grant(answer->service) &&
	    !grant(a, answer->session, answer->account, ""))
		send_result(to, id, AUTH_STATUS_TEMP, V(""));
	else
		send_result(
		    to, id, AUTH_STATUS_OK, view_of(answer->account->address));
}

static void on_auth_start(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct auth *a = proc_state(p);
	struct front *f = front_of(a, from);
	struct authn_answer answer;
	(void)fd;
	if (!f)
		return;
	authn_start(
	    a->authn, f->number, &m->auth_start, clock_mono_ms(), &answer);
	send_answer(a, from, m->auth_start.id, &answer);
}

static void on_auth_next(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct auth *a = proc_state(p);
	struct front *f = front_of(a, from);
	struct authn_answer answer;
	(void)fd;
	if (!f)
		return;
	authn_next(
	    a->authn, f->number, &m->auth_next, clock_mono_ms(), &answer);
	send_answer(a, from, m->auth_next.id, &answer);
}

static void on_auth_cancel(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct auth *a = proc_state(p);
	struct front *f = front_of(a, from);
	(void)fd;
	if (f)
		authn_cancel(a->authn, f->number, m->auth_cancel.id);
}

static void on_address_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct auth *a = proc_state(p);
	struct resolved r;
	(void)fd;
	resolve_address(a->accounts, m->address_ask.address, &r);
	if (r.kind == ADDRESS_ALIAS && peer_role(from) == ROLE_FRONT)
		r.kind = aliases_outlook(
		    a->accounts, m->address_ask.address, &r.account);
	struct msg out = { .type = MSG_ADDRESS_IS,
		.address_is = { .id = m->address_ask.id,
		    .kind = (uint8_t)r.kind,
		    .account = V("") } };
	if (r.kind == ADDRESS_LOCAL) {
		struct account_quota quota =
		    account_quota_of(proc_conf(a->proc), &r.account);
		out.address_is.account = view_of(r.account.address);
		out.address_is.forwards =
		    resolve_has_forward(a->accounts, &r.account);
		out.address_is.quota_bytes = quota.bytes;
		out.address_is.quota_messages = quota.messages;
	}
	peer_send(from, &out, -1);
}

static void on_expand_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct auth *a = proc_state(p);
	(void)fd;
	aliases_expand(a->accounts, from, &m->expand_ask);
}

static void on_explain_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct auth *a = proc_state(p);
	(void)fd;
	aliases_explain(a->accounts, from, &m->explain_ask);
}

static void on_aliases(void *ctx)
{
	struct auth *a = ctx;
	aliases_take_files(a->proc, a->accounts);
}

/* What smtpd takes queued has to know: fronts hear of new aliases later. */
static void on_file_changed(struct proc *p, enum file_kind kind, uint32_t index)
{
	struct auth *a = proc_state(p);
	if (proc_peer(p, ROLE_FRONT)) {
		timer_start(a->aliases, ALIASES_LAG_MS, 0);
		return;
	}
	aliases_file_changed(p, a->accounts, kind, index);
}

static enum auth_status delivery_status(
    struct auth *a, const struct msg_delivery_ask *m)
{
	struct account account;
	int error = accounts_find(a->accounts, m->account, &account);
	bool forwards = m->role == ROLE_FORWARD;
	if (!error && account.services_off & (1u << SERVICE_LOCAL))
		error = MC_E_NOENT;
	if (!error && forwards && !resolve_has_forward(a->accounts, &account))
		error = MC_E_NOENT;
	if (error == MC_E_NOENT)
		return AUTH_STATUS_FAILED;
	if (error ||
	    !grant(a, m->session, &account, forwards ? account.unix_user : ""))
		return AUTH_STATUS_TEMP;
	return AUTH_STATUS_OK;
}

static void on_delivery_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct auth *a = proc_state(p);
	(void)fd;
	struct msg out = { .type = MSG_DELIVERY_GRANTED,
		.delivery_granted = { m->delivery_ask.id,
		    (uint8_t)delivery_status(a, &m->delivery_ask) } };
	peer_send(from, &out, -1);
}

static void on_sweep(void *ctx)
{
	struct auth *a = ctx;
	uint64_t now_ms = clock_mono_ms(), id;
	unsigned number;
	while (authn_expire(a->authn, now_ms, &number, &id)) {
		struct peer *to = peer_of(a, number);
		if (to)
			send_result(to, id, AUTH_STATUS_BAD, V(""));
	}
	if (now_ms - a->cleaned_at_ms < CLEAN_EVERY_MS)
		return;
	a->cleaned_at_ms = now_ms;
	accounts_clean(a->accounts);
}

static int start(struct proc *p)
{
	struct auth *a = MUST_NEW(struct auth);
	a->proc = p;
	a->accounts = accounts_new(proc_conf(p), ".");
	aliases_take_files(p, a->accounts);
	a->authn = authn_new(a->accounts, proc_conf(p));
	a->cleaned_at_ms = clock_mono_ms();
	a->aliases = timer_new(proc_loop(p), on_aliases, a);
	a->sweep = timer_new(proc_loop(p), on_sweep, a);
	timer_start(a->sweep, SWEEP_EVERY_MS, SWEEP_EVERY_MS);
	proc_set_state(p, a);
	return 0;
}

const struct role_ops auth_ops = {
	.start = start,
	.peer_up = on_peer_up,
	.peer_down = on_peer_down,
	.file_changed = on_file_changed,
	.on = {
		[MSG_AUTH_START] = on_auth_start,
		[MSG_AUTH_NEXT] = on_auth_next,
		[MSG_AUTH_CANCEL] = on_auth_cancel,
		[MSG_ADDRESS_ASK] = on_address_ask,
		[MSG_EXPAND_ASK] = on_expand_ask,
		[MSG_EXPLAIN_ASK] = on_explain_ask,
		[MSG_DELIVERY_ASK] = on_delivery_ask,
	},
};
