# Writes that are sent before COMMIT: INSERT ... RETURNING and write_mode =
# immediate; and the WARNING that says what a rollback does not undo.
use strict;
use warnings;

use DbaasTest;
use DbaasSim;
use JSON::PP ();
use List::Util qw(max);
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 0, operation_time => 20);
my $sim = $t->sim;
my $session = $t->session;
my $warned =
  qr/WARNING:  01000: writes that were sent to the API are not undone by the rollback\nDETAIL:  /;

sub remove { return "DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = '$_[0]'" }

sub insert
{
	return "INSERT INTO exo.dbaas_integrations (zone, type, source, dest) "
	  . "VALUES ('ch-gva-2', 'logs', '$_[0]', 'opensearch-1-0004')";
}

sub writes
{
	return map { "$_->{method} " . $_->{path} =~ s{.*/}{}r }
	  grep { $_->{method} ne 'GET' } $sim->requests;
}
sub stderr { my (undef, $stderr) = $session->sql_both($_[0]); return $stderr }
sub begin { $sim->reset; $session->sql('BEGIN'); return }

# warning(TEXT): the lines of its WARNINGs' details
sub warning
{
	my ($stderr) = @_;
	my @lines;
	while (
		$stderr =~ /^(?:psql:\S+ )?${warned}((?:.|\n(?!LOCATION|CONTEXT|ERROR|WARNING|psql:))*)/mg)
	{
		push @lines, split /\n/, $1;
	}
	return join ' | ',
	  map { s/ in zone \S+(?: \(([^)]*)\))?:/ defined $1 ? " ($1):" : ':' /er } @lines;
}

# RETURNING sends what was queued before it, in order, and then itself
begin();
$session->sql(remove('kafka-1-0003') . '; ' . insert('pg-1-0001'));
is(join(', ', writes()), '', 'nothing is sent for queued writes');
my $row = $session->sql(insert('mysql-1-0002') . ' RETURNING id, zone, status, description');
my ($id) = split /\|/, $row;
is( $row,
	"$id|ch-gva-2|active|logs from mysql-1-0002 to opensearch-1-0004",
	'RETURNING gives the API\'s own values');
is( join(', ', writes()),
	'DELETE kafka-1-0003, POST dbaas-integration, POST dbaas-integration',
	'after what was queued before it');
my @sent = $sim->requests;
is($sent[-1]{path}, "/dbaas-integration/$id", 'the row is read back by its id');
is($sent[-1]{zone}, 'ch-gva-2', 'in its zone');
is(scalar(grep { $_->{path} eq "/dbaas-integration/$id" } @sent), 1, 'with one request');
$session->sql(remove('thanos-1-0007'));
is(scalar(writes()), 3, 'what comes after it is queued');
my $stderr = stderr('COMMIT');
is($stderr, '', 'COMMIT says nothing');
is( join(', ', writes()),
	'DELETE kafka-1-0003, POST dbaas-integration, POST dbaas-integration, DELETE thanos-1-0007',
	'and sends the rest, nothing twice');

# It reads its rows anew, and the list of services once, with the statement that chooses the rows
$sim->reset;
$sim->clear;
is( $session->sql(
		q{INSERT INTO exo.dbaas_databases (zone, service_name, name)
			SELECT zone, name, 'new' FROM exo.dbaas_services WHERE type = 'pg'
			RETURNING service_name, name}),
	"pg-1-0001|new\npg-2-0001|new\npg-3-0001|new",
	'RETURNING of an INSERT ... SELECT');
@sent = sort map { "$_->{zone} $_->{path}" } grep { $_->{method} eq 'GET' } $sim->requests;
is(scalar(grep { m{/dbaas-service$} } @sent), 3, 'each list of services is read once');
is(scalar(grep { m{/pg-\d-0001$} } @sent), 6, 'and each row is waited for, and read back')
  or diag(join "\n", @sent);

# Its ROLLBACK says what stands
begin();
$session->sql(remove('kafka-1-0003') . '; '
	  . insert('pg-1-0001')
	  . ' RETURNING id; '
	  . remove('thanos-1-0007'));
