package DbaasSoak;

=head1 NAME

DbaasSoak - a session that reads and writes for a while, and keeps a ledger of what it was told

=head1 SYNOPSIS

    use DbaasSoak;

    my $soak = DbaasSoak->new($t, directory => $directory, seed => 7, until => time + 8,
        expected => \%rows);
    my $pid = $soak->session(3, 1);            # a process of its own
    my $other = $soak->process('recorder', sub { ... });
    $soak->wait($pid, $other);

=head1 DESCRIPTION

=over

=item new($t, %options)

C<directory> is for the files of the processes; C<seed> is what randomness follows from; C<until> is
when sessions end; C<every> so many seconds a steady one measures its memory; C<expected> has the
rows of reads, by their SQL.

=item process($name, $code)

Runs it in a process of its own, with a connection of its own to the simulator.  Returns its process
id.

=item note(%entry)

In such a process: adds that to the file of its name.

=item session($number, $steady)

Starts a session.  What it does is chosen at random, by the seed and its number.  A steady one is
one backend from its start to its end; nobody terminates it.  Its ledger is the file C<sNN>.

=item wait(@pids)

Until they have ended; dies if one failed.

=item read_file($name)

What a process has written, as a list of hashes.

=back

=cut

use strict;
use warnings;

use Cpanel::JSON::XS ();
use DbaasRandom qw(pick chance);
use Digest::SHA qw(sha1);
use HTTP::Tiny;
use IO::Select;
use IPC::Open3;
use POSIX       ();
use Symbol      qw(gensym);
use Time::HiRes qw(time sleep);

my $json = Cpanel::JSON::XS->new->canonical;
my $zone = 'ch-gva-2';
my $pg = '/dbaas-postgres/pg-1-0001';
my $mysql = '/dbaas-mysql/mysql-1-0002';

# What can be made and deleted: the table with its columns, and the requests
my %kind = (
	database => {
		into => 'dbaas_databases (zone, service_name, name)',
		of => 'pg-1-0001',
		from => 'dbaas_databases',
		column => 'name',
		path => "$pg/database"
	},
	user => {
		into => 'dbaas_users (zone, service_name, username)',
		of => 'mysql-1-0002',
		from => 'dbaas_users',
		column => 'username',
		path => "$mysql/user"
	},
	service => {
		into => 'dbaas_services (zone, type, plan, name)',
		from => 'dbaas_services',
		column => 'name',
		path => '/dbaas-service'
	});

sub new
{
	my ($class, $t, %options) = @_;
	return bless { t => $t, %options }, $class;
}

sub process
{
	my ($self, $name, $code) = @_;
	my $pid = fork // die "fork: $!";
	return $pid if $pid;

	# The connection is the parent's
	$self->{t}->sim->{http} = HTTP::Tiny->new(timeout => 120);
	srand unpack 'N', sha1("$self->{seed} $name");
	open $self->{out}, '>', "$self->{directory}/$name" or POSIX::_exit(3);
	$self->{out}->autoflush(1);
	my $done = eval { $code->(); 1 };
	print STDERR "$name: $@" if !$done;
	POSIX::_exit($done ? 0 : 1);
	return;
}

sub note
{
	my ($self, %entry) = @_;
	print { $self->{out} } $json->encode(\%entry) . "\n";
	return;
}

sub wait
{
	my ($self, @pids) = @_;
	my @failed = grep { waitpid($_, 0) != $_ || $? } @pids;
	die 'a process of the test failed' if @failed;
	return;
}

sub read_file
{
	my ($self, $name) = @_;
	open my $fh, '<', "$self->{directory}/$name" or die "$name: $!";
	my @entries = map { $json->decode($_) } <$fh>;
	close $fh;
	return @entries;
}

# ---------------------------------------------------------------------------
# psql
# ---------------------------------------------------------------------------

sub connect
{
	my ($self) = @_;
	my ($in, $out, $err) = (gensym, gensym, gensym);
	local $ENV{PGAPPNAME} = $self->{name};
	my $pid = open3($in, $out, $err, 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d',
		$self->{t}->node->connstr('postgres'));
	$self->{psql} = { pid => $pid, in => $in, out => $out, err => $err };
	my ($rows) = $self->ask('SELECT pg_backend_pid()');
	return if !defined $rows;
	$self->{psql}{backend} = $rows;
	$self->note(backend => $rows);
	return;
}

sub quit
{
	my ($self) = @_;
	my $psql = delete $self->{psql} or return;
	close $psql->{in};
	waitpid $psql->{pid}, 0;
	return;
}

