#ifndef QUEUED_LOCAL_COMMAND_H
#define QUEUED_LOCAL_COMMAND_H
/* A command of an alias, without a shell: its words, its environment, its life
 * and what its end means. */
#include "queued/local/unix_mail.h"
#include "wire/msg.h"

enum {
	COMMAND_WORDS_MAX = 64,
	COMMAND_TEXT_MAX = 1000,
	OUTCOME_TEXT_MAX = 200,
};

struct command_words {
	char *argv[COMMAND_WORDS_MAX + 1]; /* into bytes */
	size_t n;
	char bytes[COMMAND_TEXT_MAX + COMMAND_WORDS_MAX + 1];
};

/* Words end at blanks outside of quotes, single or double; '\' takes away the
 * meaning of the next character outside of single ones. Nothing else means
 * anything: no variables, patterns, redirections. MC_E_BAD: a quote is open, no
 * word, or the first one is no path from the root; MC_E_LIMIT. */
int command_split(struct view text, struct command_words *out) MUST_CHECK;

/* What became of a delivery. */
struct outcome {
	enum deliver_status status;
	char text[OUTCOME_TEXT_MAX + 1]; /* "5.1.1 no such user" */
};

void outcome_set(
    struct outcome *o, enum deliver_status status, const char *text);

/* What a wait status of waitpid(2) says, and the first line that the command
 * wrote: sysexits(3). Not ended by itself (signal, time-out), 71, 73, 74, 75,
 * and 126 and 127 (it cannot be started) are temporary, the rest is final. A
 * line that begins with a status code of RFC 3463 says it better. */
void command_outcome(
    int status, bool timed_out, struct view line, struct outcome *out);

struct command {
	struct view text;
	struct view envid;
	const struct unix_mail *mail;
	const char *user, *home;
	unsigned timeout_s;
	unsigned processes_max; /* of its user, all together */
};

/* Runs it to its end, as whoever calls it: a process of its own, which becomes
 * the parent of all that the command leaves behind, and kills it. SIGTERM ends
 * the command as its time-out does. */
void command_run(const struct command *c, struct outcome *out);
#endif
