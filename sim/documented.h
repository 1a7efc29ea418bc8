/*
 * documented.h
 *		The API's operations, their bodies and settings, as its OpenAPI document has them.
 *
 * Written by sim/document; included by documented.c alone.
 */
static const DocumentedSchema schemas[] =
{
	{"dbaas-clickhouse-user-role-input",
	"{\"properties\":{\"uuid\":{\"format\":\"uuid\",\"type\":\"string\"}},\"required\":[\"uuid\"],"
	"\"type\":\"object\"}"},
	{"dbaas-database-name",
	"{\"maxLength\":40,\"minLength\":1,\"type\":\"string\"}"},
	{"dbaas-datadog-tag",
	"{\"properties\":{\"comment\":{\"maxLength\":1024,\"type\":\"string\"},\"tag\":{\"maxLength\":200,"
	"\"minLength\":1,\"type\":\"string\"}},\"required\":[\"tag\"],\"type\":\"object\"}"},
	{"dbaas-endpoint-datadog-input-create",
	"{\"properties\":{\"settings\":{\"properties\":{\"datadog-api-key\":{\"maxLength\":256,\"minLength\":1,"
	"\"pattern\":\"^[A-Za-z0-9]{1,256}$\",\"type\":\"string\"},"
	"\"datadog-tags\":{\"items\":{\"$ref\":\"dbaas-datadog-tag\"},\"type\":\"array\"},"
	"\"disable-consumer-stats\":{\"type\":\"boolean\"},"
	"\"kafka-consumer-check-instances\":{\"format\":\"int64\",\"maximum\":100,\"minimum\":1,"
	"\"type\":\"integer\"},\"kafka-consumer-stats-timeout\":{\"format\":\"int64\",\"maximum\":300,"
	"\"minimum\":2,\"type\":\"integer\"},\"max-partition-contexts\":{\"format\":\"int64\",\"maximum\":200000,"
	"\"minimum\":200,\"type\":\"integer\"},\"site\":{\"$ref\":\"enum-datadog-site\"}},"
	"\"required\":[\"datadog-api-key\",\"site\"],\"type\":\"object\"}},\"type\":\"object\"}"},
	{"dbaas-endpoint-datadog-input-update",
	"{\"properties\":{\"settings\":{\"properties\":{\"datadog-api-key\":{\"maxLength\":256,\"minLength\":1,"
	"\"pattern\":\"^[A-Za-z0-9]{1,256}$\",\"type\":\"string\"},"
	"\"datadog-tags\":{\"items\":{\"$ref\":\"dbaas-datadog-tag\"},\"type\":\"array\"},"
	"\"disable-consumer-stats\":{\"type\":\"boolean\"},"
	"\"kafka-consumer-check-instances\":{\"format\":\"int64\",\"maximum\":100,\"minimum\":1,"
	"\"type\":\"integer\"},\"kafka-consumer-stats-timeout\":{\"format\":\"int64\",\"maximum\":300,"
	"\"minimum\":2,\"type\":\"integer\"},\"max-partition-contexts\":{\"format\":\"int64\",\"maximum\":200000,"
	"\"minimum\":200,\"type\":\"integer\"},\"site\":{\"$ref\":\"enum-datadog-site\"}},"
	"\"required\":[\"datadog-api-key\"],\"type\":\"object\"}},\"type\":\"object\"}"},
	{"dbaas-endpoint-elasticsearch-input-create",
	"{\"properties\":{\"settings\":{\"properties\":{\"ca\":{\"maxLength\":16384,\"type\":\"string\"},"
	"\"index-days-max\":{\"format\":\"int64\",\"maximum\":10000,\"minimum\":1,\"type\":\"integer\"},"
	"\"index-prefix\":{\"maxLength\":1000,\"minLength\":1,\"pattern\":\"^[a-z0-9][a-z0-9-_.]+$\","
	"\"type\":\"string\"},\"timeout\":{\"format\":\"int64\",\"maximum\":120,\"minimum\":10,\"type\":\"integer\"},"
	"\"url\":{\"maxLength\":2048,\"minLength\":12,\"type\":\"string\"}},\"required\":[\"url\","
	"\"index-prefix\"],\"type\":\"object\"}},\"type\":\"object\"}"},
	{"dbaas-endpoint-elasticsearch-input-update",
	"{\"properties\":{\"settings\":{\"properties\":{\"ca\":{\"maxLength\":16384,\"type\":\"string\"},"
	"\"index-days-max\":{\"format\":\"int64\",\"maximum\":10000,\"minimum\":1,\"type\":\"integer\"},"
	"\"index-prefix\":{\"maxLength\":1000,\"minLength\":1,\"pattern\":\"^[a-z0-9][a-z0-9-_.]+$\","
	"\"type\":\"string\"},\"timeout\":{\"format\":\"int64\",\"maximum\":120,\"minimum\":10,\"type\":\"integer\"},"
	"\"url\":{\"maxLength\":2048,\"minLength\":12,\"type\":\"string\"}},\"type\":\"object\"}},"
	"\"type\":\"object\"}"},
	{"dbaas-endpoint-opensearch-input-create",
	"{\"properties\":{\"settings\":{\"properties\":{\"ca\":{\"maxLength\":16384,\"type\":\"string\"},"
	"\"index-days-max\":{\"format\":\"int64\",\"maximum\":10000,\"minimum\":1,\"type\":\"integer\"},"
	"\"index-prefix\":{\"maxLength\":1000,\"minLength\":1,\"pattern\":\"^[a-z0-9][a-z0-9-_.]+$\","
	"\"type\":\"string\"},\"timeout\":{\"format\":\"int64\",\"maximum\":120,\"minimum\":10,\"type\":\"integer\"},"
	"\"url\":{\"maxLength\":2048,\"minLength\":12,\"type\":\"string\"}},\"required\":[\"url\","
	"\"index-prefix\"],\"type\":\"object\"}},\"type\":\"object\"}"},
	{"dbaas-endpoint-opensearch-input-update",
	"{\"properties\":{\"settings\":{\"properties\":{\"ca\":{\"maxLength\":16384,\"type\":\"string\"},"
	"\"index-days-max\":{\"format\":\"int64\",\"maximum\":10000,\"minimum\":1,\"type\":\"integer\"},"
	"\"index-prefix\":{\"maxLength\":1000,\"minLength\":1,\"pattern\":\"^[a-z0-9][a-z0-9-_.]+$\","
	"\"type\":\"string\"},\"timeout\":{\"format\":\"int64\",\"maximum\":120,\"minimum\":10,\"type\":\"integer\"},"
	"\"url\":{\"maxLength\":2048,\"minLength\":12,\"type\":\"string\"}},\"type\":\"object\"}},"
	"\"type\":\"object\"}"},
	{"dbaas-endpoint-prometheus-payload",
	"{\"properties\":{\"settings\":{\"properties\":{\"basic-auth-password\":{\"maxLength\":64,"
	"\"minLength\":8,\"type\":\"string\"},\"basic-auth-username\":{\"maxLength\":32,\"minLength\":5,"
	"\"pattern\":\"^[a-z0-9\\\\-@_]{5,32}$\",\"type\":\"string\"}},\"type\":\"object\"}},\"type\":\"object\"}"},
	{"dbaas-endpoint-rsyslog-input-create",
	"{\"properties\":{\"settings\":{\"properties\":{\"ca\":{\"maxLength\":16384,\"type\":\"string\"},"
	"\"cert\":{\"maxLength\":16384,\"type\":\"string\"},\"format\":{\"$ref\":\"enum-rsyslog-format\"},"
	"\"key\":{\"maxLength\":16384,\"type\":\"string\"},\"logline\":{\"maxLength\":512,\"minLength\":1,"
	"\"pattern\":\"^[ -~\\\\t]+$\",\"type\":\"string\"},\"max-message-size\":{\"format\":\"int64\","
	"\"maximum\":2147483647,\"minimum\":2048,\"type\":\"integer\"},\"port\":{\"format\":\"int64\","
	"\"maximum\":65535,\"minimum\":1,\"type\":\"integer\"},\"sd\":{\"maxLength\":1024,\"type\":\"string\"},"
	"\"server\":{\"maxLength\":255,\"minLength\":4,\"type\":\"string\"},\"tls\":{\"type\":\"boolean\"}},"
	"\"required\":[\"server\",\"port\",\"tls\",\"format\"],\"type\":\"object\"}},\"type\":\"object\"}"},
	{"dbaas-endpoint-rsyslog-input-update",
	"{\"properties\":{\"settings\":{\"properties\":{\"ca\":{\"maxLength\":16384,\"type\":\"string\"},"
	"\"cert\":{\"maxLength\":16384,\"type\":\"string\"},\"format\":{\"$ref\":\"enum-rsyslog-format\"},"
	"\"key\":{\"maxLength\":16384,\"type\":\"string\"},\"logline\":{\"maxLength\":512,\"minLength\":1,"
	"\"pattern\":\"^[ -~\\\\t]+$\",\"type\":\"string\"},\"max-message-size\":{\"format\":\"int64\","
	"\"maximum\":2147483647,\"minimum\":2048,\"type\":\"integer\"},\"port\":{\"format\":\"int64\","
	"\"maximum\":65535,\"minimum\":1,\"type\":\"integer\"},\"sd\":{\"maxLength\":1024,\"type\":\"string\"},"
	"\"server\":{\"maxLength\":255,\"minLength\":4,\"type\":\"string\"},\"tls\":{\"type\":\"boolean\"}},"
	"\"type\":\"object\"}},\"type\":\"object\"}"},
	{"dbaas-integration-settings-datadog",
	"{\"properties\":{\"datadog-dbm-enabled\":{\"type\":\"boolean\"},"
	"\"datadog-pgbouncer-enabled\":{\"type\":\"boolean\"}},\"type\":\"object\"}"},
	{"dbaas-kafka-acl-id",
	"{\"maxLength\":40,\"minLength\":1,\"type\":\"string\"}"},
	{"dbaas-kafka-schema-registry-acl-entry",
	"{\"properties\":{\"id\":{\"$ref\":\"dbaas-kafka-acl-id\"},"
	"\"permission\":{\"enum\":[\"schema_registry_read\",\"schema_registry_write\"],\"type\":\"string\"},"
	"\"resource\":{\"maxLength\":249,\"minLength\":1,\"type\":\"string\"},\"username\":{\"maxLength\":64,"
	"\"minLength\":1,\"type\":\"string\"}},\"required\":[\"username\",\"resource\",\"permission\"],"
	"\"type\":\"object\"}"},
	{"dbaas-kafka-topic-acl-entry",
	"{\"properties\":{\"id\":{\"$ref\":\"dbaas-kafka-acl-id\"},\"permission\":{\"enum\":[\"admin\",\"read\","
	"\"readwrite\",\"write\"],\"type\":\"string\"},\"topic\":{\"maxLength\":249,\"minLength\":1,"
	"\"type\":\"string\"},\"username\":{\"maxLength\":64,\"minLength\":1,\"type\":\"string\"}},"
	"\"required\":[\"username\",\"topic\",\"permission\"],\"type\":\"object\"}"},
	{"dbaas-mysql-database-name",
	"{\"maxLength\":64,\"minLength\":1,\"type\":\"string\"}"},
	{"dbaas-mysql-user-password",
	"{\"maxLength\":256,\"minLength\":8,\"pattern\":\"^[a-zA-Z0-9!#%^*_+={}()<>|.,;~?-]+$\","
	"\"type\":\"string\"}"},
	{"dbaas-opensearch-acl-config",
	"{\"properties\":{\"acl-enabled\":{\"type\":\"boolean\"},"
	"\"acls\":{\"items\":{\"properties\":{\"rules\":{\"items\":{\"properties\":{\"index\":{\"maxLength\":249,"
	"\"type\":\"string\"},\"permission\":{\"$ref\":\"enum-opensearch-rule-permission\"}},"
	"\"required\":[\"index\"],\"type\":\"object\"},\"type\":\"array\"},"
	"\"username\":{\"$ref\":\"dbaas-user-username\"}},\"type\":\"object\"},\"type\":\"array\"},"
	"\"extended-acl-enabled\":{\"type\":\"boolean\"}},\"type\":\"object\"}"},
	{"dbaas-pg-database-name",
	"{\"maxLength\":63,\"minLength\":1,\"type\":\"string\"}"},
	{"dbaas-pg-pool-name",
	"{\"maxLength\":63,\"minLength\":1,\"type\":\"string\"}"},
	{"dbaas-pg-pool-size",
	"{\"format\":\"int64\",\"maximum\":10000,\"minimum\":1,\"type\":\"integer\"}"},
	{"dbaas-pg-pool-username",
	"{\"maxLength\":64,\"minLength\":1,\"type\":\"string\"}"},
	{"dbaas-pg-target-versions",
	"{\"enum\":[\"13\",\"14\",\"15\",\"16\",\"17\",\"18\"],\"type\":\"string\"}"},
	{"dbaas-service-name",
	"{\"maxLength\":63,\"minLength\":0,\"type\":\"string\"}"},
	{"dbaas-user-password",
	"{\"maxLength\":256,\"minLength\":8,\"type\":\"string\"}"},
	{"dbaas-user-username",
	"{\"maxLength\":64,\"minLength\":1,\"type\":\"string\"}"},
	{"dbaas-valkey-user-access-control",
	"{\"properties\":{\"categories\":{\"items\":{\"type\":\"string\"},\"type\":\"array\"},"
	"\"channels\":{\"items\":{\"type\":\"string\"},\"type\":\"array\"},"
	"\"commands\":{\"items\":{\"type\":\"string\"},\"type\":\"array\"},\"keys\":{\"items\":{\"type\":\"string\"},"
	"\"type\":\"array\"}},\"type\":\"object\"}"},
	{"enum-datadog-site",
	"{\"enum\":[\"ap1.datadoghq.com\",\"datadoghq.com\",\"datadoghq.eu\",\"ddog-gov.com\","
	"\"us3.datadoghq.com\",\"us5.datadoghq.com\"],\"type\":\"string\"}"},
	{"enum-external-endpoint-types",
	"{\"enum\":[\"datadog\",\"elasticsearch\",\"opensearch\",\"prometheus\",\"rsyslog\"],\"type\":\"string\"}"},
	{"enum-integration-types",
	"{\"enum\":[\"datasource\",\"logs\",\"metrics\"],\"type\":\"string\"}"},
	{"enum-migration-method",
	"{\"enum\":[\"dump\",\"replication\"],\"type\":\"string\"}"},
	{"enum-mysql-authentication-plugin",
	"{\"enum\":[\"caching_sha2_password\",\"mysql_native_password\"],\"type\":\"string\"}"},
	{"enum-opensearch-rule-permission",
	"{\"enum\":[\"admin\",\"deny\",\"read\",\"readwrite\",\"write\"],\"type\":\"string\"}"},
	{"enum-pg-pool-mode",
	"{\"enum\":[\"session\",\"statement\",\"transaction\"],\"type\":\"string\"}"},
	{"enum-pg-synchronous-replication",
	"{\"enum\":[\"off\",\"quorum\"],\"type\":\"string\"}"},
	{"enum-pg-variant",
	"{\"enum\":[\"aiven\",\"timescale\"],\"type\":\"string\"}"},
	{"enum-rsyslog-format",
	"{\"enum\":[\"custom\",\"rfc3164\",\"rfc5424\"],\"type\":\"string\"}"},
	{"enum-sort-order",
	"{\"enum\":[\"asc\",\"desc\"],\"type\":\"string\"}"},
	{"json-schema-clickhouse",
	"{\"properties\":{\"server_settings\":{\"additionalProperties\":false,"
	"\"properties\":{\"vector_similarity_index_cache_size\":{\"default\":0.07,\"maximum\":0.5,"
	"\"minimum\":0,\"type\":\"number\"}},\"type\":\"object\"},"
	"\"tiered_storage_move_factor\":{\"default\":0.2,\"maximum\":1,\"minimum\":0,\"type\":\"number\"}},"
	"\"type\":\"object\"}"},
	{"json-schema-grafana",
	"{\"properties\":{\"alerting_enabled\":{\"type\":\"boolean\"},"
	"\"alerting_error_or_timeout\":{\"enum\":[\"alerting\",\"keep_state\"],\"type\":\"string\"},"
	"\"alerting_max_annotations_to_keep\":{\"maximum\":1000000,\"minimum\":0,\"type\":\"integer\"},"
	"\"alerting_nodata_or_nullvalues\":{\"enum\":[\"alerting\",\"keep_state\",\"no_data\",\"ok\"],"
	"\"type\":\"string\"},\"allow_embedding\":{\"type\":\"boolean\"},"
	"\"auth_azuread\":{\"additionalProperties\":false,"
	"\"properties\":{\"allow_sign_up\":{\"type\":\"boolean\"},"
	"\"allowed_domains\":{\"items\":{\"maxLength\":255,\"type\":\"string\"},\"maxItems\":50,"
	"\"type\":\"array\"},\"allowed_groups\":{\"items\":{\"maxLength\":36,"
	"\"pattern\":\"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$\","
	"\"type\":\"string\"},\"maxItems\":50,\"type\":\"array\"},\"auth_url\":{\"maxLength\":2048,"
	"\"type\":\"string\"},\"client_id\":{\"maxLength\":1024,\"pattern\":\"^[ -~]+$\",\"type\":\"string\"},"
	"\"client_secret\":{\"maxLength\":1024,\"pattern\":\"^[ -~]+$\",\"type\":\"string\"},"
	"\"token_url\":{\"maxLength\":2048,\"type\":\"string\"}},\"required\":[\"client_id\",\"client_secret\","
	"\"auth_url\",\"token_url\"],\"type\":\"object\"},\"auth_basic_enabled\":{\"type\":\"boolean\"},"
	"\"auth_generic_oauth\":{\"additionalProperties\":false,"
	"\"properties\":{\"allow_sign_up\":{\"type\":\"boolean\"},"
	"\"allowed_domains\":{\"items\":{\"maxLength\":255,\"type\":\"string\"},\"maxItems\":50,"
	"\"type\":\"array\"},\"allowed_organizations\":{\"items\":{\"maxLength\":256,\"pattern\":\"^[\\\\S]+$\","
	"\"type\":\"string\"},\"maxItems\":50,\"type\":\"array\"},\"api_url\":{\"maxLength\":2048,"
	"\"type\":\"string\"},\"auth_url\":{\"maxLength\":2048,\"type\":\"string\"},"
	"\"auto_login\":{\"type\":\"boolean\"},\"client_id\":{\"maxLength\":1024,\"pattern\":\"^[ -~]+$\","
	"\"type\":\"string\"},\"client_secret\":{\"maxLength\":1024,\"pattern\":\"^[ -~]+$\",\"type\":\"string\"},"
	"\"name\":{\"maxLength\":128,\"pattern\":\"^[a-zA-Z0-9_\\\\- ]+$\",\"type\":\"string\"},"
	"\"scopes\":{\"items\":{\"maxLength\":256,\"pattern\":\"^[\\\\S]+$\",\"type\":\"string\"},\"maxItems\":50,"
	"\"type\":\"array\"},\"token_url\":{\"maxLength\":2048,\"type\":\"string\"}},\"required\":[\"api_url\","
	"\"auth_url\",\"client_id\",\"client_secret\",\"token_url\"],\"type\":\"object\"},"
	"\"auth_github\":{\"additionalProperties\":false,"
	"\"properties\":{\"allow_sign_up\":{\"type\":\"boolean\"},"
	"\"allowed_organizations\":{\"items\":{\"maxLength\":256,\"pattern\":\"^[A-Za-z0-9-]+$\","
	"\"type\":\"string\"},\"maxItems\":50,\"type\":\"array\"},\"auto_login\":{\"type\":\"boolean\"},"
	"\"client_id\":{\"maxLength\":1024,\"pattern\":\"^[ -~]+$\",\"type\":\"string\"},"
	"\"client_secret\":{\"maxLength\":1024,\"pattern\":\"^[ -~]+$\",\"type\":\"string\"},"
	"\"skip_org_role_sync\":{\"type\":\"boolean\"},"
	"\"team_ids\":{\"items\":{\"maximum\":9223372036854775807,\"minimum\":1,\"type\":\"integer\"},"
	"\"maxItems\":50,\"type\":\"array\"}},\"required\":[\"client_id\",\"client_secret\"],\"type\":\"object\"},"
	"\"auth_gitlab\":{\"additionalProperties\":false,"
	"\"properties\":{\"allow_sign_up\":{\"type\":\"boolean\"},"
	"\"allowed_groups\":{\"items\":{\"maxLength\":256,\"pattern\":\"^[a-z0-9-_/]+$\",\"type\":\"string\"},"
	"\"maxItems\":50,\"type\":\"array\"},\"api_url\":{\"maxLength\":2048,\"type\":\"string\"},"
	"\"auth_url\":{\"maxLength\":2048,\"type\":\"string\"},\"client_id\":{\"maxLength\":1024,"
	"\"pattern\":\"^[ -~]+$\",\"type\":\"string\"},\"client_secret\":{\"maxLength\":1024,"
	"\"pattern\":\"^[ -~]+$\",\"type\":\"string\"},\"token_url\":{\"maxLength\":2048,\"type\":\"string\"}},"
	"\"required\":[\"client_id\",\"client_secret\",\"allowed_groups\"],\"type\":\"object\"},"
	"\"auth_google\":{\"additionalProperties\":false,"
	"\"properties\":{\"allow_sign_up\":{\"type\":\"boolean\"},"
	"\"allowed_domains\":{\"items\":{\"maxLength\":255,\"type\":\"string\"},\"maxItems\":64,"
	"\"type\":\"array\"},\"client_id\":{\"maxLength\":1024,\"pattern\":\"^[ -~]+$\",\"type\":\"string\"},"
	"\"client_secret\":{\"maxLength\":1024,\"pattern\":\"^[ -~]+$\",\"type\":\"string\"}},"
	"\"required\":[\"client_id\",\"client_secret\",\"allowed_domains\"],\"type\":\"object\"},"
	"\"cookie_samesite\":{\"enum\":[\"lax\",\"none\",\"strict\"],\"type\":\"string\"},"
	"\"custom_domain\":{\"maxLength\":255,\"nullable\":true,\"type\":\"string\"},"
	"\"dashboard_previews_enabled\":{\"type\":\"boolean\"},"
	"\"dashboards_min_refresh_interval\":{\"maxLength\":16,\"pattern\":\"^[0-9]+(ms|s|m|h|d)$\","
	"\"type\":\"string\"},\"dashboards_versions_to_keep\":{\"maximum\":100,\"minimum\":1,"
	"\"type\":\"integer\"},\"dataproxy_send_user_header\":{\"type\":\"boolean\"},"
	"\"dataproxy_timeout\":{\"maximum\":90,\"minimum\":15,\"type\":\"integer\"},"
	"\"date_formats\":{\"additionalProperties\":false,"
	"\"properties\":{\"default_timezone\":{\"maxLength\":64,\"pattern\":\"^([a-zA-Z_]+/){1,"
	"2}[a-zA-Z_-]+$|^(Etc/)?([Uu][Tt][Cc]|[Gg][Mm][Tt])([+-](\\\\d){1,"
	"2})?$|^([Ff][Aa][Cc][Tt][Oo][Rr][Yy])$|^([Bb][Rr][Oo][Ww][Ss][Ee][Rr])$\",\"type\":\"string\"},"
	"\"full_date\":{\"maxLength\":128,"
	"\"pattern\":\"^(([Hh]mm(ss)?|Mo|MM?M?M?|Do|DDDo|DD?D?D?|ddd?d?|do?|w[o|w]?|W[o|W]?|Qo?|N{1,"
	"5}|YYYYYY|YYYYY|YYYY|YY|y{2,4}|yo?|gg(ggg?)?|GG(GGG?)?|e|E|a|A|hh?|HH?|kk?|mm?|ss?|S{1,"
	"9}|x|X|zz?|ZZ?|LTS|LT|LL?L?L?|l{1,4}|[-+/T,;.: ]?)*)$\",\"type\":\"string\"},"
	"\"interval_day\":{\"maxLength\":128,"
	"\"pattern\":\"^(([Hh]mm(ss)?|Mo|MM?M?M?|Do|DDDo|DD?D?D?|ddd?d?|do?|w[o|w]?|W[o|W]?|Qo?|N{1,"
	"5}|YYYYYY|YYYYY|YYYY|YY|y{2,4}|yo?|gg(ggg?)?|GG(GGG?)?|e|E|a|A|hh?|HH?|kk?|mm?|ss?|S{1,"
	"9}|x|X|zz?|ZZ?|LTS|LT|LL?L?L?|l{1,4}|[-+/T,;.: ]?)*)$\",\"type\":\"string\"},"
	"\"interval_hour\":{\"maxLength\":128,"
	"\"pattern\":\"^(([Hh]mm(ss)?|Mo|MM?M?M?|Do|DDDo|DD?D?D?|ddd?d?|do?|w[o|w]?|W[o|W]?|Qo?|N{1,"
	"5}|YYYYYY|YYYYY|YYYY|YY|y{2,4}|yo?|gg(ggg?)?|GG(GGG?)?|e|E|a|A|hh?|HH?|kk?|mm?|ss?|S{1,"
	"9}|x|X|zz?|ZZ?|LTS|LT|LL?L?L?|l{1,4}|[-+/T,;.: ]?)*)$\",\"type\":\"string\"},"
	"\"interval_minute\":{\"maxLength\":128,"
	"\"pattern\":\"^(([Hh]mm(ss)?|Mo|MM?M?M?|Do|DDDo|DD?D?D?|ddd?d?|do?|w[o|w]?|W[o|W]?|Qo?|N{1,"
	"5}|YYYYYY|YYYYY|YYYY|YY|y{2,4}|yo?|gg(ggg?)?|GG(GGG?)?|e|E|a|A|hh?|HH?|kk?|mm?|ss?|S{1,"
	"9}|x|X|zz?|ZZ?|LTS|LT|LL?L?L?|l{1,4}|[-+/T,;.: ]?)*)$\",\"type\":\"string\"},"
	"\"interval_month\":{\"maxLength\":128,"
	"\"pattern\":\"^(([Hh]mm(ss)?|Mo|MM?M?M?|Do|DDDo|DD?D?D?|ddd?d?|do?|w[o|w]?|W[o|W]?|Qo?|N{1,"
	"5}|YYYYYY|YYYYY|YYYY|YY|y{2,4}|yo?|gg(ggg?)?|GG(GGG?)?|e|E|a|A|hh?|HH?|kk?|mm?|ss?|S{1,"
	"9}|x|X|zz?|ZZ?|LTS|LT|LL?L?L?|l{1,4}|[-+/T,;.: ]?)*)$\",\"type\":\"string\"},"
	"\"interval_second\":{\"maxLength\":128,"
	"\"pattern\":\"^(([Hh]mm(ss)?|Mo|MM?M?M?|Do|DDDo|DD?D?D?|ddd?d?|do?|w[o|w]?|W[o|W]?|Qo?|N{1,"
	"5}|YYYYYY|YYYYY|YYYY|YY|y{2,4}|yo?|gg(ggg?)?|GG(GGG?)?|e|E|a|A|hh?|HH?|kk?|mm?|ss?|S{1,"
	"9}|x|X|zz?|ZZ?|LTS|LT|LL?L?L?|l{1,4}|[-+/T,;.: ]?)*)$\",\"type\":\"string\"},"
	"\"interval_year\":{\"maxLength\":128,"
	"\"pattern\":\"^(([Hh]mm(ss)?|Mo|MM?M?M?|Do|DDDo|DD?D?D?|ddd?d?|do?|w[o|w]?|W[o|W]?|Qo?|N{1,"
	"5}|YYYYYY|YYYYY|YYYY|YY|y{2,4}|yo?|gg(ggg?)?|GG(GGG?)?|e|E|a|A|hh?|HH?|kk?|mm?|ss?|S{1,"
	"9}|x|X|zz?|ZZ?|LTS|LT|LL?L?L?|l{1,4}|[-+/T,;.: ]?)*)$\",\"type\":\"string\"}},\"type\":\"object\"},"
	"\"disable_gravatar\":{\"type\":\"boolean\"},\"editors_can_admin\":{\"type\":\"boolean\"},"
	"\"google_analytics_ua_id\":{\"maxLength\":64,\"pattern\":\"^(G|UA|YT|MO)-[a-zA-Z0-9-]+$\","
	"\"type\":\"string\"},\"metrics_enabled\":{\"type\":\"boolean\"},"
	"\"oauth_allow_insecure_email_lookup\":{\"type\":\"boolean\"},\"service_log\":{\"nullable\":true,"
	"\"type\":\"boolean\"},\"smtp_server\":{\"additionalProperties\":false,"
	"\"properties\":{\"from_address\":{\"maxLength\":319,"
	"\"pattern\":\"^[A-Za-z0-9_\\\\-\\\\.+'&]+@(([\\\\da-zA-Z])([_\\\\w-]{0,62})\\\\.){0,"
	"127}(([\\\\da-zA-Z])[_\\\\w-]{0,61})?([\\\\da-zA-Z]\\\\.((xn\\\\-\\\\-[a-zA-Z\\\\d]+)|([a-zA-Z\\\\d]{2,"
	"})))$\",\"type\":\"string\"},\"from_name\":{\"maxLength\":128,\"nullable\":true,"
	"\"pattern\":\"^[^\\\\x00-\\\\x1F]+$\",\"type\":\"string\"},\"host\":{\"maxLength\":255,\"type\":\"string\"},"
	"\"password\":{\"maxLength\":255,\"nullable\":true,\"pattern\":\"^[^\\\\x00-\\\\x1F]+$\","
	"\"type\":\"string\"},\"port\":{\"maximum\":65535,\"minimum\":1,\"type\":\"integer\"},"
	"\"skip_verify\":{\"type\":\"boolean\"},\"starttls_policy\":{\"enum\":[\"MandatoryStartTLS\","
	"\"NoStartTLS\",\"OpportunisticStartTLS\"],\"type\":\"string\"},\"username\":{\"maxLength\":255,"
	"\"nullable\":true,\"pattern\":\"^[^\\\\x00-\\\\x1F]+$\",\"type\":\"string\"}},\"required\":[\"host\",\"port\","
	"\"from_address\"],\"type\":\"object\"},\"unified_alerting_enabled\":{\"type\":\"boolean\"},"
	"\"user_auto_assign_org\":{\"type\":\"boolean\"},\"user_auto_assign_org_role\":{\"enum\":[\"Admin\","
	"\"Editor\",\"Viewer\"],\"type\":\"string\"},\"viewers_can_edit\":{\"type\":\"boolean\"},"
	"\"wal\":{\"type\":\"boolean\"}},\"type\":\"object\"}"},
	{"json-schema-kafka",
	"{\"additionalProperties\":false,"
	"\"properties\":{\"auto_create_topics_enable\":{\"type\":\"boolean\"},"
	"\"compression_type\":{\"enum\":[\"gzip\",\"lz4\",\"producer\",\"snappy\",\"uncompressed\",\"zstd\"],"
	"\"type\":\"string\"},\"connections_max_idle_ms\":{\"maximum\":3600000,\"minimum\":1000,"
	"\"type\":\"integer\"},\"default_replication_factor\":{\"maximum\":10,\"minimum\":1,"
	"\"type\":\"integer\"},\"group_initial_rebalance_delay_ms\":{\"maximum\":300000,\"minimum\":0,"
	"\"type\":\"integer\"},\"group_max_session_timeout_ms\":{\"maximum\":1800000,\"minimum\":0,"
	"\"type\":\"integer\"},\"group_min_session_timeout_ms\":{\"maximum\":60000,\"minimum\":0,"
	"\"type\":\"integer\"},"
	"\"log-cleanup-and-compaction\":{\"properties\":{\"log_cleaner_delete_retention_ms\":{\"maximum\":315569260000,"
	"\"minimum\":0,\"type\":\"integer\"},"
	"\"log_cleaner_max_compaction_lag_ms\":{\"maximum\":9223372036854775807,\"minimum\":30000,"
	"\"type\":\"integer\"},\"log_cleaner_min_cleanable_ratio\":{\"maximum\":0.9,\"minimum\":0.2,"
	"\"type\":\"number\"},\"log_cleaner_min_compaction_lag_ms\":{\"maximum\":9223372036854775807,"
	"\"minimum\":0,\"type\":\"integer\"},\"log_cleanup_policy\":{\"enum\":[\"compact\",\"compact,delete\","
	"\"delete\"],\"type\":\"string\"}},\"type\":\"object\"},"
	"\"log_flush_interval_messages\":{\"maximum\":9223372036854775807,\"minimum\":1,"
	"\"type\":\"integer\"},\"log_flush_interval_ms\":{\"maximum\":9223372036854775807,\"minimum\":0,"
	"\"type\":\"integer\"},\"log_index_interval_bytes\":{\"maximum\":104857600,\"minimum\":0,"
	"\"type\":\"integer\"},\"log_index_size_max_bytes\":{\"maximum\":104857600,\"minimum\":1048576,"
	"\"type\":\"integer\"},\"log_local_retention_bytes\":{\"maximum\":9223372036854775807,\"minimum\":-2,"
	"\"type\":\"integer\"},\"log_local_retention_ms\":{\"maximum\":9223372036854775807,\"minimum\":-2,"
	"\"type\":\"integer\"},\"log_message_downconversion_enable\":{\"type\":\"boolean\"},"
	"\"log_message_timestamp_difference_max_ms\":{\"maximum\":9223372036854775807,\"minimum\":0,"
	"\"type\":\"integer\"},\"log_message_timestamp_type\":{\"enum\":[\"CreateTime\",\"LogAppendTime\"],"
	"\"type\":\"string\"},\"log_preallocate\":{\"type\":\"boolean\"},"
	"\"log_retention_bytes\":{\"maximum\":9223372036854775807,\"minimum\":-1,\"type\":\"integer\"},"
	"\"log_retention_hours\":{\"maximum\":2147483647,\"minimum\":-1,\"type\":\"integer\"},"
	"\"log_retention_ms\":{\"maximum\":9223372036854775807,\"minimum\":-1,\"type\":\"integer\"},"
	"\"log_roll_jitter_ms\":{\"maximum\":9223372036854775807,\"minimum\":0,\"type\":\"integer\"},"
	"\"log_roll_ms\":{\"maximum\":9223372036854775807,\"minimum\":1,\"type\":\"integer\"},"
	"\"log_segment_bytes\":{\"maximum\":1073741824,\"minimum\":10485760,\"type\":\"integer\"},"
	"\"log_segment_delete_delay_ms\":{\"maximum\":3600000,\"minimum\":0,\"type\":\"integer\"},"
	"\"max_connections_per_ip\":{\"maximum\":2147483647,\"minimum\":256,\"type\":\"integer\"},"
	"\"max_incremental_fetch_session_cache_slots\":{\"maximum\":10000,\"minimum\":1000,"
	"\"type\":\"integer\"},\"message_max_bytes\":{\"maximum\":100001200,\"minimum\":0,\"type\":\"integer\"},"
	"\"min_insync_replicas\":{\"maximum\":7,\"minimum\":1,\"type\":\"integer\"},"
	"\"num_partitions\":{\"maximum\":1000,\"minimum\":1,\"type\":\"integer\"},"
	"\"offsets_retention_minutes\":{\"maximum\":2147483647,\"minimum\":1,\"type\":\"integer\"},"
	"\"producer_purgatory_purge_interval_requests\":{\"maximum\":10000,\"minimum\":10,"
	"\"type\":\"integer\"},\"replica_fetch_max_bytes\":{\"maximum\":104857600,\"minimum\":1048576,"
	"\"type\":\"integer\"},\"replica_fetch_response_max_bytes\":{\"maximum\":1048576000,"
	"\"minimum\":10485760,\"type\":\"integer\"},"
	"\"sasl_oauthbearer_expected_audience\":{\"maxLength\":128,\"pattern\":\"^[^\\\\r\\\\n]*$\","
	"\"type\":\"string\"},\"sasl_oauthbearer_expected_issuer\":{\"maxLength\":128,"
	"\"pattern\":\"^[^\\\\r\\\\n]*$\",\"type\":\"string\"},"
	"\"sasl_oauthbearer_jwks_endpoint_url\":{\"maxLength\":2048,\"type\":\"string\"},"
	"\"sasl_oauthbearer_sub_claim_name\":{\"maxLength\":128,\"pattern\":\"^[^\\\\r\\\\n]*$\","
	"\"type\":\"string\"},\"socket_request_max_bytes\":{\"maximum\":209715200,\"minimum\":10485760,"
	"\"type\":\"integer\"},\"transaction_partition_verification_enable\":{\"type\":\"boolean\"},"
	"\"transaction_remove_expired_transaction_cleanup_interval_ms\":{\"maximum\":3600000,"
	"\"minimum\":600000,\"type\":\"integer\"},"
	"\"transaction_state_log_segment_bytes\":{\"maximum\":2147483647,\"minimum\":1048576,"
	"\"type\":\"integer\"}},\"type\":\"object\"}"},
	{"json-schema-kafka-connect",
	"{\"additionalProperties\":false,"
	"\"properties\":{\"connector_client_config_override_policy\":{\"enum\":[\"All\",\"None\"],"
	"\"type\":\"string\"},\"consumer_auto_offset_reset\":{\"enum\":[\"earliest\",\"latest\"],"
	"\"type\":\"string\"},\"consumer_fetch_max_bytes\":{\"maximum\":104857600,\"minimum\":1048576,"
	"\"type\":\"integer\"},\"consumer_isolation_level\":{\"enum\":[\"read_committed\","
	"\"read_uncommitted\"],\"type\":\"string\"},"
	"\"consumer_max_partition_fetch_bytes\":{\"maximum\":104857600,\"minimum\":1048576,"
	"\"type\":\"integer\"},\"consumer_max_poll_interval_ms\":{\"maximum\":2147483647,\"minimum\":1,"
	"\"type\":\"integer\"},\"consumer_max_poll_records\":{\"maximum\":10000,\"minimum\":1,"
	"\"type\":\"integer\"},\"offset_flush_interval_ms\":{\"maximum\":100000000,\"minimum\":1,"
	"\"type\":\"integer\"},\"offset_flush_timeout_ms\":{\"maximum\":2147483647,\"minimum\":1,"
	"\"type\":\"integer\"},\"producer_batch_size\":{\"maximum\":5242880,\"minimum\":0,\"type\":\"integer\"},"
	"\"producer_buffer_memory\":{\"maximum\":134217728,\"minimum\":5242880,\"type\":\"integer\"},"
	"\"producer_compression_type\":{\"enum\":[\"gzip\",\"lz4\",\"none\",\"snappy\",\"zstd\"],"
	"\"type\":\"string\"},\"producer_linger_ms\":{\"maximum\":5000,\"minimum\":0,\"type\":\"integer\"},"
	"\"producer_max_request_size\":{\"maximum\":67108864,\"minimum\":131072,\"type\":\"integer\"},"
	"\"scheduled_rebalance_max_delay_ms\":{\"maximum\":600000,\"minimum\":0,\"type\":\"integer\"},"
	"\"session_timeout_ms\":{\"maximum\":2147483647,\"minimum\":1,\"type\":\"integer\"}},\"type\":\"object\"}"},
	{"json-schema-kafka-rest",
	"{\"additionalProperties\":false,\"properties\":{\"consumer_enable_auto_commit\":{\"default\":true,"
	"\"type\":\"boolean\"},\"consumer_request_max_bytes\":{\"default\":67108864,\"maximum\":671088640,"
	"\"minimum\":0,\"type\":\"integer\"},\"consumer_request_timeout_ms\":{\"default\":1000,\"enum\":[1000,"
	"15000,30000],\"type\":\"integer\"},\"name_strategy\":{\"default\":\"topic_name\","
	"\"enum\":[\"record_name\",\"topic_name\",\"topic_record_name\"],\"type\":\"string\"},"
	"\"name_strategy_validation\":{\"default\":true,\"type\":\"boolean\"},"
	"\"producer_acks\":{\"default\":\"1\",\"enum\":[\"-1\",\"0\",\"1\",\"all\"],\"type\":\"string\"},"
	"\"producer_compression_type\":{\"enum\":[\"gzip\",\"lz4\",\"none\",\"snappy\",\"zstd\"],"
	"\"type\":\"string\"},\"producer_linger_ms\":{\"default\":0,\"maximum\":5000,\"minimum\":0,"
	"\"type\":\"integer\"},\"producer_max_request_size\":{\"default\":1048576,\"maximum\":2147483647,"
	"\"minimum\":0,\"type\":\"integer\"},\"simpleconsumer_pool_size_max\":{\"default\":25,\"maximum\":250,"
	"\"minimum\":10,\"type\":\"integer\"}},\"type\":\"object\"}"},
	{"json-schema-mysql",
	"{\"additionalProperties\":false,\"properties\":{\"connect_timeout\":{\"maximum\":3600,\"minimum\":2,"
	"\"type\":\"integer\"},\"default_time_zone\":{\"maxLength\":100,\"minLength\":2,"
	"\"pattern\":\"^([-+][\\\\d:]*|[\\\\w/]*)$\",\"type\":\"string\"},"
	"\"group_concat_max_len\":{\"maximum\":18446744073709551615,\"minimum\":4,\"type\":\"integer\"},"
	"\"information_schema_stats_expiry\":{\"maximum\":31536000,\"minimum\":900,\"type\":\"integer\"},"
	"\"innodb_change_buffer_max_size\":{\"maximum\":50,\"minimum\":0,\"type\":\"integer\"},"
	"\"innodb_flush_neighbors\":{\"maximum\":2,\"minimum\":0,\"type\":\"integer\"},"
	"\"innodb_ft_min_token_size\":{\"maximum\":16,\"minimum\":0,\"type\":\"integer\"},"
	"\"innodb_ft_server_stopword_table\":{\"maxLength\":1024,\"nullable\":true,\"pattern\":\"^.+/.+$\","
	"\"type\":\"string\"},\"innodb_lock_wait_timeout\":{\"maximum\":3600,\"minimum\":1,\"type\":\"integer\"},"
	"\"innodb_log_buffer_size\":{\"maximum\":4294967295,\"minimum\":1048576,\"type\":\"integer\"},"
	"\"innodb_online_alter_log_max_size\":{\"maximum\":1099511627776,\"minimum\":65536,"
	"\"type\":\"integer\"},\"innodb_print_all_deadlocks\":{\"type\":\"boolean\"},"
	"\"innodb_read_io_threads\":{\"maximum\":64,\"minimum\":1,\"type\":\"integer\"},"
	"\"innodb_rollback_on_timeout\":{\"type\":\"boolean\"},"
	"\"innodb_thread_concurrency\":{\"maximum\":1000,\"minimum\":0,\"type\":\"integer\"},"
	"\"innodb_write_io_threads\":{\"maximum\":64,\"minimum\":1,\"type\":\"integer\"},"
	"\"interactive_timeout\":{\"maximum\":604800,\"minimum\":30,\"type\":\"integer\"},"
	"\"internal_tmp_mem_storage_engine\":{\"enum\":[\"MEMORY\",\"TempTable\"],\"type\":\"string\"},"
	"\"log_output\":{\"enum\":[\"INSIGHTS\",\"INSIGHTS,TABLE\",\"NONE\",\"TABLE\"],\"type\":\"string\"},"
	"\"long_query_time\":{\"maximum\":3600,\"minimum\":0,\"type\":\"number\"},"
	"\"max_allowed_packet\":{\"maximum\":1073741824,\"minimum\":102400,\"type\":\"integer\"},"
	"\"max_heap_table_size\":{\"maximum\":1073741824,\"minimum\":1048576,\"type\":\"integer\"},"
	"\"net_buffer_length\":{\"maximum\":1048576,\"minimum\":1024,\"type\":\"integer\"},"
	"\"net_read_timeout\":{\"maximum\":3600,\"minimum\":1,\"type\":\"integer\"},"
	"\"net_write_timeout\":{\"maximum\":3600,\"minimum\":1,\"type\":\"integer\"},"
	"\"slow_query_log\":{\"type\":\"boolean\"},\"sort_buffer_size\":{\"maximum\":1073741824,"
	"\"minimum\":32768,\"type\":\"integer\"},\"sql_mode\":{\"maxLength\":1024,\"pattern\":\"^[A-Z_]*(,"
	"[A-Z_]+)*$\",\"type\":\"string\"},\"sql_require_primary_key\":{\"type\":\"boolean\"},"
	"\"tmp_table_size\":{\"maximum\":1073741824,\"minimum\":1048576,\"type\":\"integer\"},"
	"\"wait_timeout\":{\"maximum\":2147483,\"minimum\":1,\"type\":\"integer\"}},\"type\":\"object\"}"},
	{"json-schema-opensearch",
	"{\"additionalProperties\":false,"
	"\"properties\":{\"action_auto_create_index_enabled\":{\"type\":\"boolean\"},"
	"\"action_destructive_requires_name\":{\"nullable\":true,\"type\":\"boolean\"},"
	"\"auth_failure_listeners\":{\"additionalProperties\":false,"
	"\"properties\":{\"internal_authentication_backend_limiting\":{\"additionalProperties\":false,"
	"\"properties\":{\"allowed_tries\":{\"maximum\":2147483647,\"minimum\":0,\"type\":\"integer\"},"
	"\"authentication_backend\":{\"enum\":[\"internal\"],\"maxLength\":1024,\"type\":\"string\"},"
	"\"block_expiry_seconds\":{\"maximum\":2147483647,\"minimum\":0,\"type\":\"integer\"},"
	"\"max_blocked_clients\":{\"maximum\":2147483647,\"minimum\":0,\"type\":\"integer\"},"
	"\"max_tracked_clients\":{\"maximum\":2147483647,\"minimum\":0,\"type\":\"integer\"},"
	"\"time_window_seconds\":{\"maximum\":2147483647,\"minimum\":0,\"type\":\"integer\"},"
	"\"type\":{\"enum\":[\"username\"],\"maxLength\":1024,\"type\":\"string\"}},\"type\":\"object\"},"
	"\"ip_rate_limiting\":{\"additionalProperties\":false,"
	"\"properties\":{\"allowed_tries\":{\"maximum\":2147483647,\"minimum\":1,\"type\":\"integer\"},"
	"\"block_expiry_seconds\":{\"maximum\":36000,\"minimum\":1,\"type\":\"integer\"},"
	"\"max_blocked_clients\":{\"maximum\":2147483647,\"minimum\":0,\"type\":\"integer\"},"
	"\"max_tracked_clients\":{\"maximum\":2147483647,\"minimum\":0,\"type\":\"integer\"},"
	"\"time_window_seconds\":{\"maximum\":36000,\"minimum\":1,\"type\":\"integer\"},"
	"\"type\":{\"enum\":[\"ip\"],\"maxLength\":1024,\"type\":\"string\"}},\"type\":\"object\"}},"
	"\"type\":\"object\"},\"cluster_max_shards_per_node\":{\"maximum\":10000,\"minimum\":100,"
	"\"type\":\"integer\"},\"cluster_routing_allocation_node_concurrent_recoveries\":{\"maximum\":16,"
	"\"minimum\":2,\"type\":\"integer\"},"
	"\"email-sender\":{\"properties\":{\"email_sender_name\":{\"maxLength\":40,"
	"\"pattern\":\"^[a-zA-Z0-9-_]+$\",\"type\":\"string\"},\"email_sender_password\":{\"maxLength\":1024,"
	"\"pattern\":\"^[^\\\\x00-\\\\x1F]+$\",\"type\":\"string\"},\"email_sender_username\":{\"maxLength\":320,"
	"\"pattern\":\"^[^\\\\x00-\\\\x1F]+$\",\"type\":\"string\"}},\"required\":[\"email_sender_name\","
	"\"email_sender_password\",\"email_sender_username\"],\"type\":\"object\"},"
	"\"enable_security_audit\":{\"default\":false,\"type\":\"boolean\"},"
	"\"http_max_content_length\":{\"maximum\":2147483647,\"minimum\":1,\"type\":\"integer\"},"
	"\"http_max_header_size\":{\"maximum\":262144,\"minimum\":1024,\"type\":\"integer\"},"
	"\"http_max_initial_line_length\":{\"maximum\":65536,\"minimum\":1024,\"type\":\"integer\"},"
	"\"indices_fielddata_cache_size\":{\"default\":null,\"maximum\":100,\"minimum\":3,\"nullable\":true,"
	"\"type\":\"integer\"},\"indices_memory_index_buffer_size\":{\"maximum\":40,\"minimum\":3,"
	"\"type\":\"integer\"},\"indices_memory_max_index_buffer_size\":{\"maximum\":2048,\"minimum\":3,"
	"\"type\":\"integer\"},\"indices_memory_min_index_buffer_size\":{\"maximum\":2048,\"minimum\":3,"
	"\"type\":\"integer\"},\"indices_queries_cache_size\":{\"maximum\":40,\"minimum\":3,"
	"\"type\":\"integer\"},\"indices_query_bool_max_clause_count\":{\"maximum\":4096,\"minimum\":64,"
	"\"type\":\"integer\"},\"indices_recovery_max_bytes_per_sec\":{\"maximum\":400,\"minimum\":40,"
	"\"type\":\"integer\"},\"indices_recovery_max_concurrent_file_chunks\":{\"maximum\":5,\"minimum\":2,"
	"\"type\":\"integer\"},\"ism-history\":{\"properties\":{\"ism_enabled\":{\"default\":true,"
	"\"type\":\"boolean\"},\"ism_history_enabled\":{\"default\":true,\"type\":\"boolean\"},"
	"\"ism_history_max_age\":{\"default\":24,\"maximum\":2147483647,\"minimum\":1,\"type\":\"integer\"},"
	"\"ism_history_max_docs\":{\"default\":2500000,\"maximum\":9223372036854775807,\"minimum\":1,"
	"\"type\":\"integer\"},\"ism_history_rollover_check_period\":{\"default\":8,\"maximum\":2147483647,"
	"\"minimum\":1,\"type\":\"integer\"},\"ism_history_rollover_retention_period\":{\"default\":30,"
	"\"maximum\":2147483647,\"minimum\":1,\"type\":\"integer\"}},\"required\":[\"ism_enabled\"],"
	"\"type\":\"object\"},\"knn_memory_circuit_breaker_enabled\":{\"type\":\"boolean\"},"
	"\"knn_memory_circuit_breaker_limit\":{\"maximum\":100,\"minimum\":3,\"type\":\"integer\"},"
	"\"override_main_response_version\":{\"type\":\"boolean\"},"
	"\"plugins_alerting_filter_by_backend_roles\":{\"type\":\"boolean\"},"
	"\"reindex_remote_whitelist\":{\"items\":{\"maxLength\":261,\"nullable\":true,\"type\":\"string\"},"
	"\"maxItems\":32,\"nullable\":true,\"type\":\"array\"},"
	"\"script_max_compilations_rate\":{\"maxLength\":1024,\"type\":\"string\"},"
	"\"search_backpressure\":{\"additionalProperties\":false,"
	"\"properties\":{\"mode\":{\"enum\":[\"disabled\",\"enforced\",\"monitor_only\"],\"type\":\"string\"},"
	"\"node_duress\":{\"additionalProperties\":false,\"properties\":{\"cpu_threshold\":{\"maximum\":1,"
	"\"minimum\":0,\"type\":\"number\"},\"heap_threshold\":{\"maximum\":1,\"minimum\":0,\"type\":\"number\"},"
	"\"num_successive_breaches\":{\"minimum\":1,\"type\":\"integer\"}},\"type\":\"object\"},"
	"\"search_shard_task\":{\"additionalProperties\":false,"
	"\"properties\":{\"cancellation_burst\":{\"minimum\":1,\"type\":\"number\"},"
	"\"cancellation_rate\":{\"minimum\":0,\"type\":\"number\"},\"cancellation_ratio\":{\"maximum\":1,"
	"\"minimum\":0,\"type\":\"number\"},\"cpu_time_millis_threshold\":{\"minimum\":0,\"type\":\"integer\"},"
	"\"elapsed_time_millis_threshold\":{\"minimum\":0,\"type\":\"integer\"},"
	"\"heap_moving_average_window_size\":{\"minimum\":0,\"type\":\"integer\"},"
	"\"heap_percent_threshold\":{\"maximum\":1,\"minimum\":0,\"type\":\"number\"},"
	"\"heap_variance\":{\"minimum\":0,\"type\":\"number\"},\"total_heap_percent_threshold\":{\"maximum\":1,"
	"\"minimum\":0,\"type\":\"number\"}},\"type\":\"object\"},"
	"\"search_task\":{\"additionalProperties\":false,"
	"\"properties\":{\"cancellation_burst\":{\"minimum\":1,\"type\":\"number\"},"
	"\"cancellation_rate\":{\"minimum\":0,\"type\":\"number\"},\"cancellation_ratio\":{\"maximum\":1,"
	"\"minimum\":0,\"type\":\"number\"},\"cpu_time_millis_threshold\":{\"minimum\":0,\"type\":\"integer\"},"
	"\"elapsed_time_millis_threshold\":{\"minimum\":0,\"type\":\"integer\"},"
	"\"heap_moving_average_window_size\":{\"minimum\":0,\"type\":\"integer\"},"
	"\"heap_percent_threshold\":{\"maximum\":1,\"minimum\":0,\"type\":\"number\"},"
	"\"heap_variance\":{\"minimum\":0,\"type\":\"number\"},\"total_heap_percent_threshold\":{\"maximum\":1,"
	"\"minimum\":0,\"type\":\"number\"}},\"type\":\"object\"}},\"type\":\"object\"},"
	"\"search_max_buckets\":{\"maximum\":1000000,\"minimum\":1,\"nullable\":true,\"type\":\"integer\"},"
	"\"shard_indexing_pressure\":{\"additionalProperties\":false,"
	"\"properties\":{\"enabled\":{\"type\":\"boolean\"},\"enforced\":{\"type\":\"boolean\"},"
	"\"operating_factor\":{\"additionalProperties\":false,\"properties\":{\"lower\":{\"minimum\":0,"
	"\"type\":\"number\"},\"optimal\":{\"minimum\":0,\"type\":\"number\"},\"upper\":{\"minimum\":0,"
	"\"type\":\"number\"}},\"type\":\"object\"},\"primary_parameter\":{\"additionalProperties\":false,"
	"\"properties\":{\"node\":{\"additionalProperties\":false,"
	"\"properties\":{\"soft_limit\":{\"minimum\":0,\"type\":\"number\"}},\"type\":\"object\"},"
	"\"shard\":{\"additionalProperties\":false,\"properties\":{\"min_limit\":{\"minimum\":0,"
	"\"type\":\"number\"}},\"type\":\"object\"}},\"type\":\"object\"}},\"type\":\"object\"},"
	"\"thread_pool_analyze_queue_size\":{\"maximum\":2000,\"minimum\":10,\"type\":\"integer\"},"
	"\"thread_pool_analyze_size\":{\"maximum\":128,\"minimum\":1,\"type\":\"integer\"},"
	"\"thread_pool_force_merge_size\":{\"maximum\":128,\"minimum\":1,\"type\":\"integer\"},"
	"\"thread_pool_get_queue_size\":{\"maximum\":2000,\"minimum\":10,\"type\":\"integer\"},"
	"\"thread_pool_get_size\":{\"maximum\":128,\"minimum\":1,\"type\":\"integer\"},"
	"\"thread_pool_search_queue_size\":{\"maximum\":2000,\"minimum\":10,\"type\":\"integer\"},"
	"\"thread_pool_search_size\":{\"maximum\":128,\"minimum\":1,\"type\":\"integer\"},"
	"\"thread_pool_search_throttled_queue_size\":{\"maximum\":2000,\"minimum\":10,\"type\":\"integer\"},"
	"\"thread_pool_search_throttled_size\":{\"maximum\":128,\"minimum\":1,\"type\":\"integer\"},"
	"\"thread_pool_write_queue_size\":{\"maximum\":2000,\"minimum\":10,\"type\":\"integer\"},"
	"\"thread_pool_write_size\":{\"maximum\":128,\"minimum\":1,\"type\":\"integer\"}},\"type\":\"object\"}"},
	{"json-schema-pg",
	"{\"additionalProperties\":false,"
	"\"properties\":{\"autovacuum\":{\"properties\":{\"autovacuum_analyze_scale_factor\":{\"maximum\":1,"
	"\"minimum\":0,\"type\":\"number\"},\"autovacuum_analyze_threshold\":{\"maximum\":2147483647,"
	"\"minimum\":0,\"type\":\"integer\"},\"autovacuum_freeze_max_age\":{\"maximum\":1500000000,"
	"\"minimum\":200000000,\"type\":\"integer\"},\"autovacuum_max_workers\":{\"maximum\":20,\"minimum\":1,"
	"\"type\":\"integer\"},\"autovacuum_naptime\":{\"maximum\":86400,\"minimum\":1,\"type\":\"integer\"},"
	"\"autovacuum_vacuum_cost_delay\":{\"maximum\":100,\"minimum\":-1,\"type\":\"integer\"},"
	"\"autovacuum_vacuum_cost_limit\":{\"maximum\":10000,\"minimum\":-1,\"type\":\"integer\"},"
	"\"autovacuum_vacuum_scale_factor\":{\"maximum\":1,\"minimum\":0,\"type\":\"number\"},"
	"\"autovacuum_vacuum_threshold\":{\"maximum\":2147483647,\"minimum\":0,\"type\":\"integer\"},"
	"\"log_autovacuum_min_duration\":{\"maximum\":2147483647,\"minimum\":-1,\"type\":\"integer\"}},"
	"\"type\":\"object\"},\"bg-writer\":{\"properties\":{\"bgwriter_delay\":{\"maximum\":10000,"
	"\"minimum\":10,\"type\":\"integer\"},\"bgwriter_flush_after\":{\"maximum\":2048,\"minimum\":0,"
	"\"type\":\"integer\"},\"bgwriter_lru_maxpages\":{\"maximum\":1073741823,\"minimum\":0,"
	"\"type\":\"integer\"},\"bgwriter_lru_multiplier\":{\"maximum\":10,\"minimum\":0,\"type\":\"number\"}},"
	"\"type\":\"object\"},\"deadlock_timeout\":{\"maximum\":1800000,\"minimum\":500,\"type\":\"integer\"},"
	"\"default_toast_compression\":{\"enum\":[\"lz4\",\"pglz\"],\"type\":\"string\"},"
	"\"idle_in_transaction_session_timeout\":{\"maximum\":604800000,\"minimum\":0,\"type\":\"integer\"},"
	"\"io_combine_limit\":{\"default\":16,\"maximum\":32,\"minimum\":1,\"type\":\"integer\"},"
	"\"io_max_combine_limit\":{\"default\":16,\"maximum\":128,\"minimum\":1,\"type\":\"integer\"},"
	"\"io_max_concurrency\":{\"default\":-1,\"maximum\":1024,\"minimum\":-1,\"type\":\"integer\"},"
	"\"io_method\":{\"default\":\"worker\",\"enum\":[\"io_uring\",\"sync\",\"worker\"],\"type\":\"string\"},"
	"\"io_workers\":{\"default\":3,\"maximum\":32,\"minimum\":1,\"type\":\"integer\"},"
	"\"jit\":{\"type\":\"boolean\"},\"log_error_verbosity\":{\"enum\":[\"DEFAULT\",\"TERSE\",\"VERBOSE\"],"
	"\"type\":\"string\"},\"log_line_prefix\":{\"enum\":[\"'%m [%p] %q[user=%u,db=%d,app=%a] '\","
	"\"'%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h '\",\"'pid=%p,user=%u,db=%d,app=%a,"
	"client=%h '\",\"'pid=%p,user=%u,db=%d,app=%a,client=%h,txid=%x,qid=%Q '\"],\"type\":\"string\"},"
	"\"log_min_duration_statement\":{\"maximum\":86400000,\"minimum\":-1,\"type\":\"integer\"},"
	"\"log_temp_files\":{\"maximum\":2147483647,\"minimum\":-1,\"type\":\"integer\"},"
	"\"max_files_per_process\":{\"maximum\":4096,\"minimum\":1000,\"type\":\"integer\"},"
	"\"max_locks_per_transaction\":{\"maximum\":6400,\"minimum\":64,\"type\":\"integer\"},"
	"\"max_logical_replication_workers\":{\"maximum\":256,\"minimum\":4,\"type\":\"integer\"},"
	"\"max_parallel_workers\":{\"maximum\":96,\"minimum\":0,\"type\":\"integer\"},"
	"\"max_parallel_workers_per_gather\":{\"maximum\":96,\"minimum\":0,\"type\":\"integer\"},"
	"\"max_pred_locks_per_transaction\":{\"maximum\":5120,\"minimum\":64,\"type\":\"integer\"},"
	"\"max_prepared_transactions\":{\"maximum\":10000,\"minimum\":0,\"type\":\"integer\"},"
	"\"max_replication_slots\":{\"maximum\":256,\"minimum\":8,\"type\":\"integer\"},"
	"\"max_stack_depth\":{\"maximum\":6291456,\"minimum\":2097152,\"type\":\"integer\"},"
	"\"max_standby_archive_delay\":{\"maximum\":43200000,\"minimum\":1,\"type\":\"integer\"},"
	"\"max_standby_streaming_delay\":{\"maximum\":43200000,\"minimum\":1,\"type\":\"integer\"},"
	"\"max_sync_workers_per_subscription\":{\"maximum\":8,\"minimum\":2,\"type\":\"integer\"},"
	"\"max_worker_processes\":{\"maximum\":288,\"minimum\":8,\"type\":\"integer\"},"
	"\"password_encryption\":{\"enum\":[\"md5\",\"scram-sha-256\"],\"nullable\":true,\"type\":\"string\"},"
	"\"pg_partman_bgw.interval\":{\"maximum\":604800,\"minimum\":3600,\"type\":\"integer\"},"
	"\"pg_partman_bgw.role\":{\"maxLength\":64,\"pattern\":\"^[_A-Za-z0-9][-._A-Za-z0-9]{0,63}$\","
	"\"type\":\"string\"},\"pg_stat_monitor.pgsm_enable_query_plan\":{\"type\":\"boolean\"},"
	"\"pg_stat_monitor.pgsm_max_buckets\":{\"maximum\":10,\"minimum\":1,\"type\":\"integer\"},"
	"\"pg_stat_statements.track\":{\"enum\":[\"all\",\"none\",\"top\"],\"type\":\"string\"},"
	"\"temp_file_limit\":{\"maximum\":2147483647,\"minimum\":-1,\"type\":\"integer\"},"
	"\"timezone\":{\"maxLength\":64,\"pattern\":\"^[\\\\w/]*$\",\"type\":\"string\"},"
	"\"track_activity_query_size\":{\"maximum\":10240,\"minimum\":1024,\"type\":\"integer\"},"
	"\"track_commit_timestamp\":{\"enum\":[\"off\",\"on\"],\"type\":\"string\"},"
	"\"track_functions\":{\"enum\":[\"all\",\"none\",\"pl\"],\"type\":\"string\"},"
	"\"track_io_timing\":{\"enum\":[\"off\",\"on\"],\"type\":\"string\"},"
	"\"wal\":{\"properties\":{\"max_slot_wal_keep_size\":{\"maximum\":2147483647,\"minimum\":-1,"
	"\"type\":\"integer\"},\"max_wal_senders\":{\"maximum\":256,\"minimum\":20,\"type\":\"integer\"},"
	"\"wal_sender_timeout\":{\"maximum\":10800000,\"minimum\":0,\"type\":\"integer\"},"
	"\"wal_writer_delay\":{\"maximum\":200,\"minimum\":10,\"type\":\"integer\"}},\"type\":\"object\"}},"
	"\"type\":\"object\"}"},
	{"json-schema-pgaudit",
	"{\"properties\":{\"feature_enabled\":{\"default\":false,\"type\":\"boolean\"},"
	"\"log\":{\"items\":{\"enum\":[\"all\",\"ddl\",\"function\",\"misc\",\"misc_set\",\"read\",\"role\",\"write\"],"
	"\"type\":\"string\"},\"type\":\"array\"},\"log_catalog\":{\"default\":true,\"type\":\"boolean\"},"
	"\"log_client\":{\"default\":false,\"type\":\"boolean\"},\"log_level\":{\"default\":\"log\","
	"\"enum\":[\"debug1\",\"debug2\",\"debug3\",\"debug4\",\"debug5\",\"info\",\"log\",\"notice\",\"warning\"],"
	"\"type\":\"string\"},\"log_max_string_length\":{\"default\":-1,\"maximum\":102400,\"minimum\":-1,"
	"\"type\":\"integer\"},\"log_nested_statements\":{\"default\":true,\"type\":\"boolean\"},"
	"\"log_parameter\":{\"default\":false,\"type\":\"boolean\"},\"log_parameter_max_size\":{\"default\":0,"
	"\"type\":\"integer\"},\"log_relation\":{\"default\":false,\"type\":\"boolean\"},"
	"\"log_rows\":{\"default\":false,\"type\":\"boolean\"},\"log_statement\":{\"default\":true,"
	"\"type\":\"boolean\"},\"log_statement_once\":{\"default\":false,\"type\":\"boolean\"},"
	"\"role\":{\"maxLength\":64,\"pattern\":\"^[_A-Za-z0-9][-._A-Za-z0-9]{0,63}$\",\"type\":\"string\"}},"
	"\"type\":\"object\"}"},
	{"json-schema-pgbouncer",
	"{\"properties\":{\"autodb_idle_timeout\":{\"default\":3600,\"maximum\":86400,\"minimum\":0,"
	"\"type\":\"integer\"},\"autodb_max_db_connections\":{\"maximum\":2147483647,\"minimum\":0,"
	"\"type\":\"integer\"},\"autodb_pool_mode\":{\"default\":\"transaction\",\"enum\":[\"session\","
	"\"statement\",\"transaction\"],\"type\":\"string\"},\"autodb_pool_size\":{\"default\":0,"
	"\"maximum\":10000,\"minimum\":0,\"type\":\"integer\"},"
	"\"ignore_startup_parameters\":{\"items\":{\"enum\":[\"extra_float_digits\",\"search_path\"],"
	"\"type\":\"string\"},\"maxItems\":32,\"type\":\"array\"},\"max_prepared_statements\":{\"default\":100,"
	"\"maximum\":3000,\"minimum\":0,\"type\":\"integer\"},\"min_pool_size\":{\"default\":0,\"maximum\":10000,"
	"\"minimum\":0,\"type\":\"integer\"},\"server_idle_timeout\":{\"default\":600,\"maximum\":86400,"
	"\"minimum\":0,\"type\":\"integer\"},\"server_lifetime\":{\"default\":3600,\"maximum\":86400,"
	"\"minimum\":60,\"type\":\"integer\"},\"server_reset_query_always\":{\"default\":false,"
	"\"type\":\"boolean\"}},\"type\":\"object\"}"},
	{"json-schema-pglookout",
	"{\"properties\":{\"max_failover_replication_time_lag\":{\"default\":60,"
	"\"maximum\":9223372036854775807,\"minimum\":10,\"type\":\"integer\"}},\"type\":\"object\"}"},
	{"json-schema-schema-registry",
	"{\"additionalProperties\":false,\"properties\":{\"leader_eligibility\":{\"type\":\"boolean\"},"
	"\"topic_name\":{\"maxLength\":249,\"minLength\":1,\"pattern\":\"^(?!\\\\.$|\\\\.\\\\.$)[-_.A-Za-z0-9]+$\","
	"\"type\":\"string\"}},\"type\":\"object\"}"},
	{"json-schema-thanos",
	"{\"properties\":{\"compactor\":{\"properties\":{\"retention.days\":{\"minimum\":0,"
	"\"type\":\"integer\"}},\"type\":\"object\"},"
	"\"query\":{\"properties\":{\"query.default-evaluation-interval\":{\"default\":\"1m\",\"maxLength\":20,"
	"\"type\":\"string\"},\"query.lookback-delta\":{\"default\":\"5m\",\"maxLength\":20,\"type\":\"string\"},"
	"\"query.metadata.default-time-range\":{\"default\":\"0s\",\"maxLength\":20,\"type\":\"string\"},"
	"\"query.timeout\":{\"default\":\"2m\",\"maxLength\":20,\"type\":\"string\"},"
	"\"store.limits.request-samples\":{\"default\":0,\"maximum\":100000000,\"minimum\":0,"
	"\"type\":\"integer\"},\"store.limits.request-series\":{\"default\":0,\"maximum\":100000000,"
	"\"minimum\":0,\"type\":\"integer\"}},\"type\":\"object\"},"
	"\"query-frontend\":{\"properties\":{\"query-range.align-range-with-step\":{\"default\":true,"
	"\"type\":\"boolean\"}},\"type\":\"object\"}},\"type\":\"object\"}"},
	{"json-schema-timescaledb",
	"{\"properties\":{\"max_background_workers\":{\"default\":16,\"maximum\":4096,\"minimum\":1,"
	"\"type\":\"integer\"}},\"type\":\"object\"}"},
	{"json-schema-valkey",
	"{\"properties\":{\"acl_channels_default\":{\"enum\":[\"allchannels\",\"resetchannels\"],"
	"\"type\":\"string\"},\"active_expire_effort\":{\"default\":1,\"maximum\":10,\"minimum\":1,"
	"\"type\":\"integer\"},\"frequent_snapshots\":{\"default\":true,\"type\":\"boolean\"},"
	"\"io_threads\":{\"maximum\":32,\"minimum\":1,\"type\":\"integer\"},\"lfu_decay_time\":{\"default\":1,"
	"\"maximum\":120,\"minimum\":1,\"type\":\"integer\"},\"lfu_log_factor\":{\"default\":10,\"maximum\":100,"
	"\"minimum\":0,\"type\":\"integer\"},\"maxmemory_policy\":{\"default\":\"noeviction\","
	"\"enum\":[\"allkeys-lfu\",\"allkeys-lru\",\"allkeys-random\",\"noeviction\",\"volatile-lfu\","
	"\"volatile-lru\",\"volatile-random\",\"volatile-ttl\"],\"nullable\":true,\"type\":\"string\"},"
	"\"notify_keyspace_events\":{\"default\":\"\",\"maxLength\":32,\"pattern\":\"^[KEg\\\\$lshzxentdmA]*$\","
	"\"type\":\"string\"},\"number_of_databases\":{\"maximum\":128,\"minimum\":1,\"type\":\"integer\"},"
	"\"persistence\":{\"enum\":[\"off\",\"rdb\"],\"type\":\"string\"},"
	"\"pubsub_client_output_buffer_limit\":{\"maximum\":512,\"minimum\":32,\"type\":\"integer\"},"
	"\"ssl\":{\"default\":true,\"type\":\"boolean\"},\"timeout\":{\"default\":300,\"maximum\":31536000,"
	"\"minimum\":0,\"type\":\"integer\"}},\"type\":\"object\"}"},
};

