# A history has each log entry once, whatever happens to services, zones and collections.
#
# An API of its own (DbaasHistoryApi), which knows neither the wrapper nor the simulator, lets logs
# and metrics grow, makes, changes, deletes and remakes services, refuses cursors, forgets the
# oldest entries, fails, and takes zones away.  Collections are cancelled, terminated, killed, timed
# out, and meet each other.  After some rounds everything is well again, one collection runs to its
# end, and the history is compared with the API's ledger.  See DbaasHistoryModel for what an entry's
# fate is, and DbaasHistoryChecks for all that is compared.
#
# DBAAS_RANDOM_SEED makes another run, DBAAS_RANDOM_COUNT says how many rounds: "make history" runs
# some hundreds.  The events follow from the seed.  At which moment of a collection they come
# depends on the machine as well.
use strict;
use warnings;

use DbaasHistoryApi;
use DbaasHistoryChecks;
use DbaasRandom qw(random_run pick chance shuffled);
use DbaasTest;
use File::Path qw(make_path);
use POSIX      qw(:sys_wait_h);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $count = random_run(20261205, 40);
my $epoch_rounds = 20;

my $t = DbaasTest->new(
	import => 0,
	zones => 1,
	services => 0,
	logs => 0,
	conf => "restart_after_crash = on\nautovacuum = off\nfsync = off\n");
my $timeout = $t->patience(3);
# No collection takes that long, even of a log that grows faster than it is read
my $limit = 50 * $timeout;
my $directory = PostgreSQL::Test::Utils::tempdir() . '/ledger';
make_path($directory);

my @names = qw(pg-a my-b kafka-c valkey-d pg-e);
my ($api, $checks, $session, %epoch, %mode, @quiet, %after_read);
my ($number, $usual_requests, $usual_seconds) = (0, 30, 0.5);
my %done;

# ---------------------------------------------------------------------------
# Collections
# ---------------------------------------------------------------------------

