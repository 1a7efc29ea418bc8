/*
 * cppcheck.h
 *		What cppcheck has to know of headers that it does not read.
 */
#define json_object_object_foreach(object, name, value) \
	char	   *name = json_object_get_string(object); \
	json_object *value = json_object_get(object); \
	for (; object;)
