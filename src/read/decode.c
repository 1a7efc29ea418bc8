/*-------------------------------------------------------------------------
 *
 * decode.c
 *		From the rows of responses to SQL values.
 *
 * Each value goes through the input function of its column's own type, so a
 * table may declare a column as any type that can read it.  A field that the
 * catalogue knows must have the JSON type that the API documents.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "read/decode.h"
#include "tables/secret.h"

/* How to make values of a type. */
typedef struct Input
{
	Oid			type;			/* of a domain: what it is a domain over */
	int32		typmod;
	FmgrInfo	function;
	Oid			ioparam;
	Oid			domain;			/* or InvalidOid */
	void	   *domain_state;
} Input;

/* What an attribute shows if the response does not hold it. */
typedef enum Requested
{
	REQUESTED_NOTHING,
	REQUESTED_ZONE,
	REQUESTED_KEY,
	REQUESTED_OUTCOME,
	REQUESTED_CURSOR			/* to go on from */
} Requested;

typedef struct Attribute
{
	int			index;			/* in values */
	bool		may_lack;		/* NULL rather than an error of the encoding */
	Oid			relid;
	const char *name;			/* field, for errors */
	const DbaasColumn *column;	/* or NULL */
	int			column_index;
	Requested	else_shows;
	DbaasField *field;			/* or NULL */
	Input		input;
	bool		array;
	Input		element;		/* of an array */
	Oid			element_type;
	int16		element_len;
	bool		element_byval;
	char		element_align;

	/* the last value of a key that responses do not hold, in fn_mcxt */
	char	   *requested;
	Datum		requested_datum;
	int16		len;
	bool		byval;
} Attribute;

struct DbaasDecoder
{
	MemoryContext check_cxt;	/* of dbaas_decode_check(), reset for each
								 * row; NULL before the first */
	int			natts;
	int			nused;
	Attribute  *used;
};

static void
init_input(Input *input, Oid type, int32 typmod)
{
	Oid			function;

	input->typmod = typmod;
	input->type = getBaseTypeAndTypmod(type, &input->typmod);
	input->domain = input->type == type ? InvalidOid : type;
	getTypeInputInfo(input->type, &function, &input->ioparam);
	fmgr_info(function, &input->function);
}

static Requested
shown_else(const DbaasResource *resource, int column)
{
	if (column < 0)
		return REQUESTED_NOTHING;
	if (column == DBAAS_ZONE_COLUMN)
		return REQUESTED_ZONE;
	if (dbaas_catalogue_is_key(&resource->columns[column]))
		return REQUESTED_KEY;
	if (column == resource->index.outcome)
		return REQUESTED_OUTCOME;
	return column == resource->index.next ? REQUESTED_CURSOR : REQUESTED_NOTHING;
}

DbaasDecoder *
dbaas_decoder_new(const DbaasTable *table, TupleDesc desc, const Bitmapset *used,
				  const Bitmapset *may_lack)
{
	DbaasDecoder *decoder = palloc0(sizeof(DbaasDecoder));
	int			attnum = -1;

	decoder->natts = desc->natts;
	decoder->used = palloc0(Max(bms_num_members(used), 1) * sizeof(Attribute));
	while ((attnum = bms_next_member(used, attnum)) >= 0)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, attnum - 1);
		const DbaasAttribute *shown = &table->attributes[attnum - 1];
		Attribute  *attribute = &decoder->used[decoder->nused++];
		Oid			element;

		attribute->relid = table->relid;
		attribute->index = attnum - 1;
		attribute->may_lack = bms_is_member(attnum, may_lack);
		attribute->column_index = shown->column;
		attribute->else_shows = shown_else(table->resource, shown->column);
		if (shown->column >= 0)
			attribute->column = &table->resource->columns[shown->column];
		attribute->name = shown->field ? shown->field : attribute->column->name;
		attribute->field = shown->field ? dbaas_rows_parse_field(shown->field) : NULL;
		attribute->len = attr->attlen;
		attribute->byval = attr->attbyval;
		init_input(&attribute->input, attr->atttypid, attr->atttypmod);
		element = get_element_type(attribute->input.type);
		/* int2vector and oidvector have elements, but are no array types. */
		if (OidIsValid(element) && get_array_type(element) == attribute->input.type)
		{
			attribute->array = true;
			attribute->element_type = element;
			init_input(&attribute->element, element, attribute->input.typmod);
			get_typlenbyvalalign(element, &attribute->element_len,
								 &attribute->element_byval, &attribute->element_align);
		}
	}
	return decoder;
}