static const DocumentedSettings settings[] =
{
	{"/dbaas-settings-clickhouse",
	"{\"clickhouse\":{\"$ref\":\"json-schema-clickhouse\"}}"},
	{"/dbaas-settings-grafana",
	"{\"grafana\":{\"$ref\":\"json-schema-grafana\"}}"},
	{"/dbaas-settings-kafka",
	"{\"kafka\":{\"$ref\":\"json-schema-kafka\"},"
	"\"kafka-connect\":{\"$ref\":\"json-schema-kafka-connect\"},"
	"\"kafka-rest\":{\"$ref\":\"json-schema-kafka-rest\"},"
	"\"schema-registry\":{\"$ref\":\"json-schema-schema-registry\"}}"},
	{"/dbaas-settings-mysql",
	"{\"mysql\":{\"$ref\":\"json-schema-mysql\"}}"},
	{"/dbaas-settings-opensearch",
	"{\"opensearch\":{\"$ref\":\"json-schema-opensearch\"}}"},
	{"/dbaas-settings-pg",
	"{\"pg\":{\"$ref\":\"json-schema-pg\"},\"pgbouncer\":{\"$ref\":\"json-schema-pgbouncer\"},"
	"\"pglookout\":{\"$ref\":\"json-schema-pglookout\"},"
	"\"timescaledb\":{\"$ref\":\"json-schema-timescaledb\"}}"},
	{"/dbaas-settings-thanos",
	"{\"thanos\":{\"$ref\":\"json-schema-thanos\"}}"},
	{"/dbaas-settings-valkey",
	"{\"valkey\":{\"$ref\":\"json-schema-valkey\"}}"},
};

