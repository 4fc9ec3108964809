#ifndef TESTS_REPLAY_H
#define TESTS_REPLAY_H
/* Replays protocol transcripts (*.t) against an engine without I/O: each file
 * once as it stands, once byte by byte, and once for every split point of the
 * client's bytes; the server's bytes must be the same each time.
 *
 * A transcript is a list of turns. In each the client says something, then the
 * server: the bytes of one turn's C lines arrive together (pipelined), and all
 * that the server says must be its S lines, before the next turn begins.
 *
 *	# comment                     an empty line is one as well
 *	C: bytes                      CRLF is added
 *	C- bytes                      no CRLF
 *	S: bytes                      exactly that line, CRLF is added
 *	S~ by*tes                     a line; each * stands for any bytes
 *	S- bytes                      no CRLF
 *	@closed                       the engine has asked to close
 *	@open                         it has not
 *	@word rest                    given to the adapter, at that place
 *
 * Engines that are clients themselves have P lines, what the peer says, for C,
 * and E lines, what the engine says, for S.
 *
 * Escapes in C and S lines: \r \n \t \\ \xHH and \(text*N), N times text.
 * Directives in front of the first C or S line come before start().
 *
 * To add a protocol: write tests/transcripts/NAME_adapter.c with a struct
 * replay_adapter and REPLAY_MAIN(it), put files into tests/transcripts/NAME/.
 * CMake finds both and links NAMEd_engine. Answers to what the engine asks of
 * the outside are made up by the adapter: by a fixed rule ("unknown@..." does
 * not exist), or as a directive said beforehand ("@reply check_rcpt 550"). */
#include "base/buf.h"

struct replay_adapter {
	/* A fresh engine that puts its output into out. */
	void *(*open)(struct buf *out);
	/* The client is there: greet. */
	void (*start)(void *engine);
	/* Returns how many bytes it consumed; the rest is shown again together
	 * with later ones. in is a heap block of exactly that size. */
	size_t (*input)(void *engine, struct view in);
	/* Do one thing that was waiting (deliver an answer, let a generator go
	 * on); false when nothing was. Called when input made no progress; may
	 * be NULL. */
	bool (*step)(void *engine);
	/* A line "@word rest"; false: no such directive. May be NULL. */
	bool (*directive)(void *engine, struct view word, struct view rest);
	bool (*is_closed)(const void *engine);
	void (*close)(void *engine); /* free all */
	/* For engines that are slow to open: at most so many split points of a
	 * transcript, evenly spread. 0: all that the time allows. */
	size_t splits_max;
};

/* argv: files, or folders with *.t. Returns main()'s exit code. */
int replay_main(const struct replay_adapter *adapter, int argc, char **argv);

/* "300s", "5m", "250ms": for @advance. */
bool replay_duration_ms(struct view v, uint64_t *ms);

#define REPLAY_MAIN(adapter)                                                   \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		return replay_main((adapter), argc, argv);                     \
	}
#endif
