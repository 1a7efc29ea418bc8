package DbaasKill;

=head1 NAME

DbaasKill - a transaction that sends writes, which is ended at a chosen point

=head1 SYNOPSIS

    use DbaasKill;

    my $kill = DbaasKill->new($t);
    my $run = $kill->start('commit');
    $kill->go($run, 'answered', 3);        # until the answer to its third request is on its way
    kill 'KILL', $run->{backend};
    $kill->let_go($run);
    is_deeply([ $kill->problems($run, 1) ], [], 'the log says what the API received');

=head1 DESCRIPTION

The transaction is run by psql, writes a local row and three things of the API, and stops at a
gate before it sends the first of them.  Its requests pass a DbaasRelay.

=over

=item new($t)

Makes the local table, and the server exoscale anew, behind the relay.

=item kinds

The kinds of transactions that there are.

=item start($kind, %settings)

Starts it with these settings, and returns when it is at its gate: a hash with C<client> and
C<backend>, process ids.

=item go($run, $point, $n), at($run, $point, $n)

Lets it go on until a point, or to its end; is it there?

=item points

The points, by their names: C<queued>, at the gate; of its n-th request C<unsent>, sent, and on its
way to the API; C<received> by the API, which does nothing yet; C<answered>, the answer is on its
way; C<sent>, all is over but the local commit; C<committed>, which the client is not told yet.

=item let_go($run)

Removes what holds it, and waits until its client and its backend have ended.

=item wait_server

Waits until the server takes connections.

=item problems($run, $mute)

What differs between the server's log, the API's record and state, what the client was told, and
the local transaction; nothing, if all is well.  With $mute the backend could say nothing any more.

=back

=cut

use strict;
use warnings;

use DbaasRelay;
use DbaasTest;
use PostgreSQL::Test::Utils qw(slurp_file);
use POSIX                   qw(:sys_wait_h);
use Time::HiRes             qw(sleep);

my @by_request = qw(unsent received answered);
my $gate = '/dbaas-service-type';

# What each write is by its request, and whether the API shows it
my $service = '/dbaas-postgres/pg-1-0001';
my %effect = (
	"POST $service/database" => sub { return named($_[0], 'databases') },
	"POST $service/user" => sub { return named($_[0], 'users') },
	map {
		my $path = "/dbaas-service/$_";
		my $list = '/dbaas-service';
		my $name = $_;
		"DELETE $path" => sub {
			return !grep { $_->{name} eq $name } @{ $_[0]->get($list)->{json}{'dbaas-services'} };
		}
	} qw(pg-1-0001 mysql-1-0002 kafka-1-0003));

my $database = q{INSERT INTO exo.dbaas_databases (zone, service_name, name)
	VALUES ('ch-gva-2', 'pg-1-0001', 'made');};
my $user = q{INSERT INTO exo.dbaas_users (zone, service_name, username)
	VALUES ('ch-gva-2', 'pg-1-0001', 'made')};
my $delete = q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'kafka-1-0003';};
my $deletes = q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2'
	AND name IN ('pg-1-0001', 'mysql-1-0002', 'kafka-1-0003');};
my $local = q{INSERT INTO local VALUES (:'name'); NOTIFY done;};
my $wait = 'SELECT count(*) FROM exo.dbaas_service_types;';

my %transaction = (
	commit => "$local $database $user; $delete $wait COMMIT;",
	rows => "$local $deletes $wait COMMIT;",
	immediate =>
	  "SET LOCAL dbaas_fdw.write_mode = immediate; $wait $database $local $user; $delete COMMIT;",
	returning => "$local $database $wait $user RETURNING username; $delete COMMIT;");

sub named
{
	my ($sim, $list) = @_;
	my $inside = $sim->get($service)->{json}{$list} // [];
	return scalar grep { (ref $_ ? $_->{username} : $_) eq 'made' } @$inside;
}

sub kinds  { return sort keys %transaction }
sub points { return ('queued', @by_request, 'sent', 'committed') }

# What a server that is killed here needs
our $conf = <<'END';
restart_after_crash = on
autovacuum = off
wal_level = replica
max_wal_senders = 2
synchronous_commit = local
synchronous_standby_names = 'nobody'
END

sub new
{
	my ($class, $t) = @_;
	my $relay = DbaasRelay->start($t->sim->port);
	my $self = bless { t => $t, relay => $relay, number => 0 }, $class;

	$t->sql('CREATE TABLE local (name text); CREATE TABLE later (n int)');
	$t->create_server(
		endpoint => $t->sim->endpoint_template =~ s/:\d+/':' . $relay->port/er,
		zones => 'ch-gva-2');
	return $self;
}