sub start_run
{
	my (@settings) = @_;
	my $run = { name => 'run ' . ++$number, out => "$directory/run$number", began => time };
	my @psql = ('psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $t->node->connstr('postgres'));

	$run->{pid} = fork // die "fork: $!";
	if (!$run->{pid})
	{
		open STDOUT, '>', $run->{out} or POSIX::_exit(3);
		open STDERR, '>&', \*STDOUT or POSIX::_exit(3);
		$ENV{PGAPPNAME} = $run->{name};
		exec @psql, (map { ('-c', $_) } @settings, q{CALL dbaas_fdw_collect('hist')})
		  or POSIX::_exit(3);
	}
	return $run;
}

sub ended
{
	my ($run) = @_;
	return 1 if defined $run->{status};
	return 0 if !waitpid $run->{pid}, WNOHANG;
	$run->{status} = $?;
	$run->{seconds} = time - $run->{began};
	open my $fh, '<', $run->{out} or die "$run->{out}: $!";
	local $/ = undef;
	$run->{said} = <$fh>;
	close $fh;
	unlink $run->{out};
	return 1;
}

# Until it has ended; calls $meanwhile now and then
sub finish
{
	my ($run, $meanwhile) = @_;
	until (ended($run))
	{
		die "$run->{name} does not end" if time - $run->{began} > $limit;
		$meanwhile->() if $meanwhile;
		sleep 0.005;
	}
	return $run;
}

sub backend
{
	my ($run) = @_;
	return $session->sql(
		"SELECT pid FROM pg_stat_activity WHERE application_name = '$run->{name}'");
}

# A run that nobody killed ends well, and says what failed
sub is_well
{
	my ($run, $what) = @_;
	return 1 if $run->{status} == 0 && $run->{said} !~ /ERROR|FATAL|PANIC/;
	return ok(0, "$what: $run->{said}");
}

sub reconnect
{
	$session = undef;
	DbaasTest::wait_until(
		sub { ($t->node->psql('postgres', 'SELECT 1', on_error_die => 0))[0] == 0 })
	  or die 'the server does not come back';
	$session = $t->session;
	$session->sql('SET client_min_messages = warning');
	return;
}

# ---------------------------------------------------------------------------
# What happens
# ---------------------------------------------------------------------------

sub services { return @{ $api->do('names') } }

# The name of an event, and what it does to a service
my %event = (
	append => sub { $api->do(append => @_, 1 + int rand 20) },
	append_page => sub { $api->do(append => @_, pick(499, 500, 501, 1000, 1200), 5) },
	change => sub { $api->do(change => @_) },
	touch => sub { $api->do(touch => @_) },
	failover => sub { $api->do(failover => @_) },
	backup => sub { $api->do(backup => @_) },
	correct => sub { $api->do(correct => @_) },
	refuse => sub { $api->do(refuse => @_, $epoch{refusal}) },
	drop => sub { $api->do(drop => @_, pick(0, 1, 5, 30)) },
	delete => sub { $api->do(delete => @_) },
	remake => sub { make(@_); $api->do(append => @_, int rand 30) if chance(0.7) },
	make => sub {
		my @service = (pick(@{ $api->do('zone_names') }), pick(@names));
		return if grep { "@$_" eq "@service" } services();
		make(@service);
		$api->do(append => @service, int rand 10) if chance(0.5);
	},
	advance => sub {
		my $behind = $api->do('behind');
		$api->do(
			advance => $behind > 86400
			? pick(60, 900, 7200, 90_000, 700_000)
			: pick(20, 61, 200)) if $behind > 300;
	},
	skew => sub { $api->do(behind => pick(-400, -30, 30, 400)) if !$epoch{far} },);
my @often = ('append') x 12;
my @events = (
	@often,
	qw(append_page change change touch failover backup correct correct refuse drop delete remake
	  remake make make advance advance skew));

sub make
{
	my (@service) = @_;
	$api->do(make => @service, undated => $epoch{cursors} eq 'opaque' && chance(0.1));
	return;
}

sub happen
{
	my ($n) = @_;
	foreach (1 .. $n)
	{
		my @services = services() or return;
		my $name = pick(@events);
		$event{$name}->(@{ pick(@services) });
		$done{$name}++;
	}
	return;
}

sub zone_goes
{
	my ($zone, $mode) = @_;
	$api->zone($zone, $mode);
	$mode{$zone} = $mode;
	$done{'zone away'}++ if $mode ne 'up';
	return;
}

sub all_well
{
	zone_goes($_, 'up') foreach keys %mode;
	%mode = ();
	$api->fault(undef);
	$api->latency(0);
	$api->release;
	$api->do(grow => @$_, 0, 0) foreach services();
	return;
}

sub trouble
{
	if (chance(0.2))
	{
		my $zone = chance(0.1) ? '' : pick(@{ $api->do('zone_names') });
		zone_goes($zone,
			pick('refuse', 'refuse', 503, 502, 500, 'drop', chance(0.3) ? 'stall' : 504));
	}
	if (chance(0.3))
	{
		my ($zone) = shuffled(keys %mode);
		zone_goes($zone, 'up') if defined $zone;
	}
	$api->fault(pick(429, 500, 503, 422, 'cut'), 2 + int rand 8, 1 + int rand 6) if chance(0.2);
	if (chance(0.06) && (my @services = services()))
	{
		# Of the two, the first never ends
		$api->do(
			grow => @{ pick(@services) },
			@{ pick([ 501, 0 ], [ 0, 3 ], [ 2, 2 ], [ 0, 501 ]) });
		$epoch{grew} = 1;
		$done{'log that grows'}++;
	}
	$api->latency(pick(0, 0, 0.002, 0.02)) if chance(0.2);
	return;
}

# ---------------------------------------------------------------------------
# Rounds
# ---------------------------------------------------------------------------

# What of a zone that is away must not change
sub kept_of
{
	my (@zones) = @_;
	my $list = join ',', map { "'$_'" } @zones;
	return $session->sql(
		qq{SELECT zone, count(*), md5(string_agg(s::text, ' ' ORDER BY s::text))
		FROM hist.services s WHERE zone IN ($list) GROUP BY zone ORDER BY zone}) if @zones;
	return '';
}

sub round_plain
{
	my @away = grep { $_ ne '' && $mode{$_} ne 'up' } sort keys %mode;
	my $base = ($mode{''} // 'up') eq 'up';
	my $before = kept_of(@away);
	my $more = chance(0.5) ? 4 : 0;
	my $run = finish(start_run(), sub { happen(1) if $more-- > 0 });

	$done{plain}++;
	return if !$base;
	is_well($run, 'a run that nobody kills') or return;
	# The backend of a client that was killed may still be at it
	return if $run->{said} =~ /NOTICE:.* another session/;
	if (@away)
	{
		is(kept_of(@away), $before, "zones that are away close nothing: @away");
		my $problems = $session->sql('SELECT problems FROM hist.runs ORDER BY id DESC LIMIT 1');
		ok(scalar(grep { $problems =~ /"\Q$_\E"/ } @away) == @away, "and are problems: @away")
		  or diag($problems);
		like($run->{said}, qr/WARNING/, 'of which a warning tells');
	}
	elsif (!%mode && $run->{said} !~ /WARNING/)
	{
		($usual_seconds) = ($run->{seconds});
	}
	return;
}

sub round_meets
{
	$api->hold(1);
	my $first = start_run();
	DbaasTest::wait_until(sub { $api->held || ended($first) });
	if (!ended($first))
	{
		my $second = finish(start_run());
		is_well($second, 'a run that meets another one')
		  and like($second->{said}, qr/NOTICE/, 'a run that meets another one leaves');
		$done{meets}++;
	}
	$api->release;
	finish($first);
	is_well($first, 'a run that another one met') if ($mode{''} // 'up') eq 'up';
	return;
}

my %kill = (
	client => sub { kill KILL => $_[0]{pid} },
	cancel =>
	  sub { my $pid = backend($_[0]); $session->sql("SELECT pg_cancel_backend($pid)") if $pid },
	terminate =>
	  sub { my $pid = backend($_[0]); $session->sql("SELECT pg_terminate_backend($pid)") if $pid },
	crash => sub { my $pid = backend($_[0]); kill KILL => $pid if $pid },);

sub round_killed
{
	my ($how) = @_;
	my @settings;
	my $delay = $usual_seconds * rand 1.2;

	@settings = ('SET statement_timeout = ' . (1 + int 1000 * $delay)) if $how eq 'timeout';
	my $at_request = $how ne 'timeout' && chance(0.7);
	$api->hold(1 + int rand $usual_requests) if $at_request;

	my $run = start_run(@settings);
	if ($at_request)
	{
		my $end = time + 20;
		sleep 0.005 until ended($run) || $api->held || time > $end;
		# Here, or soon afterwards
		if (chance(0.6))
		{
			$api->release;
			sleep rand 0.03;
		}
	}
	elsif ($how ne 'timeout')
	{
		my $end = time + $delay;
		sleep 0.005 until ended($run) || time > $end;
	}
	if ($how ne 'timeout' && !ended($run))
	{
		$kill{$how}->($run);
		$done{"killed: $how"}++;
	}
	happen(int rand 3);
	$api->release;
	finish($run);
	$done{'killed: timeout'}++ if $how eq 'timeout' && $run->{status};
	reconnect() if $how eq 'crash';
	# Nobody waits for the backend of a client that was killed: the next run may meet it
	gone() if $how ne 'client' || chance(0.5);
	return;
}

sub gone
{
	DbaasTest::wait_until(
		sub {
			$session->sql(
				q{SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'run %'}) == 0;
		}) or die 'a run goes on and on';
	return;
}

# ---------------------------------------------------------------------------
# All is well, and all is compared
# ---------------------------------------------------------------------------

sub clean
{
	all_well();
	gone();
	my $sampled = $checks->sampled($session);
	foreach my $try (1 .. 20)
	{
		my $run = finish(start_run());
		is_well($run, 'a run without any fault') or last;
		my ($failed, $problems) = split /\|/,
		  $session->sql('SELECT failed, problems FROM hist.runs ORDER BY id DESC LIMIT 1'), 2;
		# A run may leave to the next what a log had grown by
		last if $failed eq '0' && !($epoch{grew} && $checks->unread($session));
		$done{'run again'}++;
		next if $failed eq '0' || $try < 3;
		ok(0, "runs without any fault fail: $problems");
		last;
	}
	$epoch{grew} = 0;
	$api->do(settle => $sampled);
	$checks->load($session);
	my %wrong = $checks->wrong($session);
	is_deeply(\%wrong, {}, "round $done{rounds}: all is kept as it was")
	  or diag(
		(map { "--- $_\n$wrong{$_}\n" } sort keys %wrong),
		"--- runs\n",
		$session->sql(
				q{SELECT id, started_at, ended_at, failed, problems FROM hist.runs }
			  . q{ORDER BY id DESC LIMIT 8}));
	return !%wrong;
}

# Nothing is new: what a run asks for then
sub idle
{
	my $services = services();
	my $zones = @{ $api->do('zone_names') };
	my $before = $session->sql('SELECT count(*) FROM hist.logs');
	my $young = $session->sql(
		q{SELECT count(*) FROM hist.cursors
		WHERE sampled IS NULL OR sampled = '-infinity' OR sampled < created_at}
	);
	$api->do(refuse => @$_, undef) foreach services();
	$api->do('count');
	$api->failed;
	my $run = finish(start_run());
	my $asked = $api->do('count');

	is_well($run, 'a run in which nothing is new');
	is($api->failed, 0, 'nothing fails');
	is_deeply(
		[ map { $_ // 0 } @$asked{qw(list logs)} ],
		[ $zones, $services ],
		'nothing new: a request for each list and log');
	# The first sample of a service may come now: what it had before is looked for
	my $metrics = $asked->{metrics} // 0;
	ok( $metrics == $services || $metrics > $services && $metrics <= $services + 4 * $young,
		"and for its metrics: $metrics of $services, $young without a sample before");
	is($session->sql('SELECT count(*) FROM hist.logs'), $before, 'and no entry');
	$usual_requests = 0;
	$usual_requests += $_ foreach values %$asked;
	$usual_seconds = $run->{seconds};
	$done{idle}++;
	return;
}

sub begin_epoch
{
	my ($seed) = @_;
	my $far = chance(0.5);
	%epoch = (
		far => $far,
		cursors => pick('opaque', 'number'),
		refusal => pick(400, 422, 404),
		details => chance(0.5));
	diag('epoch: ' . join ', ', map { "$_=$epoch{$_}" } sort keys %epoch);

	$api = DbaasHistoryApi->start(
		seed => $seed,
		zones => 3,
		cursors => $epoch{cursors},
		refusal => $epoch{refusal},
		mean => chance(0.5),
		# Its clock and ours; far behind, so that it can be put forward by days
		behind => $far ? 86400 * (40 + rand 30) : pick(-400, 0, 400));
	foreach my $zone (@{ $api->do('zone_names') })
	{
		foreach my $name (@names)
		{
			next if chance(0.2);
			$api->do(make => $zone, $name, age => 86400 * (3 + int rand 60));
			if ($far)
			{
				$api->do(append => $zone, $name, pick(0, 1, 100, 700), 86400 * (1 + rand 60));
			}
			else
			{
				# What is older than a first run reads, and what is not
				$api->do(append => $zone, $name, pick(0, 10), 400_000, 200_000);
				$api->do(old => $zone, $name);
				$api->do(append => $zone, $name, pick(0, 1, 100, 700), 70_000);
			}
		}
	}
	$session = $t->session;
	$session->sql('SET client_min_messages = warning; DROP SCHEMA IF EXISTS hist CASCADE');
	$t->create_server(
		endpoint => $api->endpoint,
		max_retries => pick(0, 1, 2),
		request_timeout => $timeout,
		connect_timeout => $timeout);
	$session->sql(q{SELECT dbaas_fdw_history('exo', 'hist')});
	$session->sql(q{UPDATE hist.keep SET first = NULL}) if $far;
	$session->sql(q{UPDATE hist.keep SET every = '0'}) if $epoch{details};
	$checks = DbaasHistoryChecks->new($api, $directory, details => $epoch{details});
	%mode = ();
	return;
}

sub run_epoch
{
	my ($rounds) = @_;
	my $until_clean = 1;
	foreach my $round (1 .. $rounds)
	{
		$done{rounds}++;
		happen(1 + int rand 5);
		trouble();
		my $kind = pick(
			('plain') x 5,
			'meets',
			qw(client cancel cancel terminate timeout timeout),
			chance(0.15) ? 'crash' : 'client');
		$kind eq 'plain' ? round_plain() : $kind eq 'meets' ? round_meets() : round_killed($kind);
		$session->sql(q{SELECT dbaas_fdw_history('exo', 'hist')}) if chance(0.03);
		$api->do('new_zone') if chance(0.02);

		next if --$until_clean > 0 && $round < $rounds;
		$until_clean = 1 + int rand 8;
		clean() or return 0;
		idle() if chance(0.3);
	}
	return 1;
}

sub run_all
{
	my $left = $count;
	while ($left > 0)
	{
		begin_epoch(int rand 1e9);
		run_epoch($left < $epoch_rounds ? $left : $epoch_rounds) or return 0;
		$left -= $epoch_rounds;
	}
	return 1;
}

my $well = eval { run_all() };
ok(0, "round $done{rounds}: $@") if $@;

# ---------------------------------------------------------------------------
# The checks find what they are for
# ---------------------------------------------------------------------------

# Harm to a history that was right, and the check that has to find it
my @harm = (
	'every entry is kept' =>
	  'DELETE FROM hist.logs WHERE ctid IN (SELECT ctid FROM hist.logs ORDER BY time DESC LIMIT 1)',
	'no entry is kept twice' => 'INSERT INTO hist.logs SELECT * FROM hist.logs LIMIT 1',
	'no entry is kept twice' => q{UPDATE hist.logs SET message = message || ' '
		WHERE ctid IN (SELECT ctid FROM hist.logs WHERE message <> '' LIMIT 1)},
	'a gap is where a log gave something up' => q{UPDATE hist.runs SET problems = jsonb_build_array(
		jsonb_build_object('relation', 'logs', 'zone', 'x', 'service_name', 'y', 'gap_from', now()))
		WHERE id = (SELECT max(id) FROM hist.runs)},
	'samples are kept, as they are now' =>
	  q{DELETE FROM hist.metrics WHERE (zone, service_name, metric, node, time)
		IN (SELECT zone, service_name, metric, node, time FROM truth.required LIMIT 1)},
	'samples are kept, as they are now' => 'UPDATE hist.metrics SET value = value + 0.001',
	'no sample is kept that was not shown' =>
	  q{UPDATE hist.metrics SET time = time + interval '1 second' WHERE metric = 'cpu_usage'},
	'the services that there are are open, as they are' =>
	  'UPDATE hist.services SET valid_to = now() WHERE valid_to IS NULL',
	'the services that there are are open, as they are' =>
	  q{UPDATE hist.services SET state = 'x' WHERE valid_to IS NULL},
	'integrations are open where there are services' =>
	  'UPDATE hist.integrations SET valid_to = now() WHERE valid_to IS NULL',
	'versions of services follow each other' => q{INSERT INTO hist.services
		SELECT (jsonb_populate_record(s, jsonb_build_object(
			'valid_from', valid_from - interval '1 s', 'valid_to', valid_from + interval '1 s'))).*
		FROM hist.services s WHERE valid_to IS NULL},
	'a version of details is a change' => q{
		UPDATE hist.details SET valid_to = now() WHERE valid_to IS NULL;
		INSERT INTO hist.details SELECT (jsonb_populate_record(s,
			jsonb_build_object('valid_from', now(), 'valid_to', null))).*
		FROM hist.details s WHERE valid_to = now()},
	'states are in the order in which they were seen' =>
	  q{UPDATE hist.services SET plan = 'another'},
	'states are in the order in which they were seen' =>
	  'UPDATE hist.services SET valid_to = now() WHERE valid_to IS NULL',
	'each service has its cursor' => 'DELETE FROM hist.cursors',
	'each service has its cursor' => q{UPDATE hist.cursors SET created_at = now()},
	'each service has its cursor' =>
	  q{UPDATE hist.cursors SET sampled = sampled - interval '1 year'},
	'each cursor stands where nothing is left' => q{UPDATE hist.cursors SET log_offset = 'x'},);
while ($well && @harm)
{
	my ($check, $sql) = splice @harm, 0, 2;
	$session->sql("BEGIN; $sql");
	my %wrong = $checks->wrong($session, qr/\A\Q$check\E\z/);
	ok($wrong{$check}, "found: $check");
	$session->sql('ROLLBACK');
}

diag(join ', ', map { "$_: $done{$_}" } sort keys %done);
diag('entries: '
	  . $session->sql('SELECT fate, count(*) FROM truth.entries GROUP BY 1 ORDER BY 1') =~
	  tr/\n/ /r);
done_testing();
