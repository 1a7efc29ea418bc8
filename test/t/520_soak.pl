# Sessions that read, write, are cancelled and terminated for a while, at an API that fails: at the
# end the API has what the sessions were told, no write was lost, sent twice or left out of the log,
# each read was right, a history has each thing once, and nothing has grown.
#
# SOAK_SESSIONS (10) sessions run for SOAK_SECONDS (8), a fifth of them as one backend each.  Each
# keeps a ledger of what it was told (DbaasSoak).  Other processes make faults, cancel and terminate
# sessions, change the server and its user mapping under them, collect the history, and keep the
# simulator's record of writes.  Only one zone is written to.  DBAAS_RANDOM_SEED makes another run;
# "make soak" runs 50 sessions for 10 minutes.
use strict;
use warnings;

use DbaasRandom qw(random_run pick chance);
use DbaasSoak;
use DbaasTest;
use JSON::PP                ();
use List::Util              qw(max sum0);
use PostgreSQL::Test::Utils qw(slurp_file append_to_file);
use Test::More;
use Time::HiRes qw(time sleep);

my $sessions = $ENV{SOAK_SESSIONS} || 10;
my $seconds = $ENV{SOAK_SECONDS} || 8;
my $seed = $ENV{DBAAS_RANDOM_SEED} // 20261201;
my $steady = int($sessions / 5) || 1;
random_run($seed, 0);
diag("SOAK_SESSIONS=$sessions SOAK_SECONDS=$seconds");

my $t = DbaasTest->new(
	services => 8,
	logs => 40,
	latency => 5,
	operation_time => 50,
	settle => 50,
	conf => "max_connections = 200\nautovacuum = off\nlog_statement = none\n",
	server => {
		request_timeout => '2s',
		operation_timeout => '30s',
		max_retries => 2,
		max_concurrency => 4
	});
my $sim = $t->sim;
my $directory = PostgreSQL::Test::Utils::tempdir();
$t->sql(
	q{CREATE TABLE soak (id text);
	SELECT dbaas_fdw_history('exo', 'hist'); UPDATE hist.keep SET first = NULL});

# Reads of what nobody writes, with their rows
my $quiet = q{zone IN ('de-fra-1', 'at-vie-1')};
my %expected = map { $_ => $t->sql($_) } (
	"SELECT * FROM exo.dbaas_services WHERE $quiet ORDER BY zone, name",
	"SELECT * FROM exo.dbaas_integrations WHERE $quiet ORDER BY zone, id",
	q{SELECT name, version, ip_filter FROM exo.dbaas_services s JOIN exo.dbaas_service_details d
		ON d.zone = s.zone AND d.service_name = s.name
		WHERE s.zone = 'de-fra-1' ORDER BY name},
	q{SELECT service_name, username FROM exo.dbaas_users WHERE zone = 'at-vie-1'
		ORDER BY service_name, username},
	q{SELECT metric, count(*), sum(value::numeric) FROM exo.dbaas_metrics
		WHERE zone = 'de-fra-1' AND service_name = 'pg-2-0001' GROUP BY metric ORDER BY metric},
	q{SELECT time, message FROM exo.dbaas_logs WHERE zone = 'de-fra-1'
		AND service_name IN ('pg-2-0001', 'mysql-2-0002') ORDER BY time, message LIMIT 60},
	q{SELECT s.name, (SELECT count(*) FROM exo.dbaas_backups b
		WHERE b.zone = s.zone AND b.service_name = s.name)
		FROM exo.dbaas_services s WHERE s.zone = 'at-vie-1' ORDER BY s.name},
	'SELECT zone FROM exo.dbaas_zones ORDER BY zone');

my $until = time + $seconds;
my $soak = DbaasSoak->new(
	$t,
	directory => $directory,
	seed => $seed,
	until => $until,
	every => $seconds / 60,
	expected => \%expected);

# ---------------------------------------------------------------------------
# What disturbs them
# ---------------------------------------------------------------------------

