# Several writes of one transaction leave the API as the same statements do
# that commit one by one, whatever they write: every pair of writes, in each
# order, and random sequences among savepoints of which some are rolled back.
# What a rolled back savepoint had is left out.  A statement reads the API
# without the queue, so one that looks for what the transaction itself is to
# make finds nothing, and is left out too.
#
# It is always the same run.  DBAAS_RANDOM_SEED makes another,
# DBAAS_RANDOM_COUNT says how many sequences; -1 is every pair, plain and with
# each way of savepoints ("make jobs").
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $seed = $ENV{DBAAS_RANDOM_SEED} // 20261130;
my $count = $ENV{DBAAS_RANDOM_COUNT} // 100;
srand $seed;
diag("DBAAS_RANDOM_SEED=$seed DBAAS_RANDOM_COUNT=$count");

my $t = DbaasTest->new(
	zones => 1,
	services => 8,
	logs => 0,
	operation_time => 0,
	running_time => 0,
	server => { max_retries => 0 });
my $sim = $t->sim;
my $json = JSON::PP->new->canonical->allow_nonref;
my $session = $t->session;
$session->sql('SET client_min_messages = warning; SET dbaas_fdw.delete_limit = -1; '
	  . 'SET dbaas_fdw.update_limit = -1; SET search_path = exo');

# The services by type: pg-1-0001, mysql-…
my %name = map { split /\|/ } split /\n/,
  $session->sql('SELECT DISTINCT ON (type) type, name FROM dbaas_services ORDER BY type, name');

# A view over two services, and a table of one's own whose columns have other names
$session->sql(
	qq{CREATE VIEW public.either AS SELECT * FROM dbaas_service_details
		WHERE service_name = '$name{pg}' OR service_name = '$name{valkey}';
	CREATE FOREIGN TABLE public.own (open_to text[] OPTIONS (field 'ip-filter'), day text
		OPTIONS (field 'maintenance/dow'), at text OPTIONS (field 'maintenance/time'),
		service text OPTIONS (field 'name')) SERVER exoscale OPTIONS (resource 'service-details')});

sub service
{
	my ($type, $set) = @_;
	return "UPDATE dbaas_services SET $set WHERE name = '$name{$type}'";
}

sub details
{
	my ($type, $set) = @_;
	return "UPDATE dbaas_service_details SET $set WHERE service_name = '$name{$type}'";
}

my ($old_filter, $old_dow, $old_time, $old_hour, $old_minute, $old_plan) = split /\|/,
  $session->sql(
	qq{
	SELECT ip_filter, maintenance_dow, maintenance_time, backup_hour, backup_minute, plan
	FROM dbaas_service_details d JOIN dbaas_services s ON s.name = d.service_name
		WHERE s.name = '$name{pg}'}
  );

