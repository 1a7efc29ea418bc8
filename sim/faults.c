/*
 * faults.c
 *		Faults that tests ask for: which request gets which, and what it does to the response.
 *
 * A fault stays the JSON object that it was asked for as, with two counters.
 * Its action is a row of a table: the members it takes, what it does before a
 * request is processed, and what it does to the response.
 */
#include <fnmatch.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "faults.h"
#include "state.h"
#include "wait.h"

typedef struct Fault
{
	json_object *json;
	int64_t		number;			/* counts all that were ever added */
	int64_t		skip;			/* matching requests still to be skipped */
	int64_t		times;			/* how often it still applies; negative:
								 * always */
	int64_t		arrived;		/* requests that have arrived at it */
} Fault;

typedef struct Action
{
	const char *name;
	const char *members;		/* the members it takes, each after a blank */
	bool		(*before) (Request *request, Response *response, Delivery *delivery);
	void		(*after) (Request *request, Response *response, Delivery *delivery);
} Action;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Fault *faults;
static size_t fault_count;
static size_t fault_capacity;
static int64_t faults_added;

/* ---------- actions ---------- */

/* Returns the body that a fault specifies, or NULL. */
static Body *
given_body(json_object *fault)
{
	const char *text = json_member_text(fault, "body");
	const char *base64 = json_member_text(fault, "body_base64");
	size_t		length = 0;
	unsigned char *bytes;

	if (base64 && (bytes = base64_decode(base64, &length)))
		return body_new((char *) bytes, length);
	return text ? body_new(xstrdup(text), strlen(text)) : NULL;
}

static const char *
given_content_type(json_object *fault)
{
	const char *content_type = json_member_text(fault, "content_type");

	return content_type ? content_type : "application/json";
}

static void
default_body(Response *response, int status)
{
	if (status >= 500)
		respond_text(response, status, "upstream failure\n");
	else if (status == 204 || status == 304)
		respond_text(response, status, "");
	else
		respond_message(response, status, "%s", status == 429 ? "Too many requests" : "Refused");
}

static bool
before_status(Request *request, Response *response, Delivery *delivery)
{
	json_object *fault = request->fault;
	int			status = (int) json_member_number(fault, "status", 200);
	Body	   *body = given_body(fault);

	if (body)
		respond_body(response, status, given_content_type(fault), body);
	else
		default_body(response, status);
	json_object_object_get_ex(fault, "headers", &delivery->headers);
	delivery->as_is = delivery->headers != NULL;
	return true;
}

static bool
before_redirect(Request *request, Response *response, Delivery *delivery)
{
	json_object *headers = json_object_new_object();

	json_add_text(headers, "Location", json_member_text(request->fault, "location"));
	json_add(request->fault, "headers", headers);
	delivery->headers = headers;
	respond_text(response, (int) json_member_number(request->fault, "status", 302), "");
	return true;
}

static void
after_body(Request *request, Response *response, Delivery *delivery)
{
	(void) delivery;
	if (response->status == 200)
		respond_body(response, 200, given_content_type(request->fault),
					 given_body(request->fault));
}

/*
 * Replaces any response, a 404 too: for paths that the simulator does not
 * know.
 */
static void
after_response(Request *request, Response *response, Delivery *delivery)
{
	Body	   *body = given_body(request->fault);

	(void) delivery;
	if (response->status == 401 || response->status == 403)
	{
		body_unref(body);
		return;
	}
	response->allow = NULL;
	respond_body(response, (int) json_member_number(request->fault, "status", 200),
				 given_content_type(request->fault), body ? body : body_new(xstrdup("{}"), 2));
}

/*
 * A merge patch (RFC 7396).  Returns a new reference, and takes over "target".
 */
