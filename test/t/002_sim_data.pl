# The data follow from the rules of doc/simulator.md, recomputed here.
use strict;
use warnings;

use JSON::PP ();
use POSIX qw(strftime);
use Test::More;
use DbaasSim;

my ($seed, $services) = (7, 48);
my $sim = DbaasSim->start(services => $services, seed => $seed, zones => 9, logs => 300);
my @zones = qw(ch-gva-2 de-fra-1 at-vie-1 ch-dk-2 bg-sof-1 de-muc-1 at-vie-2 hr-zag-1 sim-zone-9);
my @types = qw(pg mysql kafka opensearch valkey grafana thanos clickhouse);
my @external_types = qw(datadog elasticsearch opensearch prometheus rsyslog);
my $epoch = 1767225600;
my $gib = 2**30;

#             name         nodes cpu mem disk
my @plans = (
	[ 'hobbyist-2', 1, 2, 2, 8 ],
	[ 'startup-4', 1, 2, 4, 80 ],
	[ 'startup-8', 1, 4, 8, 175 ],
	[ 'business-4', 2, 2, 4, 80 ],
	[ 'business-8', 2, 4, 8, 175 ],
	[ 'premium-8', 3, 4, 8, 350 ]);

sub rnd  { return DbaasSim::rnd(@_) }
sub uuid { return DbaasSim::uuid(@_) }
sub utc  { return strftime('%Y-%m-%dT%H:%M:%S', gmtime $_[0]) }

sub service_name
{
	my ($z, $i) = @_;
	return $i == 20 ? 'shared-name' : sprintf '%s-%d-%04d', $types[ ($i - 1) % 8 ], $z + 1, $i;
}

sub plan_of
{
	my ($z, $i) = @_;
	return $plans[ rnd(6, "$seed/$zones[$z]/services/$i/plan") ];
}

sub notifications
{
	my ($z, $i) = @_;
	my $count = $i % 12 == 3 ? 2 : $i % 6 == 3 ? 1 : 0;
	return [
		map {
			my $kind = ($i + $_) % 2;
			{
				level => $kind ? 'warning' : 'notice',
				type => $kind ? 'service_powered_off_removal' : 'service_end_of_life',
				message => service_name($z, $i)
				  . ": mise \x{e0} jour conseill\x{e9}e (\x{65e5}\x{672c}), notification $_",
				metadata =>
				  { 'days-left' => rnd(90, "$seed/$zones[$z]/services/$i/notifications/$_") }
			}
		} 1 .. $count
	];
}

sub service
{
	my ($z, $i) = @_;
	my $key = "$seed/$zones[$z]/services/$i";
	my $plan = plan_of($z, $i);
	my $state = $i <= 8 ? 9 : rnd(10, "$key/state");
	my $created = $epoch - $i * 3600 - rnd(3600, "$key/created-at");
	my %service = (
		name => service_name($z, $i),
		type => $types[ ($i - 1) % 8 ],
		plan => $plan->[0],
		zone => $zones[$z],
		state => (qw(poweroff rebuilding rebalancing))[$state] // 'running',
		'created-at' => utc($created) . 'Z',
		'disk-size' => $i % 13 == 0 ? 0 : $plan->[4] * $gib,
		'node-memory' => $i % 13 == 0 ? undef : $plan->[3] * $gib);
	@service{qw(node-count node-cpu-count)} = @$plan[ 1, 2 ] if $i % 11;
	$service{'termination-protection'} = $i % 5 == 0 ? JSON::PP::true : JSON::PP::false
	  if $i % 17;
	$service{notifications} = notifications($z, $i) if $i % 6 != 5;

	if ($i % 10 == 9)
	{
		$service{'updated-at'} = undef;
	}
	elsif ($i % 7)
	{
		$service{'updated-at'} = sprintf '%s.%06dZ',
		  utc($created + rnd(2592000, "$key/updated-at")),
		  rnd(1000000, "$key/updated-at/micros");
	}
	return \%service;
}

