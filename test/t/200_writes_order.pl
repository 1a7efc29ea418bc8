# What a COMMIT sends: nothing before it, every write once, in the order of the
# statements, the rows of one statement concurrently.
use strict;
use warnings;

use DbaasTest;
use DbaasSim;
use JSON::PP ();
use List::Util qw(max);
use Test::More;

my $t = DbaasTest->new(services => 20, logs => 0, operation_time => 60);
my $sim = $t->sim;
my $session = $t->session;
my $uuid = qr/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
$session->sql('SELECT count(*) FROM exo.dbaas_services');    # learns the zones

# The writes among the requests
sub writes
{
	return grep { $_->{method} ne 'GET' } @_;
}

sub text
{
	my $text = join ' ', grep { defined && length } @{ $_[0] }{qw(method zone path body)};
	utf8::encode($text);
	return $text;
}

# The exact requests
my $id = DbaasSim::uuid('1/ch-gva-2/integrations/1');
my $endpoint = DbaasSim::uuid('1/ch-gva-2/external-endpoints/1');
my $external = DbaasSim::uuid('1/ch-gva-2/external-integrations/1/1');
my @cases = (
	[
		q{INSERT INTO exo.dbaas_integrations (zone, type, source, dest) }
		  . q{VALUES ('ch-gva-2', 'logs', 'pg-1-0001', 'opensearch-1-0004')},
		'POST ch-gva-2 /dbaas-integration '
		  . '{"integration-type":"logs","source-service":"pg-1-0001",'
		  . '"dest-service":"opensearch-1-0004"}'
	],
	[
		q{INSERT INTO exo.dbaas_integrations (zone, settings, dest, source, type)
		VALUES ('ch-gva-2', '{"b": [1, 2.50, {"c": null}], "a": "x/y \"q\" \\\\ \u00e9",
				"n": 18446744073709551617123}', 'thanos-1-0007', 'pg-1-0001', 'metrics')},
			'POST ch-gva-2 /dbaas-integration '
		  . '{"integration-type":"metrics","source-service":"pg-1-0001",'
		  . '"dest-service":"thanos-1-0007",'
		  . '"settings":{"a":"x/y \"q\" \\\\ '
		  . 'é","b":[1,2.50,{"c":null}],"n":18446744073709551617123}}'
	],
	[
		qq{UPDATE exo.dbaas_integrations SET settings = '{"x": 1e2}' }
		  . qq{WHERE zone = 'ch-gva-2' AND id = '$id'},
		qq(PUT ch-gva-2 /dbaas-integration/$id {"settings":{"x":100}})
	],
	[
		qq{DELETE FROM exo.dbaas_integrations WHERE zone = 'ch-gva-2' AND id = '$id'},
		"DELETE ch-gva-2 /dbaas-integration/$id"
	],
	[
		qq{INSERT INTO exo.dbaas_external_integrations (zone, service_name, }
		  . qq{dest_endpoint_id, type) VALUES ('ch-gva-2', 'mysql-1-0002', '$endpoint', }
		  . qq{'datadog')},
		qq(PUT ch-gva-2 /dbaas-external-endpoint/mysql-1-0002/attach )
		  . qq({"dest-endpoint-id":"$endpoint","type":"datadog"})
	],
	[
		qq{DELETE FROM exo.dbaas_external_integrations WHERE zone = 'ch-gva-2' }
		  . qq{AND id = '$external'},
		qq(PUT ch-gva-2 /dbaas-external-endpoint/pg-1-0001/detach {"integration-id":"$external"})
	],
	[
		q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
		  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'postgres://u:p@h/d')},
		'POST ch-gva-2 /dbaas-task-migration-check/pg-1-0001 '
		  . '{"source-service-uri":"postgres://u:p@h/d"}'
	],
	[
		q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri, method, }
		  . q{ignore_dbs) VALUES ('ch-gva-2', 'mysql-1-0002', 'mysql://h/d', 'dump', 'a,b')},
		'POST ch-gva-2 /dbaas-task-migration-check/mysql-1-0002 '
		  . '{"source-service-uri":"mysql://h/d","method":"dump","ignore-dbs":"a,b"}'
	],
	[
		q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'clickhouse-1-0008'},
		'DELETE ch-gva-2 /dbaas-service/clickhouse-1-0008'
	]);
