#include "replay.h"
#include "base/chars.h"
#include "base/panic.h"
#include <dirent.h>
#include <sys/stat.h>

#ifdef MAILCORE_SANITIZED
#define WORK_MAX (2 << 20)
#else
#define WORK_MAX (12 << 20) /* bytes fed per transcript, over all replays */
#endif

enum {
	FILE_MAX = 4 << 20,
	ONE_BY_ONE = -1, /* instead of a split point */
};

enum line_kind {
	KIND_CLIENT,
	KIND_SERVER,
	KIND_SERVER_GLOB,
	KIND_DIRECTIVE,
};

struct script_line {
	enum line_kind kind;
	unsigned number; /* in the file */
	struct view bytes;
};

struct script {
	const char *file;
	struct buf text;      /* the file */
	struct buf unescaped; /* what the lines' views point into */
	struct script_line *lines;
	size_t n_lines, client_bytes;
};

struct run {
	const struct replay_adapter *adapter;
	const struct script *script;
	void *engine;
	struct buf in, out;
	long split;  /* of all the client's bytes, or ONE_BY_ONE */
	size_t sent; /* client bytes of finished turns */
	bool failed;
};

static struct view view_of_run(const struct buf *b, size_t from)
{
	return view_skip(buf_view(b), from);
}

static void unescape(struct buf *out, struct view v);

/* Index of the parenthesis that closes the one at v's start. */
static size_t closing(struct view v)
{
	unsigned depth = 0;
	for (size_t i = 0; i < v.n; i++) {
		bool is_escaped = i == 0 || v.p[i - 1] == '\\';
		depth += v.p[i] == '(' && is_escaped;
		if (v.p[i] == ')' && --depth == 0)
			return i;
	}
	return v.n;
}

/* "(text*N)" behind a backslash. Returns how much of v it was. */
static size_t unescape_repeat(struct buf *out, struct view v)
{
	size_t end = closing(v);
	struct view inner = view_slice(v, 1, end);
	size_t star = view_rfind_byte(inner, '*');
	uint32_t times;
	if (end == v.n || !view_u32(view_skip(inner, star + 1), &times))
		fatal("bad \\(text*N) in a transcript");
	while (times--)
		unescape(out, view_head(inner, star));
	return end + 1;
}

/* v begins behind the backslash. */
static size_t unescape_one(struct buf *out, struct view v)
{
	static const char from[] = "rnt\\", to[] = "\r\n\t\\";
	if (v.n >= 3 && v.p[0] == 'x' && char_hex(v.p[1]) >= 0 &&
	    char_hex(v.p[2]) >= 0) {
		buf_put_char(
		    out, (char)(char_hex(v.p[1]) * 16 + char_hex(v.p[2])));
		return 3;
	}
	if (v.n && v.p[0] == '(')
		return unescape_repeat(out, v);
	for (size_t i = 0; v.n && from[i]; i++)
		if (v.p[0] == from[i]) {
			buf_put_char(out, to[i]);
			return 1;
		}
	fatal("bad escape in a transcript: \\%.*s", (int)v.n, v.p);
}

static void unescape(struct buf *out, struct view v)
{
	while (v.n) {
		size_t n = view_find_byte(v, '\\');
		buf_put(out, view_head(v, n));
		if (n == v.n)
			return;
		v = view_skip(v, n + 1);
		v = view_skip(v, unescape_one(out, v));
	}
}

static bool kind_of(struct view line, enum line_kind *kind, bool *crlf)
{
	static const struct {
		const char *start;
		enum line_kind kind;
		bool crlf;
	} kinds[] = {
		{ "C: ", KIND_CLIENT, true },
		{ "C- ", KIND_CLIENT, false },
		{ "S: ", KIND_SERVER, true },
		{ "S- ", KIND_SERVER, false },
		{ "S~ ", KIND_SERVER_GLOB, true },
		{ "P: ", KIND_CLIENT, true },
		{ "P- ", KIND_CLIENT, false },
		{ "E: ", KIND_SERVER, true },
		{ "E- ", KIND_SERVER, false },
		{ "E~ ", KIND_SERVER_GLOB, true },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct view start = view_of(kinds[i].start);
		/* An editor may have cut the blank of an empty line. */
		if (!view_starts(line, start) &&
		    !view_eq(line, view_head(start, 2)))
			continue;
		*kind = kinds[i].kind;
		*crlf = kinds[i].crlf;
		return true;
	}
	return false;
}

static void add_line(struct script *s, struct view line, unsigned number)
{
	struct script_line *l = &s->lines[s->n_lines];
	bool crlf = false;
	l->number = number;
	if (line.n == 0 || line.p[0] == '#')
		return;
	size_t from = buf_len(&s->unescaped);
	if (line.p[0] == '@') {
		l->kind = KIND_DIRECTIVE;
		buf_put(&s->unescaped, view_skip(line, 1));
	} else if (kind_of(line, &l->kind, &crlf)) {
		unescape(&s->unescaped, view_skip(line, 3));
		if (crlf)
			buf_put(&s->unescaped, V("\r\n"));
	} else {
		fatal("%s:%u: not a line of a transcript", s->file, number);
	}
	/* The place is kept as an offset until the buffer stands still. */
	l->bytes = (struct view){ NULL, buf_len(&s->unescaped) - from };
	if (l->kind == KIND_CLIENT)
		s->client_bytes += l->bytes.n;
	s->n_lines++;
}