static const DocumentedOperation operations[] =
{
	{"GET", "/dbaas-ca-certificate", "get-dbaas-ca-certificate",
	NULL,
	NULL},
	{"GET", "/dbaas-clickhouse/{name}", "get-dbaas-service-clickhouse",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-clickhouse/{name}", "create-dbaas-service-clickhouse",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"clickhouse-settings\":{\"$ref\":\"json-schema-clickhouse\"},"
	"\"fork-from-service\":{\"$ref\":\"dbaas-service-name\"},\"ip-filter\":{\"items\":{\"type\":\"string\"},"
	"\"type\":\"array\"},\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\","
	"\"saturday\",\"sunday\",\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},"
	"\"time\":{\"maxLength\":8,\"minLength\":8,\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],"
	"\"type\":\"object\"},\"plan\":{\"maxLength\":128,\"minLength\":1,\"type\":\"string\"},"
	"\"recovery-backup-name\":{\"minLength\":1,\"type\":\"string\"},"
	"\"termination-protection\":{\"type\":\"boolean\"},\"version\":{\"minLength\":1,\"type\":\"string\"}},"
	"\"required\":[\"plan\"],\"type\":\"object\"}"},
	{"PUT", "/dbaas-clickhouse/{name}", "update-dbaas-service-clickhouse",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"clickhouse-settings\":{\"$ref\":\"json-schema-clickhouse\"},"
	"\"ip-filter\":{\"items\":{\"type\":\"string\"},\"type\":\"array\"},"
	"\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\",\"saturday\",\"sunday\","
	"\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},\"time\":{\"maxLength\":8,\"minLength\":8,"
	"\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],\"type\":\"object\"},\"plan\":{\"maxLength\":128,"
	"\"minLength\":1,\"type\":\"string\"},\"termination-protection\":{\"type\":\"boolean\"},"
	"\"version\":{\"minLength\":1,\"type\":\"string\"}},\"type\":\"object\"}"},
	{"DELETE", "/dbaas-clickhouse/{name}", "delete-dbaas-service-clickhouse",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	NULL},
	{"PUT", "/dbaas-clickhouse/{name}/maintenance/start", "start-dbaas-clickhouse-maintenance",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"GET", "/dbaas-clickhouse/{service-name}/acl-config", "get-dbaas-clickhouse-acl-config",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"GET", "/dbaas-clickhouse/{service-name}/role", "list-dbaas-clickhouse-roles",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"DELETE", "/dbaas-clickhouse/{service-name}/role/{role-uuid}", "delete-dbaas-clickhouse-role",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"role-uuid\","
	"\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"GET", "/dbaas-clickhouse/{service-name}/user", "list-dbaas-clickhouse-users",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-clickhouse/{service-name}/user", "create-dbaas-clickhouse-user",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"password\":{\"$ref\":\"dbaas-user-password\"},"
	"\"roles\":{\"items\":{\"$ref\":\"dbaas-clickhouse-user-role-input\"},\"type\":\"array\"},"
	"\"username\":{\"$ref\":\"dbaas-user-username\"}},\"required\":[\"username\"],\"type\":\"object\"}"},
	{"DELETE", "/dbaas-clickhouse/{service-name}/user/{user-uuid}", "delete-dbaas-clickhouse-user",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"user-uuid\","
	"\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"PUT", "/dbaas-clickhouse/{service-name}/user/{username}/password/reset", "reset-dbaas-clickhouse-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	"{\"properties\":{\"password\":{\"$ref\":\"dbaas-user-password\"}},\"type\":\"object\"}"},
	{"GET", "/dbaas-clickhouse/{service-name}/user/{username}/password/reveal", "reveal-dbaas-clickhouse-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	NULL},
	{"GET", "/dbaas-external-endpoint-datadog/{endpoint-id}", "get-dbaas-external-endpoint-datadog",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"PUT", "/dbaas-external-endpoint-datadog/{endpoint-id}", "update-dbaas-external-endpoint-datadog",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	"{\"$ref\":\"dbaas-endpoint-datadog-input-update\"}"},
	{"DELETE", "/dbaas-external-endpoint-datadog/{endpoint-id}", "delete-dbaas-external-endpoint-datadog",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"POST", "/dbaas-external-endpoint-datadog/{name}", "create-dbaas-external-endpoint-datadog",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	"{\"$ref\":\"dbaas-endpoint-datadog-input-create\"}"},
	{"GET", "/dbaas-external-endpoint-elasticsearch/{endpoint-id}", "get-dbaas-external-endpoint-elasticsearch",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"PUT", "/dbaas-external-endpoint-elasticsearch/{endpoint-id}", "update-dbaas-external-endpoint-elasticsearch",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	"{\"$ref\":\"dbaas-endpoint-elasticsearch-input-update\"}"},
	{"DELETE", "/dbaas-external-endpoint-elasticsearch/{endpoint-id}", "delete-dbaas-external-endpoint-elasticsearch",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"POST", "/dbaas-external-endpoint-elasticsearch/{name}", "create-dbaas-external-endpoint-elasticsearch",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	"{\"$ref\":\"dbaas-endpoint-elasticsearch-input-create\"}"},
	{"GET", "/dbaas-external-endpoint-opensearch/{endpoint-id}", "get-dbaas-external-endpoint-opensearch",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"PUT", "/dbaas-external-endpoint-opensearch/{endpoint-id}", "update-dbaas-external-endpoint-opensearch",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	"{\"$ref\":\"dbaas-endpoint-opensearch-input-update\"}"},
	{"DELETE", "/dbaas-external-endpoint-opensearch/{endpoint-id}", "delete-dbaas-external-endpoint-opensearch",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"POST", "/dbaas-external-endpoint-opensearch/{name}", "create-dbaas-external-endpoint-opensearch",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	"{\"$ref\":\"dbaas-endpoint-opensearch-input-create\"}"},
	{"GET", "/dbaas-external-endpoint-prometheus/{endpoint-id}", "get-dbaas-external-endpoint-prometheus",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"PUT", "/dbaas-external-endpoint-prometheus/{endpoint-id}", "update-dbaas-external-endpoint-prometheus",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	"{\"$ref\":\"dbaas-endpoint-prometheus-payload\"}"},
	{"DELETE", "/dbaas-external-endpoint-prometheus/{endpoint-id}", "delete-dbaas-external-endpoint-prometheus",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"POST", "/dbaas-external-endpoint-prometheus/{name}", "create-dbaas-external-endpoint-prometheus",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	"{\"$ref\":\"dbaas-endpoint-prometheus-payload\"}"},
	{"GET", "/dbaas-external-endpoint-rsyslog/{endpoint-id}", "get-dbaas-external-endpoint-rsyslog",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"PUT", "/dbaas-external-endpoint-rsyslog/{endpoint-id}", "update-dbaas-external-endpoint-rsyslog",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	"{\"$ref\":\"dbaas-endpoint-rsyslog-input-update\"}"},
	{"DELETE", "/dbaas-external-endpoint-rsyslog/{endpoint-id}", "delete-dbaas-external-endpoint-rsyslog",
	"[{\"name\":\"endpoint-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"POST", "/dbaas-external-endpoint-rsyslog/{name}", "create-dbaas-external-endpoint-rsyslog",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	"{\"$ref\":\"dbaas-endpoint-rsyslog-input-create\"}"},
	{"GET", "/dbaas-external-endpoint-types", "list-dbaas-external-endpoint-types",
	NULL,
	NULL},
	{"PUT", "/dbaas-external-endpoint/{source-service-name}/attach", "attach-dbaas-service-to-endpoint",
	"[{\"name\":\"source-service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"dest-endpoint-id\":{\"format\":\"uuid\",\"type\":\"string\"},"
	"\"type\":{\"$ref\":\"enum-external-endpoint-types\"}},\"required\":[\"dest-endpoint-id\",\"type\"],"
	"\"type\":\"object\"}"},
	{"PUT", "/dbaas-external-endpoint/{source-service-name}/detach", "detach-dbaas-service-from-endpoint",
	"[{\"name\":\"source-service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"integration-id\":{\"format\":\"uuid\",\"type\":\"string\"}},"
	"\"required\":[\"integration-id\"],\"type\":\"object\"}"},
	{"GET", "/dbaas-external-endpoints", "list-dbaas-external-endpoints",
	NULL,
	NULL},
	{"GET", "/dbaas-external-integration-settings-datadog/{integration-id}", "get-dbaas-external-integration-settings-datadog",
	"[{\"name\":\"integration-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"POST", "/dbaas-external-integration-settings-datadog/{integration-id}", "update-dbaas-external-integration-settings-datadog",
	"[{\"name\":\"integration-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	"{\"properties\":{\"settings\":{\"$ref\":\"dbaas-integration-settings-datadog\"}},\"type\":\"object\"}"},
	{"GET", "/dbaas-external-integration/{integration-id}", "get-dbaas-external-integration",
	"[{\"name\":\"integration-id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"GET", "/dbaas-external-integrations/{service-name}", "list-dbaas-external-integrations",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"GET", "/dbaas-grafana/{name}", "get-dbaas-service-grafana",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-grafana/{name}", "create-dbaas-service-grafana",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"fork-from-service\":{\"$ref\":\"dbaas-service-name\"},"
	"\"grafana-settings\":{\"$ref\":\"json-schema-grafana\"},\"ip-filter\":{\"items\":{\"type\":\"string\"},"
	"\"type\":\"array\"},\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\","
	"\"saturday\",\"sunday\",\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},"
	"\"time\":{\"maxLength\":8,\"minLength\":8,\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],"
	"\"type\":\"object\"},\"plan\":{\"maxLength\":128,\"minLength\":1,\"type\":\"string\"},"
	"\"termination-protection\":{\"type\":\"boolean\"}},\"required\":[\"plan\"],\"type\":\"object\"}"},
	{"PUT", "/dbaas-grafana/{name}", "update-dbaas-service-grafana",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"grafana-settings\":{\"$ref\":\"json-schema-grafana\"},"
	"\"ip-filter\":{\"items\":{\"type\":\"string\"},\"type\":\"array\"},"
	"\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\",\"saturday\",\"sunday\","
	"\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},\"time\":{\"maxLength\":8,\"minLength\":8,"
	"\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],\"type\":\"object\"},\"plan\":{\"maxLength\":128,"
	"\"minLength\":1,\"type\":\"string\"},\"termination-protection\":{\"type\":\"boolean\"}},"
	"\"type\":\"object\"}"},
	{"DELETE", "/dbaas-grafana/{name}", "delete-dbaas-service-grafana",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	NULL},
	{"PUT", "/dbaas-grafana/{name}/maintenance/start", "start-dbaas-grafana-maintenance",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"PUT", "/dbaas-grafana/{service-name}/user/{username}/password/reset", "reset-dbaas-grafana-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	"{\"properties\":{\"password\":{\"$ref\":\"dbaas-user-password\"}},\"type\":\"object\"}"},
	{"GET", "/dbaas-grafana/{service-name}/user/{username}/password/reveal", "reveal-dbaas-grafana-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	NULL},
	{"POST", "/dbaas-integration", "create-dbaas-integration",
	NULL,
	"{\"properties\":{\"dest-service\":{\"$ref\":\"dbaas-service-name\"},"
	"\"integration-type\":{\"$ref\":\"enum-integration-types\"},\"settings\":{\"type\":\"object\"},"
	"\"source-service\":{\"$ref\":\"dbaas-service-name\"}},\"required\":[\"integration-type\","
	"\"source-service\",\"dest-service\"],\"type\":\"object\"}"},
	{"GET", "/dbaas-integration-settings/{integration-type}/{source-type}/{dest-type}", "list-dbaas-integration-settings",
	"[{\"name\":\"integration-type\",\"schema\":{\"type\":\"string\"}},{\"name\":\"source-type\","
	"\"schema\":{\"type\":\"string\"}},{\"name\":\"dest-type\",\"schema\":{\"type\":\"string\"}}]",
	NULL},
	{"GET", "/dbaas-integration-types", "list-dbaas-integration-types",
	NULL,
	NULL},
	{"GET", "/dbaas-integration/{id}", "get-dbaas-integration",
	"[{\"name\":\"id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"PUT", "/dbaas-integration/{id}", "update-dbaas-integration",
	"[{\"name\":\"id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	"{\"properties\":{\"settings\":{\"type\":\"object\"}},\"required\":[\"settings\"],\"type\":\"object\"}"},
	{"DELETE", "/dbaas-integration/{id}", "delete-dbaas-integration",
	"[{\"name\":\"id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"GET", "/dbaas-kafka/{name}", "get-dbaas-service-kafka",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-kafka/{name}", "create-dbaas-service-kafka",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"authentication-methods\":{\"properties\":{\"certificate\":{\"type\":\"boolean\"},"
	"\"sasl\":{\"type\":\"boolean\"}},\"type\":\"object\"},\"ip-filter\":{\"items\":{\"type\":\"string\"},"
	"\"type\":\"array\"},\"kafka-connect-enabled\":{\"type\":\"boolean\"},"
	"\"kafka-connect-settings\":{\"$ref\":\"json-schema-kafka-connect\"},"
	"\"kafka-rest-enabled\":{\"type\":\"boolean\"},"
	"\"kafka-rest-settings\":{\"$ref\":\"json-schema-kafka-rest\"},"
	"\"kafka-settings\":{\"$ref\":\"json-schema-kafka\"},"
	"\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\",\"saturday\",\"sunday\","
	"\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},\"time\":{\"maxLength\":8,\"minLength\":8,"
	"\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],\"type\":\"object\"},\"plan\":{\"maxLength\":128,"
	"\"minLength\":1,\"type\":\"string\"},\"schema-registry-enabled\":{\"type\":\"boolean\"},"
	"\"schema-registry-settings\":{\"$ref\":\"json-schema-schema-registry\"},"
	"\"termination-protection\":{\"type\":\"boolean\"},\"version\":{\"minLength\":1,\"type\":\"string\"}},"
	"\"required\":[\"plan\"],\"type\":\"object\"}"},
	{"PUT", "/dbaas-kafka/{name}", "update-dbaas-service-kafka",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"authentication-methods\":{\"properties\":{\"certificate\":{\"type\":\"boolean\"},"
	"\"sasl\":{\"type\":\"boolean\"}},\"type\":\"object\"},\"ip-filter\":{\"items\":{\"type\":\"string\"},"
	"\"type\":\"array\"},\"kafka-connect-enabled\":{\"type\":\"boolean\"},"
	"\"kafka-connect-settings\":{\"$ref\":\"json-schema-kafka-connect\"},"
	"\"kafka-rest-enabled\":{\"type\":\"boolean\"},"
	"\"kafka-rest-settings\":{\"$ref\":\"json-schema-kafka-rest\"},"
	"\"kafka-settings\":{\"$ref\":\"json-schema-kafka\"},"
	"\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\",\"saturday\",\"sunday\","
	"\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},\"time\":{\"maxLength\":8,\"minLength\":8,"
	"\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],\"type\":\"object\"},\"plan\":{\"maxLength\":128,"
	"\"minLength\":1,\"type\":\"string\"},\"schema-registry-enabled\":{\"type\":\"boolean\"},"
	"\"schema-registry-settings\":{\"$ref\":\"json-schema-schema-registry\"},"
	"\"termination-protection\":{\"type\":\"boolean\"},\"version\":{\"minLength\":1,\"type\":\"string\"}},"
	"\"type\":\"object\"}"},
	{"DELETE", "/dbaas-kafka/{name}", "delete-dbaas-service-kafka",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	NULL},
	{"GET", "/dbaas-kafka/{name}/acl-config", "get-dbaas-kafka-acl-config",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"PUT", "/dbaas-kafka/{name}/maintenance/start", "start-dbaas-kafka-maintenance",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-kafka/{name}/schema-registry/acl-config", "create-dbaas-kafka-schema-registry-acl-config",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"$ref\":\"dbaas-kafka-schema-registry-acl-entry\"}"},
	{"DELETE", "/dbaas-kafka/{name}/schema-registry/acl-config/{acl-id}", "delete-dbaas-kafka-schema-registry-acl-config",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"acl-id\","
	"\"schema\":{\"$ref\":\"dbaas-kafka-acl-id\"}}]",
	NULL},
	{"POST", "/dbaas-kafka/{name}/topic/acl-config", "create-dbaas-kafka-topic-acl-config",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"$ref\":\"dbaas-kafka-topic-acl-entry\"}"},
	{"DELETE", "/dbaas-kafka/{name}/topic/acl-config/{acl-id}", "delete-dbaas-kafka-topic-acl-config",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"acl-id\","
	"\"schema\":{\"$ref\":\"dbaas-kafka-acl-id\"}}]",
	NULL},
	{"GET", "/dbaas-kafka/{service-name}/connect/password/reveal", "reveal-dbaas-kafka-connect-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-kafka/{service-name}/user", "create-dbaas-kafka-user",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"username\":{\"$ref\":\"dbaas-user-username\"}},\"required\":[\"username\"],"
	"\"type\":\"object\"}"},
	{"DELETE", "/dbaas-kafka/{service-name}/user/{username}", "delete-dbaas-kafka-user",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	NULL},
	{"PUT", "/dbaas-kafka/{service-name}/user/{username}/password/reset", "reset-dbaas-kafka-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	"{\"properties\":{\"password\":{\"$ref\":\"dbaas-user-password\"}},\"type\":\"object\"}"},
	{"GET", "/dbaas-kafka/{service-name}/user/{username}/password/reveal", "reveal-dbaas-kafka-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	NULL},
	{"GET", "/dbaas-migration-status/{name}", "get-dbaas-migration-status",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"GET", "/dbaas-mysql/{name}", "get-dbaas-service-mysql",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-mysql/{name}", "create-dbaas-service-mysql",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"admin-password\":{\"$ref\":\"dbaas-mysql-user-password\"},"
	"\"admin-username\":{\"maxLength\":64,\"minLength\":1,\"pattern\":\"^[_A-Za-z0-9][-._A-Za-z0-9]{0,"
	"63}$\",\"type\":\"string\"},\"backup-schedule\":{\"properties\":{\"backup-hour\":{\"format\":\"int64\","
	"\"maximum\":23,\"minimum\":0,\"nullable\":true,\"type\":\"integer\"},"
	"\"backup-minute\":{\"format\":\"int64\",\"maximum\":59,\"minimum\":0,\"nullable\":true,"
	"\"type\":\"integer\"}},\"type\":\"object\"},\"binlog-retention-period\":{\"format\":\"int64\","
	"\"maximum\":86400,\"minimum\":600,\"type\":\"integer\"},"
	"\"fork-from-service\":{\"$ref\":\"dbaas-service-name\"},"
	"\"integrations\":{\"items\":{\"properties\":{\"dest-service\":{\"$ref\":\"dbaas-service-name\"},"
	"\"settings\":{\"type\":\"object\"},\"source-service\":{\"$ref\":\"dbaas-service-name\"},"
	"\"type\":{\"enum\":[\"read_replica\"],\"type\":\"string\"}},\"required\":[\"type\"],\"type\":\"object\"},"
	"\"type\":\"array\"},\"ip-filter\":{\"items\":{\"type\":\"string\"},\"type\":\"array\"},"
	"\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\",\"saturday\",\"sunday\","
	"\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},\"time\":{\"maxLength\":8,\"minLength\":8,"
	"\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],\"type\":\"object\"},"
	"\"migration\":{\"properties\":{\"dbname\":{\"maxLength\":63,\"minLength\":1,\"type\":\"string\"},"
	"\"host\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"},\"ignore-dbs\":{\"maxLength\":2048,"
	"\"minLength\":1,\"type\":\"string\"},\"method\":{\"$ref\":\"enum-migration-method\"},"
	"\"password\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"},\"port\":{\"format\":\"int64\","
	"\"maximum\":65535,\"minimum\":1,\"type\":\"integer\"},\"ssl\":{\"type\":\"boolean\"},"
	"\"username\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"}},\"required\":[\"host\",\"port\"],"
	"\"type\":\"object\"},\"mysql-settings\":{\"$ref\":\"json-schema-mysql\"},\"plan\":{\"maxLength\":128,"
	"\"minLength\":1,\"type\":\"string\"},\"recovery-backup-time\":{\"minLength\":1,\"type\":\"string\"},"
	"\"termination-protection\":{\"type\":\"boolean\"},\"version\":{\"minLength\":1,\"type\":\"string\"}},"
	"\"required\":[\"plan\"],\"type\":\"object\"}"},
	{"PUT", "/dbaas-mysql/{name}", "update-dbaas-service-mysql",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"backup-schedule\":{\"properties\":{\"backup-hour\":{\"format\":\"int64\","
	"\"maximum\":23,\"minimum\":0,\"nullable\":true,\"type\":\"integer\"},"
	"\"backup-minute\":{\"format\":\"int64\",\"maximum\":59,\"minimum\":0,\"nullable\":true,"
	"\"type\":\"integer\"}},\"type\":\"object\"},\"binlog-retention-period\":{\"format\":\"int64\","
	"\"maximum\":86400,\"minimum\":600,\"type\":\"integer\"},\"ip-filter\":{\"items\":{\"type\":\"string\"},"
	"\"type\":\"array\"},\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\","
	"\"saturday\",\"sunday\",\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},"
	"\"time\":{\"maxLength\":8,\"minLength\":8,\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],"
	"\"type\":\"object\"},\"migration\":{\"properties\":{\"dbname\":{\"maxLength\":63,\"minLength\":1,"
	"\"type\":\"string\"},\"host\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"},"
	"\"ignore-dbs\":{\"maxLength\":2048,\"minLength\":1,\"type\":\"string\"},"
	"\"method\":{\"$ref\":\"enum-migration-method\"},\"password\":{\"maxLength\":255,\"minLength\":1,"
	"\"type\":\"string\"},\"port\":{\"format\":\"int64\",\"maximum\":65535,\"minimum\":1,\"type\":\"integer\"},"
	"\"ssl\":{\"type\":\"boolean\"},\"username\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"}},"
	"\"required\":[\"host\",\"port\"],\"type\":\"object\"},\"mysql-settings\":{\"$ref\":\"json-schema-mysql\"},"
	"\"plan\":{\"maxLength\":128,\"minLength\":1,\"type\":\"string\"},"
	"\"termination-protection\":{\"type\":\"boolean\"},\"version\":{\"type\":\"string\"}},\"type\":\"object\"}"},
	{"DELETE", "/dbaas-mysql/{name}", "delete-dbaas-service-mysql",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	NULL},
	{"PUT", "/dbaas-mysql/{name}/enable/writes", "enable-dbaas-mysql-writes",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"PUT", "/dbaas-mysql/{name}/maintenance/start", "start-dbaas-mysql-maintenance",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-mysql/{name}/migration/stop", "stop-dbaas-mysql-migration",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-mysql/{service-name}/database", "create-dbaas-mysql-database",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"database-name\":{\"$ref\":\"dbaas-database-name\"}},"
	"\"required\":[\"database-name\"],\"type\":\"object\"}"},
	{"DELETE", "/dbaas-mysql/{service-name}/database/{database-name}", "delete-dbaas-mysql-database",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"database-name\","
	"\"schema\":{\"$ref\":\"dbaas-mysql-database-name\"}}]",
	NULL},
	{"POST", "/dbaas-mysql/{service-name}/user", "create-dbaas-mysql-user",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"authentication\":{\"$ref\":\"enum-mysql-authentication-plugin\"},"
	"\"username\":{\"$ref\":\"dbaas-user-username\"}},\"required\":[\"username\"],\"type\":\"object\"}"},
	{"DELETE", "/dbaas-mysql/{service-name}/user/{username}", "delete-dbaas-mysql-user",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	NULL},
	{"PUT", "/dbaas-mysql/{service-name}/user/{username}/password/reset", "reset-dbaas-mysql-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	"{\"properties\":{\"authentication\":{\"$ref\":\"enum-mysql-authentication-plugin\"},"
	"\"password\":{\"$ref\":\"dbaas-mysql-user-password\"}},\"type\":\"object\"}"},
	{"GET", "/dbaas-mysql/{service-name}/user/{username}/password/reveal", "reveal-dbaas-mysql-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	NULL},
	{"GET", "/dbaas-opensearch/{name}", "get-dbaas-service-opensearch",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-opensearch/{name}", "create-dbaas-service-opensearch",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"fork-from-service\":{\"$ref\":\"dbaas-service-name\"},"
	"\"index-patterns\":{\"items\":{\"properties\":{\"max-index-count\":{\"format\":\"int64\",\"minimum\":0,"
	"\"nullable\":true,\"type\":\"integer\"},\"pattern\":{\"maxLength\":1024,\"type\":\"string\"},"
	"\"sorting-algorithm\":{\"enum\":[\"alphabetical\",\"creation_date\"],\"type\":\"string\"}},"
	"\"type\":\"object\"},\"type\":\"array\"},"
	"\"index-template\":{\"properties\":{\"mapping-nested-objects-limit\":{\"format\":\"int64\","
	"\"maximum\":100000,\"minimum\":0,\"nullable\":true,\"type\":\"integer\"},"
	"\"number-of-replicas\":{\"format\":\"int64\",\"maximum\":29,\"minimum\":0,\"nullable\":true,"
	"\"type\":\"integer\"},\"number-of-shards\":{\"format\":\"int64\",\"maximum\":1024,\"minimum\":1,"
	"\"type\":\"integer\"}},\"type\":\"object\"},\"ip-filter\":{\"items\":{\"type\":\"string\"},"
	"\"type\":\"array\"},\"keep-index-refresh-interval\":{\"type\":\"boolean\"},"
	"\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\",\"saturday\",\"sunday\","
	"\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},\"time\":{\"maxLength\":8,\"minLength\":8,"
	"\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],\"type\":\"object\"},"
	"\"max-index-count\":{\"format\":\"int64\",\"minimum\":0,\"nullable\":true,\"type\":\"integer\"},"
	"\"opensearch-dashboards\":{\"properties\":{\"enabled\":{\"type\":\"boolean\"},"
	"\"max-old-space-size\":{\"format\":\"int64\",\"maximum\":1024,\"minimum\":64,\"type\":\"integer\"},"
	"\"opensearch-request-timeout\":{\"format\":\"int64\",\"maximum\":120000,\"minimum\":5000,"
	"\"type\":\"integer\"}},\"type\":\"object\"},"
	"\"opensearch-settings\":{\"$ref\":\"json-schema-opensearch\"},\"plan\":{\"maxLength\":128,"
	"\"minLength\":1,\"type\":\"string\"},\"recovery-backup-name\":{\"minLength\":1,\"type\":\"string\"},"
	"\"termination-protection\":{\"type\":\"boolean\"},\"version\":{\"minLength\":1,\"type\":\"string\"}},"
	"\"required\":[\"plan\"],\"type\":\"object\"}"},
	{"PUT", "/dbaas-opensearch/{name}", "update-dbaas-service-opensearch",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"index-patterns\":{\"items\":{\"properties\":{\"max-index-count\":{\"format\":\"int64\","
	"\"minimum\":0,\"nullable\":true,\"type\":\"integer\"},\"pattern\":{\"maxLength\":1024,"
	"\"type\":\"string\"},\"sorting-algorithm\":{\"enum\":[\"alphabetical\",\"creation_date\"],"
	"\"type\":\"string\"}},\"type\":\"object\"},\"type\":\"array\"},"
	"\"index-template\":{\"properties\":{\"mapping-nested-objects-limit\":{\"format\":\"int64\","
	"\"maximum\":100000,\"minimum\":0,\"nullable\":true,\"type\":\"integer\"},"
	"\"number-of-replicas\":{\"format\":\"int64\",\"maximum\":29,\"minimum\":0,\"nullable\":true,"
	"\"type\":\"integer\"},\"number-of-shards\":{\"format\":\"int64\",\"maximum\":1024,\"minimum\":1,"
	"\"type\":\"integer\"}},\"type\":\"object\"},\"ip-filter\":{\"items\":{\"type\":\"string\"},"
	"\"type\":\"array\"},\"keep-index-refresh-interval\":{\"type\":\"boolean\"},"
	"\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\",\"saturday\",\"sunday\","
	"\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},\"time\":{\"maxLength\":8,\"minLength\":8,"
	"\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],\"type\":\"object\"},"
	"\"max-index-count\":{\"format\":\"int64\",\"minimum\":0,\"nullable\":true,\"type\":\"integer\"},"
	"\"opensearch-dashboards\":{\"properties\":{\"enabled\":{\"type\":\"boolean\"},"
	"\"max-old-space-size\":{\"format\":\"int64\",\"maximum\":1024,\"minimum\":64,\"type\":\"integer\"},"
	"\"opensearch-request-timeout\":{\"format\":\"int64\",\"maximum\":120000,\"minimum\":5000,"
	"\"type\":\"integer\"}},\"type\":\"object\"},"
	"\"opensearch-settings\":{\"$ref\":\"json-schema-opensearch\"},\"plan\":{\"maxLength\":128,"
	"\"minLength\":1,\"type\":\"string\"},\"termination-protection\":{\"type\":\"boolean\"},"
	"\"version\":{\"type\":\"string\"}},\"type\":\"object\"}"},
	{"DELETE", "/dbaas-opensearch/{name}", "delete-dbaas-service-opensearch",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	NULL},
	{"GET", "/dbaas-opensearch/{name}/acl-config", "get-dbaas-opensearch-acl-config",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"PUT", "/dbaas-opensearch/{name}/acl-config", "update-dbaas-opensearch-acl-config",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"$ref\":\"dbaas-opensearch-acl-config\"}"},
	{"PUT", "/dbaas-opensearch/{name}/maintenance/start", "start-dbaas-opensearch-maintenance",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-opensearch/{service-name}/user", "create-dbaas-opensearch-user",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"username\":{\"$ref\":\"dbaas-user-username\"}},\"required\":[\"username\"],"
	"\"type\":\"object\"}"},
	{"DELETE", "/dbaas-opensearch/{service-name}/user/{username}", "delete-dbaas-opensearch-user",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	NULL},
	{"PUT", "/dbaas-opensearch/{service-name}/user/{username}/password/reset", "reset-dbaas-opensearch-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	"{\"properties\":{\"password\":{\"$ref\":\"dbaas-user-password\"}},\"type\":\"object\"}"},
	{"GET", "/dbaas-opensearch/{service-name}/user/{username}/password/reveal", "reveal-dbaas-opensearch-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	NULL},
	{"GET", "/dbaas-postgres/{name}", "get-dbaas-service-pg",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-postgres/{name}", "create-dbaas-service-pg",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"admin-password\":{\"maxLength\":256,\"minLength\":8,"
	"\"pattern\":\"^[a-zA-Z0-9-_]+$\",\"type\":\"string\"},\"admin-username\":{\"maxLength\":64,"
	"\"minLength\":1,\"pattern\":\"^[_A-Za-z0-9][-._A-Za-z0-9]{0,63}$\",\"type\":\"string\"},"
	"\"backup-schedule\":{\"properties\":{\"backup-hour\":{\"format\":\"int64\",\"maximum\":23,\"minimum\":0,"
	"\"nullable\":true,\"type\":\"integer\"},\"backup-minute\":{\"format\":\"int64\",\"maximum\":59,"
	"\"minimum\":0,\"nullable\":true,\"type\":\"integer\"}},\"type\":\"object\"},"
	"\"fork-from-service\":{\"$ref\":\"dbaas-service-name\"},"
	"\"integrations\":{\"items\":{\"properties\":{\"dest-service\":{\"$ref\":\"dbaas-service-name\"},"
	"\"settings\":{\"type\":\"object\"},\"source-service\":{\"$ref\":\"dbaas-service-name\"},"
	"\"type\":{\"enum\":[\"read_replica\"],\"type\":\"string\"}},\"required\":[\"type\"],\"type\":\"object\"},"
	"\"type\":\"array\"},\"ip-filter\":{\"items\":{\"type\":\"string\"},\"type\":\"array\"},"
	"\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\",\"saturday\",\"sunday\","
	"\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},\"time\":{\"maxLength\":8,\"minLength\":8,"
	"\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],\"type\":\"object\"},"
	"\"migration\":{\"properties\":{\"dbname\":{\"maxLength\":63,\"minLength\":1,\"type\":\"string\"},"
	"\"host\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"},\"ignore-dbs\":{\"maxLength\":2048,"
	"\"minLength\":1,\"type\":\"string\"},\"method\":{\"$ref\":\"enum-migration-method\"},"
	"\"password\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"},\"port\":{\"format\":\"int64\","
	"\"maximum\":65535,\"minimum\":1,\"type\":\"integer\"},\"ssl\":{\"type\":\"boolean\"},"
	"\"username\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"}},\"required\":[\"host\",\"port\"],"
	"\"type\":\"object\"},\"pg-settings\":{\"$ref\":\"json-schema-pg\"},"
	"\"pgaudit-settings\":{\"$ref\":\"json-schema-pgaudit\"},"
	"\"pgbouncer-settings\":{\"$ref\":\"json-schema-pgbouncer\"},"
	"\"pglookout-settings\":{\"$ref\":\"json-schema-pglookout\"},\"plan\":{\"maxLength\":128,"
	"\"minLength\":1,\"type\":\"string\"},\"recovery-backup-time\":{\"minLength\":1,\"type\":\"string\"},"
	"\"shared-buffers-percentage\":{\"format\":\"int64\",\"maximum\":60,\"minimum\":20,\"type\":\"integer\"},"
	"\"synchronous-replication\":{\"$ref\":\"enum-pg-synchronous-replication\"},"
	"\"termination-protection\":{\"type\":\"boolean\"},"
	"\"timescaledb-settings\":{\"$ref\":\"json-schema-timescaledb\"},"
	"\"variant\":{\"$ref\":\"enum-pg-variant\"},\"version\":{\"$ref\":\"dbaas-pg-target-versions\"},"
	"\"work-mem\":{\"format\":\"int64\",\"maximum\":1024,\"minimum\":1,\"type\":\"integer\"}},"
	"\"required\":[\"plan\"],\"type\":\"object\"}"},
	{"PUT", "/dbaas-postgres/{name}", "update-dbaas-service-pg",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"backup-schedule\":{\"properties\":{\"backup-hour\":{\"format\":\"int64\","
	"\"maximum\":23,\"minimum\":0,\"nullable\":true,\"type\":\"integer\"},"
	"\"backup-minute\":{\"format\":\"int64\",\"maximum\":59,\"minimum\":0,\"nullable\":true,"
	"\"type\":\"integer\"}},\"type\":\"object\"},\"ip-filter\":{\"items\":{\"type\":\"string\"},"
	"\"type\":\"array\"},\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\","
	"\"saturday\",\"sunday\",\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},"
	"\"time\":{\"maxLength\":8,\"minLength\":8,\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],"
	"\"type\":\"object\"},\"migration\":{\"properties\":{\"dbname\":{\"maxLength\":63,\"minLength\":1,"
	"\"type\":\"string\"},\"host\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"},"
	"\"ignore-dbs\":{\"maxLength\":2048,\"minLength\":1,\"type\":\"string\"},"
	"\"method\":{\"$ref\":\"enum-migration-method\"},\"password\":{\"maxLength\":255,\"minLength\":1,"
	"\"type\":\"string\"},\"port\":{\"format\":\"int64\",\"maximum\":65535,\"minimum\":1,\"type\":\"integer\"},"
	"\"ssl\":{\"type\":\"boolean\"},\"username\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"}},"
	"\"required\":[\"host\",\"port\"],\"type\":\"object\"},\"pg-settings\":{\"$ref\":\"json-schema-pg\"},"
	"\"pgaudit-settings\":{\"$ref\":\"json-schema-pgaudit\"},"
	"\"pgbouncer-settings\":{\"$ref\":\"json-schema-pgbouncer\"},"
	"\"pglookout-settings\":{\"$ref\":\"json-schema-pglookout\"},\"plan\":{\"maxLength\":128,"
	"\"minLength\":1,\"type\":\"string\"},\"shared-buffers-percentage\":{\"format\":\"int64\",\"maximum\":60,"
	"\"minimum\":20,\"type\":\"integer\"},"
	"\"synchronous-replication\":{\"$ref\":\"enum-pg-synchronous-replication\"},"
	"\"termination-protection\":{\"type\":\"boolean\"},"
	"\"timescaledb-settings\":{\"$ref\":\"json-schema-timescaledb\"},"
	"\"variant\":{\"$ref\":\"enum-pg-variant\"},\"version\":{\"type\":\"string\"},"
	"\"work-mem\":{\"format\":\"int64\",\"maximum\":1024,\"minimum\":1,\"type\":\"integer\"}},"
	"\"type\":\"object\"}"},
	{"DELETE", "/dbaas-postgres/{name}", "delete-dbaas-service-pg",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	NULL},
	{"PUT", "/dbaas-postgres/{name}/maintenance/start", "start-dbaas-pg-maintenance",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-postgres/{name}/migration/stop", "stop-dbaas-pg-migration",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-postgres/{service-name}/connection-pool", "create-dbaas-pg-connection-pool",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"database-name\":{\"$ref\":\"dbaas-database-name\"},"
	"\"mode\":{\"$ref\":\"enum-pg-pool-mode\"},\"name\":{\"$ref\":\"dbaas-pg-pool-name\"},"
	"\"size\":{\"$ref\":\"dbaas-pg-pool-size\"},\"username\":{\"$ref\":\"dbaas-pg-pool-username\"}},"
	"\"required\":[\"name\",\"database-name\"],\"type\":\"object\"}"},
	{"PUT", "/dbaas-postgres/{service-name}/connection-pool/{connection-pool-name}", "update-dbaas-pg-connection-pool",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},"
	"{\"name\":\"connection-pool-name\",\"schema\":{\"$ref\":\"dbaas-pg-pool-name\"}}]",
	"{\"properties\":{\"database-name\":{\"$ref\":\"dbaas-database-name\"},"
	"\"mode\":{\"$ref\":\"enum-pg-pool-mode\"},\"size\":{\"$ref\":\"dbaas-pg-pool-size\"},"
	"\"username\":{\"$ref\":\"dbaas-pg-pool-username\"}},\"type\":\"object\"}"},
	{"DELETE", "/dbaas-postgres/{service-name}/connection-pool/{connection-pool-name}", "delete-dbaas-pg-connection-pool",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},"
	"{\"name\":\"connection-pool-name\",\"schema\":{\"$ref\":\"dbaas-pg-pool-name\"}}]",
	NULL},
	{"POST", "/dbaas-postgres/{service-name}/database", "create-dbaas-pg-database",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"database-name\":{\"$ref\":\"dbaas-database-name\"},"
	"\"lc-collate\":{\"maxLength\":128,\"type\":\"string\"},\"lc-ctype\":{\"maxLength\":128,"
	"\"type\":\"string\"}},\"required\":[\"database-name\"],\"type\":\"object\"}"},
	{"DELETE", "/dbaas-postgres/{service-name}/database/{database-name}", "delete-dbaas-pg-database",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"database-name\","
	"\"schema\":{\"$ref\":\"dbaas-pg-database-name\"}}]",
	NULL},
	{"POST", "/dbaas-postgres/{service-name}/user", "create-dbaas-postgres-user",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"allow-replication\":{\"type\":\"boolean\"},"
	"\"username\":{\"$ref\":\"dbaas-user-username\"}},\"required\":[\"username\"],\"type\":\"object\"}"},
	{"DELETE", "/dbaas-postgres/{service-name}/user/{username}", "delete-dbaas-postgres-user",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	NULL},
	{"PUT", "/dbaas-postgres/{service-name}/user/{username}/allow-replication", "update-dbaas-postgres-allow-replication",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	"{\"properties\":{\"allow-replication\":{\"type\":\"boolean\"}},\"type\":\"object\"}"},
	{"PUT", "/dbaas-postgres/{service-name}/user/{username}/password/reset", "reset-dbaas-postgres-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	"{\"properties\":{\"password\":{\"$ref\":\"dbaas-user-password\"}},\"type\":\"object\"}"},
	{"GET", "/dbaas-postgres/{service-name}/user/{username}/password/reveal", "reveal-dbaas-postgres-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	NULL},
	{"POST", "/dbaas-postgres/{service}/upgrade-check", "create-dbaas-pg-upgrade-check",
	"[{\"name\":\"service\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"target-version\":{\"$ref\":\"dbaas-pg-target-versions\"}},"
	"\"required\":[\"target-version\"],\"type\":\"object\"}"},
	{"GET", "/dbaas-service", "list-dbaas-services",
	NULL,
	NULL},
	{"POST", "/dbaas-service-logs/{service-name}", "get-dbaas-service-logs",
	"[{\"name\":\"service-name\",\"schema\":{\"type\":\"string\"}}]",
	"{\"properties\":{\"limit\":{\"format\":\"int64\",\"maximum\":500,\"minimum\":1,\"type\":\"integer\"},"
	"\"offset\":{\"type\":\"string\"},\"sort-order\":{\"$ref\":\"enum-sort-order\"}},\"type\":\"object\"}"},
	{"POST", "/dbaas-service-metrics/{service-name}", "get-dbaas-service-metrics",
	"[{\"name\":\"service-name\",\"schema\":{\"type\":\"string\"}}]",
	"{\"properties\":{\"period\":{\"enum\":[\"day\",\"hour\",\"month\",\"week\",\"year\"],\"type\":\"string\"}},"
	"\"type\":\"object\"}"},
	{"GET", "/dbaas-service-type", "list-dbaas-service-types",
	NULL,
	NULL},
	{"GET", "/dbaas-service-type/{service-type-name}", "get-dbaas-service-type",
	"[{\"name\":\"service-type-name\",\"schema\":{\"type\":\"string\"}}]",
	NULL},
	{"DELETE", "/dbaas-service/{name}", "delete-dbaas-service",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	NULL},
	{"GET", "/dbaas-settings-clickhouse", "get-dbaas-settings-clickhouse",
	NULL,
	NULL},
	{"GET", "/dbaas-settings-grafana", "get-dbaas-settings-grafana",
	NULL,
	NULL},
	{"GET", "/dbaas-settings-kafka", "get-dbaas-settings-kafka",
	NULL,
	NULL},
	{"GET", "/dbaas-settings-mysql", "get-dbaas-settings-mysql",
	NULL,
	NULL},
	{"GET", "/dbaas-settings-opensearch", "get-dbaas-settings-opensearch",
	NULL,
	NULL},
	{"GET", "/dbaas-settings-pg", "get-dbaas-settings-pg",
	NULL,
	NULL},
	{"GET", "/dbaas-settings-thanos", "get-dbaas-settings-thanos",
	NULL,
	NULL},
	{"GET", "/dbaas-settings-valkey", "get-dbaas-settings-valkey",
	NULL,
	NULL},
	{"POST", "/dbaas-task-migration-check/{service}", "create-dbaas-task-migration-check",
	"[{\"name\":\"service\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"ignore-dbs\":{\"maxLength\":2048,\"minLength\":1,\"type\":\"string\"},"
	"\"method\":{\"$ref\":\"enum-migration-method\"},\"source-service-uri\":{\"maxLength\":512,"
	"\"minLength\":1,\"type\":\"string\"}},\"required\":[\"source-service-uri\"],\"type\":\"object\"}"},
	{"GET", "/dbaas-task/{service}/{id}", "get-dbaas-task",
	"[{\"name\":\"service\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"id\","
	"\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"GET", "/dbaas-thanos/{name}", "get-dbaas-service-thanos",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-thanos/{name}", "create-dbaas-service-thanos",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"ip-filter\":{\"items\":{\"type\":\"string\"},\"type\":\"array\"},"
	"\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\",\"saturday\",\"sunday\","
	"\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},\"time\":{\"maxLength\":8,\"minLength\":8,"
	"\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],\"type\":\"object\"},\"plan\":{\"maxLength\":128,"
	"\"minLength\":1,\"type\":\"string\"},\"termination-protection\":{\"type\":\"boolean\"},"
	"\"thanos-settings\":{\"$ref\":\"json-schema-thanos\"}},\"required\":[\"plan\"],\"type\":\"object\"}"},
	{"PUT", "/dbaas-thanos/{name}", "update-dbaas-service-thanos",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"ip-filter\":{\"items\":{\"type\":\"string\"},\"type\":\"array\"},"
	"\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\",\"saturday\",\"sunday\","
	"\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},\"time\":{\"maxLength\":8,\"minLength\":8,"
	"\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],\"type\":\"object\"},\"plan\":{\"maxLength\":128,"
	"\"minLength\":1,\"type\":\"string\"},\"termination-protection\":{\"type\":\"boolean\"},"
	"\"thanos-settings\":{\"$ref\":\"json-schema-thanos\"}},\"type\":\"object\"}"},
	{"DELETE", "/dbaas-thanos/{name}", "delete-dbaas-service-thanos",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	NULL},
	{"PUT", "/dbaas-thanos/{name}/maintenance/start", "start-dbaas-thanos-maintenance",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"GET", "/dbaas-thanos/{service-name}/user/{username}/password/reveal", "reveal-dbaas-thanos-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	NULL},
	{"GET", "/dbaas-valkey/{name}", "get-dbaas-service-valkey",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-valkey/{name}", "create-dbaas-service-valkey",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"fork-from-service\":{\"$ref\":\"dbaas-service-name\"},"
	"\"ip-filter\":{\"items\":{\"type\":\"string\"},\"type\":\"array\"},"
	"\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\",\"saturday\",\"sunday\","
	"\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},\"time\":{\"maxLength\":8,\"minLength\":8,"
	"\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],\"type\":\"object\"},"
	"\"migration\":{\"properties\":{\"dbname\":{\"maxLength\":63,\"minLength\":1,\"type\":\"string\"},"
	"\"host\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"},\"ignore-dbs\":{\"maxLength\":2048,"
	"\"minLength\":1,\"type\":\"string\"},\"method\":{\"$ref\":\"enum-migration-method\"},"
	"\"password\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"},\"port\":{\"format\":\"int64\","
	"\"maximum\":65535,\"minimum\":1,\"type\":\"integer\"},\"ssl\":{\"type\":\"boolean\"},"
	"\"username\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"}},\"required\":[\"host\",\"port\"],"
	"\"type\":\"object\"},\"plan\":{\"maxLength\":128,\"minLength\":1,\"type\":\"string\"},"
	"\"recovery-backup-name\":{\"minLength\":1,\"type\":\"string\"},"
	"\"termination-protection\":{\"type\":\"boolean\"},"
	"\"valkey-settings\":{\"$ref\":\"json-schema-valkey\"},\"version\":{\"minLength\":1,"
	"\"type\":\"string\"}},\"required\":[\"plan\"],\"type\":\"object\"}"},
	{"PUT", "/dbaas-valkey/{name}", "update-dbaas-service-valkey",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"ip-filter\":{\"items\":{\"type\":\"string\"},\"type\":\"array\"},"
	"\"maintenance\":{\"properties\":{\"dow\":{\"enum\":[\"friday\",\"monday\",\"never\",\"saturday\",\"sunday\","
	"\"thursday\",\"tuesday\",\"wednesday\"],\"type\":\"string\"},\"time\":{\"maxLength\":8,\"minLength\":8,"
	"\"type\":\"string\"}},\"required\":[\"dow\",\"time\"],\"type\":\"object\"},"
	"\"migration\":{\"properties\":{\"dbname\":{\"maxLength\":63,\"minLength\":1,\"type\":\"string\"},"
	"\"host\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"},\"ignore-dbs\":{\"maxLength\":2048,"
	"\"minLength\":1,\"type\":\"string\"},\"method\":{\"$ref\":\"enum-migration-method\"},"
	"\"password\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"},\"port\":{\"format\":\"int64\","
	"\"maximum\":65535,\"minimum\":1,\"type\":\"integer\"},\"ssl\":{\"type\":\"boolean\"},"
	"\"username\":{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"}},\"required\":[\"host\",\"port\"],"
	"\"type\":\"object\"},\"plan\":{\"maxLength\":128,\"minLength\":1,\"type\":\"string\"},"
	"\"termination-protection\":{\"type\":\"boolean\"},"
	"\"valkey-settings\":{\"$ref\":\"json-schema-valkey\"},\"version\":{\"minLength\":1,"
	"\"type\":\"string\"}},\"type\":\"object\"}"},
	{"DELETE", "/dbaas-valkey/{name}", "delete-dbaas-service-valkey",
	"[{\"name\":\"name\",\"schema\":{\"type\":\"string\"}}]",
	NULL},
	{"PUT", "/dbaas-valkey/{name}/maintenance/start", "start-dbaas-valkey-maintenance",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-valkey/{name}/migration/stop", "stop-dbaas-valkey-migration",
	"[{\"name\":\"name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"GET", "/dbaas-valkey/{service-name}/user", "list-dbaas-valkey-users",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	NULL},
	{"POST", "/dbaas-valkey/{service-name}/user", "create-dbaas-valkey-user",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}}]",
	"{\"properties\":{\"access-control\":{\"$ref\":\"dbaas-valkey-user-access-control\"},"
	"\"username\":{\"$ref\":\"dbaas-user-username\"}},\"required\":[\"username\"],\"type\":\"object\"}"},
	{"PUT", "/dbaas-valkey/{service-name}/user/{username}", "update-dbaas-valkey-user-access-control",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	"{\"properties\":{\"access-control\":{\"$ref\":\"dbaas-valkey-user-access-control\"}},"
	"\"type\":\"object\"}"},
	{"DELETE", "/dbaas-valkey/{service-name}/user/{username}", "delete-dbaas-valkey-user",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	NULL},
	{"PUT", "/dbaas-valkey/{service-name}/user/{username}/password/reset", "reset-dbaas-valkey-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	"{\"properties\":{\"password\":{\"$ref\":\"dbaas-user-password\"}},\"type\":\"object\"}"},
	{"GET", "/dbaas-valkey/{service-name}/user/{username}/password/reveal", "reveal-dbaas-valkey-user-password",
	"[{\"name\":\"service-name\",\"schema\":{\"$ref\":\"dbaas-service-name\"}},{\"name\":\"username\","
	"\"schema\":{\"$ref\":\"dbaas-user-username\"}}]",
	NULL},
	{"GET", "/operation/{id}", "get-operation",
	"[{\"name\":\"id\",\"schema\":{\"format\":\"uuid\",\"type\":\"string\"}}]",
	NULL},
	{"GET", "/zone", "list-zones",
	NULL,
	NULL},
};