static json_object *
merge_patch(json_object *target, json_object *patch)
{
	if (!json_object_is_type(patch, json_type_object))
	{
		json_object_put(target);
		return json_object_get(patch);
	}
	if (!json_object_is_type(target, json_type_object))
	{
		json_object_put(target);
		target = json_object_new_object();
	}
	json_object_object_foreach(patch, name, value)
	{
		json_object *old = NULL;

		if (value == NULL)
			json_object_object_del(target, name);
		else
		{
			json_object_object_get_ex(target, name, &old);
			json_object_object_add(target, name, merge_patch(json_object_get(old), value));
		}
	}
	return target;
}

static void
after_merge(Request *request, Response *response, Delivery *delivery)
{
	json_object *patch = NULL;
	json_object *json;
	bool		valid;

	(void) delivery;
	if (response->status != 200)
		return;
	json = json_parse(response->body->bytes, response->body->length, &valid);
	json_object_object_get_ex(request->fault, "patch", &patch);
	respond_json(response, 200, merge_patch(json, patch));
}

static void
after_cut(Request *request, Response *response, Delivery *delivery)
{
	(void) request;
	(void) response;
	delivery->kind = DELIVER_CUT;
}

static bool
before_close(Request *request, Response *response, Delivery *delivery)
{
	(void) response;
	delivery->kind = DELIVER_NOTHING;
	return !json_member_bool(request->fault, "after_processing", false);
}

static bool
before_stall(Request *request, Response *response, Delivery *delivery)
{
	int64_t		ms = json_member_number(request->fault, "ms", -1);

	(void) response;
	wait_ms(request->socket, ms < 0 ? WAIT_FOREVER : (double) ms);
	delivery->kind = DELIVER_NOTHING;
	return true;
}

static bool
before_delay(Request *request, Response *response, Delivery *delivery)
{
	(void) response;
	(void) delivery;
	wait_ms(request->socket, (double) json_member_number(request->fault, "ms", 0));
	return false;
}

/*
 * Adds "more" to the number of requests that have arrived at a fault, and
 * returns the sum, or -1 when the fault was removed.
 */
static int64_t
arrived(int64_t number, int more)
{
	int64_t		count = -1;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < fault_count; i++)
		if (faults[i].number == number)
			count = faults[i].arrived += more;
	pthread_mutex_unlock(&lock);
	return count;
}

/* Each request waits until the last of its group has arrived. */
static bool
before_meet(Request *request, Response *response, Delivery *delivery)
{
	int64_t		number = json_member_number(request->fault, "number", 0);
	int64_t		group = json_member_number(request->fault, "requests", 1);
	int64_t		last = (arrived(number, 1) + group - 1) / group * group;
	int64_t		so_far;
	double		end = clock_ms() + (double) json_member_number(request->fault, "ms", 20000);

	(void) response;
	(void) delivery;
	while ((so_far = arrived(number, 0)) >= 0 && so_far < last && clock_ms() < end &&
		   wait_ms(request->socket, 1))
		;
	return false;
}

static void
after_trickle(Request *request, Response *response, Delivery *delivery)
{
	(void) response;
	delivery->kind = DELIVER_TRICKLE;
	delivery->pause_ms = json_member_number(request->fault, "ms", 10);
	delivery->chunk = json_member_number(request->fault, "chunk", 16);
}

static const Action actions[] = {
	{"status", " status headers body body_base64 content_type", before_status, NULL},
	{"raw", " status headers body body_base64 content_type", before_status, NULL},
	{"redirect", " status location", before_redirect, NULL},
	{"body", " body body_base64 content_type", NULL, after_body},
	{"answer", " status body body_base64 content_type", NULL, after_response},
	{"merge", " patch", NULL, after_merge},
	{"cut", "", NULL, after_cut},
	{"close", " after_processing", before_close, NULL},
	{"stall", " ms", before_stall, NULL},
	{"delay", " ms", before_delay, NULL},
	{"meet", " requests ms", before_meet, NULL},
	{"trickle", " ms chunk", NULL, after_trickle},
	{"operation", " state reason message immediate", NULL, NULL},	/* see writes.c */
};

