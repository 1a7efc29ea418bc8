# The views that dbaas_fdw_views() makes: each shows what follows from the
# API's own answers, worked out here by hand; what they ask for; and that a
# dump has them.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use IPC::Run ();
use POSIX    ();
use Test::More;

my $t = DbaasTest->new(services => 16, logs => 1, conf => "timezone = 'UTC'\n");
my $session = $t->session;
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my %segment = (pg => 'postgres');
my @zones = $t->sim->zones;
my @names = split /\n/, $session->sql(q{SELECT dbaas_fdw_views('exo')});
is(scalar(@names), 8, 'there are eight views');

# What is wrong with the services is put into some of the answers, beside what
# the simulator has made up
sub ago
{
	my ($hours) = @_;
	return POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time - $hours * 3600));
}

sub patch
{
	my ($zone, $path, $patch) = @_;
	$t->sim->fault(
		{
			action => 'merge',
			zone => $zone,
			method => 'GET',
			path => $path,
			times => -1,
			patch => $patch
		});
	return;
}

my %details = (
	'ch-gva-2 postgres/pg-1-0001' => {
		version => '16.4',
		'ip-filter' => [ '192.0.2.0/24', '128.0.0.0/1' ],
		backups => [ backup(5), backup(29) ]
	},
	'ch-gva-2 mysql/mysql-1-0002' => { version => '8.0.35', 'ip-filter' => ['0.0.0.0/0.0.0.0'] },
	'ch-gva-2 kafka/kafka-1-0003' => {
		version => '3.10.1',
		'ip-filter' => [ '::', '0/0', '10.0.0.0/8', '10.0.0.0/24', '0.0.0.0/32', '::1' ],
		backups => [ backup(23), backup(200) ]
	},
	'ch-gva-2 opensearch/opensearch-1-0004' => {
		version => 'v1.3',
		'ip-filter' => [ '2000::/3', 'fc00::/7', '224.0.0.0/4' ],
		backups => [ backup(25) ]
	},
	'ch-gva-2 valkey/valkey-1-0005' => { version => undef, 'ip-filter' => undef, backups => [] },
	'ch-gva-2 grafana/grafana-1-0006' => {
		version => 'latest',
		'ip-filter' =>
		  [ '::ffff:0.0.0.0/96', '::ffff:192.0.2.0/120', '*', 'ANY', '0:0:0:0:0:0:0:0/00' ],
		backups => [ backup(0.5) ]
	},
	'ch-gva-2 clickhouse/clickhouse-1-0008' => {
		version => '25',
		'ip-filter' => ['example.com'],
		backups => [ backup(1.5) ],
		maintenance => { dow => 'never', time => '03:00:00', updates => [] }
	},
	'ch-gva-2 postgres/pg-1-0009' => { version => '9.6', backups => undef });
my ($number) = 0;

sub backup
{
	my ($hours) = @_;
	return { 'backup-name' => 'b' . ++$number, 'backup-time' => ago($hours), 'data-size' => 1 };
}
foreach my $key (sort keys %details)
{
	my ($zone, $path) = split / /, $key;
	patch($zone, "/dbaas-$path", $details{$key});
}

# Integrations with what is gone, a service that is hours old, one without
# protection's word, an unknown plan
my $list = $t->sim->get('/dbaas-service', zone => 'ch-gva-2')->{json}{'dbaas-services'};
my %service = map { $_->{name} => $_ } @$list;
$service{'pg-1-0001'}{integrations} = [
	integration(1, 'pg-1-0001', 'gone-1'),
	integration(2, 'gone-2', 'pg-1-0001'),
	integration(3, 'gone-1', 'gone-2'),
	integration(4, 'pg-1-0001', undef),
	integration(5, 'pg-1-0001', 'mysql-1-0002'),
	integration(6, 'pg-1-0001', 'pg-2-0001')
];
delete $service{'mysql-1-0002'}{'termination-protection'};
$service{'kafka-1-0003'}{'termination-protection'} = JSON::PP::true;
$service{'grafana-1-0014'}{plan} = 'no-such-plan';
@{ $service{'valkey-1-0005'} }{qw(plan created-at state)} = ('startup-4', ago(23), 'poweroff');
$service{'grafana-1-0006'}{plan} = 'premium-8';
$service{'clickhouse-1-0008'}{plan} = 'premium-8';
@{ $service{$_} }{qw(plan created-at)} = ('startup-4', ago(25))
  foreach qw(pg-1-0001 mysql-1-0002 kafka-1-0003 opensearch-1-0004);
