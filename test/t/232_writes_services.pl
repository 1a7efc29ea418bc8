# Services are created, resized and protected, and what is inside them is
# changed: the requests are those that the API documents, with what has changed
# alone; what may hold passwords is shown nowhere.
use strict;
use warnings;

use DbaasChecks qw(is_refused writes_of);
use DbaasTest;
use Test::More;

my $t = DbaasTest->new(
	services => 20,
	logs => 0,
	operation_time => 20,
	server => { max_retries => 0 },
	conf => "log_min_messages = debug1\nlog_statement = none\nlog_min_duration_statement = -1\n"
	  . "log_error_verbosity = verbose\ndbaas_fdw.log_requests = on\n");
my $sim = $t->sim;
my $session = $t->session;
my %segment = (
	pg => 'postgres',
	map { $_ => $_ } qw(clickhouse grafana kafka mysql opensearch thanos valkey));

sub writes { return writes_of($session, @_) }

sub refused { return is_refused($session, @_) }

# INSERT, of every type
foreach my $type (sort keys %segment)
{
	is_deeply(
		writes(
			qq{INSERT INTO exo.dbaas_services (zone, name, type, plan, parameters)
		VALUES ('ch-gva-2', 'new-$type', '$type', 'startup-4',
			'{"maintenance": {"dow": "monday", "time": "03:00:00"},
				"ip-filter": ["192.0.2.0/24"]}')}
		),
		[
				qq(POST ch-gva-2 /dbaas-$segment{$type}/new-$type )
			  . qq({"plan":"startup-4","ip-filter":["192.0.2.0/24"],)
			  . qq("maintenance":{"dow":"monday","time":"03:00:00"}})
		],
		"a $type service");
	is( $session->sql(
			qq{SELECT s.type, plan, termination_protection, parameters, ip_filter, maintenance_dow
			FROM exo.dbaas_services s
		JOIN exo.dbaas_service_details d ON d.zone = s.zone AND service_name = name
			WHERE name = 'new-$type'}
		),
		"$type|startup-4|f||{192.0.2.0/24}|monday",
		'which is there');
}
is_deeply(
	writes(
			q{INSERT INTO exo.dbaas_services (zone, name, type, plan, termination_protection) }
		  . q{VALUES ('de-fra-1', 'a/b c', 'pg', 'startup-4', true)}),
	['POST de-fra-1 /dbaas-postgres/a%2Fb%20c {"plan":"startup-4","termination-protection":true}'],
	'a name is percent-encoded');
is( $session->sql(
		q{INSERT INTO exo.dbaas_services (zone, name, type, plan, parameters)
		VALUES ('ch-gva-2', 'shown', 'pg', 'startup-8', '{"version": "16"}')
	RETURNING name, type, plan, state IS NOT NULL, termination_protection, parameters}),
	'shown|pg|startup-8|t|f|',
	'RETURNING has what the API made of it');
is_deeply(
	writes(
			q{BEGIN; INSERT INTO exo.dbaas_services (zone, name, type, plan) }
		  . q{VALUES ('ch-gva-2', 'never', 'pg', 'startup-4'); ROLLBACK}),
	[],
	'ROLLBACK drops it');

my $insert = 'INSERT INTO exo.dbaas_services';
refused("$insert (name, type, plan) VALUES ('x', 'pg', 'startup-4')", '23502', qr/"zone"/);
refused("$insert (zone, type, plan) VALUES ('ch-gva-2', 'pg', 'startup-4')", '23502', qr/"name"/);
refused("$insert (zone, name, plan) VALUES ('ch-gva-2', 'x', 'startup-4')", '23502', qr/"type"/);
refused("$insert (zone, name, type) VALUES ('ch-gva-2', 'x', 'pg')", '23502', qr/"plan"/);
refused("$insert (zone, name, type, plan) VALUES ('nowhere', 'x', 'pg', 'startup-4')",
	'22023', qr/zone "nowhere"/);
refused("$insert (zone, name, type, plan) VALUES ('ch-gva-2', 'x', 'postgres', 'startup-4')",
	'22023', qr/"postgres".*HINT:[^\n]*opensearch, pg, thanos/s);
refused("$insert (zone, name, type, plan) VALUES ('ch-gva-2', repeat('x', 64), 'pg', 'startup-4')",
	'22023', qr/63 characters/);
refused("$insert (zone, name, type, plan) VALUES ('ch-gva-2', 'x', 'pg', '')",
	'22023', qr/1 to 128 characters/);
refused(
	"$insert (zone, name, type, plan, state) "
	  . "VALUES ('ch-gva-2', 'x', 'pg', 'startup-4', 'running')",
	'0A000',
	qr/"state".*HINT:[^\n]*zone, name, type, plan, termination_protection, parameters/s);
refused(
	"$insert (zone, name, type, plan, parameters) "
	  . "VALUES ('ch-gva-2', 'x', 'pg', 'startup-4', '[1]')",
	'22023',
	qr/"parameters".*a JSON object/s);
refused(
	"$insert (zone, name, type, plan, parameters) "
	  . "VALUES ('ch-gva-2', 'x', 'pg', 'startup-4', '{\"plan\": \"hobbyist-2\"}')",
	'22023',
	qr/Leave out "plan"/);
refused(
	"$insert (zone, name, type, plan, parameters) "
	  . "VALUES ('ch-gva-2', 'x', 'pg', 'startup-4', '{\"termination-protection\": true}')",
	'22023',
	qr/Leave out "termination-protection"/);

# UPDATE: what has changed alone
my $pg = "zone = 'ch-gva-2' AND name = 'pg-1-0001'";
my $put = 'PUT ch-gva-2 /dbaas-postgres/pg-1-0001';
my $update = 'UPDATE exo.dbaas_services SET';
my $schedule =
  '"backup-schedule":{"backup-hour":21,"backup-minute":50}';    # its own, which every PUT carries
is_deeply(writes("$update plan = 'business-8' WHERE $pg"),
	[qq($put {"plan":"business-8",$schedule})], 'resized');
is_deeply(
	writes("$update plan = 'business-8', termination_protection = true WHERE $pg"),
	[qq($put {"termination-protection":true,$schedule})],
	'what stays as it was is not sent');
is_deeply(writes("$update plan = plan, termination_protection = true WHERE $pg"),
	[], 'nothing is sent where nothing changes');
is_deeply(
	writes(
			qq{$update termination_protection = false, parameters = }
		  . qq{'{"work-mem": 8, "pg-settings": {"log_temp_files": 10}}' WHERE $pg}),
	[
			qq($put )
		  . qq({"termination-protection":false,"work-mem":8,)
		  . qq("pg-settings":{"log_temp_files":10},$schedule})
	],
	'parameters');
is( $session->sql(
		"$update parameters = '{\"work-mem\": 9}' WHERE $pg RETURNING name, plan, parameters"),
	'pg-1-0001|business-8|',
	'RETURNING does not show parameters');
is_deeply(writes("$update parameters = NULL WHERE $pg"), [], 'NULL parameters are none');
is_deeply(writes("$update parameters = '{}' WHERE $pg"), [], 'nor are those without a member');
is_deeply(
	[
		sort @{
			writes(
					"$update plan = 'startup-8' WHERE zone = 'ch-gva-2' "
				  . "AND name IN ('kafka-1-0003', 'mysql-1-0002')")
		}
	],
	[
		'PUT ch-gva-2 /dbaas-kafka/kafka-1-0003 {"plan":"startup-8"}',
		'PUT ch-gva-2 /dbaas-mysql/mysql-1-0002 '
		  . '{"plan":"startup-8","backup-schedule":{"backup-hour":11,"backup-minute":37}}'
	],
	'each by its type');
refused("$update plan = NULL WHERE $pg", '23502', qr/"plan"/);
refused("$update name = 'other' WHERE $pg",
	'0A000', qr/"name".*HINT:[^\n]*plan, termination_protection, parameters/s);
refused("$update type = 'mysql' WHERE $pg", '0A000', qr/"type"/);

# A table of one's own that shows neither type nor state: the list of the zone tells them
$session->sql(q{CREATE FOREIGN TABLE mine (zone text, service text }
	  . q{OPTIONS (field 'name'), size text OPTIONS (field 'plan')) SERVER exoscale }
	  . q{OPTIONS (resource 'services')});
is_deeply(
	writes("UPDATE mine SET size = 'startup-8' WHERE service = 'grafana-1-0006'"),
	['PUT ch-gva-2 /dbaas-grafana/grafana-1-0006 {"plan":"startup-8"}'],
	'through a table without type and state');

$session->sql(
		q{CREATE FOREIGN TABLE nameless (zone text, type text, plan text, state text) SERVER }
	  . q{exoscale OPTIONS (resource 'services')});
refused("UPDATE nameless SET plan = 'startup-8' WHERE zone = 'ch-gva-2'", '23502', qr/"name"/);
refused("INSERT INTO nameless VALUES ('ch-gva-2', 'pg', 'startup-8')", '23502', qr/"name"/);

# A service that does not run
my ($zone, $name, $state) = split /\|/,
  $session->sql(q{SELECT zone, name, state FROM exo.dbaas_services WHERE state <> 'running' }
	  . q{AND type <> 'quantumdb' ORDER BY 1, 2 LIMIT 1});
refused(
	"$update plan = 'startup-8' WHERE zone = '$zone' AND name = '$name'",
	'55006',
	qr/"\Q$name\E" in zone $zone is not running.*DETAIL:[^\n]*$state/s);
refused("UPDATE mine SET size = 'startup-8' WHERE zone = '$zone' AND service = '$name'",
	'55006', qr/is not running/);

# Only the plan is known to need one that runs: of all else the API has the say
$sim->clear;
my $answer = $session->sql_error("UPDATE exo.dbaas_service_details SET maintenance_dow = 'friday' "
	  . "WHERE zone = '$zone' AND service_name = '$name'");
is($answer->{sqlstate}, '55006', 'maintenance of one that does not run');
like(
	$answer->{stderr},
	qr/PUT \S+ in zone $zone[^\n]*409.*Operation not possible in the current state/s,
	'is what the API says');
is(scalar(grep { $_->{method} eq 'PUT' } $sim->requests), 1, 'which was asked');
is_deeply(
	writes(
			"$update termination_protection = true, plan = plan WHERE zone = '$zone' "
		  . "AND name = '$name' AND termination_protection IS NOT TRUE RETURNING 1"
	)->[0] =~ s/.* //r,
	'{"termination-protection":true}',
	'it can be protected');

# One that is powered off and protected is unprotected, and then deleted
my ($off_zone, $off, $type) = split /\|/,
  $session->sql(q{SELECT zone, name, type FROM exo.dbaas_services WHERE state = 'poweroff' }
	  . q{AND type <> 'quantumdb' ORDER BY 1, 2 LIMIT 1});
my $of_it = "WHERE zone = '$off_zone' AND name = '$off'";
$session->sql(
	"$update termination_protection = true $of_it AND termination_protection IS NOT TRUE");
refused("DELETE FROM exo.dbaas_services $of_it", '55006', qr/is protected/);
$session->sql(q{ALTER SERVER exoscale OPTIONS (ADD wait 'running', ADD operation_timeout '30')});
is_deeply(
	writes("$update termination_protection = false $of_it"),
	["PUT $off_zone /dbaas-$segment{$type}/$off {\"termination-protection\":false}"],
	'protection of one that is powered off; the COMMIT does not wait for it to run');
is_deeply(
	writes("DELETE FROM exo.dbaas_services $of_it"),
	["DELETE $off_zone /dbaas-service/$off"],
	'then it is deleted');
is($session->sql("SELECT count(*) FROM exo.dbaas_services $of_it"), 0, 'and gone');
$session->sql(q{ALTER SERVER exoscale OPTIONS (DROP wait, DROP operation_timeout)});

# Of more than dbaas_fdw.update_limit services
my $three = q{zone = 'ch-gva-2' AND name IN ('pg-1-0001', 'mysql-1-0002', 'kafka-1-0003')};
refused(
	"BEGIN; SET LOCAL dbaas_fdw.update_limit = 2; $update plan = 'business-4' WHERE $three",
	'53400',
	qr/update more than 2 services.*DETAIL:[^\n]*Nothing has been sent.*HINT:[^\n]*update_limit/s);
$session->sql('ROLLBACK');
is_deeply(
	writes(
		"BEGIN; SET LOCAL dbaas_fdw.update_limit = 1; $update plan = 'business-4' WHERE $pg;
	$update parameters = '{\"work-mem\": 5}' WHERE $pg;
	UPDATE exo.dbaas_service_details SET backup_hour = 5, backup_minute = 10 WHERE zone = 'ch-gva-2'
		AND service_name = 'pg-1-0001'; COMMIT"
	),
	[
		qq($put {"plan":"business-4",$schedule}),
		qq($put {"work-mem":5,$schedule}),
		qq($put {"backup-schedule":{"backup-hour":5,"backup-minute":10}})
	],
	'one service counts once');
refused(
	"BEGIN; SET LOCAL dbaas_fdw.update_limit = 1; $update plan = 'business-8' WHERE $pg;
	UPDATE exo.dbaas_service_details SET maintenance_dow = 'friday' WHERE zone = 'ch-gva-2'
		AND service_name = 'kafka-1-0003'",
	'53400', qr/update more than 1 services/);
$session->sql('ROLLBACK');
is( scalar @{
		writes(
				"BEGIN; SET LOCAL dbaas_fdw.update_limit = -1; "
			  . "SET LOCAL dbaas_fdw.delete_limit = 0; $update plan = 'hobbyist-2' "
			  . "WHERE $three; COMMIT")
	},
	3,
	'delete_limit is for deletes');

# What is inside
my $details = 'UPDATE exo.dbaas_service_details SET';
my $inside = "zone = 'ch-gva-2' AND service_name = 'pg-1-0001'";
$schedule = '"backup-schedule":{"backup-hour":5,"backup-minute":10}';
is_deeply(
	writes("$details ip_filter = '{192.0.2.1/32,2001:db8::/48}' WHERE $inside"),
	[qq($put {"ip-filter":["192.0.2.1/32","2001:db8::/48"],$schedule})],
	'an IP filter');
is_deeply(
	writes("$details ip_filter = '{}' WHERE $inside"),
	[qq($put {"ip-filter":[],$schedule})],
	'an empty one');
is_deeply(
	writes("$details maintenance_dow = 'sunday', maintenance_time = '01:00:00' WHERE $inside"),
	[qq($put {"maintenance":{"dow":"sunday","time":"01:00:00"},$schedule})],
	'maintenance');
is_deeply(
	writes("$details maintenance_time = '02:00:00' WHERE $inside"),
	[qq($put {"maintenance":{"dow":"sunday","time":"02:00:00"},$schedule})],
	'of which the API wants both');
is_deeply(
	writes("$details backup_minute = 30 WHERE $inside"),
	[qq($put {"backup-schedule":{"backup-hour":5,"backup-minute":30}})],
	'and of the backup schedule');
$schedule = '"backup-schedule":{"backup-hour":5,"backup-minute":30}';
is_deeply(
	writes("$details backup_hour = NULL, backup_minute = NULL WHERE $inside"),
	[qq($put {"backup-schedule":{"backup-hour":null,"backup-minute":null}})],
	'NULL, which the API takes there');
is( $session->sql(
			"SELECT backup_hour IS NULL, backup_minute IS NULL "
		  . "FROM exo.dbaas_service_details WHERE $inside"),
	't|t',
	'and shows');
is_deeply(writes("$details backup_hour = NULL WHERE $inside"), [], 'again: nothing changes');
is_deeply(
	writes("$details backup_hour = 5 WHERE $inside"),
	[qq($put {"backup-schedule":{"backup-hour":5,"backup-minute":null}})],
	'half a schedule');
refused(
	"$details maintenance_dow = NULL WHERE $inside",
	'23502',
	qr/"maintenance_dow".*The API needs it/s);
is(@{ writes("$details backup_hour = 5, backup_minute = 30 WHERE $inside") }, 1, 'and a whole one');
is_deeply(
	writes("$details version = '17', settings = settings || '{\"jit\": false}' WHERE $inside"),
	[qq($put {"version":"17","pg-settings":{"jit":false},$schedule})],
	'version, and of the settings the one that changes');
is_deeply(
	writes("$details ip_filter = ip_filter, version = version, settings = settings WHERE $inside"),
	[], 'nothing changes');

foreach my $case (grep { $_->[0] ne 'pg' } map { [ $_, "new-$_" ] } sort keys %segment)
{
	my ($type, $service) = @$case;
	my $where = "zone = 'ch-gva-2' AND service_name = '$service'";
	my $kept = $type eq 'mysql'
	  ? $session->sql(
		"SELECT format(',\"backup-schedule\":{\"backup-hour\":%s,\"backup-minute\":%s}',
			backup_hour, backup_minute)
		FROM exo.dbaas_service_details WHERE $where")
	  : '';
	is_deeply(
		writes("$details maintenance_dow = 'friday' WHERE $where"),
		[
				qq(PUT ch-gva-2 /dbaas-$segment{$type}/$service )
			  . qq({"maintenance":{"dow":"friday","time":"03:00:00"}$kept})
		],
		"maintenance of $type");
	my ($version) = $type =~ /grafana|thanos/ ? undef : '1';
	refused("$details version = '1' WHERE $where",
		'0A000',
		qr/"version".*type "$type".*HINT:[^\n]*clickhouse, kafka, mysql, opensearch, pg, valkey/s)
	  unless defined $version;
	refused(
		"$details backup_hour = 1, backup_minute = 1 WHERE $where",
		'0A000',
		qr/"backup_hour".*type "$type".*HINT:[^\n]*mysql, pg/s) unless $type eq 'mysql';
}
refused("$details maintenance_dow = 'Sunday' WHERE $inside", '22023', qr/HINT:[^\n]*saturday/);
refused("$details maintenance_time = '1:00' WHERE $inside", '22023', qr/8 characters/);
refused("$details backup_hour = 24 WHERE $inside", '22023', qr/0 to 23/);
refused("$details backup_minute = -1 WHERE $inside", '22023', qr/0 to 59/);
refused("$details ip_filter = NULL WHERE $inside", '23502', qr/"ip_filter"/);
refused("$details ip_filter = '{a,NULL}' WHERE $inside", '22023', qr/an array of texts/);
refused("$details ip_filter = '{{a,b},{c,d}}' WHERE $inside", '22023', qr/an array of texts/);
refused("$details settings = '[]' WHERE $inside", '22023', qr/a JSON object/);
refused("$details details = '{}' WHERE $inside",
	'0A000', qr/"details".*HINT:[^\n]*version, ip_filter, maintenance_dow/s);
refused("$details host = 'x' WHERE $inside", '0A000', qr/"host"/);

# Columns of other types
$session->sql(
	q{CREATE FOREIGN TABLE odd (zone varchar, service_name varchar(63), ip_filter jsonb,
		maintenance_dow varchar, backup_hour smallint, backup_minute numeric)
	SERVER exoscale OPTIONS (resource 'service-details')});
is_deeply(
	writes(
			qq{UPDATE odd SET ip_filter = '["192.0.2.9/32"]', backup_hour = 6, backup_minute = }
		  . qq{45 WHERE $inside}),
	[
			qq($put )
		  . qq({"ip-filter":["192.0.2.9/32"],)
		  . qq("backup-schedule":{"backup-hour":6,"backup-minute":45}})
	],
	'jsonb, smallint and numeric');
refused("UPDATE odd SET backup_minute = 1.5 WHERE $inside", '22023', qr/0 to 59/);
refused("UPDATE odd SET maintenance_dow = 'monday' WHERE $inside", '23502', qr/"maintenance_time"/);
refused(qq{UPDATE odd SET ip_filter = '[1]' WHERE $inside}, '22023', qr/an array of texts/);

# Open to the whole world: a WARNING, whatever else becomes of it
foreach my $network ('0.0.0.0/0', '::/0', '0.0.0.0/1', '0.0.0.0/0.0.0.0')
{
	my (undef, $stderr) = $session->sql_both(
		"BEGIN; $details ip_filter = '{192.0.2.1/32,$network}' WHERE $inside; ROLLBACK");
	my $warning = 'service "pg-1-0001" will be open to the whole world';
	like($stderr, qr/WARNING:[^\n]*$warning.*DETAIL:[^\n]*"\Q$network\E"/s, "$network is told");
	(undef, $stderr) = $session->sql_both(
		qq{BEGIN; $update parameters = '{"ip-filter": ["$network"]}' WHERE $pg; ROLLBACK});
	like($stderr, qr/WARNING:[^\n]*service "pg-1-0001" will be open/, 'among parameters too');
}
my (undef, $quiet) = $session->sql_both(
	"BEGIN; $details ip_filter = '{10.0.0.0/8,2001:db8::/32}' WHERE $inside; ROLLBACK");
is($quiet, '', 'a network that is none is not');

# wait 'running': COMMIT ends when the service runs
$session->sql(q{ALTER SERVER exoscale OPTIONS (ADD wait 'running')});
$sim->config(running_time => 300);
is( $session->sql(
			q{INSERT INTO exo.dbaas_services (zone, name, type, plan) }
		  . q{VALUES ('ch-gva-2', 'slow', 'pg', 'startup-4'); SELECT state }
		  . q{FROM exo.dbaas_services WHERE name = 'slow'}),
	'running',
	'a new service runs after COMMIT');
is( $session->sql(
			qq{$update plan = 'startup-8' WHERE name = 'slow'; SELECT state, plan }
		  . qq{FROM exo.dbaas_services WHERE name = 'slow'}),
	'running|startup-8',
	'and a changed one');
$session->sql(q{ALTER SERVER exoscale OPTIONS (SET wait 'operation')});
$sim->config(running_time => 60000);
is( $session->sql(
			qq{$update plan = 'startup-4' WHERE name = 'slow'; SELECT state }
		  . qq{FROM exo.dbaas_services WHERE name = 'slow'}),
	'rebuilding',
	'without it, COMMIT does not wait so long');
refused(
	"$update plan = 'startup-8' WHERE name = 'slow'",
	'55006',
	qr/not running.*HINT:[^\n]*"plan"[^\n]*wait/s);
$sim->config(running_time => 0);

$schedule = '"backup-schedule":{"backup-hour":6,"backup-minute":45}';
# Dry run: the body, and of parameters the names alone
my (undef, $dry) =
  $session->sql_both(qq{SET dbaas_fdw.dry_run = on; $update plan = 'startup-8', parameters = }
	  . qq{'{"admin-password": "hunter2hunter2"}' WHERE $pg; RESET dbaas_fdw.dry_run});
my $dry_body = qq({"plan":"startup-8","admin-password":"***",$schedule});
like($dry, qr/dry run: PUT \/dbaas-postgres\/pg-1-0001 .*Body: \Q$dry_body\E/s, 'dry run');

# Nobody sees what parameters hold: not the client, not the log
my @secrets = ('hunter2hunter2', 'm1grati0n', 'unusual-value', '987654');
my $parameters =
	q({"admin-password": "hunter2hunter2", "migration": {"host": "unusual-value", "port": )
  . q(5432, "password": "m1grati0n"}, "x": {"y-secret": 987654}});
my $seen = '';
foreach my $body (
	'{"message": "cannot take hunter2hunter2 and m1grati0n for unusual-value (987654)"}',
	'{"title": "No", "detail": "{\"admin-password\": \"hunter2hunter2\"}", "errors": '
	. '["m1grati0n", "unusual\u002dvalue"]}',
	'hunter2hunter2 987654')
{
	foreach my $sql (
		  "$insert (zone, name, type, plan, parameters) "
		. "VALUES ('ch-gva-2', 'hidden', 'pg', 'startup-4', '$parameters')",
		"$insert (zone, name, type, plan, parameters) "
		. "VALUES ('ch-gva-2', 'hidden', 'pg', 'startup-4', '$parameters') RETURNING *",
		"$update parameters = '$parameters' WHERE $pg",
		"BEGIN; SET LOCAL dbaas_fdw.write_mode = immediate; $update parameters = "
		. "'$parameters' WHERE $pg; COMMIT")
	{
		$sim->fault(
			{
				path => '/dbaas-postgres/*',
				method => $sql =~ /^INSERT/ ? 'POST' : 'PUT',
				action => 'status',
				status => 400,
				body => $body,
				times => 1
			});
		my $error = $session->sql_error($sql);
		$session->sql('ROLLBACK') if $sql =~ /BEGIN/;
		like($error->{stderr}, qr/\*\*\*/, 'the API refuses, and its words are masked');
		$seen .= $error->{stderr};
		$sim->clear_faults;
	}
}
foreach my $sql (
	  "$insert (zone, name, type, plan, parameters) "
	. "VALUES ('ch-gva-2', 'hidden', 'none', 'startup-4', '$parameters')",
	"$insert (zone, name, type, plan, parameters) "
	. "VALUES ('nowhere', 'hidden', 'pg', 'startup-4', '$parameters')",
	"$update parameters = '$parameters', plan = NULL WHERE $pg",
	"$update name = 'x', parameters = '$parameters' WHERE $pg")
{
	$seen .= $session->sql_error($sql)->{stderr};
}
$sim->fault(
	{
		path => '/operation/*',
		action => 'merge',
		patch =>
		  { state => 'failure', reason => 'invalid', message => 'not hunter2hunter2, m1grati0n' },
		times => 1
	});
$seen .=
  $session->sql_error("$update parameters = "
	  . "'{\"admin-password\": \"hunter2hunter2\", \"migration\": "
	  . "{\"host\": \"h.example\", \"port\": 1, \"password\": \"m1grati0n\"}}' "
	  . "WHERE $pg")->{stderr};
$sim->clear_faults;
open my $log, '<', $t->node->logfile or die $!;
my $logged = do { local $/; <$log> };
foreach my $secret (@secrets)
{
	is(index($seen, $secret), -1, "$secret is not shown") or diag($seen);
	is(index($logged, $secret), -1, "and not logged")
	  or diag(join "\n", grep { index($_, $secret) >= 0 } split /\n/, $logged);
}
like($logged, qr/PUT \/dbaas-postgres\/pg-1-0001/, 'the log has the requests');

# A row that fails a view's check would be shown: only where it may hold parameters
$session->sql(q{CREATE VIEW safe AS SELECT * FROM exo.dbaas_services }
	  . q{WHERE plan <> 'premium-8' WITH CHECK OPTION});
is_deeply(
	writes("UPDATE safe SET plan = 'startup-8' WHERE $pg"),
	[qq($put {"plan":"startup-8",$schedule})],
	'UPDATE through a view WITH CHECK OPTION');
refused("UPDATE safe SET plan = 'premium-8' WHERE $pg", '44000', qr/check option/);
refused("UPDATE safe SET parameters = '{}' WHERE $pg", '0A000', qr/WITH CHECK OPTION/);
refused("INSERT INTO safe (zone, name, type, plan) VALUES ('ch-gva-2', 'x', 'pg', 'startup-4')",
	'0A000', qr/WITH CHECK OPTION/);

# EXPLAIN has the template
like($session->sql("EXPLAIN $update plan = 'x'"),
	qr{Request: PUT /dbaas-\{type\}/\{name\}}, 'EXPLAIN');

done_testing();