$stderr = stderr('ROLLBACK');
is( warning($stderr),
	'DELETE /dbaas-service/kafka-1-0003: applied | POST /dbaas-integration (pg-1-0001, '
	  . 'opensearch-1-0004): applied',
	'ROLLBACK warns of what was sent');
is(scalar(() = $stderr =~ /WARNING/g), 1, 'once');
is(scalar(writes()), 2, 'and sends nothing');
begin();
$session->sql(insert('pg-1-0001') . ' RETURNING id');
$stderr = stderr('SELECT 1/0; ROLLBACK');
is( warning($stderr),
	'POST /dbaas-integration (pg-1-0001, opensearch-1-0004): applied',
	'an error warns of it');
like($stderr, qr/22012/, 'beside its own message');
$sim->reset;
$stderr = stderr(insert('pg-1-0001') . ' RETURNING 1 / (length(source) - 9)');
is( warning($stderr),
	'POST /dbaas-integration (pg-1-0001, opensearch-1-0004): applied',
	'so does an error in RETURNING itself');
$sim->reset;
$t->sql(q{CREATE VIEW exo.metrics_only AS SELECT zone, type, source, dest }
	  . q{FROM exo.dbaas_integrations WHERE type = 'metrics' WITH CHECK OPTION});
$stderr = stderr(insert('pg-1-0001') =~ s/dbaas_integrations/metrics_only/r . ' RETURNING source');
like($stderr, qr/44000/, 'a row that its view does not accept');
is( scalar(writes()) ? warning($stderr) : 'not sent',
	scalar(writes())
	? 'POST /dbaas-integration (pg-1-0001, opensearch-1-0004): applied'
	: 'not sent',
	'and a WARNING if it was sent');

# Savepoints: the WARNING is of what was sent for them
begin();
$session->sql(insert('pg-1-0001')
	  . ' RETURNING id; SAVEPOINT a; '
	  . insert('mysql-1-0002')
	  . ' RETURNING id; SAVEPOINT b; '
	  . insert('grafana-1-0006')
	  . ' RETURNING id');
is( warning(stderr('ROLLBACK TO b')),
	'POST /dbaas-integration (grafana-1-0006, opensearch-1-0004): applied',
	'ROLLBACK TO the inner savepoint');
is( warning(stderr('ROLLBACK TO a')),
	'POST /dbaas-integration (mysql-1-0002, opensearch-1-0004): applied',
	'then to the outer');
is( warning(stderr('ROLLBACK')),
	'POST /dbaas-integration (pg-1-0001, opensearch-1-0004): applied',
	'then all');
begin();
$session->sql('SAVEPOINT a; ' . insert('pg-1-0001') . ' RETURNING id; RELEASE a');
is( warning(stderr('ROLLBACK')),
	'POST /dbaas-integration (pg-1-0001, opensearch-1-0004): applied',
	'RELEASE hands it on');
begin();
$session->sql(insert('pg-1-0001') . '; SAVEPOINT a; ' . insert('mysql-1-0002') . ' RETURNING id');
is( warning(stderr('ROLLBACK TO a')),
	'POST /dbaas-integration (mysql-1-0002, opensearch-1-0004): applied',
	'a write of the outer transaction that was sent inside is not the savepoint\'s');
is(stderr('COMMIT'), '', 'it is committed');
is(scalar(writes()), 2, 'and was sent once');
$sim->reset;
$stderr =
  stderr('DO $do$ DECLARE i uuid; BEGIN BEGIN '
	  . insert('pg-1-0001')
	  . ' RETURNING id INTO i; PERFORM 1/0; EXCEPTION WHEN division_by_zero '
	  . 'THEN NULL; END; END $do$');
is( warning($stderr),
	'POST /dbaas-integration (pg-1-0001, opensearch-1-0004): applied',
	'a block of PL/pgSQL that fails warns');

# A failure that a block of PL/pgSQL swallows hides no write that stands
begin();
$sim->fault({ method => 'POST', action => 'status', status => 409 });
$stderr =
  stderr(remove('kafka-1-0003')
	  . '; DO $do$ DECLARE i uuid; BEGIN BEGIN '
	  . insert('pg-1-0001')
	  . ' RETURNING id INTO i; EXCEPTION WHEN OTHERS THEN NULL; END; END $do$');