static void read_file(struct script *s)
{
	FILE *f = fopen(s->file, "rb");
	char piece[4096];
	size_t n;
	if (!f)
		fatal("cannot read %s", s->file);
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_put(&s->text, (struct view){ piece, n });
	fclose(f);
}

static void script_open(struct script *s, const char *file)
{
	unsigned number = 0;
	size_t at = 0;
	*s = (struct script){ .file = file };
	buf_init(&s->text, FILE_MAX);
	buf_init(&s->unescaped, FILE_MAX);
	read_file(s);
	struct view rest = buf_view(&s->text), line;
	s->lines = must_alloc((rest.n + 1) * sizeof s->lines[0]);
	while (rest.n) {
		view_cut(&rest, '\n', &line);
		add_line(s, line, ++number);
	}
	if (buf_error(&s->text) || buf_error(&s->unescaped))
		fatal("%s is too large", file);
	for (size_t i = 0; i < s->n_lines; i++) {
		struct script_line *l = &s->lines[i];
		l->bytes =
		    view_head(view_of_run(&s->unescaped, at), l->bytes.n);
		at += l->bytes.n;
	}
}

static void script_close(struct script *s)
{
	buf_deinit(&s->text);
	buf_deinit(&s->unescaped);
	free(s->lines);
}

static void print_bytes(const char *what, struct view v)
{
	fprintf(stderr, "  %s\"", what);
	for (size_t i = 0; i < v.n && i < 400; i++) {
		if (char_is(v.p[i], CHAR_PRINT))
			fputc(v.p[i], stderr);
		else
			fprintf(stderr, "\\x%02x", (unsigned char)v.p[i]);
	}
	fprintf(stderr, "\"%s\n", v.n > 400 ? "..." : "");
}

static void fail(struct run *r, const struct script_line *l, const char *why)
{
	r->failed = true;
	fprintf(stderr, "%s:%u: %s (", r->script->file, l->number, why);
	if (r->split == ONE_BY_ONE)
		fprintf(stderr, "byte by byte)\n");
	else if (r->split == 0)
		fprintf(stderr, "not split)\n");
	else
		fprintf(stderr, "split behind byte %ld)\n", r->split);
}

static size_t input_once(struct run *r)
{
	struct view have = buf_view(&r->in);
	char *exact = malloc(have.n ? have.n : 1);
	if (!exact)
		fatal("out of memory");
	if (have.n)
		memcpy(exact, have.p, have.n);
	size_t used =
	    r->adapter->input(r->engine, (struct view){ exact, have.n });
	mc_assert(used <= have.n);
	free(exact);
	buf_consume(&r->in, used);
	return used;
}

static void settle(struct run *r)
{
	for (;;) {
		while (buf_len(&r->in) && input_once(r))
			continue;
		if (!r->adapter->step || !r->adapter->step(r->engine))
			return;
	}
}

static void feed(struct run *r, struct view v)
{
	buf_put(&r->in, v);
	mc_assert(!buf_error(&r->in));
	settle(r);
}

/* One turn's client bytes, cut where this run wants it. */
static void send_turn(struct run *r, struct view v)
{
	size_t split = (size_t)r->split;
	if (r->split == ONE_BY_ONE) {
		for (size_t i = 0; i < v.n; i++)
			feed(r, view_slice(v, i, i + 1));
	} else if (split > r->sent && split < r->sent + v.n) {
		feed(r, view_head(v, split - r->sent));
		feed(r, view_skip(v, split - r->sent));
	} else {
		feed(r, v);
	}
	r->sent += v.n;
}

static bool glob_matches(struct view pattern, struct view v)
{
	struct view part;
	bool more = view_cut(&pattern, '*', &part);
	if (!more)
		return view_eq(part, v);
	if (!view_starts(v, part))
		return false;
	v = view_skip(v, part.n);
	while (view_cut(&pattern, '*', &part)) {
		size_t at = view_find(v, part);
		if (at == v.n && part.n)
			return false;
		v = view_skip(v, at + part.n);
	}
	return v.n >= part.n && view_eq(view_skip(v, v.n - part.n), part);
}

static void expect(struct run *r, const struct script_line *l)
{
	struct view have = buf_view(&r->out);
	bool is_glob = l->kind == KIND_SERVER_GLOB;
	size_t n = l->bytes.n;
	if (is_glob) {
		n = view_find_byte(have, '\n');
		n += n < have.n;
	}
	have = view_head(have, n);
	if (!(is_glob ? glob_matches(l->bytes, have)
		      : view_eq(l->bytes, have))) {
		fail(r, l, "the server said something else");
		print_bytes("want ", l->bytes);
		print_bytes("got  ", is_glob ? have : buf_view(&r->out));
	}
	buf_consume(&r->out, n);
}

