#include "queued/notice/explain.h"
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
	struct view phrase; /* that the reply must have, too; empty: none */
} rows[] = {
	{ V_INIT("1.1"), { V_INIT("there is no such mailbox"), CHECK_ADDRESS },
	    V_INIT("") },
	{ V_INIT("1.2"),
	    { V_INIT("there is no such mail domain"), CHECK_ADDRESS },
	    V_INIT("") },
	{ V_INIT("1.3"), { V_INIT("it is not a valid address"), CHECK_ADDRESS },
	    V_INIT("") },
	{ V_INIT("1.10"), { V_INIT("the domain takes no mail"), CHECK_ADDRESS },
	    V_INIT("") },
	{ V_INIT("1."), { V_INIT("the address was refused"), CHECK_ADDRESS },
	    V_INIT("") },
	{ V_INIT("2.1"),
	    { V_INIT("the mailbox takes no mail at present"), ASK_THEM },
	    V_INIT("") },
	{ V_INIT("2.2"), { V_INIT("the mailbox is full"), ASK_THEM },
	    V_INIT("") },
	{ V_INIT("2.3"),
	    { V_INIT("the message is too large for the mailbox"),
		V_INIT("Send a smaller one.") },
	    V_INIT("") },
	{ V_INIT("2."), { V_INIT("the mailbox could not take it"), ASK_THEM },
	    V_INIT("") },
	{ V_INIT("3.1"),
	    { V_INIT("the mail system has no space left"), TELL_POSTMASTER },
	    V_INIT("") },
	{ V_INIT("3.4"),
	    { V_INIT("the message is too large"),
		V_INIT("Send a smaller one.") },
	    V_INIT("") },
	{ V_INIT("3."),
	    { V_INIT("the mail system there has a fault"), TELL_POSTMASTER },
	    V_INIT("") },
	{ V_INIT("4.1"),
	    { V_INIT("the host does not answer"), TELL_POSTMASTER },
	    V_INIT("") },
	{ V_INIT("4.6"),
	    { V_INIT("the message went in circles"), TELL_POSTMASTER },
	    V_INIT("") },
	{ V_INIT("4.7"),
	    { V_INIT("it could not be delivered in time"), ASK_THEM },
	    V_INIT("") },
	{ V_INIT("4."),
	    { V_INIT("the way there is disturbed"), TELL_POSTMASTER },
	    V_INIT("") },
	{ V_INIT("6."),
	    { V_INIT("the message has a form that is not "
		     "accepted there"),
		V_INIT("") },
	    V_INIT("") },
	/* What large receivers say, as of 2026: Gmail ... */
	{ V_INIT("7.1"),
	    { V_INIT("the IPv6 address of this mail system has no name in DNS, "
		     "or the sender's domain does not vouch for it"),
		V_INIT("The postmaster must give it a PTR record, and name it "
		       "in the domain's SPF record, or send over IPv4.") },
	    V_INIT("IPv6 sending guidelines") },
	{ V_INIT("7.1"),
	    { V_INIT("a header field is missing, or is there twice"),
		V_INIT("Check From, Message-ID, Subject and Reply-To of the "
		       "message: each once.") },
	    V_INIT("RfcMessageNonCompliant") },
	{ V_INIT("7.25"),
	    { V_INIT("the address of this mail system has no name in DNS that "
		     "leads back to it"),
		V_INIT("The postmaster must set up its PTR record.") },
	    V_INIT("") },
	{ V_INIT("7.26"),
	    { V_INIT("nothing proves that it comes from its sender's domain"),
		V_INIT("The postmaster must set up SPF or DKIM, and DMARC, for "
		       "that domain.") },
	    V_INIT("") },
	/* ... Microsoft ... */
	{ V_INIT("7.515"),
	    { V_INIT("nothing proves that it comes from its sender's domain"),
		V_INIT("The postmaster must set up SPF, DKIM and DMARC for "
		       "that domain; the reply says which failed.") },
	    V_INIT("") },
	{ V_INIT("7.606"),
	    { V_INIT("the receiver has banned the address of this mail "
		     "system"),
		V_INIT("The postmaster must ask it to be let in again.") },
	    V_INIT("") },
	/* ... and others. */
	{ V_INIT("7.1"),
	    { V_INIT("the receiver puts off mail of hosts that it does not "
		     "know"),
		V_INIT("It takes the next attempts, as a rule.") },
	    V_INIT("reylist") },
	{ V_INIT("7."),
	    { V_INIT("the address of this mail system is on a list of "
		     "senders that are blocked"),
		V_INIT("The postmaster must have it removed there.") },
	    V_INIT("spamhaus.org") },
	{ V_INIT("7.20"),
	    { V_INIT("it has no valid signature (DKIM) of its sender's "
		     "domain"),
		TELL_POSTMASTER },
	    V_INIT("") },
	{ V_INIT("7.23"),
	    { V_INIT("this mail system may not send for the sender's domain "
		     "(SPF)"),
		V_INIT("The postmaster must name it in that domain's SPF "
		       "record.") },
	    V_INIT("") },
	{ V_INIT("7.28"),
	    { V_INIT("too much mail came from here in a short time"),
		V_INIT("") },
	    V_INIT("") },
	{ V_INIT("7.30"),
	    { V_INIT("the way there cannot be encrypted as the message "
		     "demands"),
		V_INIT("") },
	    V_INIT("") },
	{ V_INIT("7."),
	    { V_INIT("it was refused by the rules of the "
		     "mail system there"),
		TELL_POSTMASTER },
	    V_INIT("") },
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

static bool has_phrase(struct view reply, struct view phrase)
{
	return !phrase.n || view_find(reply, phrase) < reply.n;
}

struct explanation explain_reply(struct view reply)
{
	struct view code = view_skip(explain_code(reply), 2);
	for (size_t i = 0; code.n && i < sizeof rows / sizeof rows[0]; i++) {
		struct view want = rows[i].code;
		bool any = want.p[want.n - 1] == '.';
		bool fits = any ? view_starts(code, want) : view_eq(code, want);
		if (fits && has_phrase(reply, rows[i].phrase))
			return rows[i].means;
	}
	return unknown;
}