/*
 * The error of a value that is not what the API documents.
 */
pg_noreturn static void
bad_field(const Attribute *attribute, const DbaasRows *rows, const DbaasOrigin *origin,
		  const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_ERROR),
			 errmsg("%s: field \"%s\" of row " INT64_FORMAT " cannot be used",
					origin->label, attribute->name, rows ? dbaas_rows_number(rows) : 0),
			 errdetail_internal("%s", dbaas_error_text_for_client(detail)),
			 dbaas_error_about(attribute->relid, attribute->index + 1)));
}

/* Has the value the JSON type that goes with the catalogue's type? */
static bool
has_documented_type(DbaasType type, const DbaasJson *value)
{
	switch (type)
	{
		case DBAAS_TEXT:
		case DBAAS_UUID:
		case DBAAS_TIMESTAMPTZ:
			return dbaas_json_is(value, DBAAS_JSON_STRING);
		case DBAAS_BIGINT:
			return dbaas_json_is(value, DBAAS_JSON_INTEGER);
		case DBAAS_DOUBLE:
			return dbaas_json_is(value, DBAAS_JSON_INTEGER) ||
				dbaas_json_is(value, DBAAS_JSON_NUMBER);
		case DBAAS_BOOLEAN:
			return dbaas_json_is(value, DBAAS_JSON_BOOLEAN);
		case DBAAS_TEXT_ARRAY:
			if (!dbaas_json_is(value, DBAAS_JSON_ARRAY))
				return false;
			for (const DbaasJson *element = dbaas_json_first(value); element;
				 element = dbaas_json_next(value, element))
			{
				if (!dbaas_json_is(element, DBAAS_JSON_STRING) &&
					!dbaas_json_is(element, DBAAS_JSON_NULL))
					return false;
			}
			return true;
		case DBAAS_JSONB:
			return true;
	}
	return false;
}

static const char *
documented_type_name(DbaasType type)
{
	switch (type)
	{
		case DBAAS_BIGINT:
			return "an integer";
		case DBAAS_DOUBLE:
			return "a number";
		case DBAAS_BOOLEAN:
			return "a boolean";
		case DBAAS_TEXT_ARRAY:
			return "an array of strings";
		default:
			return "a string";
	}
}

/* UTF-8 text of len bytes, valid and with a NUL behind it, in the server's encoding. */
static char *
server_text(char *text, size_t len)
{
	if (memchr(text, '\0', len) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
				 errmsg("the text has a NUL character")));
	return GetDatabaseEncoding() == PG_UTF8 ? text : pg_any_to_server(text, (int) len, PG_UTF8);
}

/*
 * The text of JSON that PostgreSQL's own types take.  A database without an encoding
 * holds bytes as they come, and its JSON knows no character beyond ASCII by number:
 * those are written out.
 */
static char *
json_input_text(const DbaasJson *value)
{
	char	   *text = dbaas_json_text(value);

	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		dbaas_json_decode_non_ascii(text);
	return server_text(text, strlen(text));
}

/* The text of a value that input functions other than JSON's take. */
static char *
value_text(const DbaasJson *value)
{
	size_t		len;
	char	   *text;

	if (!dbaas_json_is(value, DBAAS_JSON_STRING))
	{
		text = dbaas_json_text(value);
		return server_text(text, strlen(text));
	}
	text = dbaas_json_string(value, &len);
	return server_text(text, len);
}

