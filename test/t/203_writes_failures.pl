# A write that fails: what the error says of each write of its transaction.
use strict;
use warnings;

use DbaasTest;
use DbaasSim;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 0, operation_time => 20);
my $sim = $t->sim;
my $session;
$t->sql('CREATE TABLE local (n int)');

my @names = qw(pg-1-0001 mysql-1-0002 kafka-1-0003);
sub remove { return "DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = '$_[0]'" }

sub begin
{
	my (%options) = @_;
	$t->create_server(%options);
	$sim->reset;
	$session = $t->session;
	$session->sql('SELECT count(*) FROM exo.dbaas_services');
	$sim->clear;
	return;
}

# fails(FAULT, SQL): the error of a transaction that also writes a local row
sub fails
{
	my ($fault, $sql, $name) = @_;
	$sim->fault($fault);
	my $error = $session->sql_error("BEGIN; INSERT INTO local VALUES (1); $sql; COMMIT");
	$sim->clear_faults;
	is($session->sql('SELECT count(*) FROM local'),
		0, "$name: the local transaction is rolled back");
	is($session->sql('SELECT count(*) FROM exo.dbaas_zones'), 3, "$name: the session works");
	return $error;
}

# Operations that fail, in the first answer and at a poll
begin();
foreach my $immediate (JSON::PP::true, JSON::PP::false)
{
	foreach my $state ('failure', 'timeout')
	{
		my $name = "operation $state " . ($immediate ? 'in the first answer' : 'at a poll');
		$sim->clear;
		my $error = fails(
			{
				method => 'DELETE',
				action => 'operation',
				state => $state,
				reason => 'unavailable',
				message => 'no nodes at all %s',
				immediate => $immediate
			},
			remove($names[0]),
			$name);
		is($error->{sqlstate}, '38000', "$name: 38000");
		like(
			$error->{message},
			qr{^DELETE /dbaas-service/pg-1-0001 in zone ch-gva-2\b.*$state},
			"$name: the message names the request and the state");
		like(
			$error->{detail},
			qr/unavailable.*no nodes at all %s/,
			"$name: the detail has reason and message");
		like(
			$error->{detail},
			qr{^DELETE /dbaas-service/pg-1-0001 in zone ch-gva-2: failed: .*no nodes}m,
			"$name: the write failed");
		is(scalar(grep { $_->{method} eq 'DELETE' } $sim->requests), 1, "$name: it was sent once");
		is(scalar(grep { $_->{path} =~ /operation/ } $sim->requests) > 0,
			!$immediate, "$name: polled or not");
	}
}
my $bare = fails(
	{
		method => 'DELETE',
		action => 'body',
		body => '{"id":"11111111-2222-4333-8444-555555555555","state":"failure"}'
	},
	remove($names[0]),
	'no reason');
is($bare->{sqlstate}, '38000', 'a failure without a reason is one');
$sim->reset;    # for it was deleted all the same
$bare = fails(
	{
		method => 'DELETE',
		action => 'operation',
		state => 'failure',
		reason => "x" x 3000,
		message => "\x{65e5}" x 3000,
		immediate => JSON::PP::true
	},
	remove($names[0]),
	'long');
cmp_ok(length $bare->{detail}, '<', 2000, 'long words of the API are cut');