$stderr .= stderr('ROLLBACK');
is( warning($stderr),
	'DELETE /dbaas-service/kafka-1-0003: applied',
	'a write before the block stands: the ROLLBACK warns of it');
begin();
$sim->fault({ method => 'POST', action => 'status', status => 409, skip => 1 });
$stderr =
  stderr('DO $do$ DECLARE i uuid; BEGIN BEGIN '
	  . insert('pg-1-0001')
	  . ' RETURNING id INTO i; '
	  . insert('mysql-1-0002')
	  . ' RETURNING id INTO i; EXCEPTION WHEN OTHERS THEN NULL; END; END $do$');
is( warning($stderr),
	'POST /dbaas-integration (pg-1-0001, opensearch-1-0004): applied',
	'a write in the block stands: its end warns of it');
stderr('ROLLBACK');
begin();
$sim->fault({ method => 'POST', action => 'close', after_processing => JSON::PP::true });
$stderr =
  stderr('DO $do$ DECLARE i uuid; BEGIN BEGIN '
	  . insert('pg-1-0001')
	  . ' RETURNING id INTO i; EXCEPTION WHEN OTHERS THEN NULL; END; END $do$');
like(
	warning($stderr),
	qr/^POST \/dbaas-integration \(pg-1-0001, opensearch-1-0004\): unknown: /,
	'so does one of which nobody knows whether it stands');
stderr('ROLLBACK');

# Failures: the statement fails, what stands is said once
begin();
$sim->fault({ method => 'POST', action => 'status', status => 409, body => '{"error":"exists"}' });
$stderr = stderr(remove('kafka-1-0003') . '; ' . insert('pg-1-0001') . ' RETURNING id');
my $error = DbaasTest::parse_error($stderr);
is($error->{sqlstate}, '55006', 'RETURNING: the API\'s refusal is the statement\'s');
like(
	$error->{detail},
	qr{kafka-1-0003 in zone ch-gva-2: applied\n.*opensearch-1-0004\): failed: .*exists},
	'with the outcome of all writes so far');
unlike($stderr . stderr('COMMIT'), qr/WARNING/, 'said once');
is(scalar(writes()), 2, 'sent once');

# What cannot be read back is as it was given, with the API's id
begin();
$sim->fault({ method => 'GET', path => '/dbaas-integration/*', action => 'status', status => 404 });
like(
	$session->sql(insert('pg-1-0001') . ' RETURNING id, source, status'),
	qr/^[0-9a-f-]{36}\|pg-1-0001\|$/,
	'a row that is not shown yet: what was given, and its id');
stderr('ROLLBACK');
begin();
$sim->fault(
	{
		method => 'GET',
		path => '/dbaas-integration/*',
		action => 'status',
		status => 500,
		times => -1
	});
$stderr = stderr(insert('pg-1-0001') . ' RETURNING id');
like($stderr, qr/ERROR/, 'a row that cannot be read back is an error');
like(
	DbaasTest::parse_error($stderr)->{detail},
	qr{^POST /dbaas-integration in zone ch-gva-2 \(pg-1-0001, opensearch-1-0004\): applied$}m,
	'which says that it stands');
unlike($stderr . stderr('ROLLBACK'), qr/WARNING/, 'once');
$sim->clear_faults;

# Several rows: each is sent by itself
begin();
is( $session->sql(
			q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
		  . q{SELECT 'ch-gva-2', 'pg-1-0001', 'postgres://h/d' FROM generate_series(1, 3) }
		  . q{RETURNING id IS NOT NULL, success}),
	"t|t\nt|t\nt|t",
	'RETURNING of several rows');
is(scalar(() = warning(stderr('ROLLBACK')) =~ /applied/g), 3, 'three of them stand');

