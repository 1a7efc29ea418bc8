# What an UPDATE sends: what changes in value alone, what the API needs beside
# it, and nothing that it could not do.
use strict;
use warnings;

use DbaasChecks qw(is_refused requests_of);
use DbaasTest;
use Test::More;

my $t =
  DbaasTest->new(services => 20, logs => 0, operation_time => 5, server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;
$session->sql('SELECT count(*) FROM exo.dbaas_services');    # learns the zones

my $pg = "zone = 'ch-gva-2' AND name = 'pg-1-0001'";
my $inside = "zone = 'ch-gva-2' AND service_name = 'pg-1-0001'";
my $service = 'UPDATE exo.dbaas_services SET';
my $details = 'UPDATE exo.dbaas_service_details SET';
my $schedule = '"backup-schedule":{"backup-hour":21,"backup-minute":50}';

sub sent
{
	return [ map { s{^(\w+) [\w-]+ /}{$1 /}r } @{ requests_of($session, @_) } ];
}

sub writes
{
	return [ grep { !/^GET/ } @{ sent(@_) } ];
}

sub refused { return is_refused($session, @_) }

sub schedule_of
{
	return $session->sql("SELECT backup_hour, backup_minute FROM exo.dbaas_service_details "
		  . "WHERE zone = 'ch-gva-2' AND service_name = '$_[0]'");
}

# says(PATCH): the API says that of the service
sub says
{
	my ($patch) = @_;
	$sim->clear_faults;
	$sim->fault(
		{
			path => '/dbaas-postgres/pg-1-0001',
			method => 'GET',
			action => 'merge',
			patch => $patch,
			times => -1
		}) if $patch;
	return;
}

# ------------------------------------------------------------------------
# The backup schedule
# ------------------------------------------------------------------------

is(schedule_of('pg-1-0001'), '21|50', 'a schedule');
is_deeply(
	sent("$service plan = 'business-8' WHERE $pg"),
	[
		'GET /dbaas-service',
		'GET /dbaas-postgres/pg-1-0001',
		qq(PUT /dbaas-postgres/pg-1-0001 {"plan":"business-8",$schedule})
	],
	'is read, and carried');
is(schedule_of('pg-1-0001'), '21|50', 'and stays');
is_deeply(
	[
		sort @{
			sent(
					"$service termination_protection = NOT termination_protection "
				  . "WHERE zone = 'ch-gva-2' AND name IN ('mysql-1-0002', 'kafka-1-0003')")
		}
	],
	[
		'GET /dbaas-mysql/mysql-1-0002',
		'GET /dbaas-service',
		'PUT /dbaas-kafka/kafka-1-0003 {"termination-protection":true}',
		'PUT /dbaas-mysql/mysql-1-0002 '
		  . '{"termination-protection":true,"backup-schedule":{"backup-hour":11,'
		  . '"backup-minute":37}}'
	],
	'of the types that have one');
is(schedule_of('mysql-1-0002'), '11|37', 'that of mysql too');
is_deeply(sent("$service plan = plan WHERE $pg"),
	['GET /dbaas-service'], 'nothing is read where nothing changes');
is_deeply(
	sent("$details maintenance_dow = 'never', maintenance_time = '01:00:00' WHERE $inside"),
	[
		'GET /dbaas-service',
		'GET /dbaas-postgres/pg-1-0001',
		qq(PUT /dbaas-postgres/pg-1-0001 )
		  . qq({"maintenance":{"dow":"never","time":"01:00:00"},$schedule})
	],
	'a row that shows it spares the read');
$session->sql(
		q{CREATE FOREIGN TABLE odd (zone text, service_name text, ip_filter text[]) SERVER }
	  . q{exoscale OPTIONS (resource 'service-details')});
is_deeply(
	sent("UPDATE odd SET ip_filter = '{192.0.2.9/32}' WHERE $inside"),
	[
		'GET /dbaas-service',
		'GET /dbaas-postgres/pg-1-0001',
		qq(PUT /dbaas-postgres/pg-1-0001 {"ip-filter":["192.0.2.9/32"],$schedule})
	],
	'the answer that a row was read from serves as well');
is_deeply(
	sent(
			"$service plan = 'startup-8' FROM exo.dbaas_service_details d "
		  . "WHERE d.zone = dbaas_services.zone AND d.service_name = dbaas_services.name "
		  . "AND dbaas_services.$pg"),
	[
		'GET /dbaas-service',
		'GET /dbaas-postgres/pg-1-0001',
		qq(PUT /dbaas-postgres/pg-1-0001 {"plan":"startup-8",$schedule})
	],
	'in a join too');
is_deeply(
	sent(
			"$service parameters = "
		  . "'{\"backup-schedule\": {\"backup-hour\": 21, \"backup-minute\": 50}}' WHERE $pg"),
	[ 'GET /dbaas-service', qq(PUT /dbaas-postgres/pg-1-0001 {$schedule}) ],
	'one that is given is not asked for');
is(scalar @{ sent("SELECT * FROM odd WHERE $inside") }, 2, 'a SELECT asks for no more than before');

foreach my $case (
	[ { 'backup-schedule' => undef }, '' ],
	[
		{ 'backup-schedule' => { 'backup-hour' => 0, 'backup-minute' => 0 } },
		',"backup-schedule":{"backup-hour":0,"backup-minute":0}'
	])
{
	my ($patch, $carried) = @$case;
	says($patch);
	is_deeply(
		writes("$service plan = 'hobbyist-2' WHERE $pg"),
		[qq(PUT /dbaas-postgres/pg-1-0001 {"plan":"hobbyist-2"$carried})],
		'carried: ' . ($carried || 'none, where there is none'));
	is_deeply(
		writes("$details ip_filter = '{192.0.2.8/32}' WHERE $inside"),
		[qq(PUT /dbaas-postgres/pg-1-0001 {"ip-filter":["192.0.2.8/32"]$carried})],
		'by the other table as well');
	says(undef);
	$session->sql(
		"$service plan = 'startup-8', parameters = '{\"ip-filter\": [], $schedule}' WHERE $pg");
}
foreach my $half ('5,"backup-minute":null', 'null,"backup-minute":5', 'null,"backup-minute":null')
{
	my ($hour, $minute) = $half =~ /^(\w+),.*:(\w+)$/;
	my $carried = qq("backup-schedule":{"backup-hour":$half});
	is_deeply(
		writes("$details backup_hour = $hour, backup_minute = $minute WHERE $inside"),
		[qq(PUT /dbaas-postgres/pg-1-0001 {$carried})],
		"$half is written");
	is_deeply(writes("$service plan = 'hobbyist-2' WHERE $pg"),
		[qq(PUT /dbaas-postgres/pg-1-0001 {"plan":"hobbyist-2",$carried})], 'carried');
	is_deeply(
		writes("$details ip_filter = '{192.0.2.8/32}' WHERE $inside"),
		[qq(PUT /dbaas-postgres/pg-1-0001 {"ip-filter":["192.0.2.8/32"],$carried})],
		'by the other table as well');
	$session->sql(
		"$service plan = 'startup-8', parameters = '{\"ip-filter\": [], $schedule}' WHERE $pg");
}
my ($put, $get) = ('PUT /dbaas-{type}/{name}', 'GET /dbaas-{service-type}/{service-name}');
like(
	$session->sql("EXPLAIN $service plan = 'x'"),
	qr{Request: \Q$put\E\n\s*Reads: \Q$get\E\n},
	'EXPLAIN tells the read');
unlike($session->sql("EXPLAIN $details ip_filter = '{}'"), qr/Reads:/, 'where there is one');
is(scalar @{ sent("EXPLAIN $service plan = 'x'") }, 0, 'and asks nothing');

# A zone that is out of reach is an error, though others are left out
$session->sql(q{ALTER SERVER exoscale OPTIONS (ADD unavailable_zones 'skip')});
$session->sql('SELECT count(*) FROM exo.dbaas_services');
$sim->fault(
	{
		path => '/dbaas-postgres/*',
		method => 'GET',
		action => 'status',
		status => 503,
		times => -1
	});
refused(
	"$service plan = 'business-8' WHERE $pg",
	'HV000',
	qr{GET /dbaas-postgres/pg-1-0001 in zone ch-gva-2});
$sim->clear_faults;
$sim->fault(
	{
		path => '/dbaas-postgres/*',
		method => 'GET',
		action => 'status',
		status => 404,
		times => -1
	});
refused(
	"$service plan = 'business-8' WHERE $pg",
	'HV000',
	qr{GET /dbaas-postgres/pg-1-0001 in zone ch-gva-2.*404}s);
$sim->clear_faults;
$session->sql(q{ALTER SERVER exoscale OPTIONS (DROP unavailable_zones)});

# ------------------------------------------------------------------------
# Values are compared as they mean
# ------------------------------------------------------------------------

foreach my $case (
	[ [qw(192.0.2.0/24 198.51.100.7/32)], '{198.51.100.7/32,192.0.2.0/24}', 1, 'another order' ],
	[ [qw(192.0.2.0/24 198.51.100.7/32)], '{192.0.2.0/24,198.51.100.7}', 1, 'without /32' ],
	[ [qw(192.0.2.0/24 198.51.100.7/32)], '{192.0.2.77/24,198.51.100.7/32}', 1, 'with host bits' ],
	[ [qw(192.0.2.0/24)], '{192.0.2.0/24,192.0.2.0/24,192.0.2.1/24}', 1, 'given again' ],
	[ [qw(192.0.2.0/24)], '{192.0.2.0/25}', 0, 'another length' ],
	[ [qw(192.0.2.0/24)], '{192.0.2.0/24,192.0.2.1/32}', 0, 'one more, inside another' ],
	[ [qw(192.0.2.0/24 192.0.2.1/32)], '{192.0.2.0/24}', 0, 'one less' ],
	[ [qw(2001:db8::/32 ::/0)], '{::0/0,2001:DB8:0:0::1/32}', 1, 'IPv6' ],
	[ [qw(::/0)], '{0.0.0.0/0}', 0, 'another family' ],
	[ [qw(0.0.0.0/0)], '{0.0.0.0/0.0.0.0}', 0, 'what is no network here' ],
	[ [qw(10.0.0.0/8)], '{}', 0, 'none' ],
	[ [], '{}', 1, 'none before' ])
{
	my ($api, $given, $same, $what) = @$case;
	$session->sql(sprintf "$service parameters = '{\"ip-filter\": [%s]}' WHERE $pg",
		join ', ', map { qq("$_") } @$api);
	my (undef, $dry) = $session->sql_both(
			"BEGIN; SET LOCAL dbaas_fdw.dry_run = on; $details ip_filter = '$given' "
		  . "WHERE $inside; ROLLBACK");
	is(scalar(() = $dry =~ /dry run: PUT/g), $same ? 0 : 1, "networks: $what");
}
foreach my $case (
	[ '16', '16.4', 1 ],
	[ '16.4', '16', 1 ],
	[ '16.4', '16.5', 0 ],
	[ '16.4', '16.40', 0 ],
	[ '8.4', '8.4.8', 1 ],
	[ '3.3', '3', 1 ],
	[ '1', '16', 0 ],
	[ '16', '17', 0 ],
	[ undef, '16', 0 ])
{
	my ($api, $given, $same) = @$case;
	says({ version => $api });
	my (undef, $dry) =
	  $session->sql_both("BEGIN; SET LOCAL dbaas_fdw.dry_run = on; $details version = '$given' "
		  . "WHERE $inside; ROLLBACK");
	is( scalar(() = $dry =~ /dry run: PUT/g),
		$same ? 0 : 1,
		'version ' . ($api // 'none') . ' and ' . $given);
}
says({ 'pg-settings' => { a => 1, b => { c => 1.5, d => [ 1, 2 ] } } });
foreach my $case (
	[ q({"b": {"d": [1.0, 2], "c": 15e-1}, "a": 1.00}), '' ],
	[ q({"a": 1, "b": {"c": 1.5, "d": [2, 1]}}), q({"b":{"c":1.5,"d":[2,1]}}) ],
	[ q({"a": "1", "b": {"c": 1.5, "d": [1, 2]}}), q({"a":"1"}) ],
	[ q({"a": true, "b": {"c": 1.5, "d": [1, 2]}}), q({"a":true}) ],
	[ q({"a": 10, "b": {"c": 0.15, "d": [1, 2]}}), q({"a":10,"b":{"c":0.15,"d":[1,2]}}) ])
{
	my ($given, $sent) = @$case;
	my (undef, $dry) = $session->sql_both(
			"BEGIN; SET LOCAL dbaas_fdw.dry_run = on; $details settings = settings || "
		  . "'$given' WHERE $inside; ROLLBACK");
	is($dry =~ /"pg-settings":(\{.*\}),"backup/ ? $1 : '', $sent, "settings: $given");
}
says(undef);
my $id = $session->sql("SELECT id FROM exo.dbaas_integrations WHERE zone = 'ch-gva-2' "
	  . "AND source = 'grafana-1-0006' AND type = 'metrics'");
my $integration = "WHERE zone = 'ch-gva-2' AND id = '$id'";
is_deeply(
	writes(
			"UPDATE exo.dbaas_integrations "
		  . "SET settings = '{\"retention-days\": 7, \"database\": \"x\"}' $integration"),
	[qq(PUT /dbaas-integration/$id {"settings":{"database":"x","retention-days":7}})],
	'settings of an integration');
is_deeply(
	writes(
			"UPDATE exo.dbaas_integrations "
		  . "SET settings = '{\"database\": \"x\", \"retention-days\": 7.0}' $integration"),
	[],
	'nothing, where they are the same');
is_deeply(writes("UPDATE exo.dbaas_integrations SET settings = settings $integration"),
	[], 'or set to themselves');
is_deeply(
	writes("UPDATE exo.dbaas_integrations SET settings = settings - 'database' $integration"),
	[qq(PUT /dbaas-integration/$id {"settings":{"retention-days":7}})],
	'they are replaced');
$session->sql(
		"CREATE FOREIGN TABLE pools (zone text, service_name text, name text, size numeric) "
	  . "SERVER exoscale OPTIONS (resource 'connection-pools')");
is_deeply(writes("UPDATE pools SET size = size * 1.0 WHERE $inside"), [], 'numbers');
$session->sql("$details maintenance_dow = 'monday', maintenance_time = '03:00:00' WHERE $inside");
is_deeply(writes("$details maintenance_time = '3:00:00' WHERE $inside"), [], 'times of day');
refused("$details maintenance_time = '4:00:00' WHERE $inside", '22023', qr/8 characters/);
like(
	$session->sql_error("$details maintenance_time = '02:60:00' WHERE $inside")->{message},
	qr{^PUT /dbaas-postgres/pg-1-0001 in zone ch-gva-2 failed},
	'02:60:00 is not 03:00:00');

# ------------------------------------------------------------------------
# A column that keeps its value is not set
# ------------------------------------------------------------------------

# As mappers of objects write a row: all its columns, as they read them
sub assignments
{
	my ($table, $where) = @_;
	return $session->sql(
		qq{SELECT string_agg(format('%I = %L', key, value), ', ')
		FROM exo.$table t, LATERAL (SELECT a.attname AS key,
				CASE WHEN a.atttypid = 'text[]'::regtype
					THEN (SELECT array_agg(e)::text FROM jsonb_array_elements_text(v.value) e)
					ELSE v.value #>> '{}' END AS value
			FROM jsonb_each(to_jsonb(t)) v JOIN pg_attribute a
				ON a.attrelid = 'exo.$table'::regclass AND a.attname = v.key) x
		WHERE $where});
}
$session->sql("$service parameters = '{\"ip-filter\": [\"192.0.2.0/24\"]}' WHERE $pg");
foreach my $case (
	[ 'dbaas_services', $pg, "plan = 'business-4'" ],
	[ 'dbaas_service_details', $inside, "maintenance_dow = 'tuesday'" ],
	[
		'dbaas_users',
		"$inside AND username = 'avnadmin'",
		'allow_replication = NOT allow_replication'
	],
	[ 'dbaas_connection_pools', "$inside AND name = 'pool_1'", 'size = 44' ],
	[
		'dbaas_integrations',
		"zone = 'ch-gva-2' AND id = '$id'",
		q(settings = '{"retention-days": 8}')
	])
{
	my ($table, $where, $change) = @$case;
	my $all = assignments($table, $where);
	like($all, qr/zone = 'ch-gva-2'/, "$table: all columns");
	is_deeply(writes("UPDATE exo.$table SET $all WHERE $where"), [],
		'as they are: nothing is sent');
	my ($column) = $change =~ /^(\w+)/;
	my $changed = $all =~ s/\b$column = (?:NULL|'(?:[^']|'')*')/$change/r;
	isnt($changed, $all, "one of them changed: $change");
	is(scalar @{ writes("UPDATE exo.$table SET $changed WHERE $where") }, 1, 'one write');
	is( $session->sql("EXPLAIN UPDATE exo.$table SET $all WHERE $where") =~ /Request: PUT/ ? 1 : 0,
		1, 'EXPLAIN');
	$session->sql("PREPARE $table AS UPDATE exo.$table SET zone = \$1 WHERE $where");
	is_deeply(writes("EXECUTE $table ('ch-gva-2')"), [], 'by a parameter');
	my $not_set = qq(column "zone" of foreign table "$table" cannot be set by UPDATE);
	refused("EXECUTE $table ('de-fra-1')", '0A000', qr/$not_set.*HINT:[^\n]*UPDATE takes:/s);
}
is_deeply(
	writes(
		"$service zone = zone, name = name, type = lower(upper(type)), plan = 'startup-8' WHERE $pg"
	),
	[qq(PUT /dbaas-postgres/pg-1-0001 {"plan":"startup-8",$schedule})],
	'set to themselves');
my $created = $session->sql("SELECT created_at FROM exo.dbaas_services WHERE $pg");
foreach my $literal (
	"(SELECT created_at FROM exo.dbaas_services WHERE $pg)",
	"'$created'",
	"'$created'::timestamptz AT TIME ZONE 'UTC' AT TIME ZONE 'UTC'",
	"date_trunc('milliseconds', created_at)")
{
	is_deeply(writes("$service created_at = $literal WHERE $pg"), [], "created_at = $literal");
}
foreach my $literal (
	"created_at + interval '1 s'",
	"created_at - interval '1 ms'",
	'NULL', 'DEFAULT', "date_trunc('hour', created_at) - interval '1 h'")
{
	my $not_set = 'column "created_at" of foreign table "dbaas_services" cannot be set by UPDATE';
	my $why = 'DETAIL:[^\n]*The API does not take it';
	refused(
		"$service created_at = $literal, plan = 'startup-4' WHERE $pg",
		'0A000',
		qr/$not_set.*$why.*HINT:[^\n]*UPDATE takes: plan/s);
}
$session->sql(
		q{CREATE FOREIGN TABLE coarse (zone text, name text, plan text, made timestamp(0) }
	  . q{OPTIONS (field 'created-at')) SERVER exoscale OPTIONS (resource 'services')});
is_deeply(writes("UPDATE coarse SET made = made, plan = plan WHERE $pg"),
	[], 'a column of one\'s own type');
$session->sql(q{ALTER FOREIGN TABLE coarse ALTER made TYPE text});
is_deeply(writes("UPDATE coarse SET made = replace(made, 'Z', '+00:00') WHERE $pg"),
	[], 'the same time in another form');
refused("UPDATE coarse SET made = replace(made, 'Z', '+01:00') WHERE $pg", '0A000', qr/"made"/);
refused("UPDATE exo.dbaas_users SET parameters = '{}' WHERE $inside", '0A000', qr/"parameters"/);
is_deeply(writes("UPDATE exo.dbaas_users SET parameters = NULL WHERE $inside"),
	[], 'what is never shown');
refused("$service type = 'mysql', parameters = '{\"admin-password\": \"hunter2\"}' WHERE $pg",
	'0A000', qr/^(?!.*hunter2).*"type"/s);

# ------------------------------------------------------------------------
# What the API merges cannot be taken away
# ------------------------------------------------------------------------

my $not_lost = 'column "settings" of foreign table "dbaas_service_details" cannot lose members';
my $kept = 'DETAIL:[^\n]*keeps those that an UPDATE leaves out: jit\.';
refused("$details settings = settings - 'jit' WHERE $inside",
	'0A000', qr/$not_lost.*$kept.*HINT:[^\n]*default/s);
refused("$details settings = settings #- '{autovacuum,autovacuum_naptime}' WHERE $inside",
	'0A000', qr/leaves out: autovacuum\.autovacuum_naptime\./);
refused("$details settings = '{}' WHERE $inside", '0A000', qr/leaves out: [^\n]*timezone/);
refused("$details settings = '{\"jit\": false}' WHERE $inside", '0A000', qr/leaves out: /);
refused("$details settings = NULL WHERE $inside", '23502', qr/"settings"/);
refused(
	"BEGIN; $details settings = settings || '{\"new\": 1}' "
	  . "WHERE $inside; $details settings = "
	  . "'@{[ $session->sql(qq{SELECT settings FROM exo.dbaas_service_details WHERE $inside}) ]}' "
	  . "WHERE $inside",
	'0A000',
	qr/leaves out: new\./);
$session->sql('ROLLBACK');
is( $session->sql(
			"$details settings = settings || '{\"jit\": false}' WHERE $inside "
		  . "RETURNING settings->'jit', settings->'timezone'"),
	'false|"Europe/Zurich"',
	'one that changes');
is( $session->sql(
		"SELECT settings->'jit', settings->'timezone' FROM exo.dbaas_service_details WHERE $inside"
	),
	'false|"Europe/Zurich"',
	'is there, and the others');
is_deeply(
	writes(
			"$details settings = jsonb_set(settings, '{autovacuum,autovacuum_naptime}', "
		  . "'61') WHERE $inside"),
	[
			qq(PUT /dbaas-postgres/pg-1-0001 )
		  . qq({"pg-settings":{"autovacuum":{"autovacuum_naptime":61,)
		  . qq("autovacuum_vacuum_scale_factor":0.2}},$schedule})
	],
	'of an object inside, all is sent');
my (undef, $dry) =
  $session->sql_both("BEGIN; SET LOCAL dbaas_fdw.dry_run = on; $details settings = settings || "
	  . "'{\"jit\": null}' WHERE $inside; ROLLBACK");
like($dry, qr/"pg-settings":\{"jit":null\}/, 'null is a value');
says({ 'pg-settings' => undef });
is_deeply(
	writes("$details settings = '{\"jit\": true}' WHERE $inside"),
	[qq(PUT /dbaas-postgres/pg-1-0001 {"pg-settings":{"jit":true},$schedule})],
	'where there were none');

$session->quit;
done_testing();
