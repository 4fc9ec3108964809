#ifndef QUEUED_LIST_H
#define QUEUED_LIST_H
/* Intrusive lists: the links live in the objects, so that moving one between
 * lists never allocates and never fails. */
#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev, *next;
};

/* The object that a link or node is a member of. */
#define CONTAINER(ptr, type, member)                                           \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void list_init(struct list *l)
{
	l->prev = l->next = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_add_behind(struct list *before, struct list *item)
{
	item->prev = before;
	item->next = before->next;
	before->next->prev = item;
	before->next = item;
}

static inline void list_push(struct list *l, struct list *item)
{
	list_add_behind(l->prev, item);
}

static inline void list_push_front(struct list *l, struct list *item)
{
	list_add_behind(l, item);
}

/* An item that is on no list is left alone. */
static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

static inline struct list *list_first(const struct list *l)
{
	return list_empty(l) ? NULL : l->next;
}

/* Puts all of from behind what to holds. */
static inline void list_move_all(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define LIST_POP(l, type, member)                                              \
	(list_empty(l) ? NULL : CONTAINER(list_take(l), type, member))

static inline struct list *list_take(struct list *l)
{
	struct list *item = l->next;
	list_remove(item);
	return item;
}
#endif