# A failure at each position of three statements
foreach my $position (0 .. 2)
{
	foreach my $case (
		[
			{ action => 'status', status => 409, body => '{"error":"it is being upgraded"}' },
			'55006', 'failed: .*it is being upgraded'
		],
		[
			{
				action => 'operation',
				state => 'failure',
				reason => 'conflict',
				message => 'it is being upgraded'
			},
			'38000',
			'failed: .*conflict.*it is being upgraded'
		],
		[ { action => 'close', after_processing => JSON::PP::true }, 'HV000', 'unknown: .+' ])
	{
		my ($fault, $sqlstate, $outcome) = @$case;
		my $name = "$fault->{action} at " . ($position + 1);
		begin();
		my $error =
		  fails({ method => 'DELETE', path => "/dbaas-service/$names[$position]", %$fault },
			join('; ', map { remove($_) } @names), $name);
		is($error->{sqlstate}, $sqlstate, "$name: $sqlstate");
		like(
			$error->{message},
			qr{^DELETE /dbaas-service/$names[$position] in zone ch-gva-2},
			"$name: the message names the write");
		my @lines = grep { m{^DELETE /} } split /\n/, $error->{detail};
		is(scalar(@lines), 3, "$name: the detail lists all three");

		foreach my $i (0 .. 2)
		{
			my $expected = $i < $position ? 'applied' : $i == $position ? $outcome : 'not sent';
			like(
				$lines[$i],
				qr{^DELETE /dbaas-service/$names[$i] in zone ch-gva-2: $expected$},
				"$name: write " . ($i + 1) . " $expected");
		}
		is( join(' ', map { $_->{path} } grep { $_->{method} eq 'DELETE' } $sim->requests),
			join(' ', map { "/dbaas-service/$_" } @names[ 0 .. $position ]),
			"$name: no other was sent");
		unlike($error->{stderr}, qr/WARNING/, "$name: it is said once");
	}
}

# A failure among the rows of a statement: those under way are waited for, no other is sent
foreach my $case ([ 1, 2 ], [ 2, 2 ], [ 8, 5 ])
{
	my ($limit, $bad) = @$case;    # the last row, where all are under way when it fails
	my $five = qq{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri, ignore_dbs)
		SELECT 'ch-gva-2', CASE WHEN n = $bad THEN 'mysql-1-0002'
			ELSE 'pg-1-0001' END, 'postgres://h/d', n::text FROM generate_series(1, 5) AS n};
	begin(max_concurrency => $limit);
	my $error = fails(
		{
			method => 'POST',
			path => '/dbaas-task-migration-check/mysql-1-0002',
			action => 'status',
			status => 423,
			body => '{"message":"locked"}'
		},
		"$five; " . remove('kafka-1-0003'),
		"row $bad of 5, max_concurrency $limit");
	is($error->{sqlstate}, '55006', "max_concurrency $limit: the error");
	my @lines = grep { m{^(POST|DELETE) /} } split /\n/, $error->{detail};
	is(scalar(@lines), 6, 'all rows are listed');
	like($lines[ $bad - 1 ], qr{mysql-1-0002 in zone ch-gva-2: failed: .*locked}, 'it failed');
	like($lines[5], qr{kafka-1-0003 in zone ch-gva-2: not sent$},
		'the next statement was not sent');
	my $applied = grep { /: applied$/ } @lines;
	my $unsent = grep { /: not sent$/ } @lines;
	is($applied + $unsent, 5, 'the others are applied or not sent, none is left unknown');
	is(scalar(grep { $_->{method} eq 'POST' } $sim->requests), $applied + 1, 'as they say');
	is($applied, 1, 'one after the other: one applied') if $limit == 1;
	is($applied, 4, 'all at once: four applied') if $limit == 8;
}

# Statuses
my %sqlstate = (
	400 => '22023',
	422 => '22023',
	401 => '28000',
	403 => '28000',
	404 => '42704',
	409 => '55006',
	412 => '55006',
	423 => '55006',
	429 => '53400',
	300 => 'HV000',
	302 => 'HV000',
	405 => 'HV000',
	418 => 'HV000',
	500 => 'HV000',
	502 => 'HV000',
	503 => 'HV000',
	504 => 'HV000');
