/*-------------------------------------------------------------------------
 *
 * same.c
 *		Compares JSON values by what they mean.
 *
 * The API shows some values in another form than it was sent: networks in another order
 * and with a prefix length, versions with more or fewer parts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/socket.h>

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/inet.h"

#include "base/set.h"
#include "write/same.h"

/* ------------------------------------------------------------------------
 * JSON
 * ------------------------------------------------------------------------ */

/* 0.DIGITS times ten to the power of exponent; DIGITS neither begin nor end with 0. */
typedef struct Number
{
	bool		negative;
	char	   *digits;
	int64		exponent;
} Number;

static Number
read_number(const DbaasJson *value)
{
	const char *p = dbaas_json_text(value);
	Number		number = {.negative = *p == '-'};
	char	   *to = number.digits = palloc(strlen(p) + 1);
	bool		fraction = false;

	for (p += number.negative; *p && *p != 'e' && *p != 'E'; p++)
	{
		if (*p == '.')
			fraction = true;
		else
		{
			if (*p != '0' || to > number.digits)
				*to++ = *p;
			if (to > number.digits && !fraction)
				number.exponent++;
			else if (to == number.digits && fraction)
				number.exponent--;
		}
	}
	if (*p)
	{
		int64		exponent = strtoll(p + 1, NULL, 10);

		/* So far from the ends of its range that digits do not reach them */
		number.exponent += Min(Max(exponent, -PG_INT64_MAX / 2), PG_INT64_MAX / 2);
	}
	while (to > number.digits && to[-1] == '0')
		to--;
	*to = '\0';
	return number;
}

static bool
same_number(const DbaasJson *a, const DbaasJson *b)
{
	Number		x = read_number(a);
	Number		y = read_number(b);

	if (*x.digits == '\0' || *y.digits == '\0')
		return *x.digits == *y.digits;
	return x.negative == y.negative && x.exponent == y.exponent && strcmp(x.digits, y.digits) == 0;
}

static bool
is_number(const DbaasJson *value)
{
	return dbaas_json_is(value, DBAAS_JSON_INTEGER) || dbaas_json_is(value, DBAAS_JSON_NUMBER);
}

static bool
same_string(const DbaasJson *a, const DbaasJson *b)
{
	size_t		x;
	size_t		y;
	const char *text = dbaas_json_string(a, &x);
	const char *other = dbaas_json_string(b, &y);

	return x == y && memcmp(text, other, x) == 0;
}

static bool
same_array(const DbaasJson *a, const DbaasJson *b)
{
	const DbaasJson *x = dbaas_json_first(a);
	const DbaasJson *y = dbaas_json_first(b);

	while (x && y && dbaas_same_values(DBAAS_COMPARE_JSON, x, y))
	{
		x = dbaas_json_next(a, x);
		y = dbaas_json_next(b, y);
	}
	return x == NULL && y == NULL;
}

/* Does an object have all members of another one?  A member that is null is absent. */
static bool
has_members(const DbaasJson *object, const DbaasJson *wanted)
{
	for (const DbaasJson *name = dbaas_json_first(wanted); name;
		 name = dbaas_json_next(wanted, name))
	{
		const char *text = dbaas_json_string(name, NULL);

		if (!dbaas_same_values(DBAAS_COMPARE_JSON, dbaas_json_member(object, text),
							   dbaas_json_member(wanted, text)))
			return false;
	}
	return true;
}

static bool
same_json(const DbaasJson *a, const DbaasJson *b)
{
	a = dbaas_json_unless_null(a);
	b = dbaas_json_unless_null(b);
	if (a == NULL || b == NULL)
		return a == b;
	if (is_number(a) && is_number(b))
		return same_number(a, b);
	if (a->type != b->type)
		return false;
	switch (a->type)
	{
		case DBAAS_JSON_STRING:
			return same_string(a, b);
		case DBAAS_JSON_ARRAY:
			return same_array(a, b);
		case DBAAS_JSON_OBJECT:
			return has_members(a, b) && has_members(b, a);
		default:
			return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
	}
}

/* ------------------------------------------------------------------------
 * Networks
 * ------------------------------------------------------------------------ */

/*
 * The network without its host bits, as family, length and address in hexadecimal, such as
 * "4/24/c0000200"; NULL if the text is not a network.
 */