# Rows and messages; the rows are undef if the session has ended before it told all
sub ask
{
	my ($self, $sql) = @_;
	my $psql = $self->{psql};
	my $mark = 'ends ' . ++$self->{asked};
	my %said = (out => '', err => '');
	local $SIG{PIPE} = 'IGNORE';

	syswrite $psql->{in}, "$sql\n;\n\\echo '$mark'\n\\warn '$mark'\n";
	my $select = IO::Select->new(@$psql{qw(out err)});
	my $end = time + 300;
	while ($select->count)
	{
		die "no answer to $sql" if time > $end;
		foreach my $ready ($select->can_read(10))
		{
			my $which = $ready == $psql->{out} ? 'out' : 'err';
			my $n = sysread $ready, $said{$which}, 65536, length $said{$which};
			$select->remove($ready) if !$n || $said{$which} =~ s/^(?:psql.*: )?$mark\n\z//m;
			$self->{ended} = 1 if !$n;
		}
	}
	$said{out} =~ s/\n\z//;
	return ($said{out}, $said{err}) if !delete $self->{ended};
	$self->quit;
	return (undef, $said{err});
}

# ---------------------------------------------------------------------------
# Reads
# ---------------------------------------------------------------------------

sub sqlstate
{
	my ($said) = @_;
	return $said =~ /(?:ERROR|FATAL|PANIC):\s+([0-9A-Z]{5}):/ ? $1 : undef;
}

sub read_something
{
	my ($self) = @_;
	my $sql = pick(sort keys %{ $self->{expected} });
	my $around = pick('', '', 'BEGIN ISOLATION LEVEL REPEATABLE READ;', 'BEGIN; SAVEPOINT a;');
	my $began = time;
	my ($rows, $said) = $self->ask($around ? "$around\n$sql;\nCOMMIT" : $sql);
	my $state = sqlstate($said);
	my $wrong = defined $rows && !defined $state && $rows ne $self->{expected}{$sql};

	$self->note(
		read => $sql,
		seconds => time - $began,
		sqlstate => $state // (defined $rows ? undef : 'gone'),
		wrong => $wrong ? $rows : undef);
	return;
}

# ---------------------------------------------------------------------------
# Writes
# ---------------------------------------------------------------------------

sub new_name
{
	my ($self, $kind) = @_;
	return sprintf '%s%03d%s%d', substr($kind, 0, 1), $self->{number}, 'n', ++$self->{names};
}

# A statement, and the write that it queues
sub make
{
	my ($self, $kind, $name) = @_;
	my $is = $kind{$kind};
	my $values = $kind eq 'service' ? "'valkey', 'startup-4', '$name'" : "'$is->{of}', '$name'";
	my %write =
	  $kind eq 'service'
	  ? (what => "POST /dbaas-valkey/$name")
	  : (what => "POST $is->{path}", name => $name);

	return ("INSERT INTO exo.$is->{into} VALUES ('$zone', $values)",
		{ %write, makes => $name, kind => $kind });
}

sub drop
{
	my ($self, $kind, $name) = @_;
	my $is = $kind{$kind};
	my $of = $is->{of} ? "AND service_name = '$is->{of}'" : '';
	return (
		"DELETE FROM exo.$is->{from} WHERE zone = '$zone' $of AND $is->{column} = '$name' "
		  . "RETURNING 'queued $name'",
		{ what => "DELETE $is->{path}/$name", drops => $name, kind => $kind, told_by => $name });
}

sub filter
{
	my ($self) = @_;
	my $n = ++$self->{filters};
	my $net = sprintf '10.%d.%d.%d/32', $self->{number}, $n / 250, $n % 250;
	return (
		"UPDATE exo.dbaas_service_details SET ip_filter = '{$net}' WHERE zone = '$zone' "
		  . "AND service_name = 'pg-1-0001' RETURNING 'queued $net'",
		{ what => "PUT $pg", name => $net, told_by => $net });
}

# What everybody makes and drops
sub shared
{
	my ($self, $name) = @_;
	my ($sql, $write) =
	  chance(0.5) ? $self->make('database', $name) : $self->drop('database', $name);
	delete @$write{qw(makes drops)};
	$write->{shared} = 1;
	return ($sql, $write);
}

sub some_write
{
	my ($self, $used) = @_;
	my $mine = $self->{mine};
	my @drops = grep { !$used->{$_} && $mine->{$_}{is} eq 'there' } sort keys %$mine;
	my $shared = 'shared_' . int rand 3;

	return $self->shared($shared) if chance(0.15) && !$used->{$shared}++;
	return $self->filter if !$used->{filter}++ && chance(0.2);
	if (@drops > 2 || @drops && chance(0.3))
	{
		my $name = pick(@drops);
		$used->{$name} = 1;
		return $self->drop($mine->{$name}{kind}, $name);
	}
	my $kind = pick('database', 'database', 'user', 'user', 'service');
	my $name = $self->new_name($kind);
	$used->{$name} = 1;
	return $self->make($kind, $name);
}