begin(max_retries => 0);
foreach my $status (map { 0 + $_ } sort keys %sqlstate)
{
	foreach my $case (
		[ 'DELETE', '/dbaas-service/pg-1-0001', remove('pg-1-0001') ],
		[
			'POST',
			'/dbaas-task-migration-check/pg-1-0001',
			q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
			  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'postgres://h/d')}
		])
	{
		my ($method, $path, $sql) = @$case;
		$sim->clear;
		$sim->fault(
			{
				method => $method,
				path => $path,
				action => 'status',
				status => $status,
				times => -1,
				body => '{"message":"so it is"}'
			});
		my $error = $session->sql_error($sql);
		$sim->clear_faults;
		is($error->{sqlstate}, $sqlstate{$status}, "$status to $method: $sqlstate{$status}");
		is( $error->{message},
			"$method $path in zone ch-gva-2 failed with HTTP status $status",
			'the message has request and status');
		like($error->{detail}, qr/so it is/, 'the detail the API\'s words');
		like(
			$error->{detail},
			$status >= 500
			? qr/^\Q$method $path\E in zone ch-gva-2: (failed|unknown): /m
			: qr/^\Q$method $path\E in zone ch-gva-2: failed: /m,
			'and the outcome');
		is(scalar(grep { $_->{method} eq $method } $sim->requests), 1, 'sent once');
	}
}

# Termination protection that only the API knows of
my $protected =
  'Service is protected against termination and shutdown. Remove termination protection first.';
foreach my $status (403, 409, 412)
{
	$sim->fault(
		{
			method => 'DELETE',
			action => 'status',
			status => $status,
			body => qq({"message":"$protected"})
		});
	my $error = $session->sql_error(remove('pg-1-0001'));
	is($error->{sqlstate}, '55006', "termination protection, told by $status: 55006");
	like($error->{detail}, qr/\Q$protected\E/, 'with the API\'s words');
	like(
		$error->{hint},
		qr/UPDATE \.\.\. SET termination_protection = false/,
		'and what to do about it');
}
$sim->clear_faults;
$session->sql(q{CREATE FOREIGN TABLE exo.names (zone text, name text) SERVER exoscale }
	  . q{OPTIONS (resource 'services')});
my $error = $session->sql_error(q{DELETE FROM exo.names WHERE name = 'valkey-1-0005'});
is($error->{sqlstate}, '55006', 'the same through a table without the column');
like($error->{hint}, qr/a table that has column "termination_protection"/, 'at the statement');

# A write of the outer transaction that failed inside a savepoint has failed all the same
foreach my $fault (
	{ action => 'status', status => 409 },
	{ action => 'close', after_processing => JSON::PP::true },
	{ action => 'operation', state => 'failure' })
{
	my $name = "$fault->{action} inside a savepoint";
	begin();
	$sim->fault({ method => 'DELETE', path => '/dbaas-service/pg-1-0001', %$fault });
	$session->sql('BEGIN; INSERT INTO local VALUES (1); ' . remove('pg-1-0001') . '; SAVEPOINT s');
	$session->sql_error(q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
		  . q{VALUES ('ch-gva-2', 'mysql-1-0002', 'mysql://h/d') RETURNING id});
	$session->sql('ROLLBACK TO s');
	my (undef, $stderr) = $session->sql_both('COMMIT');
	like($stderr, qr/ERROR/, "$name: COMMIT fails, for a write of the transaction has");
	is($session->sql('SELECT count(*) FROM local'), 0, "$name: and rolls back");
	is(scalar(grep { $_->{method} eq 'DELETE' } $sim->requests), 1, "$name: it is not sent again");
	$session->sql('TRUNCATE local');
}

# A commit that fails after the writes, of PostgreSQL's own: what was sent is said
begin();
$t->sql('CREATE TABLE skew (n int); INSERT INTO skew VALUES (1), (2)');
my $other = $t->session;
$session->sql('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT sum(n) FROM skew');
$other->sql('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT sum(n) FROM skew');
$session->sql('INSERT INTO skew VALUES (3); ' . remove('pg-1-0001'));
$other->sql('INSERT INTO skew VALUES (4); COMMIT');
my (undef, $stderr) = $session->sql_both('COMMIT');
like($stderr, qr/ERROR:  40001/, 'a serialization failure at COMMIT');
my $sent = grep { $_->{method} eq 'DELETE' } $sim->requests;
ok( !$sent
	  || $stderr =~
	  m{WARNING:.*\nDETAIL:  DELETE /dbaas-service/pg-1-0001 in zone ch-gva-2: applied},
	'with a WARNING that lists the writes, when they were sent');

done_testing();