my %integrations;    # by zone and id, with both ends
foreach my $z (0 .. 2)
{
	my $list = $sim->get('/dbaas-service', zone => $zones[$z])->{json}{'dbaas-services'};
	is(scalar @$list, $services, "$zones[$z] has its services");
	foreach my $i (1 .. $services)
	{
		my $given = $list->[ $i - 1 ];
		foreach my $integration (@{ delete $given->{integrations} })
		{
			push @{ $integrations{$z}{ $integration->{id} } }, [ $given->{name}, $integration ];
		}
		is_deeply($given, service($z, $i), "service $i of $zones[$z]") or diag(explain($given));
	}
}

my @pattern = ([ 'logs', 3, 4 ], [ 'datasource', 6, 7 ], [ 'metrics', 6, 7 ], [ 'logs', 5, 4 ]);
foreach my $z (0 .. 2)
{
	is(scalar keys %{ $integrations{$z} }, 24, 'four integrations in each group of eight');
	foreach my $n (1 .. 24)
	{
		my ($type, $source, $dest) = @{ $pattern[ ($n - 1) % 4 ] };
		my $first = int(($n - 1) / 4) * 8;
		my ($from, $to) = map { service_name($z, $first + $_) } $source, $dest;
		my $ends = $integrations{$z}{ uuid("$seed/$zones[$z]/integrations/$n") };
		my $given = $ends->[0][1];
		my $enabled = rnd(8, "$seed/$zones[$z]/integrations/$n/is-enabled") ? 1 : 0;

		is_deeply([ sort map { $_->[0] } @$ends ], [ sort $from, $to ],
			"integration $n: both ends");
		is_deeply(
			[ @$given{qw(type source dest status)} ],
			[ $type, $from, $to, 'active' ],
			"integration $n: type and ends");
		is( $given->{description},
			($n % 5 ? '' : "Int\x{e9}gration: ") . "$type from $from to $to",
			"integration $n: description");
		is($given->{'is-enabled'} ? 1 : 0, $enabled, "integration $n: is-enabled");
		is( exists $given->{'is-active'} ? $given->{'is-active'} ? 1 : 0 : undef,
			  $n % 6 ? $enabled : undef,
			  "integration $n: is-active");
		is( exists $given->{settings}            ? 1 : 0,
			$type eq 'datasource' && $n % 3 == 0 ? 0 : 1,
			"integration $n: settings or none");
	}
	my $first = uuid("$seed/$zones[$z]/integrations/1");
	like(
		$sim->get("/dbaas-integration/$first", zone => $zones[$z])->{content},
		qr/"beyond-int64":18446744073709551617123,"many-digits":0\.(?:1234567890){5},/,
		'no digit is lost');
}

foreach my $z (0 .. 4)
{
	my $count = 3 + $z % 3;
	my $endpoints = $sim->get('/dbaas-external-endpoints', zone => $zones[$z])->{json};
	is_deeply(
		$endpoints->{'dbaas-endpoints'},
		[
			map {
				{
					id => uuid("$seed/$zones[$z]/external-endpoints/$_"),
					type => $external_types[ ($_ - 1) % 5 ],
					name => $external_types[ ($_ - 1) % 5 ] . '-' . ($z + 1) . "-$_"
				}
			} 1 .. $count
		],
		"external endpoints of $zones[$z]");
	foreach my $i (1 .. 12)
	{
		my $name = service_name($z, $i);
		my $given = $sim->get("/dbaas-external-integrations/$name", zone => $zones[$z])->{json};
		my @expected = map {
			my $e = (int($i / 4) + $_ - 1) % $count;
			my $endpoint = $endpoints->{'dbaas-endpoints'}[$e];
			{
				'integration-id' => uuid("$seed/$zones[$z]/external-integrations/$i/$_"),
				type => $endpoint->{type},
				description => "Envoi de $name \x{e0} $endpoint->{name}",
				'source-service-name' => $name,
				'source-service-type' => $types[ ($i - 1) % 8 ],
				'dest-endpoint-id' => $endpoint->{id},
				'dest-endpoint-name' => $endpoint->{name},
				$i % 3 ? (status => 'active') : ()
			}
		} 1 .. ($i % 8 == 1 ? 2 : $i % 4 == 1 ? 1 : 0);
		is_deeply($given->{'external-integrations'}, \@expected, "external integrations of $name");
	}
}