static const Action *
action_of(json_object *fault)
{
	const char *name = json_member_text(fault, "action");

	for (size_t i = 0; name && i < lengthof(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

bool
faults_before(Request *request, Response *response, Delivery *delivery)
{
	const Action *action = action_of(request->fault);

	return action && action->before && action->before(request, response, delivery);
}

void
faults_after(Request *request, Response *response, Delivery *delivery)
{
	const Action *action = action_of(request->fault);

	if (action && action->after)
		action->after(request, response, delivery);
}

/* ---------- the list of faults ---------- */

/* The members that any fault and any action may have. */
typedef struct FaultMember
{
	const char *name;
	json_type	type;
	bool		matching;		/* says which requests, rather than what
								 * happens */
} FaultMember;

static const FaultMember members[] = {
	{"action", json_type_string, true},
	{"method", json_type_string, true},
	{"zone", json_type_string, true},
	{"path", json_type_string, true},
	{"skip", json_type_int, true},
	{"times", json_type_int, true},
	{"status", json_type_int, false},
	{"headers", json_type_object, false},
	{"body", json_type_string, false},
	{"body_base64", json_type_string, false},
	{"content_type", json_type_string, false},
	{"location", json_type_string, false},
	{"patch", json_type_null, false},	/* any type */
	{"after_processing", json_type_boolean, false},
	{"ms", json_type_int, false},
	{"chunk", json_type_int, false},
	{"requests", json_type_int, false},
	{"state", json_type_string, false},
	{"reason", json_type_string, false},
	{"message", json_type_string, false},
	{"immediate", json_type_boolean, false},
};

static bool
action_takes(const Action *action, const char *member)
{
	size_t		length = strlen(member);

	for (const char *c = action->members; *c == ' '; c += strcspn(c + 1, " ") + 1)
		if (strcspn(c + 1, " ") == length && strncmp(c + 1, member, length) == 0)
			return true;
	return false;
}

static char *
check_member(const Action *action, const char *name, json_object *value)
{
	for (size_t i = 0; i < lengthof(members); i++)
	{
		if (strcmp(members[i].name, name) != 0)
			continue;
		if (!members[i].matching && !action_takes(action, name))
			return xasprintf("action \"%s\" takes no \"%s\"", action->name, name);
		if (members[i].type != json_type_null && !json_object_is_type(value, members[i].type))
			return xasprintf("\"%s\" must be of type %s", name, json_type_to_name(members[i].type));
		return NULL;
	}
	return xasprintf("unknown member \"%s\"", name);
}

static bool
valid_state(json_object *fault)
{
	const char *state = json_member_text(fault, "state");

	return !state || strcmp(state, "success") == 0 || strcmp(state, "failure") == 0 ||
		strcmp(state, "timeout") == 0 || strcmp(state, "pending-forever") == 0;
}

/* Returns what is wrong with a fault, malloc'd, or NULL. */
static char *
check_fault(json_object *fault)
{
	const Action *action;
	const char *base64 = json_member_text(fault, "body_base64");
	int64_t		status = json_member_number(fault, "status", 200);
	size_t		length;
	unsigned char *bytes;

	if (!json_object_is_type(fault, json_type_object))
		return xstrdup("a fault must be an object");
	if ((action = action_of(fault)) == NULL)
		return xstrdup("unknown or missing \"action\"");
	json_object_object_foreach(fault, name, value)
	{
		char	   *complaint = check_member(action, name, value);

		if (complaint)
			return complaint;
	}
	if (status < 200 || status > 599)
		return xstrdup("\"status\" must be from 200 to 599");
	if (!valid_state(fault))
		return xstrdup("\"state\" must be success, failure, timeout or pending-forever");
	if (json_member_number(fault, "chunk", 1) < 1)
		return xstrdup("\"chunk\" must be positive");
	if (strcmp(action->name, "meet") == 0 && json_member_number(fault, "requests", 0) < 1)
		return xstrdup("action \"meet\" needs \"requests\", a positive number");
	if (strcmp(action->name, "redirect") == 0 && !json_member_text(fault, "location"))
		return xstrdup("action \"redirect\" needs a \"location\"");
	if (strcmp(action->name, "merge") == 0 && !json_object_object_get_ex(fault, "patch", NULL))
		return xstrdup("action \"merge\" needs a \"patch\"");
	if (strcmp(action->name, "body") == 0 && !base64 && !json_member_text(fault, "body"))
		return xstrdup("action \"body\" needs a \"body\" or \"body_base64\"");
	if (base64)
	{
		if ((bytes = base64_decode(base64, &length)) == NULL)
			return xstrdup("\"body_base64\" is not base64");
		free(bytes);
	}
	return NULL;
}

static void
add_one(json_object *json)
{
	pthread_mutex_lock(&lock);
	faults = xgrow(faults, fault_count, &fault_capacity, sizeof(Fault));
	faults[fault_count].json = NULL;
	json_object_deep_copy(json, &faults[fault_count].json, NULL);
	faults[fault_count].skip = json_member_number(json, "skip", 0);
	faults[fault_count].times = json_member_number(json, "times", 1);
	faults[fault_count].number = faults_added++;
	faults[fault_count].arrived = 0;
	fault_count++;
	pthread_mutex_unlock(&lock);
}

char *
faults_add(json_object *json)
{
	bool		many = json_object_is_type(json, json_type_array);
	size_t		count = many ? json_object_array_length(json) : 1;

	for (size_t i = 0; i < count; i++)
	{
		char	   *complaint = check_fault(many ? json_object_array_get_idx(json, i) : json);

		if (complaint)
			return complaint;
	}
	for (size_t i = 0; i < count; i++)
		add_one(many ? json_object_array_get_idx(json, i) : json);
	return NULL;
}

/*
 * Returns the faults as they were given, with what remains of "skip" and
 * "times".
 */
json_object *
faults_json(void)
{
	json_object *array = json_object_new_array();

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < fault_count; i++)
	{
		json_object *json = NULL;

		json_object_deep_copy(faults[i].json, &json, NULL);
		json_add_number(json, "skip", faults[i].skip);
		json_add_number(json, "times", faults[i].times);
		json_object_array_add(array, json);
	}
	pthread_mutex_unlock(&lock);
	return array;
}

size_t
faults_count(void)
{
	size_t		count;

	pthread_mutex_lock(&lock);
	count = fault_count;
	pthread_mutex_unlock(&lock);
	return count;
}

void
faults_clear(void)
{
	pthread_mutex_lock(&lock);
	while (fault_count > 0)
		json_object_put(faults[--fault_count].json);
	pthread_mutex_unlock(&lock);
}

static bool
fault_matches(json_object *fault, const Request *request)
{
	const char *method = json_member_text(fault, "method");
	const char *zone = json_member_text(fault, "zone");
	const char *path = json_member_text(fault, "path");

	return (!method || strcmp(method, request->method) == 0) &&
		(!zone || (request->zone && strcmp(zone, state_zone_name(request->zone)) == 0)) &&
		(!path || fnmatch(path, request->api_path, FNM_NOESCAPE) == 0);
}

json_object *
faults_take(const Request *request)
{
	json_object *taken = NULL;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < fault_count && !taken; i++)
	{
		Fault	   *fault = &faults[i];

		if (fault->times == 0 || !fault_matches(fault->json, request))
			continue;
		if (fault->skip > 0)
		{
			fault->skip--;
			continue;
		}
		if (fault->times > 0)
			fault->times--;
		json_object_deep_copy(fault->json, &taken, NULL);
		json_add_number(taken, "number", fault->number);
	}
	pthread_mutex_unlock(&lock);
	return taken;
}