# The writes: what they are about, SQL, and what they make or look for beside
# what is always there.  Each group is one thing, or the things that hang on
# one service.
my @writes = (
	# the service's own row, by two tables and by "parameters"
	(   map { [ 'pg', service('pg', $_) ] } (
			q{plan = 'business-8'},
			qq{plan = '$old_plan'},
			'termination_protection = true',
			'termination_protection = false',
			q{plan = 'startup-8', termination_protection = true},
			q{parameters = '{"maintenance": {"dow": "monday", "time": "03:00:00"}}'},
			q{parameters = '{"ip-filter": ["203.0.113.0/24"]}'},
			q{parameters = '{"backup-schedule": {"backup-hour": 4, "backup-minute": 44}}'},
			q{parameters = '{"pg-settings": {"log_min_duration_statement": 100}}'})),
	(   map { [ 'pg', details('pg', $_) ] } (
			q{ip_filter = '{0.0.0.0/0}'},
			qq{ip_filter = '$old_filter'},
			q{ip_filter = '{198.51.100.0/24,203.0.113.9}'},
			q{maintenance_dow = 'friday'},
			q{maintenance_time = '05:55:00'},
			qq{maintenance_dow = '$old_dow', maintenance_time = '$old_time'},
			'backup_hour = 7',
			'backup_minute = 17',
			"backup_hour = $old_hour",
			"backup_hour = $old_hour, backup_minute = $old_minute",
			q{settings = coalesce(settings, '{}') || '{"log_min_duration_statement": 250}'},
			q{settings = coalesce(settings, '{}') || }
			  . q{'{"log_min_duration_statement": 100, "deadlock_timeout": 900}'},
			q{settings = coalesce(settings, '{}') || '{"jit": true}'},
			q{settings = coalesce(settings, '{}') || '{"jit": false}'})),
	[
		'pg',
		"UPDATE public.either SET ip_filter = '{192.0.2.0/24}' WHERE type = 'pg' "
		  . "OR ip_filter IS NULL"
	],
	[
		'pg',
		"UPDATE public.either SET maintenance_dow = 'tuesday' "
		  . "WHERE service_name = '$name{pg}' AND (maintenance_dow <> 'x' OR backup_hour = 1)"
	],
	[ 'pg', "UPDATE public.own SET open_to = '{198.51.100.0/24}' WHERE service = '$name{pg}'" ],
	[ 'pg', "UPDATE public.own SET day = 'wednesday' WHERE service = '$name{pg}'" ],
	[ 'pg', "UPDATE public.own SET at = '06:06:06' WHERE service = '$name{pg}'" ],
	[ 'pg', "DELETE FROM dbaas_services WHERE name = '$name{pg}'" ],
	# what is inside it
	[
		'pg',
		"INSERT INTO dbaas_databases (service_name, name) VALUES ('$name{pg}', 'one')",
		makes => 'database one'
	],
	[
		'pg',
		"DELETE FROM dbaas_databases WHERE service_name = '$name{pg}' AND name = 'one'",
		finds => 'database one'
	],
	[ 'pg', "DELETE FROM dbaas_databases WHERE service_name = '$name{pg}' AND name = 'there'" ],
	[
		'pg', "INSERT INTO dbaas_databases (service_name, name) VALUES ('$name{pg}', 'there')",
		again => 1
	],
	[
		'pg',
		"INSERT INTO dbaas_users (service_name, username) VALUES ('$name{pg}', 'eve')",
		makes => 'user eve'
	],
	[
		'pg',
		"UPDATE dbaas_users SET allow_replication = true "
		  . "WHERE service_name = '$name{pg}' AND username = 'eve'",
		finds => 'user eve'
	],
	[
		'pg',
		"UPDATE dbaas_users SET allow_replication = true "
		  . "WHERE service_name = '$name{pg}' AND username = 'adam'"
	],
	[
		'pg',
		"UPDATE dbaas_users SET allow_replication = false "
		  . "WHERE service_name = '$name{pg}' AND username = 'adam'"
	],
	[ 'pg', "DELETE FROM dbaas_users WHERE service_name = '$name{pg}' AND username = 'adam'" ],
	[
		'pg', "INSERT INTO dbaas_users (service_name, username) VALUES ('$name{pg}', 'adam')",
		again => 1
	],
	[
		'pg',
		"INSERT INTO dbaas_connection_pools (service_name, name, database, mode, size, "
		  . "username) VALUES ('$name{pg}', 'new', 'defaultdb', 'session', 5, 'avnadmin')",
		makes => 'pool new'
	],
	[
		'pg',
		"UPDATE dbaas_connection_pools SET size = 7 WHERE service_name = '$name{pg}' "
		  . "AND name = 'pool'"
	],
	[
		'pg',
		"UPDATE dbaas_connection_pools SET size = 3 WHERE service_name = '$name{pg}' "
		  . "AND name = 'pool'"
	],
	[
		'pg',
		"UPDATE dbaas_connection_pools SET mode = 'statement' "
		  . "WHERE service_name = '$name{pg}' AND name = 'pool'"
	],
	[
		'pg',
		"DELETE FROM dbaas_connection_pools WHERE service_name = '$name{pg}' AND name = 'pool'"
	],
	[
		'pg',
		"INSERT INTO dbaas_connection_pools (service_name, name, database, mode, size, "
		  . "username) VALUES ('$name{pg}', 'pool', 'defaultdb', 'session', 9, 'avnadmin')",
		again => 1
	],
	# other types
	(   map { [ 'mysql', $_ ] } (
			service('mysql', q{plan = 'business-8'}),
			service('mysql', 'termination_protection = true'),
			service('mysql', 'termination_protection = false'),
			details('mysql', q{ip_filter = '{0.0.0.0/0}'}),
			details('mysql', q{ip_filter = '{192.0.2.0/24}'}),
			details('mysql', 'backup_hour = 3'),
			details('mysql', 'backup_minute = 3'),
			details('mysql', q{maintenance_dow = 'sunday'}),
			details('mysql', q{maintenance_time = '01:01:01'}))),
	(   map { [ 'valkey', $_ ] } (
			details('valkey', q{ip_filter = '{0.0.0.0/0}'}),
			details('valkey', q{ip_filter = '{192.0.2.0/24}'}),
			details('valkey', q{maintenance_dow = 'sunday'}),
			details('valkey', q{maintenance_time = '01:01:01'}),
			"UPDATE dbaas_users SET access_control = '{\"keys\": [\"a*\"]}' "
			  . "WHERE service_name = '$name{valkey}' AND username = 'default'",
			"UPDATE dbaas_users SET access_control = '{\"commands\": [\"+get\"]}' "
			  . "WHERE service_name = '$name{valkey}' AND username = 'default'")),
	(   map { [ 'integration', $_ ] } (
			q{UPDATE dbaas_integrations SET settings = '{"dashboards": 1}' WHERE id = :integration},
			q{UPDATE dbaas_integrations SET settings = '{}' WHERE id = :integration},
			q{DELETE FROM dbaas_integrations WHERE id = :integration})),
	[
		'new',
		"INSERT INTO dbaas_services (zone, name, type, plan) "
		  . "VALUES ('ch-gva-2', 'brand-new', 'pg', 'startup-4')",
		makes => 'service'
	],
	[
		'new',
		q{UPDATE dbaas_services SET plan = 'business-4' WHERE name = 'brand-new'},
		finds => 'service'
	],
	[ 'new', q{DELETE FROM dbaas_services WHERE name = 'brand-new'}, finds => 'service' ]);