foreach my $case (@cases)
{
	my ($sql, $expected) = @$case;
	my @sent = writes($session->requests($sql));
	is(join("\n", map { text($_) } @sent), $expected, $expected);
	is($sent[0]{signed}, JSON::PP::true, 'it is signed');
	is( $sent[0]{headers}{'content-type'},
		defined $sent[0]{body} && length $sent[0]{body} ? 'application/json' : undef,
		'with a content type when it has a body');
}

# A value cannot leave its segment of the path
$sim->clear;
my $error =
  $session->sql_error(q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
	  . q{VALUES ('ch-gva-2', 'a/../b?c d%é', 'postgres://h/d')});
is( join(' ', map { $_->{path} } writes($sim->requests)),
	'/dbaas-task-migration-check/a%2F..%2Fb%3Fc%20d%25%C3%A9',
	'a path parameter is percent-encoded');
is($error->{sqlstate}, '42704', 'and names no service');

# In the order of the statements, each after the former has ended
$sim->reset;

sub integration
{
	my ($n, $type, $dest) = @_;
	return "INSERT INTO exo.dbaas_integrations (zone, type, source, dest) "
	  . "VALUES ('ch-gva-2', '$type', '$n', '$dest');";
}
my @sent;
{
	my $before;
	$sim->clear;
	$session->sql('BEGIN');
	$session->sql(integration('pg-1-0001', 'logs', 'opensearch-1-0004'));
	$session->sql(integration('mysql-1-0002', 'logs', 'opensearch-1-0004'));
	$session->sql(
		q{DELETE FROM exo.dbaas_services WHERE zone = 'de-fra-1' AND name = 'kafka-2-0003'});
	$session->sql(q{UPDATE exo.dbaas_integrations }
		  . q{SET settings = '{"elasticsearch-index-days-max": 31}' WHERE zone = 'at-vie-1' }
		  . q{AND source IN ('kafka-3-0003', 'valkey-3-0005')});
	$session->sql(integration('pg-1-0001', 'metrics', 'thanos-1-0007'));
	is(scalar(writes($sim->requests)), 0, 'nothing is sent before COMMIT');
	$session->sql('COMMIT');
	@sent = $sim->requests;
}
is( join("\n", map { join ' ', @$_{qw(method zone)}, $_->{path} =~ s/$uuid/ID/r } writes(@sent)),
	<<'END' =~ s/\n\z//r, 'in the order of the statements');
POST ch-gva-2 /dbaas-integration
POST ch-gva-2 /dbaas-integration
DELETE de-fra-1 /dbaas-service/kafka-2-0003
PUT at-vie-1 /dbaas-integration/ID
PUT at-vie-1 /dbaas-integration/ID
POST ch-gva-2 /dbaas-integration
END

# From a write to its end: the last poll of its operation
sub ends
{
	my (@all) = @_;
	my @writes = writes(@all);
	my @polls = grep { $_->{path} =~ m{^/operation/} } @all;
	# The writes of one transaction are sent in order, so are their operations'
	# first polls; each operation's last poll ends it
	my (%last, @order);
	foreach my $poll (@polls)
	{
		push @order, $poll->{path} unless $last{"$poll->{zone} $poll->{path}"};
		$last{"$poll->{zone} $poll->{path}"} = $poll->{ended_ms};
	}
	return scalar(keys %last), max(values %last);
}
{
	my @statements = (1, 1, 1, 2, 1);    # rows of each
	my @writes = writes(@sent);
	my $at = 0;
	my $ok = 1;
	foreach my $rows (@statements)
	{
		my ($first, $next) = ($writes[$at], $writes[ $at + $rows ]);
		my @between =
		  grep { $_->{seq} >= $first->{seq} && (!$next || $_->{seq} < $next->{seq}) } @sent;
		my ($operations) = ends(@between);
		$ok = 0 if $operations != $rows;
		$ok = 0
		  if $next && grep { !defined $_->{ended_ms} || $_->{ended_ms} > $next->{started_ms} }
		  @between;
		$at += $rows;
	}
	ok($ok, 'each statement is sent when the operations of the one before it have ended');
}

# Within one statement concurrently, up to max_concurrency
foreach my $limit (1, 3, 8)
{
	$t->create_server(max_concurrency => $limit);
	$sim->reset;
	my $own = $t->session;
	$own->sql('SELECT count(*) FROM exo.dbaas_services');
	$sim->together($limit, method => 'DELETE');
	my @rows = $own->requests(
		q{
		SET dbaas_fdw.delete_limit = -1;
		BEGIN;
		DELETE FROM exo.dbaas_services WHERE zone <> 'at-vie-1'
			AND termination_protection IS NOT TRUE AND name ~ '000[1-9]$' AND name <> 'pg-1-0009';
		COMMIT});
	my @deletes = writes(@rows);
	is(scalar(@deletes), 15, "max_concurrency $limit: 15 rows");
	is(max(map { $_->{in_flight} } @deletes, grep { $_->{path} =~ /operation/ } @rows),
		$limit, "$limit requests in flight, never more");

	# Operations under way: from the write to the end of its last poll
	my %end;
	$end{ $_->{path} } = $_->{ended_ms} foreach grep { $_->{path} =~ m{^/operation/} } @rows;
	is(scalar(keys %end), 15, 'each is waited for');
	my @started = map { $_->{started_ms} } @deletes;
	my @ended = sort { $a <=> $b } values %end;
	my $most = max(
		map {
			my $at = $_;
			(grep { $_ <= $at } @started) - (grep { $_ < $at } @ended)
		} @started);
	cmp_ok($most, '<=', $limit, "no more than $limit operations under way");
	cmp_ok($most, '>=', 2, 'but several') if $limit > 1;
}
$t->create_server;
$session = $t->session;

# COPY and INSERT ... SELECT are one statement each, two statements two
$sim->reset;
$sim->together(3, method => 'POST');
my @select = $session->requests(
	q{
	INSERT INTO exo.dbaas_integrations (type, source, dest)
	SELECT 'logs', format('pg-%s-0001', z), format('opensearch-%s-0004', z)
		FROM generate_series(1, 3) AS z}
);
is(max(map { $_->{in_flight} } writes(@select)),
	3, 'the rows of INSERT ... SELECT are sent at once');
my ($first) = grep { $select[$_]{method} eq 'POST' } 0 .. $#select;
my @lists = grep { $_->{path} eq '/dbaas-service' } @select[ 0 .. $first ];
cmp_ok(scalar(@lists), '<=', 3, 'one list of services for each zone finds all the zones');
@lists = grep { $_->{path} eq '/dbaas-service' } @select[ $first .. $#select ];
is(scalar(@lists), 3, 'one shows what was made in each');
@select = $session->requests(
	q{
	BEGIN;
	INSERT INTO exo.dbaas_integrations (type, source, dest)
		VALUES ('metrics', 'pg-1-0001', 'thanos-1-0007');
	INSERT INTO exo.dbaas_integrations (type, source, dest)
		VALUES ('metrics', 'pg-2-0001', 'thanos-2-0007');
	COMMIT});
is(max(map { $_->{in_flight} } writes(@select)), 1, 'two statements are not');
my $csv = $t->node->basedir . '/rows.csv';
open my $fh, '>', $csv or die $!;
print $fh map { "metrics,mysql-$_-0002,thanos-$_-0007\n" } 1 .. 3;
close $fh;
$sim->together(3, method => 'POST');
@select = $session->requests(
	qq{COPY exo.dbaas_integrations (type, source, dest) FROM '$csv' WITH (FORMAT csv)});
is(scalar(writes(@select)), 3, 'COPY sends each of its rows');
is(max(map { $_->{in_flight} } writes(@select)), 3, 'at once');

# The rows of a partitioned table over two servers are one statement's, too
$t->sql(
	qq{
	CREATE SERVER second FOREIGN DATA WRAPPER dbaas_fdw OPTIONS (endpoint '@{[$sim->url]}');
	CREATE USER MAPPING FOR CURRENT_USER SERVER second
		OPTIONS (api_key '@{[$sim->key]}', api_secret '@{[$sim->secret]}');
	CREATE TABLE everywhere (zone text, type text, source text, dest text) PARTITION BY LIST (zone);
	CREATE FOREIGN TABLE everywhere_1 PARTITION OF everywhere FOR VALUES IN ('ch-gva-2')
		SERVER exoscale OPTIONS (resource 'integrations');
	CREATE FOREIGN TABLE everywhere_2 PARTITION OF everywhere FOR VALUES IN ('de-fra-1')
		SERVER second OPTIONS (resource 'integrations')}
);
$sim->reset;
$session->sql('SELECT count(*) FROM everywhere');
$sim->together(2, method => 'POST');
my @routed = $session->requests(
	q{
	INSERT INTO everywhere VALUES ('ch-gva-2', 'logs', 'pg-1-0001', 'opensearch-1-0004'),
		('de-fra-1', 'logs', 'pg-2-0001', 'opensearch-2-0004'),
	  ('ch-gva-2', 'metrics', 'pg-1-0001', 'thanos-1-0007'), ('de-fra-1', 'metrics', 'pg-2-0001',
	  	'thanos-2-0007')}
);
is(scalar(writes(@routed)), 4, 'rows that are routed to partitions are sent');
cmp_ok(max(map { $_->{in_flight} } writes(@routed)),
	'>', 1, 'concurrently, as the rows of one statement');

# Two servers in one transaction
my $other = DbaasSim->start(zones => 1, services => 8, logs => 0, operation_time => 60);
$t->sql(
	qq{
	CREATE SERVER other FOREIGN DATA WRAPPER dbaas_fdw OPTIONS (endpoint '@{[$other->url]}');
	CREATE USER MAPPING FOR CURRENT_USER SERVER other
		OPTIONS (api_key '@{[$other->key]}', api_secret '@{[$other->secret]}');
	CREATE SCHEMA two;
	IMPORT FOREIGN SCHEMA dbaas LIMIT TO (dbaas_services) FROM SERVER other INTO two});
$sim->reset;
$session->sql(
	q{
	BEGIN;
	DELETE FROM exo.dbaas_services WHERE name = 'pg-1-0001';
	DELETE FROM two.dbaas_services WHERE name = 'pg-1-0001';
	DELETE FROM exo.dbaas_services WHERE name = 'mysql-1-0002'});
is(scalar(writes($sim->requests, $other->requests)),
	0, 'two servers: nothing is sent before COMMIT');
$session->sql('COMMIT');
is( join(' ', map { $_->{path} } writes($sim->requests)),
	'/dbaas-service/pg-1-0001 /dbaas-service/mysql-1-0002',
	'the first gets its own');
is(join(' ', map { $_->{path} } writes($other->requests)),
	'/dbaas-service/pg-1-0001', 'the other its own');
is($session->sql(q{SELECT count(*) FROM two.dbaas_services}), 7, 'both are done');
$session->sql(
	q{
	BEGIN;
	DELETE FROM exo.dbaas_services WHERE name = 'kafka-1-0003';
	DELETE FROM two.dbaas_services WHERE name = 'kafka-1-0003';
	ROLLBACK});
is(scalar(grep { $_->{path} =~ /kafka/ } writes($sim->requests, $other->requests)),
	0, 'ROLLBACK is for both');

# EXPLAIN sends nothing, whatever the statement
$sim->clear;
$session->sql("EXPLAIN $_") foreach map { $_->[0] } @cases;
is(scalar(writes($sim->requests)), 0, 'EXPLAIN sends no write');
is(scalar($sim->requests), 0, 'nor any request');

done_testing();
