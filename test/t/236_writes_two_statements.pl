# Several statements of one transaction that write one thing build on each
# other: what an UPDATE compares with, completes from and counts as a
# repetition is the API's row as the queue will leave it.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t =
  DbaasTest->new(services => 20, logs => 0, operation_time => 5, server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;

my $pg = "zone = 'ch-gva-2' AND name = 'pg-1-0001'";
my $inside = "zone = 'ch-gva-2' AND service_name = 'pg-1-0001'";
my $at = '/dbaas-postgres/pg-1-0001';
my $service = 'UPDATE exo.dbaas_services SET';
my $details = 'UPDATE exo.dbaas_service_details SET';
my $schedule =
  '"backup-schedule":{"backup-hour":21,"backup-minute":50}';    # its own, which every PUT carries

# writes(SQL): the writes as text, without the service's own path and schedule
sub writes
{
	my ($sql) = @_;
	return [
		map { s{PUT \Q$at\E }{PUT }r =~ s/,\Q$schedule\E\}$/}/r }
		  map {
			join ' ',
			  grep { defined && length }
			  @{$_}{qw(method path body)}
		  } grep { $_->{method} ne 'GET' } $session->requests($sql)
	];
}

# builds(STATEMENTS, WRITES, NAME): what a transaction of them sends
sub builds
{
	my ($statements, $expected, $name) = @_;
	is_deeply(writes(join '; ', 'BEGIN', @$statements, 'COMMIT'), $expected, $name);
	return;
}

sub details { return $session->sql("SELECT @_ FROM exo.dbaas_service_details WHERE $inside") }

# refused(STATEMENTS, SQLSTATE, TEXT): the last of them fails so, and nothing is sent
sub refused
{
	my ($statements, $state, $text, $name) = @_;
	$sim->clear;
	my $error = $session->sql_error(join '; ', 'BEGIN', @$statements);
	is($error->{sqlstate}, $state, "$name: $state");
	like($error->{stderr}, $text, 'says why');
	$session->sql('ROLLBACK');
	is_deeply([ grep { $_->{method} ne 'GET' } $sim->requests ], [], 'and sends nothing');
	return;
}

$session->sql(
		"$details ip_filter = '{192.0.2.0/24}', maintenance_dow = 'sunday', maintenance_time "
	  . "= '01:00:00' WHERE $inside");

# One value, and back to what it was: each is sent, in the order of the statements
builds(
	[
		"$details ip_filter = '{10.0.0.0/8}' WHERE $inside",
		"$details ip_filter = '{192.0.2.0/24}' WHERE $inside"
	],
	[ 'PUT {"ip-filter":["10.0.0.0/8"]}', 'PUT {"ip-filter":["192.0.2.0/24"]}' ],
	'ip_filter');
is(details('ip_filter'), '{192.0.2.0/24}', 'which is what it was');
my (undef, $open) = $session->sql_both("BEGIN; $details ip_filter = '{0.0.0.0/0}' "
	  . "WHERE $inside; $details ip_filter = '{192.0.2.0/24}' WHERE $inside; COMMIT");
like($open, qr/WARNING:[^\n]*open to the whole world/, 'one that is open for a while');
is(details('ip_filter'), '{192.0.2.0/24}', 'is closed again');
builds(
	[
		"$service termination_protection = true WHERE $pg",
		"$service termination_protection = false WHERE $pg"
	],
	[ 'PUT {"termination-protection":true}', 'PUT {"termination-protection":false}' ],
	'termination_protection');
builds(
	[
		"$service plan = 'startup-8' WHERE $pg",
		"$service plan = 'hobbyist-2' WHERE $pg",
		"$service plan = 'startup-8' WHERE $pg",
		"$service plan = 'startup-8' WHERE $pg"
	],
	[ 'PUT {"plan":"startup-8"}', 'PUT {"plan":"hobbyist-2"}', 'PUT {"plan":"startup-8"}' ],
	'plan, to and fro; what the queue does already is no change');
my $users = "UPDATE exo.dbaas_users SET allow_replication";
my $avnadmin = "WHERE $inside AND username = 'avnadmin'";
$session->sql("$users = false $avnadmin");
builds(
	[ "$users = true $avnadmin", "$users = false $avnadmin" ],
	[ map { qq(PUT $at/user/avnadmin/allow-replication {"allow-replication":$_}) } qw(true false) ],
	'allow_replication');
my $pool = "UPDATE exo.dbaas_connection_pools SET";
my $of_pool = "WHERE $inside AND name = 'pool_1'";
$session->sql("$pool size = 10, mode = 'statement' $of_pool");
builds(
	[
		"$pool size = 20 $of_pool",
		"$pool mode = 'session' $of_pool",
		"$pool size = 10, mode = 'session' $of_pool"
	],
	[
		qq(PUT $at/connection-pool/pool_1 {"size":20}),
		qq(PUT $at/connection-pool/pool_1 {"mode":"session"}),
		qq(PUT $at/connection-pool/pool_1 {"size":10})
	],
	'a connection pool');