delete $service{'clickhouse-1-0016'}{'created-at'};
patch('ch-gva-2', '/dbaas-service', { 'dbaas-services' => $list });

sub integration
{
	my ($n, $source, $dest) = @_;
	return {
		id => DbaasSim::uuid("integration $n"),
		type => 'logs',
		source => $source,
		dest => $dest,
		status => 'active'
	};
}

# Versions of two digits, a type without a default, plans that keep no backups,
# and some with no word of how many
my $types = $t->sim->get('/dbaas-service-type', zone => 'ch-gva-2')->{json};
my %patched = map { $_->{name} => $_ } @{ $types->{'dbaas-service-types'} };
$patched{kafka}{'available-versions'} = [qw(3.9 3.10 3.7)];
delete $patched{clickhouse}{'default-version'};
$patched{grafana}{'default-version'} = '11.6';
$_->{'max-count'} = 0
  foreach grep { $_ } map { $_->{'backup-config'} } @{ $patched{thanos}{plans} };
delete $_->{'max-count'}
  foreach grep { $_ } map { $_->{'backup-config'} } @{ $patched{opensearch}{plans} };
patch('ch-gva-2', '/dbaas-service-type', $types);
patch('ch-gva-2', "/dbaas-service-type/$_", $patched{$_}) foreach keys %patched;

my $first = 'pg-1-0001';
patch(
	'ch-gva-2',
	"/dbaas-migration-status/$first",
	{
		status => 'done',
		error => undef,
		details => [
			{ dbname => 'a', status => 'failed' },
			{ dbname => 'b', status => 'done', error => 'late' },
			{ dbname => 'c', status => 'done' }
		]
	});
patch('ch-gva-2', '/dbaas-migration-status/mysql-1-0002', { status => 'paused' });
patch(
	'ch-gva-2',
	'/dbaas-migration-status/valkey-1-0005',
	{ status => 'syncing', error => undef, details => undef });
patch(
	'ch-gva-2',
	'/dbaas-migration-status/mysql-1-0010',
	{ status => 'running', error => undef, details => { odd => 1 } });
my $external = $t->sim->get("/dbaas-external-integrations/$first", zone => 'ch-gva-2')->{json};
$external->{'external-integrations'}[0]{'dest-endpoint-id'} = DbaasSim::uuid('gone');
delete $external->{'external-integrations'}[1]{'dest-endpoint-id'};
patch('ch-gva-2', "/dbaas-external-integrations/$first", $external);

