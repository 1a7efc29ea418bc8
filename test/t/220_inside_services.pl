# What is inside the services: every row is what the API says, one answer serves all tables of
# a statement, and no secret is shown.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(
	services => 16,
	logs => 1,
	conf => "dbaas_fdw.log_requests = on\nlog_statement = 'all'\n");
my $session = $t->session;
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my %segment = (pg => 'postgres');
my @zones = $t->sim->zones;

my @services = map {
	my $zone = $_;
	map {
		{ %$_, zone => $zone }
	} @{ $t->sim->get('/dbaas-service', zone => $zone)->{json}{'dbaas-services'} }
} @zones;
my %path = map {
	("$_->{zone}/$_->{name}" => '/dbaas-' . ($segment{ $_->{type} } // $_->{type}) . "/$_->{name}")
} @services;
my %answer = map { $_ => $t->sim->get($path{$_}, zone => m{^(.*)/} && $1) } sort keys %path;
is(scalar(grep { !$_->{json} } values %answer), 0, 'the simulator has details of every service');

# What the API says, as the wrapper should show it
sub masked
{
	my ($value, $secret) = @_;
	return {
		map { $_ => masked($value->{$_}, /(?:password|secret|access.key|access.cert)$/) }
		  keys %$value
	  }
	  if ref $value eq 'HASH';
	return [ map { masked($_, $secret) } @$value ] if ref $value eq 'ARRAY';
	return $value if ref $value || !defined $value;
	return '***' if $secret;
	return $value =~ s{(://[^:/@]*:)[^@]*@}{$1***@}r;
}

# A table's rows as JSON, each with its zone and service, sorted
sub rows_of
{
	my ($sql) = @_;
	my $rows = $json->decode(
		$session->sql("SELECT coalesce(json_agg(whole_row), '[]') FROM ($sql) whole_row"));
	return [ sort map { $json->encode($_) } @$rows ];
}

# same(SQL, CODE): the query has the rows that CODE makes of each service's answer
sub same
{
	my ($name, $sql, $code) = @_;
	my @expected = map {
		my ($zone, $service) = m{^(.*)/(.*)$};
		map { $json->encode({ z => $zone, s => $service, %$_ }) }
		  $code->(masked($answer{$_}{json}))
	} keys %answer;
	cmp_ok(scalar(@expected), '>', 0, "$name: there is something to show");
	is_deeply(rows_of($sql), [ sort @expected ], "$name: all rows of all services");
	return;
}

my $whole = sub { return { d => $_[0] } };
same('details', 'SELECT zone AS z, service_name AS s, details AS d FROM exo.dbaas_service_details',
	$whole);
same(
	'settings',
	'SELECT zone AS z, service_name AS s, type AS t, settings AS d FROM exo.dbaas_service_details',
	sub { return { t => $_[0]{type}, d => $_[0]{"$_[0]{type}-settings"} } });
same(
	'backup hours',
	'SELECT zone AS z, service_name AS s, backup_hour AS h, backup_minute AS m, ip_filter AS i,
			uri AS u, version AS v,
		maintenance_dow AS w, maintenance_time AS t, host AS o, port::text AS p
			FROM exo.dbaas_service_details',
	sub {
		my ($service) = @_;
		my $schedule = $service->{'backup-schedule'} // {};
		return {
			h => $schedule->{'backup-hour'},
			m => $schedule->{'backup-minute'},
			i => $service->{'ip-filter'},
			u => $service->{uri},
			v => $service->{version},
			w => $service->{maintenance}{dow},
			t => $service->{maintenance}{time},
			o => $service->{'uri-params'}{host},
			p => $service->{'uri-params'}{port}
		};
	});
same(
	'nodes',
	'SELECT zone AS z, service_name AS s, name AS n, state AS a, role AS r, '
	  . 'progress_updates AS p FROM exo.dbaas_nodes',
	sub {
		return map {
			{ n => $_->{name}, a => $_->{state}, r => $_->{role}, p => $_->{'progress-updates'} }
		} @{ $_[0]{'node-states'} };
	});
same(
	'components',
	'SELECT zone AS z, service_name AS s, component AS c, host AS h, port AS p, route AS '
	  . 'r, usage AS u, kafka_authentication_method AS k, ssl AS e FROM exo.dbaas_components',
	sub {
		return map {
			{
				c => $_->{component},
				h => $_->{host},
				p => $_->{port},
				r => $_->{route},
				u => $_->{usage},
				k => $_->{'kafka-authentication-method'},
				e => $_->{ssl}
			}
		} @{ $_[0]{components} };
	});
same(
	'backups',
	q{SELECT zone AS z, service_name AS s, backup_name AS n, to_char(backup_time AT TIME ZONE 'UTC',
			'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS t,
		data_size AS d FROM exo.dbaas_backups},
	sub {
		return
		  map { { n => $_->{'backup-name'}, t => $_->{'backup-time'}, d => $_->{'data-size'} } }
		  @{ $_[0]{backups} // [] };
	});
same(
	'users',
	'SELECT zone AS z, service_name AS s, username AS u, type AS t, allow_replication AS r,
			authentication AS a, access_control AS c, uuid AS i, required AS q,
		to_char(access_cert_expiry AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS"Z"\') AS e
			FROM exo.dbaas_users',
	sub {
		return map {
			{
				u => $_->{username},
				t => $_->{type},
				r => $_->{'allow-replication'},
				a => $_->{authentication},
				c => $_->{'access-control'},
				i => $_->{uuid},
				q => $_->{required},
				e => $_->{'access-cert-expiry'}
			}
		} @{ $_[0]{users} };
	});
same(
	'databases',
	'SELECT zone AS z, service_name AS s, name AS n FROM exo.dbaas_databases',
	sub {
		return map { { n => $_ } } @{ $_[0]{databases} // [] };
	});
same(
	'pools',
	'SELECT zone AS z, service_name AS s, name AS n, database AS d, mode AS m, size AS '
	  . 'i, username AS u, connection_uri AS c FROM exo.dbaas_connection_pools',
	sub {
		return map {
			{
				n => $_->{name},
				d => $_->{database},
				m => $_->{mode},
				i => $_->{size},
				u => $_->{username},
				c => $_->{'connection-uri'}
			}
		} @{ $_[0]{'connection-pools'} // [] };
	});
same(
	'updates',
	q{SELECT zone AS z, service_name AS s, description AS d, to_char(deadline AT TIME ZONE 'UTC',
			'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS l
		FROM exo.dbaas_maintenance_updates},
	sub {
		return
		  map { { d => $_->{description}, l => $_->{deadline} } }
		  @{ $_[0]{maintenance}{updates} // [] };
	});

my @types = sort qw(clickhouse grafana kafka mysql opensearch pg thanos valkey);
is_deeply(
	rows_of(
		q{SELECT type AS t, settings AS d FROM exo.dbaas_service_settings WHERE zone = 'ch-gva-2'}),
	[
		sort map {
			$json->encode(
				{
					t => $_,
					d => $t->sim->get("/dbaas-settings-$_", zone => 'ch-gva-2')->{json}{settings}
				})
		} @types
	],
	'settings: the schemas of all types');

# One answer serves all tables of a service
my ($pg) = grep { $_->{type} eq 'pg' } @services;
my $at = "zone = '$pg->{zone}' AND service_name = '$pg->{name}'";
my $detail = "GET $pg->{zone} $path{\"$pg->{zone}/$pg->{name}\"}";
my $list = "GET $pg->{zone} /dbaas-service";
is_deeply(
	[ $session->lines("SELECT * FROM exo.dbaas_nodes WHERE $at") ],
	[ $detail, $list ],
	'the type comes from the list of the zone');
is_deeply([ $session->lines("SELECT * FROM exo.dbaas_service_details WHERE $at AND type = 'pg'") ],
	[$detail], 'or from the query');
is_deeply(
	[ $session->lines("SELECT * FROM exo.dbaas_service_details WHERE $at AND type = 'no-such'") ],
	[$list], 'a type that is not known has the path of a service that is listed with it alone');
is_deeply(
	[ $session->lines("SELECT * FROM exo.dbaas_service_details WHERE $at AND type = '../x'") ],
	[$list], 'so has one that is no segment');
is_deeply([ $session->lines("SELECT * FROM exo.dbaas_service_details WHERE $at AND type = '..'") ],
	[], 'or that might be another path');
is_deeply(
	[ $session->lines("SELECT * FROM exo.dbaas_service_details WHERE $at AND type = 'kafka'") ],
	[ $detail =~ s/postgres/kafka/r ],
	'one of another type is not there');
is_deeply(
	[
		$session->lines(
				"SELECT * FROM exo.dbaas_connection_pools WHERE zone = '$pg->{zone}' "
			  . "AND service_name = 'mysql-1-0002'")
	],
	[$list],
	'a type that has no such thing is not asked');
my $all = join ' UNION ALL ',
  map { "SELECT count(*) FROM exo.dbaas_$_ WHERE $at" }
  qw(service_details nodes components backups users databases connection_pools maintenance_updates);
is_deeply([ $session->lines($all) ], [ $detail, $list ], 'one answer serves eight tables');
is_deeply(
	[
		$session->lines(
				'SELECT count(*) FROM exo.dbaas_nodes n JOIN exo.dbaas_users u '
			  . 'USING (zone, service_name)')
	],
	[
		sort((map { "GET $_ /dbaas-service" } @zones),
			map { m{^(.*)/} && "GET $1 $path{$_}" } keys %path)
	],
	'and those of a join');

# A type that nobody knows yet
$t->sim->fault(
	{
		path => '/dbaas-service',
		zone => $pg->{zone},
		action => 'body',
		body => '{"dbaas-services":[{"name":"new-1","type":"quantumdb"}]}'
	});
is($session->sql("SELECT count(*) FROM exo.dbaas_nodes WHERE zone = '$pg->{zone}'"),
	0, 'a type that is not known has no rows and is no error');
$t->sim->clear_faults;

# No secret in any column of any table, as the table's own type or as jsonb
my %secrets;

sub collect
{
	my ($value) = @_;
	if    (ref $value eq 'HASH')          { collect($_)      foreach values %$value }
	elsif (ref $value eq 'ARRAY')         { collect($_)      foreach @$value }
	elsif (defined $value && !ref $value) { $secrets{$_} = 1 foreach $value =~ /S3CRET[\w-]*/g }
	return;
}
collect($_->{json}) foreach values %answer;
cmp_ok(scalar(keys %secrets), '>', 50, 'the answers hold secrets');
my $tables = $session->sql(
	q{SELECT string_agg(DISTINCT table_name, ' ') FROM dbaas_fdw_catalogue()
	WHERE array_to_string(reads, ' ') LIKE '%{service-type}%'
		OR resource IN ('services', 'service-settings', 'integrations')}
);
foreach my $table (split / /, $tables)
{
	unlike($session->sql("SELECT t, to_jsonb(t) FROM exo.$table t"),
		qr/S3CRET/, "$table shows no secret");
}

# Nor in a table of one's own that asks for it, in an error about it, or in EXPLAIN
$session->sql(
	q{CREATE FOREIGN TABLE secrets (zone text, service_name text, password text
		OPTIONS (field '../uri-params/password'), given text OPTIONS (field 'password'),
	key text OPTIONS (field 'access-key'), whole jsonb OPTIONS (field '*'), outer_ jsonb
		OPTIONS (field '../*'), uri text OPTIONS (field '../uri'))
	SERVER exoscale OPTIONS (resource 'users')});
unlike($session->sql('SELECT s, to_jsonb(s) FROM secrets s'),
	qr/S3CRET/, 'nor do columns of one\'s own');
is($session->sql('SELECT DISTINCT password FROM secrets WHERE password IS NOT NULL'),
	'***', 'the password is masked');
is($session->sql('SELECT count(given) FROM secrets'), 0, 'and the one of an UPDATE is not read');
$session->sql(
	q{CREATE FOREIGN TABLE wrong (service_name text, password integer
		OPTIONS (field '../uri-params/password'), uri integer OPTIONS (field '../uri'))
	SERVER exoscale OPTIONS (resource 'users')});
foreach my $column (qw(password uri))
{
	my $error = $session->sql_error("SELECT $column FROM wrong");
	is($error->{sqlstate}, 'HV000', "an error about a $column");
	unlike($error->{stderr}, qr/S3CRET/, 'does not repeat it');
}
unlike($session->sql('EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM secrets'),
	qr/S3CRET/, 'nor does EXPLAIN');
unlike(PostgreSQL::Test::Utils::slurp_file($t->node->logfile), qr/S3CRET/, 'nor the log');

# Passwords in whatever form
foreach my $case (
	[ 'postgres://u:p%40ss@h/db', 'postgres://u:***@h/db' ],
	[ 'postgres:\/\/u:pw@h\/db', 'postgres://u:***@h/db' ],
	[ 'postgres:\u002f/u:\u0070w@h/db', 'postgres://u:***@h/db' ],
	[ 'https://u:p/w:x@y@h:1/?a=b', 'https://u:***@h:1/?a=b' ],
	[ 'redis://:pass@h', 'redis://:***@h' ],
	[ 'x a://u:pass@h, b://v:pass@i', 'x a://u:***@h, b://v:***@i' ],
	[
		'postgres://h/db?user=u&password=pass&sslmode=require',
		'postgres://h/db?user=u&password=***&sslmode=require'
	],
	[ 'https://h:1/a@b', 'https://h:***@b' ],
	[ 'https://u@h/a', 'https://u@h/a' ],
	[ 'https://h:1/a?x=1', 'https://h:1/a?x=1' ],
	[ 'a://u:p@h \u65e5\u672c', "a://u:***\@h \xe6\x97\xa5\xe6\x9c\xac" ],
	[ 'a://u:p@h\n', '***' ],
	[ 'a://u:p@h', '***' ])
{
	my ($text, $shown) = @$case;
	$t->sim->fault(
		{
			path => $path{"$pg->{zone}/$pg->{name}"},
			zone => $pg->{zone},
			action => 'body',
			times => 2,
			body => qq({"name":"$pg->{name}","uri":"$text"})
		});
	is($session->sql("SELECT uri FROM exo.dbaas_service_details WHERE $at AND type = 'pg'"),
		$shown, "$text becomes $shown");
	is( $session->sql(
			"SELECT details ->> 'uri' FROM exo.dbaas_service_details WHERE $at AND type = 'pg'"),
		$shown,
		'in the details too');
	$t->sim->clear_faults;
}

$session->quit;
done_testing();