sub start
{
	my ($self, $kind, %settings) = @_;
	my $t = $self->{t};
	my $run = { kind => $kind, name => 'run ' . ++$self->{number}, since => -s $t->node->logfile };
	my $set = join ' ', map { "SET $_ = '$settings{$_}';" } sort keys %settings;

	$self->{relay}->hold(0, 'nothing');
	$t->sim->reset;
	$t->sim->fault({ path => $gate, action => 'meet', requests => 2, times => 2, ms => 60000 });
	$run->{out} = PostgreSQL::Test::Utils::tempdir() . "/$self->{number}";
	my $sql = "$set SELECT count(*) FROM exo.dbaas_services; BEGIN;\n"
	  . "SELECT 'backend ' || pg_backend_pid(); $transaction{$kind}\n\\echo told committed\n";
	my @psql = ('psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-v', 'ON_ERROR_STOP=1');
	open my $script, '>', "$run->{out}.sql" or die "$run->{out}: $!";
	print $script $sql;
	close $script;
	$run->{client} = fork // die "fork: $!";

	if (!$run->{client})
	{
		open STDOUT, '>', $run->{out} or POSIX::_exit(3);
		open STDERR, '>&', \*STDOUT or POSIX::_exit(3);
		exec @psql, '-v', "name=$run->{name}", '-d', $t->node->connstr('postgres'),
		  '-f', "$run->{out}.sql"
		  or POSIX::_exit(3);
	}
	DbaasTest::wait_until(
		sub {
			grep { $_->{path} eq $gate } $t->sim->requests;
		}) or die 'it never came to its gate: ' . slurp_file($run->{out});
	($run->{backend}) = slurp_file($run->{out}) =~ /^backend (\d+)$/m or die 'no backend';
	$run->{first} = $t->sim->last_request->{seq};
	return $run;
}

sub wait_event
{
	my ($self, $pid) = @_;
	return $self->{t}->sql("SELECT wait_event FROM pg_stat_activity WHERE pid = $pid");
}

# A session that waits in its own commit, where it keeps all others that notify from theirs
sub hold_notifiers
{
	my ($self) = @_;
	my $t = $self->{t};
	my $pid = fork // die "fork: $!";
	if (!$pid)
	{
		open STDERR, '>', '/dev/null' or POSIX::_exit(3);
		$ENV{PGAPPNAME} = 'notifier';
		exec 'psql', '-Xq', '-d', $t->node->connstr('postgres'), '-c',
		  'SET synchronous_commit = on; INSERT INTO later VALUES (0); NOTIFY done'
		  or POSIX::_exit(3);
	}
	$self->{notifier} = $pid;
	DbaasTest::wait_until(
		sub {
			$self->{holder} = $t->sql(
				q{SELECT pid FROM pg_stat_activity
				WHERE application_name = 'notifier' AND wait_event = 'SyncRep'});
			return $self->{holder} ne '';
		}) or die 'nobody holds those that notify';
	return;
}

# The requests of the transaction behind its gate
sub requests
{
	my ($self, $run) = @_;
	return grep { $_->{path} ne $gate } $self->{t}->sim->requests($run->{first});
}

sub at
{
	my ($self, $run, $point, $n) = @_;
	return 1 if $point eq 'queued';
	return $self->{relay}->held if $point eq 'unsent' || $point eq 'answered';
	return $self->wait_event($run->{backend}) =~ /object/ if $point eq 'sent';
	return $self->wait_event($run->{backend}) eq 'SyncRep' if $point eq 'committed';
	my ($fault) = grep { !defined $_->{path} } $self->{t}->sim->faults;
	return $fault->{times} == 0 && $self->requests($run) >= $n;
}

sub go
{
	my ($self, $run, $point, $n) = @_;
	my $sim = $self->{t}->sim;

	return 1 if $point eq 'queued';
	$self->hold_notifiers if $point eq 'sent';
	$self->{relay}->hold($n, $point eq 'unsent' ? 'request' : 'answer')
	  if $point eq 'unsent' || $point eq 'answered';
	$sim->fault({ action => 'meet', requests => 2, skip => $n - 1, ms => 60000 })
	  if $point eq 'received';
	# Opens the gate
	$sim->get($gate);
	return 1 if $point eq 'end';
	return DbaasTest::wait_until(
		sub { return 1 if $self->at($run, $point, $n); return $self->client_ended($run); })
	  && !defined $run->{status};
}

sub client_ended
{
	my ($self, $run) = @_;
	return 1 if defined $run->{status};
	return 0 if !waitpid $run->{client}, WNOHANG;
	$run->{status} = $?;
	return 1;
}

sub let_go
{
	my ($self, $run) = @_;
	$self->{relay}->release;
	$self->{t}->sim->clear_faults;
	if ($self->{notifier})
	{
		kill 'INT', $self->{holder};
		waitpid delete $self->{notifier}, 0;
	}
	DbaasTest::wait_until(sub { $self->client_ended($run) && !kill 0, $run->{backend} })
	  or die 'it does not end';
	return;
}

