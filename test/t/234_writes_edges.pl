# Writes at the edges: one service that a statement writes through two tables,
# secrets inside settings, a statement whose reads fail, a new service that no
# list has yet.
use strict;
use warnings;

use DbaasChecks qw(requests_of writes_of);
use DbaasTest;
use Test::More;

my $t = DbaasTest->new(
	services => 8,
	logs => 0,
	operation_time => 20,
	server => { max_retries => 0 },
	conf => "log_min_messages = debug1\nlog_statement = none\nlog_min_duration_statement = "
	  . "-1\nlog_error_verbosity = verbose\n");
my $sim = $t->sim;
my $session = $t->session;
$session->sql('SELECT count(*) FROM exo.dbaas_services');    # learns the zones

sub sent { return requests_of($session, @_) }

sub writes { return [ sort @{ writes_of($session, @_) } ] }

my $pg = "zone = 'ch-gva-2' AND name = 'pg-1-0001'";
my $inside = "zone = 'ch-gva-2' AND service_name";
my $put = 'PUT ch-gva-2 /dbaas-postgres/pg-1-0001';
my $schedule =
  '"backup-schedule":{"backup-hour":21,"backup-minute":50}';    # its own, which every PUT carries

# A statement that writes a service through two tables writes both, and a row of one table once
is_deeply(
	writes(
		"WITH s AS (UPDATE exo.dbaas_services SET plan = 'business-8' WHERE $pg)
	UPDATE exo.dbaas_service_details SET ip_filter = '{192.0.2.3/32}' WHERE $inside = 'pg-1-0001'"),
	[ qq($put {"ip-filter":["192.0.2.3/32"],$schedule}), qq($put {"plan":"business-8",$schedule}) ],
	'a service by two tables');
is_deeply(
	writes(
			"UPDATE exo.dbaas_services SET plan = 'startup-' || n FROM "
		  . "(VALUES (4), (4)) AS v (n) WHERE $pg"),
	[qq($put {"plan":"startup-4",$schedule})],
	'a row that is met twice');
like(
	join(
		"\n",
		@{
			writes(
					"UPDATE exo.dbaas_services SET plan = 'business-' || n FROM "
				  . "(VALUES (4), (8)) AS v (n) WHERE $pg")
		}),
	qr/^\Q$put\E \{"plan":"business-[48]",$schedule\}$/,
	'and with different values');
is_deeply(
	sent(
			"BEGIN; UPDATE exo.dbaas_services SET plan = 'startup-8' "
		  . "WHERE $pg; UPDATE exo.dbaas_services SET plan = 'business-8' WHERE $pg; COMMIT")->[-1],
	qq($put {"plan":"business-8",$schedule}),
	'what a later statement changes is sent too');

# The lists that a statement's reads have asked for serve its writes
is_deeply(
	sent(
			"UPDATE exo.dbaas_service_details SET ip_filter = '{10.0.0.0/8}' "
		  . "WHERE $inside = 'pg-1-0001'"),
	[
		'GET ch-gva-2 /dbaas-service',
		'GET ch-gva-2 /dbaas-postgres/pg-1-0001',
		qq($put {"ip-filter":["10.0.0.0/8"],$schedule})
	],
	'one list for reading and writing');
is_deeply(
	sent(
			q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
		  . q{SELECT zone, name, 'extra' FROM exo.dbaas_services WHERE zone = 'ch-gva-2' }
		  . q{AND type = 'pg'}),
	[
		'GET ch-gva-2 /dbaas-service',
		'POST ch-gva-2 /dbaas-postgres/pg-1-0001/database {"database-name":"extra"}',
		'GET ch-gva-2 /dbaas-postgres/pg-1-0001'
	],
	'the list itself too; what it made is looked for');

# What a statement's tables share is not what RETURNING reads back
is( $session->sql(
		"INSERT INTO exo.dbaas_users (zone, service_name, username)
		SELECT u.zone, u.service_name, 'late-' || d.name
	FROM exo.dbaas_users u JOIN exo.dbaas_databases d USING (zone, service_name)
		WHERE u.$inside = 'pg-1-0001' AND u.username = 'avnadmin'
		AND d.name IN ('defaultdb', 'extra')
	RETURNING username, type"),
	"late-defaultdb|normal\nlate-extra|normal",
	'RETURNING reads anew');

# Secrets inside settings: shown to nobody, and not lost by writing back what is shown of them
my $grafana = "$inside = 'grafana-1-0006'";
my $settings =
	'{"smtp_server": {"host": "smtp.example.com", "port": 25, "username": "smtp", '
  . '"password": "hunter2smtp", "from_address": "g@example.com"}}';
my (undef, $dry) =
  $session->sql_both("SET dbaas_fdw.dry_run = on; UPDATE exo.dbaas_service_details "
	  . "SET settings = settings || '$settings' WHERE $grafana; RESET dbaas_fdw.dry_run");
my $body =
  '{"grafana-settings":{"smtp_server":' . '{"host":"smtp.example.com","port":25,"password":"***",';
like($dry, qr/Body: \Q$body\E/, 'a dry run shows settings without them');
is_deeply(
	writes(
		"UPDATE exo.dbaas_service_details SET settings = settings || '$settings' WHERE $grafana"),
	[
			'PUT ch-gva-2 /dbaas-grafana/grafana-1-0006 '
		  . '{"grafana-settings":{"smtp_server":{"host":"smtp.example.com","port":25,'
		  . '"password":"hunter2smtp","username":"smtp","from_address":"g@example.com"}}}'
	],
	'which are sent');
foreach my $sql (
	  qq{UPDATE exo.dbaas_service_details }
	. qq{SET settings = jsonb_set(settings, '{smtp_server,port}', '465') WHERE $grafana},
	qq{UPDATE exo.dbaas_services s SET parameters = jsonb_build_object('grafana-settings',
			d.settings) FROM exo.dbaas_service_details d
		WHERE d.zone = s.zone AND d.service_name = s.name AND s.zone = 'ch-gva-2'
			AND s.name = 'grafana-1-0006'}
  )
{
	$sim->clear;
	my $error = $session->sql_error($sql);
	is($error->{sqlstate}, '22023', "$sql: refused");
	like($error->{stderr}, qr/HINT:[^\n]*"\*\*\*" in it stands for a secret/, 'says why');
	is_deeply([ grep { $_->{method} ne 'GET' } $sim->requests ], [], 'and sends nothing');
}
is_deeply(
	writes(
			qq{UPDATE exo.dbaas_service_details }
		  . qq{SET settings = settings || '{"metrics_enabled": true}' WHERE $grafana}),
	['PUT ch-gva-2 /dbaas-grafana/grafana-1-0006 {"grafana-settings":{"metrics_enabled":true}}'],
	'where they stay as they are, they are not sent');
is_deeply(
	writes(
			qq{UPDATE exo.dbaas_service_details }
		  . qq{SET settings = jsonb_set(settings #- '{smtp_server,password}', }
		  . qq{'{smtp_server,port}', '465') WHERE $grafana}),
	[
			'PUT ch-gva-2 /dbaas-grafana/grafana-1-0006 '
		  . '{"grafana-settings":{"smtp_server":{"host":"smtp.example.com","port":465,'
		  . '"username":"smtp","from_address":"g@example.com"}}}'
	],
	'and they can be left out');
$sim->fault(
	{
		path => '/dbaas-grafana/*',
		method => 'PUT',
		action => 'status',
		status => 400,
		body => '{"message": "not hunter2smtp"}',
		times => 1
	});
my $seen = $session->sql_error(
	"UPDATE exo.dbaas_service_details SET settings = settings || '$settings' WHERE $grafana")
  ->{stderr};
like($seen, qr/not \*\*\*/, 'an error is masked');
$sim->clear_faults;

# A statement whose reads fail is not logged with the secrets that it was to write
foreach my $sql (
	qq{UPDATE exo.dbaas_services SET parameters = '{"admin-password": "hunter2scan"}' WHERE $pg},
	qq{UPDATE exo.dbaas_service_details }
	. qq{SET settings = '{"smtp_server": {"password": "hunter2scan"}}' WHERE $grafana},
	q{INSERT INTO exo.dbaas_services (zone, name, type, plan, parameters) }
	. q{SELECT zone, 'copy', type, plan, '{"admin-password": "hunter2scan"}' }
	. q{FROM exo.dbaas_services WHERE zone = 'ch-gva-2'})
{
	$sim->fault(
		{
			method => 'GET',
			path => '/dbaas-service',
			action => 'status',
			status => 500,
			times => 1
		});
	is($session->sql_error($sql)->{sqlstate}, 'HV000', "$sql: a read fails");
	$sim->clear_faults;
}
# Nor when its transaction cannot end
foreach my $case (
	[ '55000', 'SET LOCAL dbaas_fdw.dry_run = on' ],
	[ '55000', q{ALTER SERVER exoscale OPTIONS (ADD operation_timeout '9')} ],
	[ '0A000', q{PREPARE TRANSACTION 'x'} ])
{
	my ($state, $end) = @$case;
	my $begin = $end =~ /PREPARE/ ? 'BEGIN\\;' : '';
	is( $session->sql_error(
				qq{$begin UPDATE exo.dbaas_services }
			  . qq{SET parameters = '{"admin-password": "hunter2end"}' WHERE $pg\\; $end}
		)->{sqlstate},
		$state,
		"$end: refused");
}
# Nor shown where a row fails a view's check
$session->sql(q{CREATE VIEW kept AS SELECT * FROM exo.dbaas_service_details }
	  . q{WHERE maintenance_dow <> 'never' WITH CHECK OPTION});
is( $session->sql_error(
			qq{UPDATE kept SET maintenance_dow = 'never', settings = }
		  . qq{'{"smtp_server": {"password": "hunter2view"}}' WHERE $grafana})->{sqlstate},
	'0A000',
	'settings through a view WITH CHECK OPTION');
is_deeply(
	writes("UPDATE kept SET maintenance_dow = 'friday' WHERE $grafana"),
	[
			'PUT ch-gva-2 /dbaas-grafana/grafana-1-0006 '
		  . '{"maintenance":{"dow":"friday","time":"07:52:00"}}'
	],
	'but other columns');

open my $log, '<', $t->node->logfile or die $!;
my $logged = do { local $/; <$log> };
is(index($logged . $seen . $dry, 'hunter2'), -1, 'no secret is seen or logged')
  or diag(join "\n", grep { /hunter2/ } split /\n/, "$logged$seen$dry");

# What the transaction itself is to make
like(
	$session->sql_error(
			q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
		  . q{VALUES ('ch-gva-2', 'to-come', 'x')})->{stderr},
	qr/HINT:[^\n]*once it has committed/,
	'a service that is not there');

# Who takes the protection off is told how
$session->sql("UPDATE exo.dbaas_services SET termination_protection = true WHERE $pg");
like(
	$session->sql_error("DELETE FROM exo.dbaas_services WHERE $pg")->{stderr},
	qr/HINT:[^\n]*UPDATE \.\.\. SET termination_protection = false/,
	'a service that is protected');

# wait 'running': a new service that the list does not have yet is waited for
$session->sql(q{ALTER SERVER exoscale OPTIONS (ADD wait 'running')});
$session->sql('SELECT count(*) FROM exo.dbaas_services');
$sim->fault(
	{
		method => 'GET',
		path => '/dbaas-service',
		zone => 'ch-gva-2',
		action => 'body',
		body => '{"dbaas-services": []}',
		times => 2
	});
is_deeply(
	sent(
			q{INSERT INTO exo.dbaas_services (zone, name, type, plan) }
		  . q{VALUES ('ch-gva-2', 'late', 'pg', 'startup-4')}),
	[
		'POST ch-gva-2 /dbaas-postgres/late {"plan":"startup-4"}',
		('GET ch-gva-2 /dbaas-service') x 3
	],
	'until the list has it');

done_testing();