@writes = map { { group => $_->[0], sql => $_->[1], @$_[ 2 .. $#$_ ] } } @writes;
my @integrations = split /\n/, $session->sql('SELECT id FROM dbaas_integrations ORDER BY id');
foreach my $write (@writes) { $write->{sql} =~ s/:integration/'$integrations[0]'/g }

# What is there before each sequence, beside the simulator's own data
my @there = (
	[ 'database', { 'database-name' => 'there' } ],
	[ 'user', { username => 'adam' } ],
	[
		'connection-pool',
		{
			name => 'pool',
			'database-name' => 'defaultdb',
			mode => 'session',
			size => 9,
			username => 'avnadmin'
		}
	]);

sub begin_anew
{
	$sim->reset;
	foreach my $thing (@there)
	{
		my $answer = $sim->post("/dbaas-postgres/$name{pg}/$thing->[0]", $thing->[1]);
		die $answer->{content} if $answer->{status} != 200;
		$sim->wait_operation($answer->{json}, ($sim->zones)[0]);
	}
	return;
}

# All that the API shows of the services, as text: what is said of times, and
# what is only on its way, left out
sub outcome
{
	my $list = $sim->get('/dbaas-service')->{json}{'dbaas-services'};
	my @shown;
	foreach my $service (sort { $a->{name} cmp $b->{name} } @$list)
	{
		my $path = $service->{type} eq 'pg' ? 'postgres' : $service->{type};
		my $details = $sim->get("/dbaas-$path/$service->{name}")->{json};
		foreach my $object ($service, $details)
		{
			delete @$object{qw(updated-at created-at state node-states)};
		}
		push @shown, $json->encode($service), $json->encode($details);
	}
	return join "\n", @shown;
}

# Runs statements; returns the first error, or undef
sub run
{
	my @sql = @_;
	foreach my $sql (@sql)
	{
		my (undef, $stderr) = $session->sql_both($sql);
		my $error = DbaasTest::parse_error($stderr) or next;
		return "$error->{sqlstate} $error->{message} at $sql";
	}
	return;
}

my ($skipped, $refused, $ran) = (0, 0, 0);
my $beginning;

# What the same statements make of the API that commit one by one; undef when one of them fails
my %alone;

sub alone
{
	my (@statements) = @_;
	my $key = join "\n", @statements;
	if (!exists $alone{$key})
	{
		begin_anew();
		$alone{$key} = run(@statements) ? undef : outcome();
	}
	return $alone{$key};
}

# A sequence: writes, and "keep", "release" or "rollback" for the savepoint
# around each, or none; and a savepoint before one of them that is rolled back
# after another
sub check
{
	my ($around, @sequence) = @_;
	my @sql = ('BEGIN');
	my @kept;
	my @tried;

	foreach my $i (0 .. $#sequence)
	{
		my ($write, $how) = @{ $sequence[$i] };
		my $lost = $around && $i >= $around->[0] && $i <= $around->[1];
		push @sql, 'SAVEPOINT around' if $around && $i == $around->[0];
		push @sql, 'SAVEPOINT s' if $how ne 'none';
		push @sql, $write->{sql};
		push @sql, 'RELEASE s' if $how eq 'release';
		push @sql, 'ROLLBACK TO s' if $how eq 'rollback';
		push @sql, 'ROLLBACK TO around' if $around && $i == $around->[1];
		next if $write->{finds};
		push @tried, $write->{sql};
		push @kept, $write->{sql} if $how ne 'rollback' && !$lost;
	}
	push @sql, 'COMMIT';

	# Where one of them cannot be done alone, what is there to compare with?
	# One that is rolled back may fail as well
	my $wanted = alone(@kept);
	if (!defined $wanted || !defined alone(@tried)) { $skipped++; return }
	begin_anew();
	my $error = run(@sql);
	$session->sql_both('ROLLBACK') if $error;
	$ran++;
	if ($error && $error =~ /^0A000 this UPDATE computes a value from column/)
	{
		# It would need what the queue is to make of it.  Then nothing is done
		$refused++;
		is(outcome(), $beginning, 'refused: ' . join '; ', @sql);
		return;
	}
	if ($error) { fail(join '; ', @sql); diag($error); return }
	my %expected = map { $_ => 1 } split /\n/, $wanted;
	my @wrong = grep { !delete $expected{$_} } split /\n/, outcome();
	ok(!@wrong && !%expected, join '; ', @sql)
	  or diag(map { "$_\n" } 'the API has', @wrong, 'instead of', sort keys %expected);
	return;
}

my %groups;
push @{ $groups{ $_->{group} } }, $_ foreach @writes;
my @groups = sort keys %groups;
sub pick { return $_[ int rand @_ ] }

begin_anew();
$beginning = outcome();
foreach my $write (@writes)
{
	next if $write->{finds} || $write->{again};
	begin_anew();
	my $error = run($write->{sql});
	ok(!$error, "alone: $write->{sql}") or diag($error);
}

if ($count < 0)
{
	foreach my $group (@groups)
	{
		foreach my $a (@{ $groups{$group} })
		{
			foreach my $b (@{ $groups{$group} })
			{
				foreach my $how (
					[ 'none', 'none' ],
					[ 'release', 'none' ],
					[ 'none', 'release' ],
					[ 'rollback', 'none' ],
					[ 'none', 'rollback' ])
				{
					check(undef, [ $a, $how->[0] ], [ $b, $how->[1] ]);
				}
				check([ 0, 1 ], [ $a, 'none' ], [ $b, 'release' ]);
			}
		}
	}
}
foreach (1 .. abs $count)
{
	my $group = $groups{ pick(@groups, ('pg') x 6, 'mysql') };
	my @sequence =
	  map { [ pick(@$group), pick('none', 'none', 'none', 'none', 'release', 'rollback') ] }
	  1 .. pick(2, 2, 2, 3, 3, 4);
	my ($from, $to) = sort { $a <=> $b } int rand @sequence, int rand @sequence;
	check(rand() < 0.25 ? [ $from, $to ] : undef, @sequence);
}
diag(   "$ran sequences, $refused of them refused; $skipped left out: one of their writes "
	  . "cannot be done alone");
cmp_ok($refused, '<', 1 + $ran / 20, 'few are refused');
cmp_ok($ran, '>', abs($count) / 3, 'enough of them say something');
done_testing();