static Datum
text_datum(const DbaasJson *value)
{
	/* A text without escapes has no NUL, and is valid UTF-8 already. */
	if (dbaas_json_is(value, DBAAS_JSON_STRING) && !value->escaped &&
		GetDatabaseEncoding() == PG_UTF8)
		return PointerGetDatum(cstring_to_text_with_len(value->text, value->len));
	return PointerGetDatum(cstring_to_text(value_text(value)));
}

static Datum
call_input(Input *input, char *text)
{
	return InputFunctionCall(&input->function, text, input->ioparam, input->typmod);
}

/* A domain's conditions hold for NULL too. */
static void
check_domain(Input *input, Datum value, bool isnull)
{
	if (OidIsValid(input->domain))
		domain_check(value, isnull, input->domain, &input->domain_state, input->function.fn_mcxt);
}

/* The number that n digits say, or -1. */
static inline int
read_digits(const char *text, int n)
{
	int			number = 0;

	for (int i = 0; i < n; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

/*
 * Reads a time as the API writes it, 2026-01-02T03:04:05.678901Z with up to six
 * digits of a fraction.  False when it is anything else, which may be a time too.
 */
static bool
read_utc(const DbaasJson *value, TimestampTz *time)
{
	const char *text = value->text;
	int			ndigits = (int) value->len - (int) strlen("2026-01-02T03:04:05.Z");
	int			year,
				month,
				day,
				hour,
				minute,
				second;
	int			fraction = 0;

	if (!dbaas_json_is(value, DBAAS_JSON_STRING) ||
		(ndigits != -1 && (ndigits < 1 || ndigits > 6)) || text[4] != '-' || text[7] != '-' ||
		text[10] != 'T' || text[13] != ':' || text[16] != ':' || (ndigits > 0 && text[19] != '.') ||
		text[value->len - 1] != 'Z')
		return false;
	year = read_digits(text, 4);
	month = read_digits(text + 5, 2);
	day = read_digits(text + 8, 2);
	hour = read_digits(text + 11, 2);
	minute = read_digits(text + 14, 2);
	second = read_digits(text + 17, 2);
	if (year < 1 || month < 1 || month > 12 || day < 1 ||
		day > day_tab[isleap(year)][month - 1] || hour < 0 || hour > 23 ||
		minute < 0 || minute > 59 || second < 0 || second > 59)
		return false;
	if (ndigits > 0)
	{
		fraction = read_digits(text + 20, ndigits);
		if (fraction < 0)
			return false;
		for (int i = ndigits; i < 6; i++)
			fraction *= 10;
	}
	*time = (((int64) (date2j(year, month, day) - POSTGRES_EPOCH_JDATE) * HOURS_PER_DAY + hour) *
			 SECS_PER_HOUR + minute * SECS_PER_MINUTE + second) * USECS_PER_SEC + fraction;
	return true;
}

/*
 * PostgreSQL's input functions take more than the API writes, such as "now".
 */
static bool
looks_like_time(const DbaasJson *value)
{
	size_t		len = value->len;
	const char *text = value->escaped ? dbaas_json_string(value, &len) : value->text;

	return len >= 19 && isdigit((unsigned char) text[0]) &&
		isdigit((unsigned char) text[3]) && text[4] == '-' && text[7] == '-' &&
		(text[10] == 'T' || text[10] == 't' || text[10] == ' ');
}

/*
 * A time with its zone, for a type that has no zone, or no date: as the session's
 * clocks show it, which is what a cast makes of it.  NULL when the value is none.
 */
static char *
local_text(const DbaasJson *value)
{
	char	   *text;
	TimestampTz time;
	struct pg_tm tm;
	fsec_t		fsec;
	int			tz;
	const char *tzn;

	if (!dbaas_json_is(value, DBAAS_JSON_STRING) || !looks_like_time(value))
		return NULL;
	text = value_text(value);
	if (strpbrk(text + strlen("2026-01-02T03:04:05"), "Zz+-") == NULL)
		return NULL;
	if (!read_utc(value, &time))
		time = DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(text),
													   ObjectIdGetDatum(InvalidOid),
													   Int32GetDatum(-1)));
	if (timestamp2tm(time, &tz, &tm, &fsec, &tzn, NULL) != 0)
		return NULL;
	text = palloc(MAXDATELEN + 1);
	EncodeDateTime(&tm, fsec, true, tz, tzn, USE_ISO_DATES, text);
	return text;
}

