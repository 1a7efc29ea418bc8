# Wherever a transaction that sends writes is ended, the server's log says afterwards what the API
# received: a line before each write is sent, and one when it ends, if there is a backend to say it.
#
# The points are those of the requests of a run that nothing ends: each is held before the API has
# received it, before the API acts on it, and before its answer arrives; and there is before the
# first, after the last, and after the local commit.  What was received is the simulator's record.
#
# "make kill" tries each way at each point, of each kind of transaction.  Elsewhere it is
# DBAAS_RANDOM_COUNT cases of two kinds, which DBAAS_RANDOM_SEED chooses; 0: all.
use strict;
use warnings;

use DbaasKill;
use DbaasRandom qw(random_run shuffled);
use DbaasTest;
use Test::More;

my $count = random_run(20261201, 5);
my $t = DbaasTest->new(services => 4, logs => 0, operation_time => 1, conf => $DbaasKill::conf);
my $kill = DbaasKill->new($t);

# How a transaction is ended; those that leave a backend which cannot speak are mute
my %way = (
	'the backend is killed' => {
		mute => 1,
		end => sub { kill 'KILL', $_[0]{backend} }
	},
	'another backend is killed' => {
		mute => 1,
		end => sub {
			kill 'KILL',
			  $t->sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'});
		}
	},
	'immediate shutdown' => {
		mute => 1,
		end => sub { $t->node->stop('immediate'); $t->node->start; }
	},
	'the backend is terminated' => { end => sub { kill 'TERM', $_[0]{backend} } },
	'it is cancelled' => { end => sub { kill 'INT', $_[0]{backend} } },
	'the client is killed' => { end => sub { kill 'KILL', $_[0]{client} } },
	'the client is killed, and looked for' => {
		settings => { client_connection_check_interval => '10ms' },
		end => sub { kill 'KILL', $_[0]{client} }
	});

sub all_ended
{
	my ($way, $run) = @_;
	$way{$way}{end}->($run);
	if ($way{$way}{mute})
	{
		DbaasTest::wait_until(sub { !kill 0, $run->{backend} }) or die 'it lives';
		$kill->wait_server or die 'the server does not come back';
	}
	# Nobody else would end this wait, when the client has gone
	kill 'INT', $run->{backend} if $run->{point} eq 'committed';
	# It may still have to notice
	DbaasTest::wait_until(sub { !kill 0, $run->{backend} }) if $way =~ /looked for/;
	$kill->let_go($run);
	return;
}

my @kinds = $kill->kinds;
@kinds = (shuffled(@kinds))[ 0, 1 ] if $count;
my @cases;
foreach my $kind (@kinds)
{
	my $run = $kill->start($kind, synchronous_commit => 'local');
	$kill->go($run, 'end');
	$kill->let_go($run);
	my $requests = $kill->requests($run);
	is_deeply([ $kill->problems($run, 0) ], [], "$kind: nothing ends it");
	cmp_ok($requests, '>=', 6, "$kind: $requests requests");
	foreach my $point ($kill->points)
	{
		my @n = $point =~ /^(?:unsent|received|answered)$/ ? (1 .. $requests) : (1);
		foreach my $way (sort keys %way)
		{
			push @cases, map { [ $kind, $point, $_, $way ] } @n;
		}
	}
}
if ($count)
{
	# One of them each time: what was changed here is not on disk yet when the first write is sent
	my $certain = [ 'commit', 'answered', 1, 'immediate shutdown' ];
	@cases = ($certain, (shuffled(@cases))[ 0 .. $count - 2 ]);
}
diag(scalar(@cases), ' cases');

my ($missed, %done) = (0);
foreach my $case (@cases)
{
	my ($kind, $point, $n, $way) = @$case;
	my $name = "$kind, $point $n: $way";
	my $run = $kill->start(
		$kind,
		synchronous_commit => $point eq 'committed' ? 'on' : 'local',
		%{ $way{$way}{settings} // {} });
	$run->{point} = $point;
	$done{$way}++;
	if (!$kill->go($run, $point, $n))
	{
		# A poll more or less, now and then
		$missed++;
		$kill->let_go($run);
		is_deeply([ $kill->problems($run, 0) ], [], "$name, which it never came to");
		next;
	}
	all_ended($way, $run);
	is_deeply([ $kill->problems($run, $way{$way}{mute}) ], [], $name);
}
cmp_ok($missed, '<=', @cases / 10, "$missed points were not come to");
note(map { "$_: $done{$_}\n" } sort keys %done);

done_testing();