my $write = sub { return (method => pick('POST', 'PUT', 'DELETE'), path => '/dbaas-*') };
my $any = sub { return chance(0.4) ? $write->() : (path => pick('/dbaas-*', '*')) };
my @faults = (
	sub { return (action => 'status', status => pick(500, 502, 503, 504), $any->()) },
	sub {
		return (
			action => 'status',
			status => 429,
			chance(0.5) ? (headers => { 'Retry-After' => '1' }) : (),
			$any->());
	},
	sub { return (action => 'status', status => pick(409, 412, 422), $write->()) },
	sub { return (action => 'close', $any->()) },
	sub { return (action => 'close', after_processing => JSON::PP::true, $any->()) },
	sub { return (action => 'cut', $any->()) },
	sub { return (action => 'stall', ms => pick(300, 3000), $any->()) },
	sub { return (action => 'delay', ms => int rand 800, $any->()) },
	sub { return (action => 'trickle', ms => 5, chunk => 200, $any->()) },
	sub { return (action => 'body', body => '{"dbaas', $any->()) },
	sub { return (action => 'redirect', location => 'http://127.0.0.1:9/', $any->()) },
	sub {
		return (
			action => 'operation',
			state => pick('failure', 'timeout'),
			immediate => chance(0.5) ? JSON::PP::true : JSON::PP::false,
			$write->());
	});