static void expect_no_more(struct run *r, const struct script_line *l)
{
	if (r->failed || buf_len(&r->out) == 0)
		return;
	fail(r, l, "the server said more than that before");
	print_bytes("more ", buf_view(&r->out));
}

static void direct(struct run *r, const struct script_line *l)
{
	struct view rest = l->bytes, word;
	view_cut(&rest, ' ', &word);
	if (view_eq(word, V("closed")) || view_eq(word, V("open"))) {
		if (r->adapter->is_closed(r->engine) !=
		    view_eq(word, V("closed")))
			fail(r, l, "the connection is not in that state");
		return;
	}
	if (!r->adapter->directive ||
	    !r->adapter->directive(r->engine, word, rest))
		fatal("%s:%u: unknown directive", r->script->file, l->number);
	settle(r);
}

/* Neighbouring client lines are neighbours in memory: one turn, one view.
 * Returns the index of the last one. */
static size_t client_turn(struct run *r, size_t i)
{
	const struct script_line *lines = r->script->lines;
	struct view turn = lines[i].bytes;
	expect_no_more(r, &lines[i]);
	while (i + 1 < r->script->n_lines && lines[i + 1].kind == KIND_CLIENT)
		turn.n += lines[++i].bytes.n;
	send_turn(r, turn);
	return i;
}

static void play(struct run *r)
{
	const struct script *s = r->script;
	bool started = false;
	for (size_t i = 0; i < s->n_lines && !r->failed; i++) {
		const struct script_line *l = &s->lines[i];
		if (!started && l->kind != KIND_DIRECTIVE) {
			r->adapter->start(r->engine);
			started = true;
			settle(r);
		}
		switch (l->kind) {
		case KIND_CLIENT:
			i = client_turn(r, i);
			break;
		case KIND_SERVER:
		case KIND_SERVER_GLOB:
			expect(r, l);
			break;
		case KIND_DIRECTIVE:
			expect_no_more(r, l);
			direct(r, l);
			break;
		}
	}
	if (s->n_lines)
		expect_no_more(r, &s->lines[s->n_lines - 1]);
}

static bool replay_at(
    const struct replay_adapter *a, const struct script *s, long split)
{
	struct run r = { .adapter = a, .script = s, .split = split };
	buf_init(&r.in, FILE_MAX);
	buf_init(&r.out, FILE_MAX);
	r.engine = a->open(&r.out);
	play(&r);
	a->close(r.engine);
	buf_deinit(&r.in);
	buf_deinit(&r.out);
	return !r.failed;
}

static bool replay_file(const struct replay_adapter *a, const char *file)
{
	struct script s;
	script_open(&s, file);
	size_t n = s.client_bytes, step = 1;
	/* Long transcripts: as many split points as the time allows. */
	while (n / step > (size_t)WORK_MAX / (n + 1))
		step += 1 + step / 8;
	if (a->splits_max && n / step > a->splits_max)
		step = n / a->splits_max;
	bool ok = replay_at(a, &s, 0) && replay_at(a, &s, ONE_BY_ONE);
	for (size_t split = 1; ok && split < n; split += step)
		ok = replay_at(a, &s, (long)split);
	script_close(&s);
	return ok;
}

static bool replay_path(
    const struct replay_adapter *a, const char *path, unsigned *count)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	bool ok = true;
	if (!dir) {
		++*count;
		return replay_file(a, path);
	}
	while ((e = readdir(dir))) {
		char child[4096];
		struct view name = view_of(e->d_name);
		if (name.n < 3 ||
		    !view_eq(view_skip(name, name.n - 2), V(".t")))
			continue;
		snprintf(child, sizeof child, "%s/%s", path, e->d_name);
		ok = replay_file(a, child) && ok;
		++*count;
	}
	closedir(dir);
	return ok;
}

int replay_main(const struct replay_adapter *adapter, int argc, char **argv)
{
	unsigned count = 0;
	bool ok = true;
	for (int i = 1; i < argc; i++)
		ok = replay_path(adapter, argv[i], &count) && ok;
	printf("%u transcripts\n", count);
	return ok && count ? EXIT_SUCCESS : EXIT_FAILURE;
}

bool replay_duration_ms(struct view v, uint64_t *ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = {
		{ "ms", 1 },
		{ "s", 1000 },
		{ "m", 60000 },
		{ "h", 3600000 },
	};

	size_t digits = 0;
	uint64_t n;
	while (digits < v.n && char_is(v.p[digits], CHAR_DIGIT))
		digits++;
	if (!view_u64(view_head(v, digits), &n))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (view_eq(view_skip(v, digits), view_of(units[i].unit))) {
			*ms = n * units[i].ms;
			return true;
		}
	return false;
}