foreach my $i (1 .. 24)
{
	my $key = "$seed/$zones[1]/services/$i";
	my $name = service_name(1, $i);
	my $type = $types[ ($i - 1) % 8 ];
	my $migration = $sim->get("/dbaas-migration-status/$name", zone => $zones[1]);
	if ($type =~ /^(pg|mysql|valkey)$/ && $i % 3)
	{
		my $status = (qw(done failed running syncing))[ rnd(4, "$key/migration") ];
		my $method = $i % 2 ? 'replication' : 'dump';
		my @error = $status eq 'failed' ? (error => 'connection refused by the source') : ();
		is_deeply(
			$migration->{json},
			{
				status => $status,
				method => @error ? '' : $method,
				@error,
				details => [
					map { { dbname => "db$_", status => $status, method => $method, @error } }
					  1 .. 1 + $i % 3
				]
			},
			"migration of $name");
	}
	else
	{
		is($migration->{status}, 404, "no migration of $name");
	}
	next unless $type =~ /^(pg|mysql)$/;
	foreach my $j (1 .. 1 + rnd(2, "$key/tasks"))
	{
		my $task = $sim->get("/dbaas-task/$name/" . uuid("$key/tasks/$j"), zone => $zones[1]);
		my $ok = rnd(3, "$key/tasks/$j/success") ? 1 : 0;
		my $created = $epoch - $i * 3600 - rnd(3600, "$key/created-at") + $j * 3600;
		is_deeply(
			$task->{json},
			{
				id => uuid("$key/tasks/$j"),
				'task-type' => "${type}_migration_check",
				'create-time' => utc($created) . 'Z',
				success => $ok ? JSON::PP::true : JSON::PP::false,
				result => $ok ? 'All pre-checks passed' : "Connexion refus\x{e9}e par la source",
				'result-codes' => $ok
				? []
				: [ { code => 'connection_failed', dbname => 'defaultdb' } ]
			},
			"task $j of $name");
	}
}

my %old = (1 => 'success', 2 => 'failure');
foreach my $n (1, 2)
{
	my $operation = $sim->get('/operation/' . uuid("$seed/$zones[0]/operations/$n"))->{json};
	is($operation->{state}, $old{$n}, "old operation $n");
	is($operation->{reference}{id}, uuid("$seed/$zones[0]/services/$n/id"), 'and its reference');
}

sub log_entry
{
	my ($z, $i, $n) = @_;
	my $key = "$seed/$zones[$z]/services/$i/logs";
	my $micros = $n * (250000 + rnd(750000, "$key/step"));
	my $v = rnd(1000000, "$key/$n");
	my $name = service_name($z, $i);
	return {
		time => sprintf('%s.%06dZ', utc($epoch + $i + int($micros / 1000000)), $micros % 1000000),
		node => "$name-" . ($n % plan_of($z, $i)->[1] + 1),
		unit => $v % 4
		? (qw(systemd cron sshd))[ $v % 4 - 1 ]
		: $types[ ($i - 1) % 8 ] . '.service',
		message => "entry $n of $name: "
		  . (
			'connection authorized: user=avnadmin',
			'checkpoint complete',
			"dur\x{e9}e \x{e9}lev\x{e9}e: \x{65e5}\x{672c}",
			"path \"C:\\temp\"\tquoted",
			'slow query / 1 s')[ $v % 5 ]
	};
}
my $page =
  $sim->post('/dbaas-service-logs/mysql-3-0002', { limit => 300 }, zone => $zones[2])->{json};
is_deeply($page->{logs}, [ map { log_entry(2, 2, $_) } reverse 0 .. 299 ], 'log entries');

my %rows = (
	hour => [ 60, 60 ],
	day => [ 288, 300 ],
	week => [ 168, 3600 ],
	month => [ 120, 21600 ],
	year => [ 365, 86400 ]);
foreach my $period (sort keys %rows)
{
	my $given = $sim->post('/dbaas-service-metrics/kafka-1-0003', { period => $period })->{json};
	my ($count, $step) = @{ $rows{$period} };
	my $nodes = plan_of(0, 3)->[1];
	is(scalar keys %{ $given->{metrics} }, 9, "$period: nine metrics");
	my $data = $given->{metrics}{net_send}{data};
	is_deeply(
		[ map { $_->{label} } @{ $data->{cols} } ],
		[
			'time',
			map { "kafka-1-0003-$_ (" . ($_ == 1 ? 'primary' : 'standby') . ')' } 1 .. $nodes
		],
		"$period: columns");
	my @expected = map {
		my $row = $_;
		[
			utc($epoch + $row * $step) . 'Z',
			map {
				my $v = rnd(100000, "$seed/$zones[0]/services/3/metrics/$period/net_send/$_/$row");
				$v % 50 ? $v / 100 : undef
			} 1 .. $nodes
		]
	} 0 .. $count - 1;
	is_deeply($data->{rows}, \@expected, "$period: rows");
}

