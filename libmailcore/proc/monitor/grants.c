#include "proc/monitor/grants.h"
#include "base/panic.h"
#include <string.h>
#include <unistd.h>

const char *handoff_refused_text(enum handoff_refused reason)
{
	switch (reason) {
	case HANDOFF_NO_GRANT:
		return "no grant";
	case HANDOFF_NO_DIRECTORY:
		return "no directory";
	case HANDOFF_TOO_MANY:
		return "too many agents or sessions";
	case HANDOFF_STOPPING:
		return "stopping";
	case HANDOFF_FAILED:
		return "no agent";
	}
	return "unknown";
}

void grants_init(struct grants *g)
{
	*g = (struct grants){ 0 };
}

void handoff_deinit(struct handoff *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	free(h->pending);
	h->pending = NULL;
}

void grants_deinit(struct grants *g)
{
	for (size_t i = 0; i < g->n_handoffs; i++)
		handoff_deinit(&g->handoffs[i]);
	free(g->grants);
	free(g->handoffs);
	*g = (struct grants){ 0 };
}

static size_t find_grant(const struct grants *g, uint64_t session)
{
	size_t i = 0;
	while (i < g->n_grants && g->grants[i].session != session)
		i++;
	return i;
}

static void remove_grant(struct grants *g, size_t i)
{
	memmove(&g->grants[i], &g->grants[i + 1],
	    (g->n_grants - i - 1) * sizeof g->grants[0]);
	g->n_grants--;
}

void grants_add(struct grants *g, const struct grant *grant, uint64_t now_ms)
{
	if (!g->grants)
		g->grants = must_alloc(GRANTS_MAX * sizeof g->grants[0]);
	size_t i = find_grant(g, grant->session);
	if (i < g->n_grants)
		remove_grant(g, i);
	if (g->n_grants == GRANTS_MAX)
		remove_grant(g, 0);
	g->grants[g->n_grants] = *grant;
	g->grants[g->n_grants++].expires_at_ms = now_ms + GRANT_LIFE_MS;
}

bool grants_take(
    struct grants *g, uint64_t session, uint64_t now_ms, struct grant *out)
{
	size_t i = find_grant(g, session);
	if (i == g->n_grants)
		return false;
	bool lives = now_ms < g->grants[i].expires_at_ms;
	if (lives)
		*out = g->grants[i];
	remove_grant(g, i);
	return lives;
}

static size_t find_handoff(const struct grants *g, uint64_t session)
{
	size_t i = 0;
	while (i < g->n_handoffs && g->handoffs[i].session != session)
		i++;
	return i;
}

static void remove_handoff(struct grants *g, size_t i)
{
	memmove(&g->handoffs[i], &g->handoffs[i + 1],
	    (g->n_handoffs - i - 1) * sizeof g->handoffs[0]);
	g->n_handoffs--;
}

static size_t count_from(const struct grants *g, int pid)
{
	size_t n = 0;
	for (size_t i = 0; i < g->n_handoffs; i++)
		n += g->handoffs[i].from_pid == pid;
	return n;
}

bool grants_wait(struct grants *g, const struct handoff *h, uint64_t now_ms)
{
	if (g->n_handoffs == HANDOFFS_MAX ||
	    count_from(g, h->from_pid) == HANDOFFS_MAX_OF_ONE ||
	    find_handoff(g, h->session) < g->n_handoffs)
		return false;
	if (!g->handoffs)
		g->handoffs = must_alloc(HANDOFFS_MAX * sizeof g->handoffs[0]);
	g->handoffs[g->n_handoffs] = *h;
	g->handoffs[g->n_handoffs++].expires_at_ms = now_ms + HANDOFF_LIFE_MS;
	return true;
}

bool grants_take_waiting(
    struct grants *g, uint64_t session, struct handoff *out)
{
	size_t i = find_handoff(g, session);
	if (i == g->n_handoffs)
		return false;
	*out = g->handoffs[i];
	remove_handoff(g, i);
	return true;
}

bool grants_expire(struct grants *g, uint64_t now_ms, struct handoff *out)
{
	while (g->n_grants && now_ms >= g->grants[0].expires_at_ms)
		remove_grant(g, 0);
	if (!g->n_handoffs || now_ms < g->handoffs[0].expires_at_ms)
		return false;
	*out = g->handoffs[0];
	remove_handoff(g, 0);
	return true;
}