# UPDATE and DELETE ... RETURNING send nothing
begin();
$session->sql(q{UPDATE exo.dbaas_integrations SET settings = '{}' WHERE zone = 'ch-gva-2' }
	  . q{RETURNING id; DELETE FROM exo.dbaas_integrations RETURNING id; }
	  . remove('kafka-1-0003')
	  . ' RETURNING name');
is(scalar(writes()), 0, 'UPDATE and DELETE ... RETURNING are queued');
is(stderr('ROLLBACK'), '', 'and dropped without a word');

# write_mode = immediate
$session->sql('SET dbaas_fdw.write_mode = immediate');
begin();
$session->sql(remove('kafka-1-0003'));
is(join(', ', writes()), 'DELETE kafka-1-0003', 'immediate: sent with the statement');
is($session->sql(q{SELECT count(*) FROM exo.dbaas_services WHERE name = 'kafka-1-0003'}),
	0, 'and done');
$session->sql(insert('pg-1-0001'));
is(scalar(writes()), 2, 'an INSERT without RETURNING too');
is( warning(stderr('ROLLBACK')),
	'DELETE /dbaas-service/kafka-1-0003: applied | POST /dbaas-integration (pg-1-0001, '
	  . 'opensearch-1-0004): applied',
	'ROLLBACK warns');
begin();
$session->sql('SET LOCAL dbaas_fdw.write_mode = commit; '
	  . remove('kafka-1-0003')
	  . '; SET LOCAL dbaas_fdw.write_mode = immediate; '
	  . remove('thanos-1-0007'));
is( join(', ', writes()),
	'DELETE kafka-1-0003, DELETE thanos-1-0007',
	'what was queued before is sent before');
is(stderr('COMMIT'), '', 'COMMIT has nothing to do');
is(scalar(writes()), 2, 'indeed');
$sim->reset;
$sim->together(4, method => 'POST');
$session->sql(q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
	  . q{SELECT 'ch-gva-2', 'pg-1-0001', 'postgres://h/d' FROM generate_series(1, 4)});
is(max(map { $_->{in_flight} } grep { $_->{method} eq 'POST' } $sim->requests),
	4, 'the rows of a statement are sent at once');
$sim->reset;
$stderr =
  stderr('DO $do$ BEGIN BEGIN '
	  . remove('kafka-1-0003')
	  . '; PERFORM 1/0; EXCEPTION WHEN OTHERS THEN NULL; END; '
	  . remove('thanos-1-0007')
	  . '; END $do$');
is( join(', ', writes()),
	'DELETE kafka-1-0003, DELETE thanos-1-0007',
	'in PL/pgSQL with each statement');
is(warning($stderr), 'DELETE /dbaas-service/kafka-1-0003: applied', 'a block that fails warns');
$sim->reset;
$sim->fault(
	{
		method => 'DELETE',
		path => '*thanos*',
		action => 'operation',
		state => 'failure',
		reason => 'conflict'
	});
$session->sql('BEGIN; ' . remove('kafka-1-0003'));
$error = $session->sql_error(remove('thanos-1-0007'));
is($error->{sqlstate}, '38000', 'a failure is the statement\'s');
my $zone = 'in zone ch-gva-2';
like(
	$error->{detail},
	qr{kafka-1-0003 $zone: applied\n.*thanos-1-0007 $zone: failed: .*conflict},
	'with all writes of the transaction');
stderr('ROLLBACK');
$session->sql('RESET dbaas_fdw.write_mode');

# delete_limit counts what was sent, too
$sim->reset;
$session->sql(
		'BEGIN; SET LOCAL dbaas_fdw.delete_limit = 2; SET LOCAL dbaas_fdw.write_mode = immediate; '
	  . remove('kafka-1-0003') . '; '
	  . remove('thanos-1-0007'));
$stderr = stderr(remove('pg-1-0001'));
is(DbaasTest::parse_error($stderr)->{sqlstate}, '53400', 'delete_limit counts what was sent');
unlike(DbaasTest::parse_error($stderr)->{detail},
	qr/^Nothing/, 'and does not claim that nothing was');
is(scalar(() = warning($stderr . stderr('ROLLBACK')) =~ /applied/g), 2, 'the WARNING says what');

done_testing();
