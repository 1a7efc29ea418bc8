# What is rolled back is not sent later, what is deleted is deleted once, and
# what a savepoint undid still counts.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 0, operation_time => 20);
my $sim = $t->sim;
my $session;

sub remove { return "DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = '$_[0]'" }

sub deletes
{
	return grep { $_->{method} eq 'DELETE' } $sim->requests;
}

sub begin
{
	$sim->reset;
	$session = $t->session;
	$session->sql('SELECT count(*) FROM exo.dbaas_services');
	$sim->clear;
	return;
}

# A write that pauses after 429 when its statement is cancelled
begin();
$sim->fault(
	{ method => 'DELETE', action => 'status', status => 429, headers => { 'Retry-After' => '3' } });
$session->sql("SET dbaas_fdw.write_mode = immediate; BEGIN; SAVEPOINT a; "
	  . "SET LOCAL statement_timeout = '1500ms'");
is($session->sql_error(remove('pg-1-0001'))->{sqlstate},
	'57014', 'a write is cancelled in its pause');
$session->sql('ROLLBACK TO a; SET LOCAL statement_timeout = 0');
$session->sql('SELECT pg_sleep(3)');
$session->sql('SELECT count(*) FROM exo.dbaas_services; ROLLBACK');
is_deeply([ map { $_->{status} } deletes() ], [429], 'and is not sent again by what comes after');

# Failed rows of one statement stop those that were not accepted yet
begin();
$sim->fault(
	{
		method => 'DELETE',
		path => '/dbaas-service/pg-1-0001',
		action => 'status',
		status => 429,
		headers => { 'Retry-After' => '3' }
	},
	{
		method => 'DELETE',
		path => '/dbaas-service/mysql-1-0002',
		action => 'status',
		status => 409
	});
my $error = $session->sql_error("DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' "
	  . "AND name IN ('pg-1-0001', 'mysql-1-0002')");
is($error->{sqlstate}, '55006', 'one row fails');
like($error->{detail}, qr{pg-1-0001 in zone ch-gva-2: not sent}, 'the other was not accepted');
sleep 3;
is(scalar(deletes()), 2, 'and is not sent again');

# ... at once, whatever else is under way
begin();
$sim->fault(
	{
		method => 'DELETE',
		path => '/dbaas-service/pg-1-0001',
		action => 'status',
		status => 429,
		headers => { 'Retry-After' => '60' }
	},
	{
		method => 'DELETE',
		path => '/dbaas-service/mysql-1-0002',
		action => 'operation',
		state => 'failure'
	});
my $started = time;
$error = $session->sql_error("DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' "
	  . "AND name IN ('pg-1-0001', 'mysql-1-0002')");
is($error->{sqlstate}, '38000', 'an operation fails while another row pauses');
cmp_ok(time - $started, '<', $DbaasTest::soon, 'and the pause is not waited for');

# A row that is still there after a delete of unknown outcome is deleted again
begin();
$sim->fault({ method => 'DELETE', action => 'close' });
$session->sql('SET dbaas_fdw.write_mode = immediate; BEGIN; SAVEPOINT a');
$session->sql_both(remove('pg-1-0001'));
$session->sql_both('ROLLBACK TO a');
is($session->sql('WITH d AS (' . remove('pg-1-0001') . ' RETURNING 1) SELECT count(*) FROM d'),
	1, 'a second try');
$session->sql_both('COMMIT');
is(scalar(deletes()), 2, 'is sent');

# A savepoint does not make room for more deletes
begin();
$session->sql(
	'SET dbaas_fdw.write_mode = immediate; SET dbaas_fdw.delete_limit = 1; BEGIN; SAVEPOINT a');
$session->sql(remove('pg-1-0001'));
$session->sql_both('ROLLBACK TO a');
is($session->sql_error(remove('mysql-1-0002'))->{sqlstate},
	'53400', 'what stands counts for delete_limit');
$session->sql_both('ROLLBACK');
is(scalar(deletes()), 1, 'and no other is sent');

# A row that a statement meets twice
begin();
is( $session->sql(
		"WITH d AS (DELETE FROM exo.dbaas_services s USING
		(VALUES ('kafka-1-0003'), ('kafka-1-0003')) v(n)
	WHERE s.name = v.n RETURNING 1) SELECT count(*) FROM d"),
	1,
	'is deleted once');
is(scalar(deletes()), 1, 'with one request');
begin();
$session->sql(
	"UPDATE exo.dbaas_integrations i SET settings = v.s::jsonb FROM
		(VALUES ('{\"elasticsearch-index-days-max\":1}'), ('{\"elasticsearch-index-days-max\":2}'))
		v(s)
	WHERE i.zone = 'ch-gva-2' AND i.source = 'kafka-1-0003'");
is(scalar(grep { $_->{method} eq 'PUT' } $sim->requests), 1, 'is updated once');

# A poll that fails now and then
begin();
$sim->fault({ path => '/operation/*', action => 'status', status => 500, times => 2 });
$session->sql(remove('kafka-1-0003'));
is(scalar(deletes()), 1, 'a poll that fails does not fail the write');

# What the writes were checked against
begin();
$session->sql(
	'BEGIN; ' . remove('kafka-1-0003') . "; ALTER SERVER exoscale OPTIONS (ADD updatable 'false')");
$error = $session->sql_error('COMMIT');
is($error->{sqlstate}, '55000', 'a server that was changed in between refuses the commit');
is(scalar(deletes()), 0, 'and nothing is sent');

# A table that cannot be used does not disturb the information schema
$t->sql(
	q{CREATE FOREIGN TABLE exo.bad (nope text) SERVER exoscale OPTIONS (resource 'services');
	CREATE FOREIGN TABLE exo.worse (nope text) SERVER exoscale});
like($t->sql('SELECT count(is_insertable_into) FROM information_schema.tables'),
	qr/^\d+$/, 'information_schema.tables');

# An answer that is small on the wire and large in memory
my $bomb = '{"dbaas-services":[' . join(',', (1) x 2_200_000) . ']}';
$t->create_server(max_response_bytes => '8MB', max_retries => 0);
$sim->fault({ path => '/dbaas-service', action => 'body', body => $bomb });
$error = $t->sql_error('SELECT * FROM exo.dbaas_services');
is($error->{sqlstate}, 'HV000', 'an answer of too many values');
like($error->{detail}, qr/too many values for option max_response_bytes/, 'is not taken');

# A NUL in the name of a member does not hide another member
$sim->clear_faults;
$sim->fault(
	{
		path => '/dbaas-service',
		action => 'body',
		times => -1,
		body => '{"dbaas-services":[{"name":"a","type":"pg","plan":"b","plan\u0000x":"c"}]}'
	});
is($t->sql_error('SELECT * FROM exo.dbaas_services')->{sqlstate}, 'HV000', 'a NUL in a name');

done_testing();