my ($id, $days) = split /\|/, $session->sql(
	"SELECT id, settings->>'elasticsearch-index-days-max' FROM exo.dbaas_integrations
	WHERE zone = 'ch-gva-2' AND source = 'valkey-1-0005' AND type = 'logs'");
my $integration =
  "UPDATE exo.dbaas_integrations SET settings = settings || '{\"elasticsearch-index-days-max\":";
builds(
	[
		"$integration 40}' WHERE zone = 'ch-gva-2' AND id = '$id'",
		"UPDATE exo.dbaas_integrations "
		  . "SET settings = '{\"elasticsearch-index-prefix\":\"x\"}' WHERE id = '$id'"
	],
	[
		qq(PUT /dbaas-integration/$id )
		  . qq({"settings":{"elasticsearch-index-prefix":"logs-4",)
		  . qq("elasticsearch-index-days-max":40}}),
		qq(PUT /dbaas-integration/$id {"settings":{"elasticsearch-index-prefix":"x"}})
	],
	'settings of an integration are replaced');

# What goes together is completed from what is queued
builds(
	[
		"$details maintenance_dow = 'friday' WHERE $inside",
		"$details maintenance_time = '05:55:00' WHERE $inside"
	],
	[
		'PUT {"maintenance":{"dow":"friday","time":"01:00:00"}}',
		'PUT {"maintenance":{"dow":"friday","time":"05:55:00"}}'
	],
	'maintenance, day first');
is(details('maintenance_dow, maintenance_time'), 'friday|05:55:00', 'both stay');
builds(
	[
		"$details maintenance_time = '06:00:00' WHERE $inside",
		"$details maintenance_dow = 'monday' WHERE $inside"
	],
	[
		'PUT {"maintenance":{"dow":"friday","time":"06:00:00"}}',
		'PUT {"maintenance":{"dow":"monday","time":"06:00:00"}}'
	],
	'maintenance, time first');
builds(
	[
		"$details maintenance_dow = 'never' WHERE $inside",
		"$details maintenance_dow = 'monday', maintenance_time = '07:00:00' WHERE $inside"
	],
	[
		'PUT {"maintenance":{"dow":"never","time":"06:00:00"}}',
		'PUT {"maintenance":{"dow":"monday","time":"07:00:00"}}'
	],
	'a value that is given counts, though the API has the same');
builds(
	[
		"$details maintenance_dow = 'never' WHERE $inside",
		"$details maintenance_dow = maintenance_dow, maintenance_time = '08:00:00' WHERE $inside"
	],
	[
		'PUT {"maintenance":{"dow":"never","time":"07:00:00"}}',
		'PUT {"maintenance":{"dow":"never","time":"08:00:00"}}'
	],
	'what is set to itself is not set');
builds(
	[
		"$details backup_hour = 3 WHERE $inside",
		"$details backup_minute = 4 WHERE $inside",
		"$details backup_hour = 21 WHERE $inside",
		"$details backup_minute = 50 WHERE $inside"
	],
	[
		map { qq(PUT {"backup-schedule":{"backup-hour":$_->[0],"backup-minute":$_->[1]}}) }
		  [ 3, 50 ],
		[ 3, 4 ],
		[ 21, 4 ],
		[ 21, 50 ]
	],
	'the backup schedule');
is(details('backup_hour, backup_minute'), '21|50', 'is as it was');

# The schedule that a PUT carries is the one that is queued
builds(
	[
		"$details backup_hour = 3, backup_minute = 4 WHERE $inside",
		"$service plan = 'startup-4' WHERE $pg",
		"$service parameters = "
		  . "'{\"backup-schedule\": {\"backup-hour\": 21, \"backup-minute\": 50}}' WHERE $pg",
		"$details maintenance_dow = 'friday' WHERE $inside"
	],
	[
		'PUT {"backup-schedule":{"backup-hour":3,"backup-minute":4}}',
		'PUT {"plan":"startup-4","backup-schedule":{"backup-hour":3,"backup-minute":4}}',
		"PUT {$schedule}",
		'PUT {"maintenance":{"dow":"friday","time":"08:00:00"}}'
	],
	'by either table');
is(details('backup_hour, backup_minute'), '21|50', 'and stays');

# By parameters and by columns
builds(
	[
		"$service parameters = '{\"ip-filter\": [\"10.0.0.0/8\"]}' WHERE $pg",
		"$details ip_filter = '{192.0.2.0/24}' WHERE $inside"
	],
	[ 'PUT {"ip-filter":["10.0.0.0/8"]}', 'PUT {"ip-filter":["192.0.2.0/24"]}' ],
	'parameters, then the column');
builds(
	[
		"$details ip_filter = '{10.0.0.0/8}' WHERE $inside",
		"$service parameters = '{\"ip-filter\": [\"192.0.2.0/24\"]}' WHERE $pg"
	],
	[ 'PUT {"ip-filter":["10.0.0.0/8"]}', 'PUT {"ip-filter":["192.0.2.0/24"]}' ],
	'the column, then parameters');
builds(
	[
		"$service parameters = "
		  . "'{\"maintenance\": {\"dow\": \"monday\", \"time\": \"09:00:00\"}}' WHERE $pg",
		"$details maintenance_dow = 'friday' WHERE $inside"
	],
	[
		'PUT {"maintenance":{"dow":"monday","time":"09:00:00"}}',
		'PUT {"maintenance":{"dow":"friday","time":"09:00:00"}}'
	],
	'maintenance among parameters');
builds(
	[
		"$service parameters = '{\"pg-settings\": {\"jit\": false}}' WHERE $pg",
		"$details settings = settings || '{\"log_temp_files\": 5}' WHERE $inside",
		"$details settings = jsonb_set(settings, '{max_worker_processes}', '9') WHERE $inside"
	],
	[
		'PUT {"pg-settings":{"jit":false}}',
		'PUT {"pg-settings":{"log_temp_files":5}}',
		'PUT {"pg-settings":{"max_worker_processes":9}}'
	],
	'settings, a member each');
is(details(q{settings->'jit', settings->'log_temp_files', settings->'max_worker_processes'}),
	'false|5|9', 'all of them stay');
my $settings = details(q{settings});
builds(
	[
		"$details settings = settings || '{\"jit\": true}' WHERE $inside",
		"$details settings = '$settings' WHERE $inside"
	],
	[ 'PUT {"pg-settings":{"jit":true}}', 'PUT {"pg-settings":{"jit":false}}' ],
	'settings that are given as they were are brought back');

# The members that an expression gives are set, those that it takes over from the row are not
foreach my $gives (
	q{settings || '{"jit": %s}'},
	q{coalesce(settings, '{}') || '{"jit": %s}'},
	q{settings || jsonb_build_object('jit', %s)},
	q{jsonb_set(settings, '{jit}', '%s')})
{
	my @both = map { sprintf "$details settings = $gives WHERE $inside", $_ } 'true', 'false';
	builds(
		[
			$both[0], "$details settings = settings || '{\"log_temp_files\": 6}' WHERE $inside",
			$both[1], "$details settings = settings || '{\"log_temp_files\": 5}' WHERE $inside"
		],
		[
			'PUT {"pg-settings":{"jit":true}}',
			'PUT {"pg-settings":{"log_temp_files":6}}',
			'PUT {"pg-settings":{"jit":false}}',
			'PUT {"pg-settings":{"log_temp_files":5}}'
		],
		"$gives, and back");
}
builds(
	[
		'SET LOCAL plan_cache_mode = force_generic_plan',
		"PREPARE give (jsonb, text) AS $details settings = jsonb_set(settings || \$1, "
		  . "ARRAY[\$2], '6') WHERE $inside",
		q{EXECUTE give ('{"jit": true}', 'log_temp_files')},
		q{EXECUTE give ('{"jit": false}', 'log_temp_files')},
		'DEALLOCATE give'
	],
	[ 'PUT {"pg-settings":{"jit":true,"log_temp_files":6}}', 'PUT {"pg-settings":{"jit":false}}' ],
	'parameters');
$session->sql("$details settings = settings || '{\"log_temp_files\": 5}' WHERE $inside");
foreach my $computes (
	q{settings || jsonb_build_object('log_temp_files', backup_minute)},
	q{settings || (SELECT '{"log_temp_files": 5}'::jsonb)},
	q{jsonb_set(settings, '{a,b}', '1')},
	q{jsonb_set(settings, '{log_temp_files}', settings->'jit')},
	q{(details->'pg-settings') || '{"log_temp_files": 6}'})
{
	my $of = $computes =~ /details/ ? 'details' : 'settings';
	refused(
		[
			"$details settings = settings || '{\"jit\": true}' WHERE $inside",
			"$details settings = $computes WHERE $inside"
		],
		'0A000',
		qr/column "$of"[^\n]*, which an earlier statement/,
		$computes);
}
foreach my $names_none (
	q{settings || '{}'},
	q{settings || jsonb_strip_nulls('{"jit": null}')},
	q{coalesce(settings, '{}')})
{
	builds(
		[
			"$details settings = settings || '{\"jit\": true}' WHERE $inside",
			"$details settings = $names_none WHERE $inside"
		],
		['PUT {"pg-settings":{"jit":true}}'],
		"$names_none changes nothing");
	$session->sql("$details settings = settings || '{\"jit\": false}' WHERE $inside");
}
builds(
	[
		"$details settings = settings || '{\"log_temp_files\": 6}' WHERE $inside",
		"$details settings = jsonb_set(settings, '{log_temp_files}', to_jsonb(backup_minute)) "
		  . "WHERE $inside",
		"$details settings = settings || '{\"log_temp_files\": 5}' WHERE $inside"
	],
	[ map { qq(PUT {"pg-settings":{"log_temp_files":$_}}) } 6, 50, 5 ],
	'the value of what is named may be computed from another column');

# What only the queue has is neither left out nor taken away in silence
foreach my $lacks (
	q{settings - 'log_min_duration_statement'},
	q{jsonb_set(settings, '{log_min_duration_statement}', '9', false)},
	q{CASE WHEN settings ? 'log_min_duration_statement' THEN settings ELSE settings || '{}' END})
{
	refused(
		[
			"$details settings = settings || '{\"log_min_duration_statement\": 700}' WHERE $inside",
			"$details settings = $lacks WHERE $inside"
		],
		'0A000',
		qr/column "settings"[^\n]*, which an earlier statement/,
		$lacks);
}
my $autovacuum = '{"autovacuum": ' . details(q{settings->'autovacuum'}) . '}';
refused(
	[
		"$details settings = jsonb_set(settings, '{autovacuum,autovacuum_max_workers}', '7') "
		  . "WHERE $inside",
		"$details settings = settings || '$autovacuum' WHERE $inside"
	],
	'0A000',
	qr/cannot lose members.*: autovacuum\.autovacuum_max_workers\./s,
	'an object within');

# What names the members is evaluated with the row, and only where it matters
is_deeply(
	writes(
			"$details settings = settings || current_setting('my.settings')::jsonb "
		  . "WHERE $inside AND current_setting('my.settings', true) <> ''"),
	[],
	'not for a row that is not there');
$session->sql(
	q{CREATE FUNCTION public.names_others() RETURNS trigger LANGUAGE plpgsql AS
	$$BEGIN PERFORM set_config('my.settings', '{"log_temp_files": 7}', true); RETURN NULL; END$$;
	CREATE TRIGGER names_others BEFORE UPDATE ON exo.dbaas_service_details
	FOR EACH STATEMENT EXECUTE FUNCTION public.names_others()});
builds(
	[
		q{SET LOCAL my.settings = '{"jit": true}'},
		"$details settings = settings || '{\"log_temp_files\": 6}' WHERE $inside",
		"$details settings = settings || current_setting('my.settings')::jsonb WHERE $inside",
		"$details settings = settings || '{\"log_temp_files\": 5}' WHERE $inside"
	],
	[ map { qq(PUT {"pg-settings":{"log_temp_files":$_}}) } 6, 7, 5 ],
	'names that change when the statement has begun');
$session->sql('DROP TRIGGER names_others ON exo.dbaas_service_details');

# A trigger has the last word
$session->sql(
	q{CREATE FUNCTION public.sets() RETURNS trigger LANGUAGE plpgsql AS
	$$BEGIN NEW.settings = NEW.settings || '{"log_temp_files": 8}'; RETURN NEW; END$$;
	CREATE TRIGGER sets BEFORE UPDATE ON exo.dbaas_service_details
	FOR EACH ROW EXECUTE FUNCTION public.sets()});
builds(
	["$details settings = settings || '{\"jit\": true}' WHERE $inside"],
	['PUT {"pg-settings":{"jit":true,"log_temp_files":8}}'],
	'what a trigger sets');
refused(
	[
		"$service parameters = '{\"pg-settings\": {\"jit\": false}}' WHERE $pg",
		"$details settings = settings || '{\"jit\": true}' WHERE $inside"
	],
	'0A000',
	qr/column "settings"[^\n]*, which an earlier statement/,
	'what a trigger may have taken over');
$session->sql('DROP TRIGGER sets ON exo.dbaas_service_details');
$session->sql(
	"$details settings = settings || '{\"jit\": false, \"log_temp_files\": 5}' WHERE $inside");

# What is computed from a row does not see what is queued: it is refused, not guessed
my $column = 'column "backup_minute" of foreign table "dbaas_service_details"';
refused(
	[
		"$details backup_minute = 51 WHERE $inside",
		"$details backup_minute = backup_minute + 1 WHERE $inside"
	],
	'0A000',
	qr/$column, which an earlier statement.*HINT:[^\n]*COMMIT in between/s,
	'an increment');
refused(
	[
		"$details maintenance_time = '02:02:02' WHERE $inside",
		"$details (maintenance_dow, maintenance_time) = "
		  . "(SELECT 'monday', maintenance_time) WHERE $inside"
	],
	'0A000',
	qr/column "maintenance_time"/,
	'a subquery');
refused(
	[
		"$service parameters = '{\"ip-filter\": []}' WHERE $pg",
		"$details ip_filter = ip_filter || '{10.0.0.1/32}' WHERE $inside"
	],
	'0A000',
	qr/column "ip_filter"/,
	'an array that grows');
refused(
	[
		"$details settings = settings || '{\"jit\": true}' WHERE $inside",
		"$details settings = jsonb_set(settings, '{jit}', to_jsonb(not "
		  . "(settings->'jit')::boolean)) || '{\"jit\": 0}' WHERE $inside"
	],
	'0A000',
	qr/column "settings"/,
	'a setting');
builds(
	[
		"$details backup_minute = 51 WHERE $inside",
		"$details maintenance_dow = lower('MONDAY') WHERE $inside AND backup_minute > 0"
	],
	[
		'PUT {"backup-schedule":{"backup-hour":21,"backup-minute":51}}',
		'PUT '
		  . '{"maintenance":{"dow":"monday","time":"09:00:00"},'
		  . '"backup-schedule":{"backup-hour":21,"backup-minute":51}}'
	],
	'other expressions are not');
$session->sql("$details backup_minute = 50, maintenance_dow = 'sunday', maintenance_time = "
	  . "'01:00:00' WHERE $inside");

# Savepoints
builds(
	[
		"$details ip_filter = '{10.0.0.0/8}' WHERE $inside",
		'SAVEPOINT a',
		"$details ip_filter = '{192.0.2.0/24}' WHERE $inside",
		'ROLLBACK TO a'
	],
	['PUT {"ip-filter":["10.0.0.0/8"]}'],
	'ROLLBACK TO drops the second alone');
builds(
	[
		'SAVEPOINT a',
		"$details ip_filter = '{192.0.2.0/24}' WHERE $inside",
		'ROLLBACK TO a',
		"$details ip_filter = '{10.0.0.0/8}' WHERE $inside"
	],
	[],
	'and the first: nothing changes');
builds(
	[
		'SAVEPOINT a',
		"$details maintenance_dow = 'friday' WHERE $inside",
		'ROLLBACK TO a',
		"$details maintenance_time = '05:55:00' WHERE $inside"
	],
	['PUT {"maintenance":{"dow":"sunday","time":"05:55:00"}}'],
	'nor is anything completed from it');
builds(
	[
		'SAVEPOINT a',
		"$details maintenance_dow = 'friday' WHERE $inside",
		'RELEASE a',
		"$details maintenance_time = '04:00:00' WHERE $inside"
	],
	[
		'PUT {"maintenance":{"dow":"friday","time":"05:55:00"}}',
		'PUT {"maintenance":{"dow":"friday","time":"04:00:00"}}'
	],
	'RELEASE keeps it');
$session->sql("$details ip_filter = '{192.0.2.0/24}' WHERE $inside");

# One statement that writes one service by two tables: one after the other
is_deeply(
	[
		sort @{
			writes(
					"WITH s AS ($service parameters = "
				  . "'{\"maintenance\": {\"dow\": \"monday\", \"time\": \"02:00:00\"}}' "
				  . "WHERE $pg) $details ip_filter = '{10.0.0.0/8}' WHERE $inside")
		}
	],
	[
		'PUT {"ip-filter":["10.0.0.0/8"]}',
		'PUT {"maintenance":{"dow":"monday","time":"02:00:00"}}'
	],
	'by two tables');
{
	my @put =
	  grep { $_->{method} eq 'PUT' }
	  $session->requests("WITH s AS ($service plan = 'startup-8' "
		  . "WHERE $pg) $details ip_filter = '{192.0.2.0/24}' WHERE $inside");
	cmp_ok($put[0]{ended_ms}, '<=', $put[1]{started_ms}, 'not both at once');
}

# What is deleted and made
my $database = "exo.dbaas_databases";
my $extra = "WHERE $inside AND name = 'extra'";
my $insert =
  "INSERT INTO $database (zone, service_name, name) VALUES ('ch-gva-2', 'pg-1-0001', 'extra')";
my ($made, $deleted) =
  (qq(POST $at/database {"database-name":"extra"}), "DELETE $at/database/extra");
is_deeply(writes($insert), [$made], 'a database');
builds(
	[ "DELETE FROM $database $extra", $insert, "DELETE FROM $database $extra" ],
	[ $deleted, $made, $deleted ],
	'DELETE, INSERT, DELETE');
is_deeply(writes($insert), [$made], 'which is not there any more');
{
	my $there = "zone = 'ch-gva-2' AND service_name = 'clickhouse-1-0008' AND username = 'user_1'";
	my $uuid = $session->sql("SELECT uuid FROM exo.dbaas_users WHERE $there");
	my @users = (
		"DELETE FROM exo.dbaas_users WHERE $there",
		"INSERT INTO exo.dbaas_users (zone, service_name, username) "
		  . "VALUES ('ch-gva-2', 'clickhouse-1-0008', 'user_1')");
	refused(
		[ @users, $users[0] ],
		'0A000',
		qr/creates "user_1", whose uuid is not known yet.*DETAIL:[^\n]*DELETE \S+$uuid/s,
		'DELETE, INSERT, DELETE of what has an id');
	builds(
		\@users,
		[
			"DELETE /dbaas-clickhouse/clickhouse-1-0008/user/$uuid",
			'POST /dbaas-clickhouse/clickhouse-1-0008/user {"username":"user_1"}'
		],
		'DELETE, INSERT of it');
}
builds([ "DELETE FROM $database $extra", "DELETE FROM $database $extra" ],
	[$deleted], 'DELETE, DELETE');
$session->sql($insert);
builds(
	[
		"DELETE FROM $database $extra",
		'SAVEPOINT a',
		$insert,
		'ROLLBACK TO a',
		"DELETE FROM $database $extra"
	],
	[$deleted],
	'with an INSERT in between that is rolled back');
builds([ $insert, 'SAVEPOINT a', 'ROLLBACK TO a' ], [$made], 'INSERT');
builds(
	[
		'SAVEPOINT a',
		"DELETE FROM $database $extra",
		'ROLLBACK TO a',
		"DELETE FROM $database $extra",
		$insert
	],
	[ $deleted, $made ],
	'DELETE that is rolled back, DELETE, INSERT');
builds([ 'SAVEPOINT a', "DELETE FROM $database $extra", 'ROLLBACK TO a' ],
	[], 'DELETE that is rolled back');
is( $session->sql(
		"BEGIN; DELETE FROM $database $extra; DELETE FROM $database $extra RETURNING name; ROLLBACK"
	),
	'',
	'the second DELETE finds no row');
my $made_already = 'in zone ch-gva-2 makes what this transaction makes or changes already';
refused(
	[ ($insert =~ s/extra/new/r) x 2 ],
	'23505',
	qr/POST \S+\/database $made_already.*DETAIL:[^\n]*POST/s,
	'INSERT, INSERT');
refused(
	[
			"INSERT INTO $database (zone, service_name, name) "
		  . "VALUES ('ch-gva-2', 'pg-1-0001', 'new'), ('ch-gva-2', 'pg-1-0001', 'new')"
	],
	'23505', qr/POST/,
	'in one statement');
builds(
	[ 'SAVEPOINT a', $insert =~ s/extra/new/r, 'ROLLBACK TO a', $insert =~ s/extra/new/r ],
	[ $made =~ s/"extra"/"new"/r ],
	'INSERT that is rolled back, INSERT');
$session->sql("DELETE FROM $database WHERE $inside AND name IN ('extra', 'new')");
is( $session->sql(
			"BEGIN; DELETE FROM exo.dbaas_connection_pools $of_pool; $pool size = 30 "
		  . "$of_pool RETURNING size; ROLLBACK"),
	'',
	'an UPDATE of what is to be deleted finds no row');
builds(
	[
		"DELETE FROM exo.dbaas_connection_pools $of_pool",
		"$pool size = 30 $of_pool",
		"$pool size = size $of_pool"
	],
	["DELETE $at/connection-pool/pool_1"],
	'and sends nothing');
$session->sql(
		"INSERT INTO exo.dbaas_connection_pools (zone, service_name, name, database, mode, "
	  . "size, username) VALUES ('ch-gva-2', 'pg-1-0001', 'pool_1', 'defaultdb', 'session', "
	  . "10, 'avnadmin')");
my $remake =
	"INSERT INTO exo.dbaas_connection_pools (zone, service_name, name, database, size) "
  . "VALUES ('ch-gva-2', 'pg-1-0001', 'pool_1', 'defaultdb', 5)";
builds(
	[
		"DELETE FROM exo.dbaas_connection_pools $of_pool",
		$remake,
		"$pool size = 5, mode = 'session' $of_pool"
	],
	[
		"DELETE $at/connection-pool/pool_1",
		qq(POST $at/connection-pool {"name":"pool_1","database-name":"defaultdb","size":5}),
		qq(PUT $at/connection-pool/pool_1 {"mode":"session"})
	],
	'an UPDATE of what is made anew compares with what it is made of');
builds(
	[ "$pool size = 6 $of_pool", "DELETE FROM exo.dbaas_connection_pools $of_pool" ],
	[ qq(PUT $at/connection-pool/pool_1 {"size":6}), "DELETE $at/connection-pool/pool_1" ],
	'UPDATE, DELETE');
builds(
	[ $remake, "$pool size = 7 $of_pool" ],
	[qq(POST $at/connection-pool {"name":"pool_1","database-name":"defaultdb","size":5})],
	'INSERT, UPDATE: the row is not there to be read');
refused([ "$pool size = 8 $of_pool", $remake ], '23505', qr/DETAIL:[^\n]*PUT/, 'UPDATE, INSERT');

# With a service goes what is inside it: nothing is sent that could only fail
# once the service is deleted
my $drop = "DELETE FROM exo.dbaas_services WHERE $pg";
my $dropped = 'DELETE /dbaas-service/pg-1-0001';

sub counts
{
	my ($statements, $expected, $name) = @_;
	is( $session->sql(
			join '; ', 'BEGIN', 'SET LOCAL dbaas_fdw.delete_limit = -1',
			@$statements, 'ROLLBACK'),
		$expected,
		$name);
	return;
}
$session->sql("CREATE FOREIGN TABLE typed_users (zone text, service_name text, username text, "
	  . "service_type text) SERVER exoscale OPTIONS (resource 'users')");
counts(
	[
		$drop,
		"$users = NOT allow_replication WHERE $inside RETURNING username",
		"DELETE FROM $database WHERE $inside RETURNING name",
		"DELETE FROM exo.dbaas_connection_pools WHERE $inside RETURNING name",
		"$details maintenance_dow = 'never' WHERE $inside RETURNING 1",
		"DELETE FROM exo.dbaas_integrations WHERE zone = 'ch-gva-2' "
		  . "AND 'pg-1-0001' IN (source, dest) RETURNING id"
	],
	'',
	'no row is left to be written');
counts(
	[
		'SAVEPOINT a', $drop,
		'ROLLBACK TO a',
		"DELETE FROM $database $extra RETURNING name",
		"DELETE FROM $database WHERE $inside AND name LIKE '%2026' RETURNING zone"
	],
	'ch-gva-2',
	'but where the DELETE is rolled back');
counts(
	[
		$drop,
		"DELETE FROM $database WHERE zone = 'de-fra-1' AND service_name = 'mysql-2-0002' "
		  . "AND name = 'defaultdb' RETURNING name"
	],
	'defaultdb',
	'and in other services');
counts(
	[
		$drop,
		"SET LOCAL dbaas_fdw.dry_run = on",
		"DELETE FROM $database WHERE $inside AND name LIKE '%2026' RETURNING zone"
	],
	'',
	'a dry run sees what is queued');
counts(
	[
		"SET LOCAL dbaas_fdw.dry_run = on",
		$drop,
		"SET LOCAL dbaas_fdw.dry_run = off",
		"DELETE FROM $database WHERE $inside AND name LIKE '%2026' RETURNING zone"
	],
	'ch-gva-2',
	'and not the other way round');
refused(
	[ $drop, $insert ],
	'42704',
	qr/this transaction deletes service "pg-1-0001" in zone ch-gva-2/,
	'an INSERT into it');
refused(
	[ $drop, "INSERT INTO typed_users VALUES ('ch-gva-2', 'pg-1-0001', 'new', 'pg')" ],
	'42704',
	qr/this transaction deletes service "pg-1-0001"/,
	'with its type');
refused(
	[
		$drop,
		"INSERT INTO exo.dbaas_integrations (zone, type, source, dest) "
		  . "VALUES ('ch-gva-2', 'logs', 'pg-1-0001', 'opensearch-1-0004')"
	],
	'42704',
	qr/this transaction deletes/,
	'from it');
refused(
	[
		"DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'opensearch-1-0004'",
		"INSERT INTO exo.dbaas_integrations (zone, type, source, dest) "
		  . "VALUES ('ch-gva-2', 'logs', 'pg-1-0001', 'opensearch-1-0004')"
	],
	'42704',
	qr/this transaction deletes/,
	'to it');

# One that is made anew has nothing of the old one, and its own type
my $anew =
	"INSERT INTO exo.dbaas_services (zone, name, type, plan) "
  . "VALUES ('ch-gva-2', 'pg-1-0001', 'mysql', 'startup-4')";
counts([ $drop, $anew, "DELETE FROM $database WHERE $inside RETURNING name" ],
	'', 'what was inside the old one is gone');
foreach my $write ("$service plan = 'business-4' WHERE $pg",
	"$details maintenance_dow = 'never', maintenance_time = '01:00:00' WHERE $inside", $insert)
{
	my $another = 'deletes service "pg-1-0001" and creates one of another type';
	my $created_by = 'The new one is created by POST /dbaas-mysql/pg-1-0001, and';
	refused([ $drop, $anew, $write ], '0A000', qr/$another\nDETAIL:  $created_by/, $write);
}
$anew =~ s/mysql/pg/;
counts(
	[
		$drop, $anew,
		"$service plan = 'startup-4' WHERE $pg RETURNING plan",
		"$service plan = 'business-4' WHERE $pg RETURNING plan"
	],
	"startup-4\nbusiness-4",
	'of the same type it is updated');
counts([ $drop, $anew, "$insert", "DELETE FROM $database $extra RETURNING name" ], '',
	'and filled');

# Two servers, or two users, with one key show one organisation
$session->sql(q{CREATE SERVER second FOREIGN DATA WRAPPER dbaas_fdw; CREATE SCHEMA second});
foreach my $of ([ 'SERVER second', 'srvoptions FROM pg_foreign_server' ],
	[ 'USER MAPPING FOR CURRENT_USER SERVER second', 'umoptions FROM pg_user_mappings' ])
{
	my $options = $session->sql(
			qq{SELECT string_agg(format('%s %L', split_part(o, '=', 1), substr(o, strpos(o, }
		  . qq{'=') + 1)), ', ') FROM (SELECT unnest(x) o FROM (SELECT $of->[1] }
		  . qq{WHERE srvname = 'exoscale' LIMIT 1) y(x)) z});
	$session->sql(
		$of->[0] =~ /MAPPING/
		? "CREATE $of->[0] OPTIONS ($options)"
		: "ALTER $of->[0] OPTIONS ("
		  . join(', ', map { "ADD $_" } split /, (?=[a-z_]+ ')/, $options) . ')');
}
$session->sql('IMPORT FOREIGN SCHEMA dbaas FROM SERVER second INTO second');
builds(
	[
		"$details ip_filter = '{0.0.0.0/0}' WHERE $inside",
		"$details ip_filter = '{192.0.2.0/24}' WHERE $inside" =~ s/exo\./second./r
	],
	[ 'PUT {"ip-filter":["0.0.0.0/0"]}', 'PUT {"ip-filter":["192.0.2.0/24"]}' ],
	'by another server');
refused(
	[ $insert, $insert =~ s/exo\./second./r ],
	'23505',
	qr{makes what this transaction makes or changes already},
	'a second INSERT by another server');
{
	my @put =
	  grep { $_->{method} eq 'PUT' }
	  $session->requests("WITH s AS ($details ip_filter = '{10.0.0.0/8}' WHERE $inside) "
		  . "$service termination_protection = true WHERE $pg" =~ s/exo\./second./r);
	is(scalar @put, 2, 'one statement, two servers');
	cmp_ok($put[0]{ended_ms}, '<=', $put[1]{started_ms}, 'not both at once');
}
$session->sql("$details ip_filter = '{192.0.2.0/24}' "
	  . "WHERE $inside; $service termination_protection = false WHERE $pg");

# Of a service of the same name in another zone it is another thing
$session->sql("INSERT INTO exo.dbaas_services (zone, name, type, plan) "
	  . "SELECT z, 'twin', 'kafka', 'startup-4' FROM unnest('{ch-gva-2,de-fra-1}'::text[]) z");
builds(
	[
		map { "$service plan = 'startup-8' WHERE zone = '$_' AND name = 'twin'" }
		  qw(ch-gva-2 de-fra-1 ch-gva-2)
	],
	[ ('PUT /dbaas-kafka/twin {"plan":"startup-8"}') x 2 ],
	'each zone has its own');

# Protection that an earlier statement takes off, or puts on
my $twin = "DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'twin'";
my $protect = "$service termination_protection = true WHERE zone = 'ch-gva-2' AND name = 'twin'";
refused(
	[ $protect, $twin ],
	'55006',
	qr/service "twin" is protected/,
	'UPDATE that protects, DELETE');
builds(
	[ 'SAVEPOINT a', $protect, 'ROLLBACK TO a', 'SAVEPOINT a', $twin, 'ROLLBACK TO a', $protect ],
	['PUT /dbaas-kafka/twin {"termination-protection":true}'],
	'rolled back');
$session->sql(
	"CREATE FOREIGN TABLE bare (zone text, name text) SERVER exoscale OPTIONS (resource 'services')"
);
builds(
	[
		$protect =~ s/true/false/r,
		'SAVEPOINT a', $twin,
		'ROLLBACK TO a',
		$twin =~ s/exo.dbaas_services/bare/r, $twin
	],
	[ 'PUT /dbaas-kafka/twin {"termination-protection":false}', 'DELETE /dbaas-service/twin' ],
	'UPDATE that takes it off, DELETE');

# A dry run builds on itself
my (undef, $dry) = $session->sql_both(
	"BEGIN; SET LOCAL dbaas_fdw.dry_run = on; $details maintenance_dow = 'friday' WHERE $inside;
	$details maintenance_time = '05:55:00' WHERE $inside;
	$details ip_filter = '{10.0.0.0/8}' WHERE $inside;
	$details ip_filter = '{192.0.2.0/24}' WHERE $inside; ROLLBACK"
);
is( join("\n", $dry =~ /Body: (.*)/g),
	join("\n",
		map { s/\}$/,$schedule}/r } '{"maintenance":{"dow":"friday","time":"02:00:00"}}',
		'{"maintenance":{"dow":"friday","time":"05:55:00"}}',
		'{"ip-filter":["10.0.0.0/8"]}',
		'{"ip-filter":["192.0.2.0/24"]}'),
	'dry run');
builds(
	[
		'SET LOCAL dbaas_fdw.dry_run = on',
		"$details ip_filter = '{10.0.0.0/8}' WHERE $inside",
		'SET LOCAL dbaas_fdw.dry_run = off',
		"$details ip_filter = '{192.0.2.0/24}' WHERE $inside"
	],
	[],
	'what is sent does not build on a dry run');

# What was sent is there when it is read again
builds(
	[
		'SET LOCAL dbaas_fdw.write_mode = immediate',
		"$details ip_filter = '{10.0.0.0/8}' WHERE $inside",
		"$details ip_filter = '{10.0.0.0/8}' WHERE $inside",
		"$details ip_filter = ip_filter || '{192.0.2.0/24}' WHERE $inside",
		"$details ip_filter = '{192.0.2.0/24}' WHERE $inside"
	],
	[
		'PUT {"ip-filter":["10.0.0.0/8"]}',
		'PUT {"ip-filter":["10.0.0.0/8","192.0.2.0/24"]}',
		'PUT {"ip-filter":["192.0.2.0/24"]}'
	],
	'write_mode immediate');
is( $session->sql(
			"BEGIN; $insert RETURNING name; DELETE FROM $database $extra "
		  . "RETURNING name; $insert RETURNING name; DELETE FROM $database $extra "
		  . "RETURNING name; COMMIT"),
	"extra\nextra\nextra\nextra",
	'RETURNING, to and fro');
is($session->sql("SELECT count(*) FROM $database $extra"), '0', 'and it is gone');

# What the API has taken, and goes on with, is not there yet
$session->sql("ALTER SERVER exoscale OPTIONS (ADD wait 'none')");
$sim->config(operation_time => 1000);
builds(
	[
		'SET LOCAL dbaas_fdw.write_mode = immediate',
		"$details ip_filter = '{0.0.0.0/0}' WHERE $inside",
		"$details ip_filter = '{192.0.2.0/24}' WHERE $inside",
		"$details ip_filter = '{192.0.2.0/24}' WHERE $inside"
	],
	[ 'PUT {"ip-filter":["0.0.0.0/0"]}', 'PUT {"ip-filter":["192.0.2.0/24"]}' ],
	q(wait 'none'));
$session->sql("ALTER SERVER exoscale OPTIONS (DROP wait)");
$sim->config(operation_time => 5);
$session->sql('SELECT pg_sleep(2.5)');
is(details('ip_filter'), '{192.0.2.0/24}', 'the service is closed again');

# A row that was read before a write of its own statement was sent
$session->sql(
	q{CREATE FUNCTION narrow() RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		SET LOCAL dbaas_fdw.write_mode = immediate;
		UPDATE exo.dbaas_service_details SET maintenance_dow = 'friday' WHERE zone = 'ch-gva-2'
			AND service_name = 'pg-1-0001';
		SET LOCAL dbaas_fdw.write_mode = commit;
		RETURN '03:33:00';
	END $$});
$session->sql("$details maintenance_dow = 'sunday' WHERE $inside");
builds(
	["$details maintenance_time = narrow() WHERE $inside"],
	[
		'PUT {"maintenance":{"dow":"friday","time":"02:00:00"}}',
		'PUT {"maintenance":{"dow":"friday","time":"03:33:00"}}'
	],
	'is completed from what was sent since');

# Through prepared statements and views
$session->sql("PREPARE close_it (text[]) AS $details ip_filter = \$1 "
	  . "WHERE $inside; CREATE VIEW filters AS "
	  . "SELECT zone, service_name, ip_filter AS networks FROM exo.dbaas_service_details");
builds(
	[
		q{EXECUTE close_it ('{10.0.0.0/8}')},
		"UPDATE filters SET networks = '{192.0.2.0/24}' WHERE $inside",
		q{EXECUTE close_it ('{192.0.2.0/24}')}
	],
	[ 'PUT {"ip-filter":["10.0.0.0/8"]}', 'PUT {"ip-filter":["192.0.2.0/24"]}' ],
	'a prepared statement and a view');

# Partitions, whose columns have another order
$session->sql(
	q{CREATE TABLE parts (zone text, service_name text, maintenance_time text, maintenance_dow text)
		PARTITION BY LIST (zone);
	CREATE FOREIGN TABLE geneva (maintenance_dow text, zone text, gone text, service_name text,
		maintenance_time text) SERVER exoscale OPTIONS (resource 'service-details');
	ALTER FOREIGN TABLE geneva DROP COLUMN gone;
	ALTER TABLE parts ATTACH PARTITION geneva FOR VALUES IN ('ch-gva-2')});
builds(
	[
		"UPDATE parts SET maintenance_dow = 'tuesday' WHERE $inside",
		"UPDATE parts SET maintenance_dow = maintenance_dow, maintenance_time = "
		  . "'11:00:00' WHERE $inside"
	],
	[
		'PUT {"maintenance":{"dow":"tuesday","time":"03:33:00"}}',
		'PUT {"maintenance":{"dow":"tuesday","time":"11:00:00"}}'
	],
	'partitions');

$session->quit;
done_testing();