static Datum
scalar_datum(Input *input, const DbaasJson *value)
{
	char	   *text;
	TimestampTz time;

	switch (input->type)
	{
		case JSONOID:
		case JSONBOID:
			/* What PostgreSQL makes of the API's own text. */
			return call_input(input, json_input_text(value));
		case TEXTOID:
			return text_datum(value);
		case TIMESTAMPTZOID:
			if (input->typmod < 0 && read_utc(value, &time))
				return TimestampTzGetDatum(time);
			break;
		case DATEOID:
		case TIMESTAMPOID:
		case TIMEOID:
		case TIMETZOID:
			text = local_text(value);
			if (text)
				return call_input(input, text);
			break;
		case BOOLOID:
			if (dbaas_json_is(value, DBAAS_JSON_BOOLEAN))
				return BoolGetDatum(*value->text == 't');
			break;
	}
	return call_input(input, value_text(value));
}

static Datum
array_datum(Attribute *attribute, const DbaasJson *value)
{
	int64		n = dbaas_json_count(value);
	Datum	   *elements = palloc(Max(n, 1) * sizeof(Datum));
	bool	   *nulls = palloc0(Max(n, 1) * sizeof(bool));
	int			dims[1] = {(int) n};
	int			lower[1] = {1};
	int			i = 0;

	for (const DbaasJson *element = dbaas_json_first(value); element;
		 element = dbaas_json_next(value, element), i++)
	{
		nulls[i] = dbaas_json_is(element, DBAAS_JSON_NULL);
		elements[i] = nulls[i] ? (Datum) 0 : scalar_datum(&attribute->element, element);
		check_domain(&attribute->element, elements[i], nulls[i]);
	}
	if (n == 0)
		return PointerGetDatum(construct_empty_array(attribute->element_type));
	return PointerGetDatum(construct_md_array(elements, nulls, 1, dims, lower,
											  attribute->element_type, attribute->element_len,
											  attribute->element_byval, attribute->element_align));
}

bool
dbaas_decode_time(const DbaasJson *value, TimestampTz *time)
{
	char		text[MAXDATELEN + 1];
	char		work[MAXDATELEN + MAXDATEFIELDS];
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	int			nf;
	int			dtype;
	int			tz;
	struct pg_tm tm;
	fsec_t		fsec;

	if (!dbaas_json_is(value, DBAAS_JSON_STRING) || value->escaped || value->len > MAXDATELEN)
		return false;
	if (read_utc(value, time))
		return true;
	if (!looks_like_time(value))
		return false;
	memcpy(text, value->text, value->len);
	text[value->len] = '\0';

	/* Of the name of a time zone, 15 may raise an error.  RFC 3339 has none. */
	for (const char *p = text + strlen("2026-01-02T"); *p; p++)
	{
		if (isalpha((unsigned char) *p) && (pg_ascii_tolower((unsigned char) *p) != 'z' || p[1]))
			return false;
	}
	return ParseDateTime(text, work, sizeof(work), field, ftype, MAXDATEFIELDS, &nf) == 0 &&
		dbaas_decode_datetime(field, ftype, nf, &dtype, &tm, &fsec, &tz) == 0 &&
		dtype == DTK_DATE && tm2timestamp(&tm, fsec, &tz, time) == 0;
}