sub write_something
{
	my ($self) = @_;
	my (@sql, @writes, %used);
	my $id = "$self->{name}.$self->{transactions}";
	my $begin = pick('BEGIN;', 'BEGIN;', 'BEGIN ISOLATION LEVEL REPEATABLE READ;');
	$begin .= ' SET LOCAL dbaas_fdw.write_mode = immediate;' if chance(0.15);

	$self->{transactions}++;
	push @sql, "INSERT INTO soak VALUES ('$id')" if chance(0.9);
	foreach my $n (1 .. 1 + int rand 4)
	{
		my $savepoint = chance(0.2);
		push @sql, "SAVEPOINT s$n" if $savepoint;
		my ($sql, $write) = $self->some_write(\%used);
		$sql .= " RETURNING 'early'" if $write->{makes} && chance(0.15);
		push @sql, $sql;
		push @writes, $write;
		next if !$savepoint;
		my $back = chance(0.5);
		push @sql, $back ? "ROLLBACK TO s$n" : "RELEASE s$n";
		$write->{undone} = 1 if $back;
	}
	my $ends = chance(0.1) ? 'ROLLBACK' : 'COMMIT';
	my $began = time;
	my ($rows, $said) =
	  $self->ask(join(";\n", $begin, @sql) . ";\n\\set QUIET off\n$ends;\n\\set QUIET on\n");
	my $told = !defined $rows ? 'gone' : $rows =~ /^COMMIT$/m ? 'committed' : 'rolled back';

	$self->note(
		transaction => $id,
		local => scalar(grep { /INTO soak/ } @sql),
		seconds => time - $began,
		told => $told,
		sqlstate => sqlstate($said) // ($told eq 'gone' ? 'gone' : undef),
		said => $said,
		writes => [ map { $self->outcome($_, $told, $rows // '', $said) } @writes ]);
	return;
}

# What the session was told of a write
sub outcome
{
	my ($self, $write, $told, $rows, $said) = @_;
	my $label = "$write->{what} in zone $zone";
	my $name = $write->{name} && $write->{what} =~ /^POST/ ? " ($write->{name})" : '';
	my @lines = $said =~ /^(?:DETAIL:\s+)?\Q$label$name\E: (.*)$/mg;
	my $queued = !$write->{told_by} || $rows =~ /^queued \Q$write->{told_by}\E$/m;
	# What a statement that was rolled back has not sent, COMMIT sends
	pop @lines if @lines && $lines[-1] =~ /^not sent/ && $told eq 'committed' && !$write->{undone};
	my $is =
		@lines                                    ? $lines[-1]
	  : $told eq 'gone'                           ? 'gone'
	  : !$queued                                  ? 'not sent'
	  : $told eq 'committed' && !$write->{undone} ? 'applied'
	  :                                             'not sent';
	($write->{is}) = $is =~ /^(applied|failed|not sent|unknown|gone)/;
	$write->{words} = $is;

	my $mine = $self->{mine};
	$mine->{ $write->{makes} } =
	  { kind => $write->{kind}, is => $write->{is} eq 'applied' ? 'there' : 'not there' }
	  if $write->{makes};
	# A DELETE that affects nothing of what is there has missed its row
	$write->{missed} = 1
	  if $write->{drops} && !$queued && $told eq 'committed' && !$write->{undone};
	$mine->{ $write->{drops} }{is} = 'not there' if $write->{drops} && $write->{is} ne 'not sent';
	return $write;
}

# ---------------------------------------------------------------------------
# The session
# ---------------------------------------------------------------------------

sub measure
{
	my ($self) = @_;
	my ($rows) = $self->ask(
		q{SELECT sum(used_bytes), count(*) FROM pg_backend_memory_contexts
		WHERE name NOT LIKE 'CachedPlan%' AND name NOT LIKE 'index info%'});
	return if !defined $rows || $rows !~ /^(\d+)\|(\d+)$/;
	$self->note(at => time, bytes => $1, contexts => $2, backend => $self->{psql}{backend});
	return;
}

sub session
{
	my ($self, $number, $steady) = @_;
	my $name = sprintf 's%02d', $number;
	return $self->process(
		$name,
		sub {
			@$self{qw(name number steady mine transactions)} =
			  ($steady ? "steady $name" : $name, $number, $steady, {}, 0);
			my $measured = 0;
			while (time < $self->{until})
			{
				$self->connect if !$self->{psql};
				next if !$self->{psql};
				my $what = rand;
				if ($what < 0.55)
				{
					$self->read_something;
				}
				elsif ($what < 0.93)
				{
					$self->write_something;
				}
				elsif ($what < 0.97)
				{
					$self->ask('DISCARD ALL');
				}
				elsif (!$steady)
				{
					$self->quit;
				}
				next if !$self->{psql} || time - $measured < ($self->{every} // 2);
				$self->measure if $steady;
				$measured = time;
			}
			$self->quit if $self->{psql};
		});
}

1;
