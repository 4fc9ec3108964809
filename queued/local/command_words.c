/* The pure part of queued/local/command.h. */
#include "base/chars.h"
#include "queued/local/command.h"
#include "queued/notice/explain.h"
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

struct splitter {
	struct view in;
	char *to;
	char quote; /* that is open, 0: none */
	bool in_word;
};

/* The next character of a word into *c; false: none, a blank ends the word or
 * the text. */
static bool next(struct splitter *s, char *c)
{
	while (s->in.n) {
		*c = *s->in.p;
		s->in = view_skip(s->in, 1);
		if (!s->quote && (*c == ' ' || *c == '\t'))
			return false;
		if (s->quote ? *c == s->quote : *c == '"' || *c == '\'') {
			s->quote = s->quote ? 0 : *c;
			s->in_word = true;
			continue;
		}
		if (*c == '\\' && s->quote != '\'' && s->in.n) {
			*c = *s->in.p;
			s->in = view_skip(s->in, 1);
		}
		s->in_word = true;
		return true;
	}
	return false;
}

int command_split(struct view text, struct command_words *out)
{
	struct splitter s = { .in = text, .to = out->bytes };
	out->n = 0;
	if (text.n > COMMAND_TEXT_MAX || view_has_byte(text, '\0'))
		return MC_E_LIMIT;
	while (s.in.n) {
		char c, *start = s.to;
		s.in_word = false;
		while (next(&s, &c))
			*s.to++ = c;
		if (!s.in_word)
			continue;
		if (out->n == COMMAND_WORDS_MAX)
			return MC_E_LIMIT;
		*s.to++ = '\0';
		out->argv[out->n++] = start;
	}
	out->argv[out->n] = NULL;
	return s.quote || !out->n || *out->argv[0] != '/' ? MC_E_BAD : 0;
}

void outcome_set(
    struct outcome *o, enum deliver_status status, const char *text)
{
	o->status = status;
	snprintf(o->text, sizeof o->text, "%s", text);
}

struct code {
	int code;
	enum deliver_status status;
	const char *text;
};

#define TEMP DELIVER_STATUS_TEMP
#define PERM DELIVER_STATUS_PERM

static const struct code codes[] = {
	{ 0, DELIVER_STATUS_OK, "2.0.0" },
	{ 64, PERM, "5.3.5 the command was called wrong" },
	{ 65, PERM, "5.6.0 the command refused the data" },
	{ 66, PERM, "5.3.0 the command found no input" },
	{ 67, PERM, "5.1.1 the command knows no such user" },
	{ 68, PERM, "5.1.2 the command knows no such host" },
	{ 69, PERM, "5.3.0 the command's service is unavailable" },
	{ 70, PERM, "5.3.0 the command has a fault" },
	{ 71, TEMP, "4.3.0 the command met a system error" },
	{ 72, PERM, "5.3.0 the command misses a system file" },
	{ 73, TEMP, "4.2.0 the command cannot create its output" },
	{ 74, TEMP, "4.3.0 the command met an I/O error" },
	{ 75, TEMP, "4.3.0 the command says: later" },
	{ 76, PERM, "5.5.0 the command met a protocol error" },
	{ 77, PERM, "5.7.0 the command may not do that" },
	{ 78, PERM, "5.3.5 the command is not configured" },
	{ 126, TEMP, "4.3.5 the command cannot be run" },
	{ 127, TEMP, "4.3.5 the command is not there" },
};

static void set_code(int code, struct outcome *out)
{
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].code == code) {
			outcome_set(out, codes[i].status, codes[i].text);
			return;
		}
	out->status = PERM;
	snprintf(out->text, sizeof out->text,
	    "5.3.0 the command ended with code %d", code);
}

/* It goes into notices and the log. */
static void append_line(struct outcome *out, struct view line)
{
	size_t n = strlen(out->text);
	const char *between = ": ";
	if (!line.n)
		return;
	while (*between && n < OUTCOME_TEXT_MAX)
		out->text[n++] = *between++;
	for (size_t i = 0; i < line.n && n < OUTCOME_TEXT_MAX; i++)
		out->text[n++] =
		    char_is(line.p[i], CHAR_PRINT) ? line.p[i] : '?';
	out->text[n] = '\0';
}

/* RFC 3463: the command's own word. */
static bool take_own(struct view line, struct outcome *out)
{
	struct view code = explain_code(line);
	if (!code.n || view_starts(line, code) == false ||
	    (*code.p != '4' && *code.p != '5'))
		return false;
	out->status = *code.p == '5' ? PERM : TEMP;
	out->text[0] = '\0';
	for (size_t i = 0; i < line.n && i < OUTCOME_TEXT_MAX; i++) {
		out->text[i] = char_is(line.p[i], CHAR_PRINT) ? line.p[i] : '?';
		out->text[i + 1] = '\0';
	}
	return true;
}

void command_outcome(
    int status, bool timed_out, struct view line, struct outcome *out)
{
	if (timed_out) {
		outcome_set(out, TEMP, "4.3.0 the command took too long");
		return;
	}
	if (!WIFEXITED(status)) {
		out->status = TEMP;
		snprintf(out->text, sizeof out->text,
		    "4.3.0 the command was ended by signal %d",
		    WTERMSIG(status));
		return;
	}
	int code = WEXITSTATUS(status);
	set_code(code, out);
	if (code && !take_own(line, out))
		append_line(out, line);
}