static char *
network_key(const char *text)
{
	unsigned char bytes[16] = {0};
	bool		v6 = strchr(text, ':') != NULL;
	int			size = v6 ? 16 : 4;
	int			bits = pg_inet_net_pton(v6 ? PGSQL_AF_INET6 : PGSQL_AF_INET, text, bytes, -1);
	char	   *key;
	char	   *to;

	if (bits < 0)
		return NULL;
	key = palloc(2 * size + 16);
	to = key + sprintf(key, "%d/%d/", v6 ? 6 : 4, bits);
	for (int i = 0; i < size; i++)
	{
		int			kept = Min(Max(bits - 8 * i, 0), 8);

		to += sprintf(to, "%02x", bytes[i] & (0xff00 >> kept) & 0xff);
	}
	return key;
}

/*
 * The keys of the networks in an array of texts, as a set and as a list of const char *
 * without duplicates.  A text that is not a network is its own key.  NULL if the value is
 * not an array of texts.
 */
static DbaasSet *
read_networks(const DbaasJson *array, List **keys)
{
	DbaasSet   *set;

	*keys = NIL;
	if (!dbaas_json_is(array, DBAAS_JSON_ARRAY))
		return NULL;
	set = dbaas_set_new();
	for (const DbaasJson *item = dbaas_json_first(array); item; item = dbaas_json_next(array, item))
	{
		char	   *text = dbaas_json_plain_string(item);
		char	   *key = text ? network_key(text) : NULL;

		if (text == NULL)
			return NULL;
		if (dbaas_set_add(set, key ? key : text))
			*keys = lappend(*keys, key ? key : text);
	}
	return set;
}

static bool
same_networks(const DbaasJson *a, const DbaasJson *b)
{
	List	   *keys;
	List	   *other_keys;
	DbaasSet   *set = read_networks(a, &keys);
	DbaasSet   *other = read_networks(b, &other_keys);
	ListCell   *lc;

	if (set == NULL || other == NULL || list_length(keys) != list_length(other_keys))
		return false;
	foreach(lc, keys)
	{
		if (!dbaas_set_has(other, lfirst(lc)))
			return false;
	}
	return true;
}

/* ------------------------------------------------------------------------
 * Versions and times
 * ------------------------------------------------------------------------ */

/* Is one version the other, or its first parts?  "16" is "16.4", which is not "16.5". */
static bool
same_version(const DbaasJson *a, const DbaasJson *b)
{
	const char *x = dbaas_json_plain_string(a);
	const char *y = dbaas_json_plain_string(b);

	if (x == NULL || y == NULL || *x == '\0' || *y == '\0')
		return false;
	while (*x && *x == *y)
	{
		x++;
		y++;
	}
	return (*x == '\0' && (*y == '\0' || *y == '.')) || (*y == '\0' && *x == '.');
}

/* Seconds since midnight of "3:00:00" or "03:00"; -1 if it is no time of day. */
static int
read_time_of_day(const DbaasJson *value)
{
	const char *text = dbaas_json_plain_string(value);
	int			hour;
	int			minute;
	int			second = 0;
	int			end = 0;

	if (text == NULL || strspn(text, "0123456789:") != strlen(text) || strlen(text) > 8)
		return -1;
	if (sscanf(text, "%2d:%2d:%2d%n", &hour, &minute, &second, &end) != 3 &&
		sscanf(text, "%2d:%2d%n", &hour, &minute, &end) != 2)
		return -1;
	if (text[end] || hour >= HOURS_PER_DAY || minute >= MINS_PER_HOUR || second >= SECS_PER_MINUTE)
		return -1;
	return (hour * MINS_PER_HOUR + minute) * SECS_PER_MINUTE + second;
}

bool
dbaas_same_values(DbaasComparison meaning, const DbaasJson *a, const DbaasJson *b)
{
	if (same_json(a, b))
		return true;
	switch (meaning)
	{
		case DBAAS_COMPARE_NETWORKS:
			return same_networks(a, b);
		case DBAAS_COMPARE_VERSIONS:
			return same_version(a, b);
		case DBAAS_COMPARE_TIMES_OF_DAY:
			return read_time_of_day(a) >= 0 && read_time_of_day(a) == read_time_of_day(b);
		default:
			return false;
	}
}