is_deeply($sim->post('/dbaas-service-logs/clickhouse-1-0016', {})->{json},
	{}, 'a brand-new service has no logs member');
is_deeply(
	$sim->post('/dbaas-service-metrics/clickhouse-1-0016', {})->{json},
	{ metrics => {} },
	'and no metrics');

my $certificate = $sim->get('/dbaas-ca-certificate')->{json}{certificate};
is( $certificate,
	join(
		"\n",
		'-----BEGIN CERTIFICATE-----',
		(   map {
				my $l = $_;
				join '', map { uuid("$seed/ca-certificate/$l/$_") =~ s/-//gr } 1, 2
			} 1 .. 8),
		"-----END CERTIFICATE-----\n"),
	'CA certificate');
is($sim->get('/dbaas-ca-certificate', zone => $zones[4])->{json}{certificate},
	$certificate, 'the same in every zone');

is_deeply([ map { $_->{name} } @{ $sim->get('/zone')->{json}{zones} } ], \@zones, 'zones');
is( $sim->get('/zone', zone => $zones[8], sign => 0)->{json}{zones}[8]{'api-endpoint'},
	$sim->endpoint('sim-zone-9'),
	'and their endpoints');

# Inside services
my %versions = (
	pg => [ 13 .. 17 ],
	mysql => [8],
	kafka => [qw(3.7 3.8 3.9)],
	opensearch => [ 1, 2 ],
	valkey => [qw(8.0 8.1)],
	clickhouse => [qw(24.8 25.3)],
	grafana => ['11.6']);
my @filters =
  (['0.0.0.0/0'], [ '192.0.2.0/24', '198.51.100.7/32' ], [ '::/0', '192.0.2.1/32' ], []);
my @days = qw(monday tuesday wednesday thursday friday saturday sunday never);

sub day { return utc($epoch + $_[0] * 86400) . 'Z' }

foreach my $z (0, 8)
{
	foreach my $i (1 .. 24)
	{
		my ($name, $type) = (service_name($z, $i), $types[ ($i - 1) % 8 ]);
		my $key = "$seed/$zones[$z]/services/$i";
		my $path = '/dbaas-' . ($type eq 'pg' ? 'postgres' : $type) . "/$name";
		my $is = $sim->get($path, zone => $zones[$z])->{json};
		my @more = $i <= 2 ? ("lecture seule/\x{e9}t\x{e9}") : ();
		my $administrator = $type eq 'valkey' ? 'default' : 'avnadmin';
		my @users = ($administrator, (map { "user_$_" } 1 .. rnd(3, "$key/users")), @more);
		my $count = $versions{$type} && @{ $versions{$type} };

		is( $is->{version},
			$count ? $versions{$type}[ rnd($count, "$key/version") ] : undef,
			"$name: version");
		is_deeply([ map { $_->{username} } @{ $is->{users} } ], \@users, 'users');
		is_deeply(
			[ map { $_->{password} } @{ $is->{users} } ],
			[
				map { 'S3CRET_' . substr(DbaasSim::uuid("$key/password/$_") =~ tr/-//dr, 0, 16) }
				  @users
			],
			'passwords') if $type ne 'clickhouse';
		is_deeply(
			[ map { $_->{uuid} } @{ $is->{users} } ],
			[ map { uuid("$key/users/$_") } @users ],
			'ids of users') if $type eq 'clickhouse';
		is_deeply(
			$is->{databases},
			$type =~ /^(?:pg|mysql)$/
			? [
				'defaultdb',
				(map { "app_$_" } 1 .. rnd(3, "$key/databases")),
				$i <= 2 ? "donn\x{e9}es/2026" : ()
			  ]
			: undef,
			'databases');
		my $pools = rnd(3, "$key/connection-pools");
		$pools = 1 if $i == 1 && $pools == 0;
		is_deeply(
			[
				map { [ @$_{qw(name database mode size username)} ] }
				  @{ $is->{'connection-pools'} // [] }
			],
			[
				map {
					[
						"pool_$_", 'defaultdb', (qw(session statement transaction))[ $_ % 3 ],
						10 * $_, 'avnadmin'
					]
				} 1 .. ($type eq 'pg' ? $pools : 0)
			],
			'connection pools');
		is_deeply(
			$is->{backups},
			[
				map {
					{
						'backup-name' => "$name-backup-$_",
						'backup-time' => utc($epoch - $_ * 86400 + $i * 60) . 'Z',
						'data-size' => 4096 * rnd(1000000, "$key/backups/$_")
					}
				} 1 .. rnd(4, "$key/backups")
			],
			'backups');
		is_deeply(
			$is->{maintenance},
			{
				dow => $days[ rnd(8, "$key/maintenance/dow") ],
				time => sprintf('%02d:%02d:00',
					rnd(24, "$key/maintenance/hour"),
					rnd(60, "$key/maintenance/minute")),
				updates => [
					map {
						{
							description => "Mise \x{e0} jour $_ de $type",
							'start-after' => day($_),
							$_ == 1 ? (deadline => day(30)) : ('start-at' => day(3))
						}
					} 1 .. rnd(3, "$key/maintenance/updates")
				]
			},
			'maintenance');
		is_deeply($is->{'ip-filter'}, $filters[ rnd(4, "$key/ip-filter") ], 'ip-filter');
		is_deeply(
			$is->{'backup-schedule'},
			$type =~ /^(?:pg|mysql)$/
			? {
				'backup-hour' => rnd(24, "$key/backup-hour"),
				'backup-minute' => rnd(60, "$key/backup-minute")
			  }
			: undef,
			'backup schedule');
		my $nodes = $is->{state} eq 'poweroff' ? 0 : plan_of($z, $i)->[1];
		is_deeply([ map { [ $_->{name}, $_->{role} ] } @{ $is->{'node-states'} } ],
			[ map { [ "$name-$_", (qw(master standby read-replica))[ $_ - 1 ] ] } 1 .. $nodes ],
			'nodes');
		is($is->{'uri-params'}{host}, "$name.$zones[$z].dbaas.example", 'host');
	}
}

# What is lifelike: of the day of the start, within what it measures, the same in each period
my $begun = time;
my $lifelike = DbaasSim->start(services => 8, zones => 1, logs => 20, lifelike => undef);
my $ended = time;
foreach my $name (map { service_name(0, $_) } 1 .. 8)
{
	my %metrics = map {
		$_ => $lifelike->post("/dbaas-service-metrics/$name", { period => $_ })->{json}{metrics}
	} qw(day week);
	my @rows = @{ $metrics{day}{cpu_usage}{data}{rows} };
	cmp_ok($rows[-1][0], 'ge', utc($begun - 300), "$name: a day ends at the start");
	cmp_ok($rows[-1][0], 'le', utc($ended) . 'Z', "$name: and not later");
	foreach my $metric (qw(cpu_usage mem_usage mem_available disk_usage))
	{
		my %value = map { $_->[0] => $_->[1] } @{ $metrics{day}{$metric}{data}{rows} };
		is(scalar(grep { defined && ($_ < 0 || $_ > 100) } values %value),
			0, "$name: $metric is a percentage");
		my @both = grep { defined $_->[1] && defined $value{ $_->[0] } }
		  @{ $metrics{week}{$metric}{data}{rows} };
		cmp_ok(scalar(@both), '>', 12, "$name: a day and a week have hours in common");
		is_deeply([ map { $value{ $_->[0] } } @both ],
			[ map { $_->[1] } @both ], "$name: and the same $metric in them");
	}
	my @logs = map { $_->{time} }
	  @{ $lifelike->post("/dbaas-service-logs/$name", { 'sort-order' => 'asc' })->{json}{logs} };
	is(scalar(@logs), 20, "$name: has logs");
	cmp_ok($logs[-1], 'lt', utc($ended), "$name: which lead up to the start");
	cmp_ok($logs[0], 'gt', utc($begun - 86400), "$name: and begin not long before it");
}

done_testing();