# All that the API says
my (@services, %detail, %type, %plan, %migration, @external, %endpoint);
foreach my $zone (@zones)
{
	my $get = sub {
		my $answer = $t->sim->get($_[0], zone => $zone);
		return $answer->{status} == 200 ? $answer->{json} : undef;
	};
	foreach my $service (@{ $get->('/dbaas-service')->{'dbaas-services'} })
	{
		push @services, { %$service, zone => $zone };
		my $key = "$zone/$service->{name}";
		$detail{$key} = $get->(
			'/dbaas-' . ($segment{ $service->{type} } // $service->{type}) . "/$service->{name}");
		$migration{$key} = $get->("/dbaas-migration-status/$service->{name}");
		push @external, map {
			{ %$_, zone => $zone }
		} @{ $get->("/dbaas-external-integrations/$service->{name}")->{'external-integrations'}
			  // [] };
	}
	foreach my $type (@{ $get->('/dbaas-service-type')->{'dbaas-service-types'} })
	{
		$type{"$zone/$type->{name}"} = $type;
		$plan{"$zone/$type->{name}/$_->{name}"} = $_ foreach @{ $type->{plans} };
	}
	$endpoint{"$zone/$_->{id}"} = $_
	  foreach @{ $get->('/dbaas-external-endpoints')->{'dbaas-endpoints'} };
}

# shows(VIEW, COLUMNS, AT LEAST, ROWS): the view has exactly these rows
sub shows
{
	my ($view, $columns, @expected) = @_;
	my $rows = $json->decode(
		$session->sql("SELECT coalesce(json_agg(json_build_array($columns)), '[]') FROM exo.$view")
	);
	my @shown = sort map { $json->encode($_) } @$rows;
	@expected = sort map { $json->encode($_) } @expected;
	cmp_ok(scalar(@expected), '>', 0, "$view: there is something to show");
	is( join("\n", @shown),
		join("\n", @expected),
		"$view: exactly what follows from the API's answers");
	return;
}

shows(
	'dbaas_unprotected_services',
	'zone, service_name, type, plan, state',
	map    { [ @$_{qw(zone name type plan state)} ] }
	  grep { !$_->{'termination-protection'} } @services);

# Everything, as people write it: what is not listed here is not everything
my %everything = map { $_ => 1 }
  qw(0.0.0.0/0 ::/0 128.0.0.0/1 0.0.0.0/0.0.0.0 :: 0/0 2000::/3 224.0.0.0/4),
  qw(::ffff:0.0.0.0/96 * ANY 0:0:0:0:0:0:0:0/00);
shows(
	'dbaas_open_services',
	'zone, service_name, type, network',
	map {
		my $s = $_;
		map    { [ @$s{qw(zone name type)}, $_ ] }
		  grep { $everything{$_} }
		  @{ $detail{"$s->{zone}/$s->{name}"}{'ip-filter'} // [] }
	} @services);

shows(
	'dbaas_pending_maintenance',
	q{zone, service_name, type, description, maintenance_dow, maintenance_time, }
	  . q{to_char(deadline, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')},
	map {
		my $s = $_;
		my $maintenance = $detail{"$s->{zone}/$s->{name}"}{maintenance};
		map {
			[
				@$s{qw(zone name type)}, $_->{description},
				@$maintenance{qw(dow time)}, $_->{deadline}
			]
		} @{ $maintenance->{updates} }
	} @services);

# Times in ISO form compare as texts
shows(
	'dbaas_overdue_backups',
	q{zone, service_name, plan, extract(epoch }
	  . q{FROM backup_interval) / 3600, to_char(last_backup, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')},
	map {
		my $s = $_;
		my $config = ($plan{"$s->{zone}/$s->{type}/$s->{plan}"} // {})->{'backup-config'};
		my ($hours) = sort { $a <=> $b } grep { $_ } $config->{interval},
		  map { defined $_ ? $_ / 60 : undef }
		  @$config{qw(frequent-interval-minutes infrequent-interval-minutes)};
		my ($last) = reverse sort map { $_->{'backup-time'} }
		  @{ $detail{"$s->{zone}/$s->{name}"}{backups} // [] };
		my $makes = defined $hours && ($config->{'max-count'} // 1) > 0;
		$makes && ($last // $s->{'created-at'} // '') lt ago($hours)
		  ? [ @$s{qw(zone name plan)}, $hours, $last ]
		  : ()
	} @services);

sub before
{
	my ($one, $other) = @_;
	return 0 unless defined $one && defined $other && $one =~ /\d/ && $other =~ /\d/;
	my ($x) = $one =~ /(\d+(?:\.\d+)*)/;
	my ($y) = $other =~ /(\d+(?:\.\d+)*)/;
	my @x = split /\./, $x;
	my @y = split /\./, $y;
	foreach my $i (0 .. ($#x < $#y ? $#x : $#y))
	{
		return $x[$i] < $y[$i] ? 1 : 0 if $x[$i] != $y[$i];
	}
	return 0;
}
shows(
	'dbaas_outdated_services',
	'zone, service_name, type, version, default_version, newest_version, behind_default',
	map {
		my $s = $_;
		my $type = $type{"$s->{zone}/$s->{type}"};
		my $version = $detail{"$s->{zone}/$s->{name}"}{version};
		my ($newest) =
		  sort { before($a, $b) - before($b, $a) } @{ $type->{'available-versions'} // [] };
		my $behind = before($version, $type->{'default-version'});
		$behind || before($version, $newest)
		  ? [
			@$s{qw(zone name type)}, $version,
			$type->{'default-version'}, $newest,
			$behind ? JSON::PP::true : JSON::PP::false
		  ]
		  : ()
	} @services);

shows(
	'dbaas_stalled_migrations',
	'zone, service_name, type, state, status, error, failed_databases',
	map {
		my $s = $_;
		my $m = $migration{"$s->{zone}/$s->{name}"} // { status => 'done' };
		my $details = ref $m->{details} eq 'ARRAY' ? $m->{details} : [];
		my @failed =
		  map { $_->{dbname} } grep { $_->{status} eq 'failed' || defined $_->{error} } @$details;
		(        $m->{status} !~ /^(?:done|running|syncing)$/
			  || defined $m->{error}
			  || @failed
			  || ($m->{status} ne 'done' && $s->{state} eq 'poweroff'))
		  ? [
			@$s{qw(zone name type state)}, $m->{status},
			$m->{error}, defined $m->{details} ? \@failed : undef
		  ]
		  : ()
	} @services);

my %there = map { ("$_->{zone}/$_->{name}" => 1) } @services;
my %integrations = map {
	my $zone = $_->{zone};
	map { ("$zone/$_->{id}" => { %$_, zone => $zone }) } @{ $_->{integrations} // [] }
} @services;
shows(
	'dbaas_dangling_integrations',
	'zone, id, type, source, dest, missing',
	map {
		my $i = $_;
		my @missing = grep { defined $_ && !$there{"$i->{zone}/$_"} } @$i{qw(source dest)};
		@missing ? [ @$i{qw(zone id type source dest)}, \@missing ] : ()
	} values %integrations);

shows(
	'dbaas_dangling_external_integrations',
	'zone, id, type, service_name, dest_endpoint_id',
	map    { [ @$_{qw(zone integration-id type source-service-name dest-endpoint-id)} ] }
	  grep { defined $_->{'dest-endpoint-id'} && !$endpoint{"$_->{zone}/$_->{'dest-endpoint-id'}"} }
	  @external);

# What each asks for, and nothing twice: lists and answers are shared
my @lists = map { "GET $_ /dbaas-service" } @zones;
my @types = map { "GET $_ /dbaas-service-type" } @zones;
my @each = map {
	my ($zone, $name) = split m{/};
	"GET $zone /dbaas-" . ($segment{ $detail{$_}{type} } // $detail{$_}{type}) . "/$name"
} keys %detail;
my %asks = (
	dbaas_unprotected_services => [@lists],
	dbaas_open_services => [ @lists, @each ],
	dbaas_pending_maintenance => [ @lists, @each ],
	dbaas_overdue_backups => [ @lists, @types, @each ],
	dbaas_outdated_services => [ @lists, @types, @each ],
	dbaas_stalled_migrations =>
	  [ @lists, map { "GET $_->{zone} /dbaas-migration-status/$_->{name}" } @services ],
	dbaas_dangling_integrations => [@lists],
	dbaas_dangling_external_integrations => [
		@lists,
		(map { "GET $_ /dbaas-external-endpoints" } @zones),
		map { "GET $_->{zone} /dbaas-external-integrations/$_->{name}" } @services
	]);
is(join(' ', sort keys %asks), join(' ', sort @names), 'requests of all views are looked at');
is_deeply(
	[ $session->lines("SELECT count(v) FROM exo.$_ AS v") ],
	[ sort @{ $asks{$_} } ],
	"$_: what it asks for") foreach sort keys %asks;
is_deeply(
	[
		$session->lines(
			join ' UNION ALL ',
			map { "SELECT count(v) FROM exo.$_ AS v" }
			  qw(dbaas_open_services dbaas_pending_maintenance),
			qw(dbaas_outdated_services dbaas_overdue_backups))
	],
	[ sort @lists, @types, @each ],
	'four views in one statement share them all');
foreach my $view (grep { !/dangling_integrations/ } sort keys %asks)
{
	my ($one) = grep { m{ch-gva-2 /\S+/pg-1-0009$} } @{ $asks{$view} };
	my @sent = $session->lines(
		"SELECT count(v) FROM exo.$view AS v WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0009'"
	);
	is(scalar(grep { !/^GET ch-gva-2 / } @sent), 0, "$view: one zone is asked when one is meant");
	is_deeply([ grep { m{/[a-z]+-\d-\d+$} } @sent ], [ $one // () ], "$view: and one service");
}
$t->sim->clear;
$session->sql("EXPLAIN SELECT * FROM exo.$_") foreach @names;
is(scalar($t->sim->requests), 0, 'EXPLAIN asks nothing');

# Which of the first services have their edge cases where a reader looks for them
is( $session->sql(
		q{SELECT string_agg(network, ' ' ORDER BY network COLLATE "C") FROM exo.dbaas_open_services
	WHERE service_name IN ('pg-1-0001', 'mysql-1-0002', 'kafka-1-0003', 'opensearch-1-0004',
		'valkey-1-0005', 'grafana-1-0006')}
	),
	join(' ', sort grep { !m{^(?:0\.0\.0\.0|::)/0$} } keys %everything),
	'every spelling was there');
is( $session->sql(
		q{SELECT service_name, newest_version FROM exo.dbaas_outdated_services WHERE service_name IN
	('pg-1-0001', 'mysql-1-0002', 'kafka-1-0003', 'opensearch-1-0004', 'pg-1-0009') ORDER BY 1}),
	"opensearch-1-0004|2\npg-1-0001|17\npg-1-0009|17",
	'versions are numbers');
is( $session->sql(
			q{SELECT service_name FROM exo.dbaas_overdue_backups }
		  . q{WHERE service_name ~ '-1-000[1-8]$' ORDER BY 1}),
	"clickhouse-1-0008\nmysql-1-0002\nopensearch-1-0004",
	'the last backup counts, and the age of what has none');

# A dump makes them again, as they are
my $shown =
  q{SELECT c.relname, c.reloptions, pg_get_viewdef(c.oid), obj_description(c.oid, 'pg_class'),
		c.relacl
	FROM pg_class c WHERE relnamespace = 'exo'::regnamespace AND relkind = 'v' ORDER BY 1};
$session->sql('CREATE ROLE reader; GRANT SELECT ON exo.dbaas_open_services TO reader');
my ($dump, $said) = ('', '');
ok(IPC::Run::run([ 'pg_dump', '-d', $t->node->connstr('postgres') ], '>', \$dump, '2>', \$said),
	'pg_dump')
  or diag($said);
$t->sql('CREATE DATABASE restored');
ok( IPC::Run::run(
		[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $t->node->connstr('restored') ],
		'<', \$dump, '>', \my $out, '2>', \$said),
	'restored') or diag($said);
is($t->node->safe_psql('restored', $shown), $t->sql($shown), 'the views are the same');
is( $t->node->safe_psql('restored', 'SELECT count(*) FROM exo.dbaas_open_services'),
	$t->sql('SELECT count(*) FROM exo.dbaas_open_services'),
	'and show the same');
is($t->node->safe_psql('restored', q{SELECT count(*) FROM dbaas_fdw_views('exo')}),
	8, 'and can be made anew');

# With the extension, they go
$t->node->safe_psql('restored',
	'SET client_min_messages = warning; DROP EXTENSION dbaas_fdw CASCADE');
is($t->node->safe_psql('restored', q{SELECT count(*) FROM pg_views WHERE schemaname = 'exo'}),
	0, 'they go with the tables');

$session->quit;
done_testing();