sub wait_server
{
	my ($self) = @_;
	return DbaasTest::wait_until(
		sub {
			return
			  system('psql -Xc "SELECT 1" -d "'
				  . $self->{t}->node->connstr('postgres')
				  . '" >/dev/null 2>&1') == 0;
		});
}

# Of each write the lines of the log, in their order
sub logged
{
	my ($self, $run) = @_;
	my %lines;
	foreach my $line (split /\n/, slurp_file($self->{t}->node->logfile, $run->{since}))
	{
		my ($what, $outcome, $by) =
		  $line =~
		  m{dbaas_fdw write: (\S+ \S+) in zone ch-gva-2.*?: (.*), by \w+ on (.* transaction .*)$}
		  or next;
		my ($xid) = $by =~ /\(xid (\d+)\)$/;
		push @{ $lines{$what} }, $outcome;
		$run->{xid} = $xid if defined $xid;
	}
	return %lines;
}

# What the log says of one write, beside what the API received
sub compare
{
	my ($lines, $received, $is_there, $mute) = @_;
	my ($first, $end, @more) = @{ $lines // [] };
	my @problems;

	push @problems, 'received, and not in the log' if @$received && !defined $first;
	push @problems, 'received ' . @$received . ' times' if @$received > 1;
	push @problems, "first in the log: $first" if defined $first && $first ne 'sending';
	push @problems, "has more lines: @more" if @more;
	push @problems, 'its end is not in the log' if defined $first && !defined $end && !$mute;
	push @problems, "logged '$end', but not received"
	  if defined $end && $end !~ /^(?:unknown|not sent)/ && !@$received;
	push @problems, "logged '$end', but received"
	  if defined $end && $end eq 'not sent' && @$received;
	push @problems, 'logged as applied, but is not there'
	  if defined $end && $end =~ /^applied/ && !$is_there;
	push @problems, 'is there, but was not received' if $is_there && !@$received;
	return @problems;
}

sub problems
{
	my ($self, $run, $mute) = @_;
	my $t = $self->{t};
	my $sim = $t->sim;
	my $said = slurp_file($run->{out});
	my @problems;

	$sim->settle;
	DbaasTest::wait_until(
		sub {
			!grep { !defined $_->{ended_ms} } $sim->requests;
		}) or push @problems, 'a request does not end';
	my %received;
	push @{ $received{"$_->{method} $_->{path}"} }, $_
	  foreach grep { $_->{method} ne 'GET' } $self->requests($run);
	my %lines = $self->logged($run);
	foreach my $write (sort keys %{ { %received, %lines } })
	{
		my $shown = $effect{$write} or return ("unknown write $write");
		my $got = $received{$write} // [];
		# What was taken shows when its operation has ended
		DbaasTest::wait_until(sub { $shown->($sim) }) if grep { ($_->{status} // 0) == 200 } @$got;
		push @problems, map { "$write: $_" } compare($lines{$write}, $got, $shown->($sim), $mute);
	}

	# The error says the same as the log
	my ($reported) = $said =~ /Writes of this transaction:\n(.*)/s;
	foreach (split /\n/, $reported // '')
	{
		my ($write, $state) = m{^(\S+ \S+) in zone ch-gva-2.*?: (.*)$} or last;
		my $logged = $lines{$write}[1] // 'not sent';
		# When it ended, nobody had looked for it in its list
		$state =~ s/^applied, not yet listed/applied/;
		push @problems, "$write: told '$state', logged '$logged'" if $state ne $logged;
	}

	# The local transaction is committed only with all of its writes
	my $rows = $t->sql("SELECT count(*) FROM local WHERE name = '$run->{name}'");
	my @applied = grep { ($lines{$_}[1] // '') =~ /^applied/ } keys %lines;
	push @problems, 'committed, but ' . @applied . ' writes are applied' if $rows && @applied != 3;
	push @problems, 'told committed, and it is not' if $said =~ /told committed/ && !$rows;
	push @problems, 'told an error, but it is committed'
	  if $rows && $said =~ /ERROR:  (?!XX000)/ && $said !~ /has already committed locally/;

	# So does the log's transaction id say, whatever came after it
	if (defined $run->{xid})
	{
		$t->sql('INSERT INTO later VALUES (1)') foreach 1 .. 3;
		my (undef, $status, $error) = $t->sql_both("SELECT pg_xact_status('$run->{xid}')");
		push @problems, "pg_xact_status of xid $run->{xid} is $status$error, with $rows rows"
		  if $status ne ($rows ? 'committed' : 'aborted');
	}
	push @problems, $said, map { "$_: @{ $lines{$_} }" } sort keys %lines if @problems;
	return @problems;
}

1;
