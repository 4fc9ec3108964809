#include "queued/explain.h"
#include "base/chars.h"

#define ASK_THEM V_INIT("Ask the recipient in another way, or try again later.")
#define CHECK_ADDRESS                                                          \
	V_INIT("Check the address for mistakes, then send the message again.")
#define TELL_POSTMASTER                                                        \
	V_INIT("If this goes on, tell your postmaster, with this message.")

/* The subject and the detail of the code: the class says only whether it was
 * final. A row without a detail is for all that have no row of their own. */
static const struct row {
	struct view code;
	struct explanation means;
} rows[] = {
	{ V_INIT("1.1"),
	    { V_INIT("there is no such mailbox"), CHECK_ADDRESS } },
	{ V_INIT("1.2"),
	    { V_INIT("there is no such mail domain"), CHECK_ADDRESS } },
	{ V_INIT("1.3"),
	    { V_INIT("it is not a valid address"), CHECK_ADDRESS } },
	{ V_INIT("1.10"),
	    { V_INIT("the domain takes no mail"), CHECK_ADDRESS } },
	{ V_INIT("1."), { V_INIT("the address was refused"), CHECK_ADDRESS } },
	{ V_INIT("2.1"),
	    { V_INIT("the mailbox takes no mail at present"), ASK_THEM } },
	{ V_INIT("2.2"), { V_INIT("the mailbox is full"), ASK_THEM } },
	{ V_INIT("2.3"), { V_INIT("the message is too large for the mailbox"),
			     V_INIT("Send a smaller one.") } },
	{ V_INIT("2."), { V_INIT("the mailbox could not take it"), ASK_THEM } },
	{ V_INIT("3.1"),
	    { V_INIT("the mail system has no space left"), TELL_POSTMASTER } },
	{ V_INIT("3.4"), { V_INIT("the message is too large"),
			     V_INIT("Send a smaller one.") } },
	{ V_INIT("3."),
	    { V_INIT("the mail system there has a fault"), TELL_POSTMASTER } },
	{ V_INIT("4.1"),
	    { V_INIT("the host does not answer"), TELL_POSTMASTER } },
	{ V_INIT("4.6"),
	    { V_INIT("the message went in circles"), TELL_POSTMASTER } },
	{ V_INIT("4.7"),
	    { V_INIT("it could not be delivered in time"), ASK_THEM } },
	{ V_INIT("4."),
	    { V_INIT("the way there is disturbed"), TELL_POSTMASTER } },
	{ V_INIT("6."), { V_INIT("the message has a form that is not "
				 "accepted there"),
			    V_INIT("") } },
	{ V_INIT("7."), { V_INIT("it was refused by the rules of the "
				 "mail system there"),
			    TELL_POSTMASTER } },
};

static const struct explanation unknown = {
	V_INIT("the mail system there gave the reason below"), V_INIT("")
};

static size_t digits(struct view v)
{
	size_t n = 0;
	while (n < v.n && n < 4 && char_is(v.p[n], CHAR_DIGIT))
		n++;
	return n;
}

/* RFC 3463 2: class "." subject "." detail. */
static struct view code_at_start(struct view v)
{
	struct view rest = v;
	for (int part = 0; part < 3; part++) {
		size_t n = digits(rest);
		if (n < 1 || n > (part ? 3 : 1))
			return V_NONE;
		rest = view_skip(rest, n);
		if (part == 2)
			break;
		if (!rest.n || rest.p[0] != '.')
			return V_NONE;
		rest = view_skip(rest, 1);
	}
	return rest.n && rest.p[0] != ' ' ? V_NONE : view_head(v, v.n - rest.n);
}

struct view explain_code(struct view reply)
{
	if (digits(reply) == 3 && reply.n > 4 &&
	    (reply.p[3] == ' ' || reply.p[3] == '-'))
		reply = view_skip(reply, 4);
	return code_at_start(reply);
}

struct explanation explain_reply(struct view reply)
{
	struct view code = view_skip(explain_code(reply), 2);
	for (size_t i = 0; code.n && i < sizeof rows / sizeof rows[0]; i++) {
		struct view want = rows[i].code;
		bool any = want.p[want.n - 1] == '.';
		if (any ? view_starts(code, want) : view_eq(code, want))
			return rows[i].means;
	}
	return unknown;
}