sub victim
{
	my ($psql, $what, $which) = @_;
	$psql->sql(
		"SELECT $what(pid) FROM pg_stat_activity WHERE application_name ~ '$which'
		ORDER BY random() LIMIT 1");
	return;
}

sub disturb
{
	my $psql = $t->session;
	my ($secret, $n) = ($sim->secret, 0);
	while (time < $until)
	{
		sleep rand 0.15;
		my $what = rand;
		if ($what < 0.6)
		{
			$sim->fault({ times => 1 + int rand 3, skip => int rand 3, pick(@faults)->() });
		}
		elsif ($what < 0.75)
		{
			victim($psql, 'pg_cancel_backend', '^(steady )?s[0-9]+$');
		}
		elsif ($what < 0.82)
		{
			victim($psql, 'pg_terminate_backend', '^s[0-9]+$');
		}
		elsif ($what < 0.9)
		{
			my $number = 3 + ++$n % 4;
			$psql->sql("ALTER SERVER exoscale OPTIONS (SET max_concurrency '$number')");
		}
		elsif ($what < 0.93)
		{
			my $alter = 'ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS';
			$psql->sql("$alter (SET api_secret 'wrong')");
			sleep rand 0.1;
			$psql->sql("$alter (SET api_secret '$secret')");
		}
		else
		{
			$sim->append_logs('ch-gva-2', pick('pg-1-0001', 'mysql-1-0002', 'kafka-1-0003'), 20);
		}
		# What nobody has met for a while would meet somebody at the end
		$sim->clear_faults if $sim->state->{faults} > 40;
	}
	$psql->quit;
	return;
}

sub collect
{
	while (time < $until)
	{
		my (undef, undef, $error) = $t->sql_both(q{CALL dbaas_fdw_collect('hist')});
		$soak->note(collected => time, said => $error);
		sleep 0.3;
	}
	return;
}

# The writes of the simulator's record, which is kept short
my $stop = "$directory/stop";

sub record
{
	my ($last, %seen) = (0);
	while (1)
	{
		my $is_last = -e $stop;
		my $answer = $sim->{http}->get($sim->origin . "/_sim/requests?since=$last");
		my $next;
		foreach my $text (split /(?<=\}),(?=\{"seq":)/, $answer->{content} =~ s/^\[|\]$//gr)
		{
			my ($number) = $text =~ /^\{"seq":(\d+)/ or next;
			my $ended = $text !~ /"ended_ms":null/;
			$next //= $number - 1 if !$ended;
			$last = $number if !defined $next;
			next
			  if $text =~ /"method":"GET"/ || $text =~ m{"path":"/dbaas-service-(?:logs|metrics)};
			next if !$ended && !$is_last || $seen{$number}++;
			my $request = JSON::PP::decode_json($text);
			my ($name) = ($request->{body} // '') =~
			  /"(?:database-name|username)":"(\w+)"|"ip-filter":\["([^"]*)"/ ? $1 // $2 : undef;
			$soak->note(
				seq => $number,
				status => $request->{status},
				what => "$request->{method} $request->{path}",
				name => $name);
		}
		$sim->control('DELETE', "requests?until=$last");
		last if $is_last;
		sleep 0.3;
	}
	return;
}

# ---------------------------------------------------------------------------
# The run
# ---------------------------------------------------------------------------

sub descriptors { return scalar(() = glob "/proc/$_[0]/fd/*") }

$sim->clear;
my $open_before = descriptors($sim->pid);
my @names = map { sprintf 's%02d', $_ } 0 .. $sessions - 1;
my $began = time;
my @pids = map { $soak->session($_, $_ < $steady) } 0 .. $sessions - 1;
push @pids, $soak->process('disturber', \&disturb), $soak->process('collector', \&collect);
my $recorder = $soak->process('recorder', \&record);
my %measured;
while (time < $until)
{
	sleep max(0.1, $seconds / 60);
	foreach my $pid (
		(   map { qx(head -n 1 $directory/$_ 2>/dev/null) =~ /"backend":"(\d+)"/ }
			@names[ 0 .. $steady - 1 ]),
		$sim->pid)
	{
		my $kb = DbaasTest::rss($pid) // next;
		my $who = $pid == $sim->pid ? 'the simulator' : "backend $pid";
		push @{ $measured{"$who: kB"} }, [ time, $kb ];
		# The simulator has one for each connection that is open: it is looked at in the end
		push @{ $measured{"$who: descriptors"} }, [ time, descriptors($pid) ] if $pid != $sim->pid;
	}
}
my $took = time - $began;
$sim->clear_faults;
$soak->wait(@pids);
$sim->clear_faults;
$sim->config(latency => 0);
$sim->settle;
append_to_file($stop, 'now');
$soak->wait($recorder);
ok(DbaasTest::wait_until(sub { descriptors($sim->pid) <= $open_before }),
	'the simulator has no more descriptors than before')
  or diag(descriptors($sim->pid), ", before $open_before");

# ---------------------------------------------------------------------------
# What was told, received and logged
# ---------------------------------------------------------------------------

my (%received, %sending, %ended, @problems);
sub key { return $_[0]{what} . (defined $_[0]{name} ? " $_[0]{name}" : '') }
foreach my $request ($soak->read_file('recorder'))
{
	# After 429 it is sent again: that one was not processed
	push @{ $received{ key($request) } }, $request if ($request->{status} // 0) != 429;
}
my $log = slurp_file($t->node->logfile);
while ($log =~ /dbaas_fdw write: (\S+ \S+) in zone \S+?(?: \(([^)]*)\))?: (.*), by \S+ on server/g)
{
	my ($label, $outcome) = ($1 . (defined $2 ? " $2" : ''), $3);
	$outcome eq 'sending' ? $sending{$label}++ : push @{ $ended{$label} }, $outcome;
}
my %local = map { $_ => 1 } split /\n/, $t->sql('SELECT id FROM soak');
my (%there, %told, %said, @seconds, %errors);
my ($transactions, $writes) = (0, 0);

sub problem { push @problems, join '', @_; return }

# Is what the write makes there afterwards?  undef: nobody knows
sub effect
{
	my ($is) = @_;
	return $is eq 'applied' ? 1 : $is eq 'unknown' ? undef : 0;
}

sub check_write
{
	my ($entry, $write) = @_;
	my $key = key($write);
	my $is = $write->{is};

	problem("$key: missed, $entry->{said}") if $write->{missed};
	if ($is eq 'gone')
	{
		# Its session did not try it again.  What others write too has lines of theirs
		my ($end) = reverse @{ $ended{$key} // [] };
		$is = $write->{shared} || $write->{what} =~ /^PUT/ ? 'unknown' : $end // 'not sent';
		$is =~ s/^(applied|failed|not sent|unknown).*/$1/;
	}
	$told{$key}{$is}++;
	push @{ $said{$key} }, "$write->{is}: $entry->{said}";
	return if $write->{shared};
	return if !$write->{kind};
	if ($write->{makes})
	{
		$there{ $write->{kind} }{ $write->{makes} } = effect($is);
	}
	elsif (!defined effect($is))
	{
		$there{ $write->{kind} }{ $write->{drops} } = undef;
	}
	elsif (effect($is))
	{
		$there{ $write->{kind} }{ $write->{drops} } = 0;
	}
	return;
}

sub check_transaction
{
	my ($entry) = @_;
	my $id = $entry->{transaction};
	my $is_there = $local{$id} ? 1 : 0;

	$transactions++;
	$writes += @{ $entry->{writes} };
	check_write($entry, $_) foreach @{ $entry->{writes} };
	return if !$entry->{local};
	problem("$id: told $entry->{told}, and its row is ", $is_there ? 'there' : 'not there')
	  if $entry->{told} ne 'gone' && $is_there != ($entry->{told} eq 'committed');
	return;
}

my $allowed = qr/^(?:08001|22023|23505|25P02|28000|38000|40001|42704|42P09|53400|55000|55006
	|57014|57P01|HV000|gone)$/x;
my %steady;
foreach my $name (@names)
{
	foreach my $entry ($soak->read_file($name))
	{
		push @{ $steady{$name} }, $entry if $entry->{at};
		check_transaction($entry) if $entry->{transaction};
		problem("wrong rows: $entry->{read}\n$entry->{wrong}") if defined $entry->{wrong};
		my $what = $entry->{read} ? 'read' : $entry->{transaction} ? 'transaction' : next;
		my $state = $entry->{sqlstate} // 'none';
		$errors{$what}{$state}++;
		push @{ $seconds[ $what eq 'read' ? 0 : 1 ] }, $entry->{seconds};
		problem("$state: ", $entry->{said} // $entry->{read})
		  if $state ne 'none' && $state !~ $allowed;
	}
}

# Nothing was received that no session has told of, nor without a line before it
foreach my $key (sort keys %received)
{
	problem("$key was received, and no session tells of it") if !$told{$key};
	problem("$key was received ", scalar @{ $received{$key} }, ' times')
	  if @{ $received{$key} } > 1 && $key !~ /shared_/;
}
my %by_label;
foreach my $key (keys %received)
{
	$by_label{ $key =~ s/^(PUT \S+) .*/$1/r } += @{ $received{$key} };
}
foreach my $label (sort keys %by_label)
{
	my $lines = $sending{$label} // 0;
	problem("$label was received $by_label{$label} times, and logged $lines times")
	  if $lines < $by_label{$label};
}
foreach my $label (sort keys %sending)
{
	my $ends = @{ $ended{$label} // [] };
	problem("$label: $sending{$label} times sent, $ends ends in the log")
	  if $ends != $sending{$label};
}
foreach my $key (sort keys %told)
{
	my $counts = $told{$key};
	my @got = map { $_->{status} // 'nothing' } @{ $received{$key} // [] };
	my $certain = $counts->{applied} // 0;
	my $possible = sum0(map { $_ eq 'not sent' ? 0 : $counts->{$_} } keys %$counts);
	problem("$key: received @got, told $certain to $possible times: ", join "\n", @{ $said{$key} })
	  if (grep { $_ eq '200' } @got) < $certain || @got > $possible;
}
# All of them, for who has to look into it
append_to_file("$ENV{DBAAS_RESULTS}/soak-problems", join "\n\n", @problems)
  if @problems && $ENV{DBAAS_RESULTS};
is(join("\n", @problems), '', "$transactions transactions, $writes writes: as they were told");

# ---------------------------------------------------------------------------
# What there is now
# ---------------------------------------------------------------------------

my %now;
DbaasTest::wait_until(
	sub {
		my $pg = $sim->get('/dbaas-postgres/pg-1-0001')->{json};
		my $mysql = $sim->get('/dbaas-mysql/mysql-1-0002')->{json};
		my $services = $sim->get('/dbaas-service')->{json}{'dbaas-services'};
		%now = (
			database => { map { $_ => 1 } @{ $pg->{databases} } },
			user => { map { $_->{username} => 1 } @{ $mysql->{users} } },
			service => { map { $_->{name} => 1 } @$services });
		return !grep { $_->{'pending-operations'} } @{ $sim->state->{zones} };
	});
my @wrong;
foreach my $kind (sort keys %there)
{
	my $expected = $there{$kind};
	push @wrong, map { "$kind $_ is " . ($now{$kind}{$_} ? 'there' : 'not there') }
	  grep           { defined $expected->{$_} && $expected->{$_} != ($now{$kind}{$_} // 0) }
	  sort keys %$expected;
	push @wrong, map { "$kind $_ is there, and nobody made it" }
	  grep { !exists $expected->{$_} && /^[a-z]\d{3}n/ } sort keys %{ $now{$kind} };
}
is(join("\n", @wrong), '', 'the API has what they were told');

# ---------------------------------------------------------------------------
# The history
# ---------------------------------------------------------------------------

my $failed = 1;
foreach my $try (1 .. 3)
{
	$t->sql(q{CALL dbaas_fdw_collect('hist')});
	$failed = $t->sql('SELECT failed FROM hist.runs ORDER BY id DESC LIMIT 1') or last;
}
is($failed, 0, 'a collection without a fault');
my $logs = 'SELECT zone, service_name, time, node, unit, message FROM';
my $exists = q{(zone, service_name) IN (SELECT zone, name FROM exo.dbaas_services)};
is( $t->sql(
		"SELECT count(*) FROM ($logs exo.dbaas_logs EXCEPT ALL $logs hist.logs) x
		UNION ALL SELECT count(*) FROM
			($logs hist.logs WHERE $exists EXCEPT ALL $logs exo.dbaas_logs) x"),
	"0\n0",
	'the history has each entry of the logs once');
is( $t->sql(
		q{SELECT count(*) FROM (SELECT 1 FROM hist.services WHERE valid_to IS NULL
		GROUP BY zone, name HAVING count(*) > 1) x}),
	0,
	'and one version of each service');

# ---------------------------------------------------------------------------
# What grows
# ---------------------------------------------------------------------------

# How much more it was in the last sixth than in the sixth after the first third
sub growth
{
	my (@points) = @_;
	my ($first, $last) = ($points[0][0], $points[-1][0]);
	my $sixth = ($last - $first) / 6;
	my $mean = sub {
		my ($from) = @_;
		my @some = map { $_->[1] } grep { $_->[0] >= $from && $_->[0] <= $from + $sixth } @points;
		return @some ? sum0(@some) / @some : undef;
	};
	my ($before, $after) = ($mean->($first + 2 * $sixth), $mean->($last - $sixth));
	return defined $before && defined $after ? $after - $before : 0;
}

foreach my $name (sort keys %steady)
{
	my @entries = grep { $_->{backend} eq $steady{$name}[-1]{backend} } @{ $steady{$name} };
	push @{ $measured{"$name: bytes in contexts"} }, map { [ $_->{at}, $_->{bytes} ] } @entries;
	push @{ $measured{"$name: contexts"} }, map          { [ $_->{at}, $_->{contexts} ] } @entries;
}
my %most = (descriptors => 12, contexts => 10);
my @grown;
foreach my $what (sort keys %measured)
{
	my ($kind) = $what =~ /: (.*)/;
	my $growth = growth(@{ $measured{$what} });
	my $last = $measured{$what}[-1][1];
	push @grown, [ $kind, $growth, "$what: $last, of which " . sprintf '%+.0f', $growth ];
}
is( scalar(grep { /^backend .*kB$|: contexts$/ } keys %measured),
	2 * $steady,
	'each steady session was measured');
is( join("\n",
		map  { $_->[2] }
		grep { defined $most{ $_->[0] } && $_->[1] > $most{ $_->[0] } } @grown),
	'',
	'nothing has grown');
foreach my $memory (grep { !defined $most{ $_->[0] } } @grown)
{
	my ($kind, $growth, $words) = @$memory;
	# The simulator keeps responses, up to 256 MB
	my $most =
		$kind eq 'bytes in contexts' ? 128
	  : $words =~ /^the simulator/   ? 64 * 1024
	  :                                6 * 1024;
	my $kb = $kind eq 'kB' ? $growth : $growth / 1024;
	DbaasTest::measured_ok($kb, '<=', $most, 'nor has ' . $words =~ s/ \d+:/:/r =~ s/: \d.*//r);
}

# ---------------------------------------------------------------------------
# What it did
# ---------------------------------------------------------------------------

foreach my $i (0, 1)
{
	my $what = qw(read transaction) [$i];
	my @all = sort { $a <=> $b } @{ $seconds[$i] // [0] };
	my @at = map { sprintf '%.0f', 1000 * $all[ int $_ * $#all ] } 0.5, 0.95, 0.99, 1;
	diag(
		sprintf '%d %ss, %.0f/s; ms p50 %s, p95 %s, p99 %s, max %s; SQLSTATE %s',
		scalar(@all),
		$what,
		@all / $took,
		@at,
		join ', ',
		map { "$_ $errors{$what}{$_}" } sort keys %{ $errors{$what} });
}
my $got = sum0(map { scalar @$_ } values %received);
my $collections = $soak->read_file('collector');
diag("$got writes received; $collections collections; ",
	join '; ', map { $_->[2] } grep { $_->[2] !~ /descriptors/ } @grown);
foreach my $what ('read', 'transaction')
{
	cmp_ok(
		$errors{$what}{none} // 0,
		'>',
		0.2 * sum0(values %{ $errors{$what} }),
		"a good part of each $what went well");
}

done_testing();
