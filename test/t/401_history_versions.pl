# dbaas_fdw_collect() keeps a version of each service, detail, integration and backup for
# what it was: what makes one, what does not, and what a zone that is away does.
use strict;
use warnings;

use DbaasHistory;
use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(zones => 2, services => 8, logs => 3, server => { max_retries => 0 });
my $h = DbaasHistory->new($t);
my $sim = $t->sim;
my @zones = $sim->zones;

# Versions of a service, the oldest first
sub versions
{
	my ($table, $service, $columns) = @_;
	my $name = $table eq 'services' ? 'name' : 'service_name';
	return $t->sql(
		"SELECT $columns, valid_to IS NULL FROM hist.$table WHERE $name = '$service'
		ORDER BY valid_from");
}

sub patch
{
	my ($zone, $path, $patch, $times) = @_;
	$sim->fault(
		{
			action => 'merge',
			zone => $zone,
			method => 'GET',
			path => $path,
			times => $times // -1,
			patch => $patch
		});
	return;
}

# A zone's list with one service changed
sub patch_list
{
	my ($zone, $name, $change) = @_;
	my $list = $sim->get('/dbaas-service', zone => $zone)->{json};
	my @services =
	  map { $_->{name} eq $name ? { %$_, %$change } : $_ } @{ $list->{'dbaas-services'} };
	patch($zone, '/dbaas-service', { 'dbaas-services' => \@services });
	return;
}

sub due { return $t->sql(q{UPDATE hist.keep SET every = '0'}) }

$t->sql(q{UPDATE hist.keep SET enabled = relation NOT IN ('logs', 'metrics')});
is($h->collect, '', 'a first run says nothing');
is(scalar $h->asked('/dbaas-service'), 2, 'it reads each list once');
is(scalar $h->asked, 18, 'and each service once, for the details and the backups');
foreach my $pair (
	[qw(services services)], [qw(integrations integrations)],
	[qw(details service_details)], [qw(backups backups)])
{
	my ($kept, $imported) = @$pair;
	my $columns = $t->sql(
		"SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = 'hist.$kept'::regclass AND attnum > 0 AND attname NOT LIKE 'valid%'");
	my $all = "SELECT $columns FROM exo.dbaas_$imported";
	my $open = "SELECT $columns FROM hist.$kept WHERE valid_to IS NULL";
	is( $t->sql(
			"SELECT (SELECT count(*) > 0 FROM hist.$kept),
			(SELECT count(*) FROM ($all EXCEPT ALL $open) AS l),
			(SELECT count(*) FROM ($open EXCEPT ALL $all) AS a)"),
		't|0|0',
		"$kept are what dbaas_$imported shows");
}
is($t->sql(q{SELECT count(*) FROM hist.services, hist.runs WHERE valid_from = started_at}),
	16, 'from when the run began');

# Nothing changed
is($h->collect, '', 'nothing changed');
is($h->added, '', 'no version is made');
is(scalar $h->asked, 2, 'details and backups are not read again before their time');
due();
$h->collect;
is(scalar $h->asked, 18, 'and are when it has come');
is($h->added, '', 'without a version either');

# What changes by itself.  First what patching changes, as numbers lose digits
sub show_progress
{
	my ($time, $phase) = @_;
	$sim->clear_faults;
	patch_list($zones[0], 'pg-1-0001', { 'updated-at' => $time });
	my %node = (name => 'pg-1-0001-1', state => 'running');
	$node{'progress-updates'} = [ { phase => $phase, completed => JSON::PP::false() } ];
	patch($zones[0], '/dbaas-postgres/pg-1-0001',
		{ 'updated-at' => $time, 'node-states' => [ \%node ] });
	return;
}
show_progress('2026-11-11T00:00:00Z', 'stream');
$h->collect;
show_progress('2026-11-12T00:00:00Z', 'finalize');
$h->collect;
is($h->added, '', 'updated_at and the progress of nodes make no version');
$sim->clear_faults;
$h->collect;
patch($zones[0], '/dbaas-mysql/mysql-1-0002', { 'ip-filter' => [ '10.0.0.0/8', '192.0.2.0/24' ] });
$h->collect;
is($h->added, 'details 1', 'another filter of networks does');
$sim->clear_faults;
patch($zones[0], '/dbaas-mysql/mysql-1-0002', { 'ip-filter' => [ '192.0.2.0/24', '10.0.0.0/8' ] });
$h->collect;
is($h->added, '', 'its order does not');
$sim->clear_faults;
$h->collect;

# What makes a version
$t->sql(q{UPDATE exo.dbaas_services SET plan = 'business-4' WHERE name = 'pg-1-0001'});
$h->collect;
is( versions('services', 'pg-1-0001', 'plan'),
	$t->sql(q{SELECT plan FROM hist.services WHERE name = 'pg-1-0001' ORDER BY valid_from LIMIT 1})
	  . "|f\nbusiness-4|t",
	'another plan makes a version');
is( $t->sql(
		q{SELECT count(*) FROM hist.services AS a JOIN hist.services AS b
		ON b.name = a.name AND b.valid_from = a.valid_to WHERE b.plan = 'business-4'}),
	1,
	'which begins where the other ends');
$t->sql(
	q{UPDATE exo.dbaas_service_details SET maintenance_dow = 'never',
	maintenance_time = '01:02:03' WHERE service_name = 'pg-1-0001'});
$h->collect;
like(versions('details', 'pg-1-0001', 'maintenance_dow'), qr/\nnever\|t\z/, 'details too');
$t->sql(
	qq{
	UPDATE exo.dbaas_services SET termination_protection = false WHERE name = 'kafka-1-0003';
	DELETE FROM exo.dbaas_services WHERE name = 'kafka-1-0003';
	INSERT INTO exo.dbaas_services (zone, name, type, plan)
		VALUES ('$zones[1]', 'pg-1-0001', 'pg', 'startup-4')});
$t->sql(q{UPDATE hist.keep SET every = '1 day' WHERE relation IN ('details', 'backups')});
$h->collect;
like(versions('services', 'kafka-1-0003', 'type'),
	qr/^(?:kafka\|f\n?)+\z/, 'one that is gone is closed');
is( $t->sql(
		q{SELECT count(*) FROM hist.details WHERE service_name = 'kafka-1-0003'
		AND valid_to IS NULL}),
	0,
	'and so are its details, before their time');
is($t->sql(q{SELECT count(*) FROM hist.services WHERE name = 'pg-1-0001' AND valid_to IS NULL}),
	2, 'two services may have a name');
due();

# A zone that is away
sub open_versions
{
	return $t->sql(
		join ' UNION ALL ',
		map { "SELECT '$_', count(*) FROM hist.$_ WHERE valid_to IS NULL" }
		  qw(services details integrations backups));
}
$h->collect;
my $open = open_versions();
foreach my $how (qw(error skip))
{
	$t->sql(qq{ALTER SERVER exoscale OPTIONS (SET max_retries '0')});
	$t->sql("ALTER SERVER exoscale OPTIONS (ADD unavailable_zones '$how')");
	$sim->fault(
		{ zone => $zones[0], path => '/dbaas-*', action => 'status', status => 503, times => -1 });
	like($h->collect, qr/^psql:.*WARNING: .* met 1 failures and 0 gaps$/m, "a zone is away ($how)");
	is(join(', ', $h->problems), "services $zones[0] - HV000", 'that is one problem');
	is(open_versions(), $open, 'it closes no version');
	is(scalar $h->asked("/dbaas-*/*"), 9, 'those of the other zone are read');
	cmp_ok(scalar(grep { /$zones[0]/ } $h->asked),
		'<=', 1, 'and the one that is away is not asked on');
	$sim->clear_faults;
	is($h->collect, '', 'it is back');
	is($h->added, '', 'with no version more');
	$t->sql('ALTER SERVER exoscale OPTIONS (DROP unavailable_zones)');
}

# An integration between two zones
$t->sql(
	qq{INSERT INTO exo.dbaas_services (zone, name, type, plan, parameters) VALUES
	('$zones[1]', 'replica', 'mysql', 'startup-4',
	'{"integrations": [{"type": "read_replica", "source-service": "mysql-1-0002"}]}')});
$h->collect;
my $replica = q{SELECT zone, count(*) OVER () FROM hist.integrations
	WHERE dest = 'replica' AND valid_to IS NULL};
is($t->sql($replica), "$zones[0]|1", 'an integration of two zones is one row');
$sim->fault(
	{ zone => $zones[0], path => '/dbaas-*', action => 'status', status => 503, times => -1 });
$h->collect;
is($t->sql($replica), "$zones[0]|1", 'that stays where one of them is away');
$sim->clear_faults;
$h->collect;
is($t->sql(q{SELECT count(*) FROM hist.integrations WHERE dest = 'replica'}),
	1, 'without another version');

# One service fails
$sim->fault(
	{ path => '/dbaas-postgres/pg-1-0001', zone => $zones[0], action => 'status', status => 500 });
$t->sql(q{UPDATE hist.keep SET every = '1 day' WHERE relation IN ('details', 'backups')});
$t->sql(q{UPDATE hist.runs SET started_at = started_at - interval '2 days'});
like($h->collect, qr/ met 1 failures/, 'one service fails');
is(join(', ', $h->problems), "details $zones[0] pg-1-0001 HV000", 'that is told');
is( $t->sql(
		q{SELECT count(*) FROM hist.details WHERE service_name = 'pg-1-0001'
	AND valid_to IS NULL}),
	2,
	'its version stays open');
$h->collect;
cmp_ok(scalar $h->asked('/dbaas-*/*'), '>', 1, 'and the details are read again at once');
$h->collect;
is(scalar $h->asked('/dbaas-*/*'), 0, 'until they were');
due();

# A column that a new release brings
$t->sql(
	q{ALTER TABLE hist.services DROP COLUMN node_count, DROP COLUMN notifications;
	UPDATE hist.services SET valid_from = valid_from - interval '1 day' WHERE valid_to IS NULL});
my $count = $t->sql('SELECT count(*) FROM hist.services');
is( $t->sql(q{SELECT string_agg(h, ' ') FROM dbaas_fdw_history('exo', 'hist') AS h}),
	'services.node_count services.notifications',
	'two columns are new');
$sim->fault(
	{ zone => $zones[1], path => '/dbaas-*', action => 'status', status => 503, times => -1 });
$h->collect;
$sim->clear_faults;
is($t->sql('SELECT count(*) FROM hist.services'), $count, 'they make no version');
is( $t->sql(
		q{SELECT count(*), count(node_count) FROM hist.services WHERE valid_to IS NULL
	GROUP BY zone ORDER BY zone}),
	"7|7\n10|0",
	'but are shown');
$h->collect;
is( $t->sql(
		q{SELECT count(*), count(node_count) FROM hist.services WHERE valid_to IS NULL
	GROUP BY zone ORDER BY zone}),
	"7|7\n10|10",
	'in each zone when it is back');
is($t->sql('SELECT count(*) FROM hist.services'), $count, 'and make none later');
is($t->sql(q{SELECT count(unfilled) FROM hist.keep}), 0, 'then they are as the others');
patch_list($zones[0], 'pg-1-0001', { 'node-count' => 17 });
$h->collect;
is($h->added, 'services 1', 'of which a change is a version');
$sim->clear_faults;

# Retention, and what is switched off
$t->sql(
	q{UPDATE hist.services SET valid_to = valid_to - interval '10 days',
		valid_from = valid_from - interval '10 days' WHERE valid_to IS NOT NULL;
	UPDATE hist.keep SET retention = '5 days' WHERE relation = 'services';
	UPDATE hist.keep SET enabled = false WHERE relation = 'integrations'});
$h->collect;
is($t->sql(q{SELECT count(*) FROM hist.services WHERE valid_to < now() - interval '5 days'}),
	0, 'versions that ended long ago go');
is( join(' ', sort keys %{ $h->run->{rows_added} }),
	'backups details services',
	'what is switched off is not collected');

done_testing();
