# One statement keeps up to max_concurrency requests in flight, and never more.
use strict;
use warnings;

use DbaasTest;
use List::Util qw(max);
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 600);
my $session;
my @mysql = map { "'$_'" } qw(mysql-1-0002 mysql-2-0002 mysql-3-0002);

# Runs it, and returns the most requests in flight, and how many there were.  So many requests
# below that path are expected to be in flight at once, and wait for each other.
sub run
{
	my ($sql, $together, $path) = @_;
	$t->sim->together($together, path => "$path*") if $together;
	my @sent = $session->requests($sql);
	$t->sim->clear_faults;
	return (max(map { $_->{in_flight} } @sent), scalar @sent);
}

sub server
{
	my ($limit, %options) = @_;
	$t->create_server(max_concurrency => $limit, %options);
	$session = $t->session;
	$session->sql('SELECT count(*) FROM exo.dbaas_services');    # learns the zones
	return;
}

foreach my $limit (undef, 1, 2, 5, 16)
{
	server($limit);
	my $most = $limit // 8;
	my ($peak, $requests) = run('SELECT count(*) FROM exo.dbaas_external_integrations',
		$most, '/dbaas-external-integrations/');
	is($requests, 3 + 24,
		'max_concurrency ' . ($limit // 'unset') . ': the lists of 3 zones, and 24 services');
	is($peak, $most, "$most requests in flight");
}

server(8);
my ($peak) = run('SELECT count(*) FROM exo.dbaas_services', 3, '/dbaas-service');
is($peak, 3, 'zones are asked at once');
($peak) = run('SELECT count(*) FROM exo.dbaas_plans', 3, '/dbaas-service-type');
is($peak, 3, 'by every table');
($peak) = run(
	q{SELECT count(*) FROM exo.dbaas_service_types WHERE zone = 'ch-gva-2' }
	  . q{AND name = ANY (ARRAY['pg', 'mysql', 'kafka', 'thanos'])},
	4, '/dbaas-service-type/');
is($peak, 4, 'the values of an array are asked for at once');
($peak) = run(
	q{SELECT count(*) FROM exo.dbaas_metrics WHERE zone = 'ch-gva-2' }
	  . q{AND service_name = 'pg-1-0001' AND period IN ('hour', 'day', 'week')},
	3, '/dbaas-service-metrics/');
is($peak, 3, 'so are those of a parameter in the body');
($peak) =
  run(q{SELECT count(*) FROM exo.dbaas_logs WHERE service_name IN (} . join(', ', @mysql) . ')',
	3, '/dbaas-service-logs/');
is($peak, 3, 'the logs of several services are read at once');
($peak) = run('SELECT count(*) FROM exo.dbaas_logs', 8, '/dbaas-service-logs/');
is($peak, 8, 'no more than max_concurrency of them');
($peak) =
  run(q{SELECT * FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'});
is($peak, 1, 'the pages of one service follow each other: each names the next');
($peak) = run(
	'SELECT (SELECT count(*) FROM exo.dbaas_migrations), (SELECT count(*) '
	  . 'FROM exo.dbaas_external_integrations)',
	8, '/dbaas-*-*/');
is($peak, 8, 'two scans of a statement share max_concurrency');
my (undef, $few) = run('SELECT * FROM exo.dbaas_external_integrations LIMIT 1');
cmp_ok($few, '<=', 3 + 2, "LIMIT 1 asks for little ahead: $few requests");

# Rows come in the order of zones and services, however the answers come
$t->sim->fault(
	{ path => '/dbaas-migration-status/pg-1-0001', action => 'delay', ms => 400, times => -1 });
my $order = $session->sql('SELECT string_agg(service_name, \',\') FROM exo.dbaas_migrations');
$t->sim->clear_faults;
is( $order,
	$session->sql('SELECT string_agg(service_name, \',\') FROM exo.dbaas_migrations'),
	'a late answer does not change the order of the rows');
like($order, qr/^pg-1-0001,/, 'which begins with the first service');

# The last pages of services that wait for their turn are asked for meanwhile
$t->sim->config(logs => 100);
$t->sim->fault(
	{ path => '/dbaas-service-logs/*', skip => 8, action => 'meet', requests => 4, times => 4 });
my @pages = $session->requests(q{SELECT count(*) FROM exo.dbaas_logs WHERE zone = 'ch-gva-2'});
@pages = grep { $_->{path} =~ m{/dbaas-service-logs/} } @pages;
is(scalar(grep { ($_->{body} // '') =~ /offset/ } @pages),
	8, 'each of 8 services has a second page, which is empty');
# Of those that meet, one may be a first page that was late
cmp_ok(max(map { $_->{in_flight} } @pages[ 8 .. $#pages ]),
	'>', 3, 'and these are asked for side by side');
is($session->sql(q{SELECT count(*) FROM exo.dbaas_logs WHERE zone = 'ch-gva-2'}),
	800, 'no entry is lost');
$t->sim->config(logs => 600);

# EXPLAIN ANALYZE tells
$t->sim->together(8, path => '/dbaas-external-integrations/*');
my $explain =
  $session->sql('EXPLAIN (ANALYZE, COSTS OFF) SELECT * FROM exo.dbaas_external_integrations');
like($explain, qr/Requests: 27\b/, 'EXPLAIN ANALYZE counts the requests');
like($explain, qr/Peak Concurrency: 8\b/, 'and tells the concurrency');

done_testing();