/* The Datum of a value that is there. */
static Datum
value_datum(Attribute *attribute, const DbaasRows *rows, const DbaasOrigin *origin,
			const DbaasJson *value)
{
	const DbaasColumn *column = attribute->column;

	if (column && !column->untyped && !has_documented_type(column->type, value))
		bad_field(attribute, rows, origin,
				  psprintf("It is of type %s, not %s.", dbaas_json_type_name(value),
						   documented_type_name(column->type)));
	/* Like the other secrets, these are hidden in the response itself. */
	if (column)
		dbaas_secret_hide_members(value, column->secret_members);
	if (column && !column->untyped && column->type == DBAAS_TIMESTAMPTZ &&
		!looks_like_time(value))
		bad_field(attribute, rows, origin, "It is not a time.");

	if (attribute->array && dbaas_json_is(value, DBAAS_JSON_ARRAY))
		return array_datum(attribute, value);
	return scalar_datum(&attribute->input, value);
}

/* The Datum of a value that the request had: mostly the one of the row before. */
static Datum
decode_requested(Attribute *attribute, const char *requested)
{
	MemoryContext oldcxt;
	Datum		datum;

	if (attribute->requested && strcmp(attribute->requested, requested) == 0)
		return attribute->requested_datum;
	datum = call_input(&attribute->input, server_text(pstrdup(requested), strlen(requested)));
	if (attribute->requested)
	{
		pfree(attribute->requested);
		attribute->requested = NULL;
		if (!attribute->byval)
			pfree(DatumGetPointer(attribute->requested_datum));
	}
	oldcxt = MemoryContextSwitchTo(attribute->input.function.fn_mcxt);
	attribute->requested_datum = datumCopy(datum, attribute->byval, attribute->len);
	attribute->requested = pstrdup(requested);
	MemoryContextSwitchTo(oldcxt);
	return attribute->requested_datum;
}

/* What the attribute shows if the response does not hold it; NULL for NULL. */
static const char *
requested_value(const Attribute *attribute, const DbaasOrigin *origin)
{
	switch (attribute->else_shows)
	{
		case REQUESTED_NOTHING:
			return NULL;
		case REQUESTED_ZONE:
			return origin->zone;
		case REQUESTED_KEY:
			return origin->args ? origin->args[attribute->column_index] : NULL;
		case REQUESTED_OUTCOME:
			return origin->outcome;
		case REQUESTED_CURSOR:
			return origin->next;
	}
	return NULL;
}

/*
 * One attribute of the current row.  Where the response does not hold a key, it
 * is the value that the request had.
 */
static Datum
decode_attribute(Attribute *attribute, DbaasRows *rows, const DbaasOrigin *origin, bool *isnull)
{
	const DbaasJson *value = attribute->field && rows ? dbaas_rows_field(rows, attribute->field) :
		NULL;
	const char *requested;

	*isnull = false;
	if (value)
		return value_datum(attribute, rows, origin, value);
	requested = requested_value(attribute, origin);
	if (requested)
		return decode_requested(attribute, requested);
	*isnull = true;
	return (Datum) 0;
}

/* Is the error about the value, such as a regclass that does not exist? */
static bool
is_about_value(int sqlerrcode)
{
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case ERRCODE_DATA_EXCEPTION:
		case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
		case ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION:
		case ERRCODE_INVALID_SCHEMA_NAME:
		case ERRCODE_FEATURE_NOT_SUPPORTED:
			return true;
		default:
			return false;
	}
}

/*
 * Decodes the attributes from *next on, which is moved behind each that was decoded.
 * Raises the errors of input functions and domains.
 */
static void
decode_attributes(DbaasDecoder *decoder, volatile int *next, DbaasRows *rows,
				  const DbaasOrigin *origin, Datum *values, bool *isnull)
{
	for (; *next < decoder->nused; (*next)++)
	{
		Attribute  *attribute = &decoder->used[*next];
		int			index = attribute->index;

		values[index] = decode_attribute(attribute, rows, origin, &isnull[index]);
		check_domain(&attribute->input, values[index], isnull[index]);
	}
}

void
dbaas_decode_row(DbaasDecoder *decoder, DbaasRows *rows, const DbaasOrigin *origin,
				 Datum *values, bool *isnull)
{
	MemoryContext cxt = CurrentMemoryContext;
	volatile int next = 0;

	memset(isnull, true, decoder->natts * sizeof(bool));
	memset(values, 0, decoder->natts * sizeof(Datum));

	while (next < decoder->nused)
	{
		PG_TRY();
		{
			decode_attributes(decoder, &next, rows, origin, values, isnull);
		}
		PG_CATCH();
		{
			Attribute  *attribute = &decoder->used[next];
			ErrorData  *edata;

			/*
			 * What an input function, or a domain, says of a value becomes
			 * the detail.
			 */
			MemoryContextSwitchTo(cxt);
			edata = CopyErrorData();
			if (!is_about_value(edata->sqlerrcode))
				PG_RE_THROW();
			FlushErrorState();
			if (!attribute->may_lack || edata->sqlerrcode != ERRCODE_UNTRANSLATABLE_CHARACTER)
				bad_field(attribute, rows, origin, edata->message);

			/* Input functions hold nothing but memory: it is safe to go on. */
			values[attribute->index] = (Datum) 0;
			isnull[attribute->index] = true;
			next++;
		}
		PG_END_TRY();
	}
}

/* The error that has been raised, as a value, if it is that of a field; else raises it. */
static DbaasError *
caught_error(MemoryContext cxt)
{
	ErrorData  *edata;
	DbaasError *error;

	MemoryContextSwitchTo(cxt);
	edata = CopyErrorData();
	if (edata->sqlerrcode != ERRCODE_FDW_ERROR)
		PG_RE_THROW();
	FlushErrorState();
	error = dbaas_error_new(ERRCODE_FDW_ERROR, "%s", edata->message);
	error->detail = edata->detail;
	return error;
}

/*
 * Is it plain that the attribute's value can be decoded?  So it is with most entries of logs,
 * which this saves from being decoded twice.
 */
static bool
is_plain(const Attribute *attribute, const DbaasJson *value)
{
	TimestampTz time;

	if (attribute->column == NULL || OidIsValid(attribute->input.domain))
		return false;
	if (value == NULL)
		return attribute->else_shows == REQUESTED_NOTHING;
	switch (attribute->input.type)
	{
		case TEXTOID:
			return attribute->column->type == DBAAS_TEXT &&
				dbaas_json_is(value, DBAAS_JSON_STRING) && !value->escaped &&
				GetDatabaseEncoding() == PG_UTF8;
		case TIMESTAMPTZOID:
			return attribute->column->type == DBAAS_TIMESTAMPTZ &&
				attribute->input.typmod < 0 && read_utc(value, &time);
		default:
			return false;
	}
}

/* Is that plain of all attributes that show what the current row has? */
static bool
is_plain_row(const DbaasDecoder *decoder, const DbaasRows *rows)
{
	for (int i = 0; i < decoder->nused; i++)
	{
		const Attribute *attribute = &decoder->used[i];

		if (attribute->field && !is_plain(attribute, dbaas_rows_field(rows, attribute->field)))
			return false;
	}
	return true;
}

DbaasError *
dbaas_decode_check(DbaasDecoder *decoder, DbaasRows *rows, const DbaasOrigin *origin)
{
	MemoryContext cxt = CurrentMemoryContext;
	DbaasError *volatile error = NULL;

	if (is_plain_row(decoder, rows))
		return NULL;
	if (decoder->check_cxt == NULL)
		decoder->check_cxt = AllocSetContextCreate(GetMemoryChunkContext(decoder),
												   "dbaas_fdw check", ALLOCSET_DEFAULT_SIZES);
	MemoryContextReset(decoder->check_cxt);
	MemoryContextSwitchTo(decoder->check_cxt);
	PG_TRY();
	{
		dbaas_decode_row(decoder, rows, origin, palloc(decoder->natts * sizeof(Datum)),
						 palloc(decoder->natts * sizeof(bool)));
	}
	PG_CATCH();
	{
		error = caught_error(cxt);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	return error;
}
